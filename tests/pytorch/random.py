#!/usr/bin/env python3
"""Writes random.json: what PyTorch and CPython draw, for tests/pytorch_random.rs.

Needs the packages of benches/pytorch/requirements.txt. Run it as `python tests/pytorch/random.py` and commit the result.
PyTorch has to run on Linux on an x86 processor with AVX2: elsewhere it rounds differently.
Of each draw the first and last two values are stored, and a checksum of all of them.
"""
import json
import math
import pathlib
import struct
import sys

# Python looks for modules beside the script first: `import random` would find this file.
here = pathlib.Path(__file__).resolve().parent
sys.path = [p for p in sys.path if pathlib.Path(p).resolve() != here]
import random

import torch

SEEDS = [0, 7, 42, 123, 65_537, 2**31 - 1, 2**32 - 1, 2**40, 2**40 + 5, 2**64 - 1]
SIZES = [1, 2, 3, 15, 16, 17, 20, 31, 1000, 12_396, 784 * 30]
PERMUTATIONS = [0, 1, 5, 100, 10_000, 70_000]


def checksum(words):
    """FNV-1a over whole numbers instead of bytes."""
    sum = 0xCBF29CE484222325
    for word in words:
        sum = (sum ^ word) * 0x100000001B3 % 2**64
    return sum


def ends(values):
    return values if len(values) <= 4 else values[:2] + values[-2:]


def numbers(t):
    """With nine digits, which name a float32 exactly."""
    return [float(f"{v:.9g}") for v in t.tolist()]


def floats(t):
    values = numbers(t.flatten())
    words = struct.unpack(f"<{len(values)}I", struct.pack(f"<{len(values)}f", *values))
    return [*ends(values), checksum(words)]


def integers(t):
    return [*ends(t.tolist()), checksum(t.tolist())]


def torch_draws(seed):
    """For each size all kinds in a row, then the next size, without seeding anew."""
    torch.manual_seed(seed)
    bound = 1 / math.sqrt(784)
    draws = [[
        floats(torch.randn(size)),
        floats(torch.empty(size).uniform_(-bound, bound)),
        floats(torch.empty(size).normal_(0.3, 1.7)),
        floats(torch.rand(size)),
        floats(torch.empty(size).uniform_(-0.1, 2.7)),
    ] for size in SIZES]
    torch.manual_seed(seed)
    whole = [integers(torch.randperm(n)) for n in PERMUTATIONS]
    whole += [integers(torch.randint(-5, 2**k, (100,))) for k in (3, 27, 28, 40)]
    whole.append([torch.empty((), dtype=torch.int64).random_().item() for _ in range(2)])
    torch.manual_seed(seed)
    layer = torch.nn.Linear(784, 30)
    return {"draws": draws, "whole": whole, "linear": [floats(layer.weight), floats(layer.bias)]}


def interleaved(seed):
    """Draws of different kinds in a row: 3 and 1 leave a normal number over, 16 and more do not."""
    torch.manual_seed(seed)
    return [numbers(torch.randn(3)), numbers(torch.rand(2)), numbers(torch.randn(1)),
            numbers(torch.randn(20)), numbers(torch.randn(2)), torch.randperm(5).tolist(),
            numbers(torch.randn(5))]


def fastai_orders(seed):
    """What fastai/data/load.py calls for two loaders and two passes of each."""
    random.seed(seed)
    loaders = [random.Random(random.randint(0, 2**32 - 1)) for _ in range(2)]
    orders = []
    for n in (15, 3000):
        for i, rng in enumerate(loaders):
            loaders[i] = rng = random.Random(rng.randint(0, 2**32 - 1))
            order = rng.sample(range(n), n)
            orders.append([*ends(order), checksum(order)])
    return orders


def python_draws(seed):
    rng = random.Random(seed)
    shuffled = list(range(50))
    draws = {
        "random": [rng.random() for _ in range(3)],
        "bits": [rng.getrandbits(k) for k in (1, 31, 32, 33, 64)],
        "randint": [rng.randint(0, n) for n in (5, 2**32 - 1, 10**12)],
    }
    rng.shuffle(shuffled)
    draws["shuffle"] = shuffled
    draws["randrange"] = [rng.randrange(3, stop) for stop in (4, 10, 2**33)]
    sizes = ((15, 15), (1000, 3), (1000, 7), (90, 6), (85, 6), (86, 6), (22, 5), (21, 5))
    draws["samples"] = [rng.sample(range(n), k) for n, k in sizes]
    return draws


out = [{"seed": seed, "torch": torch_draws(seed), "interleaved": interleaved(seed),
        "python": python_draws(seed), "fastai": fastai_orders(seed)} for seed in SEEDS]
path = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in out)
path.write_text(f"[\n{lines}\n]\n")
print(f"{path}: torch {torch.__version__}, {len(out)} seeds")
