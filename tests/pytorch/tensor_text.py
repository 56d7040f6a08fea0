#!/usr/bin/env python3
"""Writes tensor_text.json: how PyTorch prints tensors, for tests/pytorch_text.rs.

Needs the packages of benches/pytorch/requirements.txt. Run it as `python tests/pytorch/tensor_text.py` and commit the result.
The values are stored as decimal strings that name a float32 exactly; "nan", "inf" and "-inf" as
such. Large tensors are stored as a rule instead of their values: "ramp:K" means that element i is
(i % K) / K rounded to float32.
"""
import json
import pathlib

import torch

nan, inf = float("nan"), float("inf")
cases = []


def text(t):
    """PyTorch's text, with the element type named as Rust names it."""
    return str(t).replace("dtype=torch.uint8", "dtype=u8").replace("dtype=torch.int64", "dtype=i64")


def case(name, values, dtype=torch.float32):
    t = torch.tensor(values, dtype=dtype)
    kind = {torch.float32: "f32", torch.uint8: "u8", torch.bool: "bool", torch.int64: "i64"}[dtype]
    flat = t.reshape(-1).tolist()
    cases.append(
        {
            "name": name,
            "dtype": kind,
            "shape": list(t.shape),
            "values": [repr(v) if kind == "f32" else str(v).lower() for v in flat],
            "text": text(t),
        }
    )


def empty(name, shape, dtype=torch.float32):
    kind = {torch.float32: "f32", torch.uint8: "u8", torch.bool: "bool", torch.int64: "i64"}[dtype]
    t = torch.zeros(shape, dtype=dtype)
    cases.append({"name": name, "dtype": kind, "shape": list(shape), "values": [], "text": text(t)})


def ramp(name, shape, modulus):
    n = 1
    for d in shape:
        n *= d
    t = (torch.arange(n) % modulus).float() / modulus
    t = t.reshape(shape)
    cases.append(
        {"name": name, "dtype": "f32", "shape": list(shape), "rule": f"ramp:{modulus}", "text": text(t)}
    )


# Scalars.
case("scalar", 0.1415)
case("scalar negative", -0.75)
case("scalar zero", 0.0)
case("scalar minus zero", -0.0)
case("scalar integer", 3.0)
case("scalar large integer", 123456789.0)
case("scalar large", 25823.8085)
case("scalar very large", 3.5e9)
case("scalar small", 0.00012)
case("scalar very small", 0.000012)
case("scalar nan", nan)
case("scalar inf", inf)
case("scalar -inf", -inf)
case("scalar true", True, torch.bool)
case("scalar u8", 200, torch.uint8)
case("scalar i64", -42, torch.int64)

# Rounding: a tie in binary goes to the even digit; the last digit carries.
case("tie to even", [0.03125, 0.09375, 0.15625])
case("carry", [0.99999, 0.5])

# 1-D.
case("vector", [1.5, -2.25, 3.0])
case("vector of integers", [1.0, 2.0, 300.0])
case("vector of zeros", [0.0] * 5)
case("many zeros", [0.0] * 60)
case("one element", [0.5])
case("nan and inf", [1.5, nan, inf, -inf])
case("integers with nan and inf", [1.0, nan, inf, -20.0])
case("only nan", [nan, nan])
case("scientific by ratio", [0.001, 1.0, 1500.5])
case("scientific by size", [1.5, 2.0e8])
case("scientific by smallness", [0.00005, 0.001])
case("scientific integers", [1.0, 2000.0])
case("scientific with nan, inf and zero", [0.0001, 1000.0, nan, inf, -inf, 0.0])
case("scientific negative", [-0.00001, 0.01])
case("ratio of exactly 1000", [0.001953125, 1.953125])
case("very far apart", [1e-38, 1e38])
case("denormal", [1e-45, 1.0])
case("wrapped", [i / 7 for i in range(20)])
case("wrapped, wider", [i * 100 / 7 for i in range(20)])
case("bool", [True, False, True], torch.bool)
case("many bools", [i % 3 == 0 for i in range(40)], torch.bool)
case("u8", [0, 7, 255], torch.uint8)
case("many u8", list(range(0, 250, 5)), torch.uint8)
case("i64", [-1, 20, 300], torch.int64)
case("u8 whose type goes to a new line", [100] * 13, torch.uint8)

# 2-D.
case("matrix", [[1.5, 2.0], [-3.0, 4.25]])
case("matrix of integers", [[1.0, 2.0], [30.0, 4.0]])
case("column", [[0.5], [0.25]])
case("row", [[0.5, 0.25]])
case("wide", [[(i * 31 + r) % 97 / 97 for i in range(25)] for r in range(3)])
case("wide u8", [[(i * 31 + r * 77) % 256 for i in range(28)] for r in range(2)], torch.uint8)
case(
    "pixels",
    [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 29],
        [0, 0, 0, 48, 166, 224],
        [0, 93, 244, 249, 253, 187],
        [0, 107, 253, 253, 230, 48],
        [0, 3, 20, 20, 15, 0],
    ],
    torch.uint8,
)
case("bool matrix", [[True, False], [False, False]], torch.bool)

# 3-D and 4-D.
case("cube", [[[1.5, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
case("cube u8", [[[1, 2], [3, 4]], [[5, 6], [7, 80]]], torch.uint8)
case("four axes", [[[[0.5, 1.0]], [[1.5, 2.0]]], [[[2.5, 3.0]], [[3.5, 4.0]]]])

# More than 1,000 elements are elided; 1,000 are not.
ramp("1000 elements", (1000,), 8)
ramp("1001 elements", (1001,), 8)
ramp("1010 distances", (1010,), 97)
ramp("2-D elided", (40, 40), 97)
ramp("2-D elided, few rows", (4, 400), 97)
ramp("2-D elided, few columns", (400, 4), 97)
ramp("column elided", (2000, 1), 97)
ramp("3-D elided", (12, 28, 28), 97)
ramp("3-D elided, few", (2, 5, 200), 97)
ramp("4-D elided", (8, 3, 10, 10), 97)
ramp("elided integers", (2000,), 1)

# Empty.
empty("empty", (0,))
empty("empty 3-D", (0, 28, 28))
empty("empty u8", (0,), torch.uint8)
empty("empty 2-D i64", (2, 0), torch.int64)

path = pathlib.Path(__file__).with_suffix(".json")
document = {"torch": torch.__version__.split("+")[0], "cases": cases}
path.write_text(json.dumps(document, indent=1) + "\n")
print(f"{len(cases)} texts in {path}")
