#!/usr/bin/env python3
"""Writes random.json: what PyTorch and CPython draw, for tests/pytorch_random.rs.

Needs `pip install torch`. Run it as `python tests/pytorch/random.py` and commit the result.
Of each draw the first and last three values are stored; of whole and uniform numbers also the sum
of their bit patterns, so that all of them are compared.
"""
import json
import pathlib
import random
import struct

import torch

SEEDS = [0, 1, 7, 42, 123, 1234, 65_537, 2**31 - 1, 2**32 - 1, 2**40 + 5]
SIZES = [1, 3, 15, 16, 17, 20, 784 * 30]


def ends(values):
    return values if len(values) <= 6 else values[:3] + values[-3:]


def bits(values):
    return sum(struct.unpack("<I", struct.pack("<f", v))[0] for v in values)


def torch_draws(seed):
    draws = []
    for size in SIZES:
        torch.manual_seed(seed)
        normal = torch.randn(size).tolist()
        torch.manual_seed(seed)
        uniform = torch.rand(size).tolist()
        between = torch.empty(size).uniform_(-0.3, 0.7).tolist()
        torch.manual_seed(seed)
        permutation = torch.randperm(size).tolist()
        draws.append({
            "size": size,
            "normal": ends(normal),
            "uniform": ends(uniform),
            "uniform_bits": bits(uniform),
            "between": ends(between),
            "between_bits": bits(between),
            "permutation": ends(permutation),
            "permutation_sum": sum(i * v for i, v in enumerate(permutation)),
        })
    return draws


def interleaved(seed):
    """Draws of different kinds in a row: 3 and 1 leave a normal number over, 16 and more do not."""
    torch.manual_seed(seed)
    return [torch.randn(3).tolist(), torch.rand(2).tolist(), torch.randn(1).tolist(),
            torch.randn(20).tolist(), torch.randn(2).tolist(), torch.randperm(5).tolist(),
            torch.randn(5).tolist()]


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
    draws["samples"] = [rng.sample(range(n), k) for n, k in ((15, 15), (1000, 3), (1000, 7), (90, 6))]
    return draws


out = [{"seed": seed, "torch": torch_draws(seed), "interleaved": interleaved(seed),
        "python": python_draws(seed)} for seed in SEEDS]
path = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(entry) for entry in out)
path.write_text(f"[\n{lines}\n]\n")
print(f"{path}: torch {torch.__version__}, {len(out)} seeds")
