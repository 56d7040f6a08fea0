#!/usr/bin/env python3
"""Writes roller_coaster.json: what PyTorch prints for the cells of the chapter
"An end-to-end SGD example", for tests/pytorch_book.rs.

Needs the packages of benches/pytorch/requirements.txt. Run it as `python tests/pytorch/roller_coaster.py` and commit the result.
"""
import json
import pathlib

import torch

time = torch.arange(0, 20).float()
torch.manual_seed(42)
speed = torch.randn(20) * 3 + 0.75 * (time - 9.5) ** 2 + 1


def f(t, params):
    a, b, c = params
    return a * (t**2) + (b * t) + c


def mse(preds, targets):
    return ((preds - targets) ** 2).mean()


params = torch.randn(3).requires_grad_()
out = {"speed": speed.tolist(), "params": params.tolist()}
loss = mse(f(time, params), speed)
loss.backward()
out |= {"loss": [loss.item()], "gradients": params.grad.tolist()}
params.data -= 1e-5 * params.grad.data
params.grad = None
out["loss_after_step"] = [mse(f(time, params), speed).item()]
out["ten_steps"] = []
for _ in range(10):
    loss = mse(f(time, params), speed)
    loss.backward()
    params.data -= 1e-5 * params.grad.data
    params.grad = None
    out["ten_steps"].append(loss.item())
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(out, indent=1) + "\n")
print(f"{path}: torch {torch.__version__}")
