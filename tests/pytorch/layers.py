#!/usr/bin/env python3
"""Writes layers.json: what PyTorch computes in the layers of a ResNet, forward and backward.

Needs the packages of benches/pytorch/requirements.txt. Run it as `python tests/pytorch/layers.py`
and commit the result; it takes a few seconds.

Every case starts with `torch.manual_seed(42)` and draws all its numbers with `torch.randn`, in the order
in which the script does; so a test can draw them, too, and the file holds results only. Of tensors with
more than 60 numbers it holds about 40, evenly spaced, and the mean of all.
"""
import json
import pathlib
import sys

# Python looks for modules beside the script first: `import random` would find this folder's.
here = pathlib.Path(__file__).resolve().parent
sys.path = [p for p in sys.path if pathlib.Path(p).resolve() != here]

import fastai
import torch
import torchvision
from fastai.layers import AdaptiveConcatPool2d
from fastai.optimizer import Adam
from torch import nn
from torch.nn import functional as F


def some(tensor):
    """Some of the numbers of a tensor, as the tests pick them, and the mean."""
    numbers = tensor.detach().flatten().double()
    step = 1 if len(numbers) <= 60 else -(-len(numbers) // 40)
    return [float(f"{x:.7g}") for x in [*numbers[::step].tolist(), numbers.mean().item()]]


def start():
    torch.manual_seed(42)


def gradients(y, x, **parameters):
    """Passes a random gradient back and notes what arrives."""
    dy = torch.randn(y.shape)
    y.backward(dy)
    return {"y": some(y), "x": some(x.grad), **{k: some(p.grad) for k, p in parameters.items()}}


def conv(b, i, o, h, w, k, s, p):
    start()
    x = torch.randn(b, i, h, w, requires_grad=True)
    weight = torch.randn(o, i, k, k, requires_grad=True)
    return gradients(F.conv2d(x, weight, stride=s, padding=p), x, weight=weight)


def biased_conv(b, i, o, h, w, k, s, p):
    """With the weights that PyTorch draws."""
    start()
    layer = nn.Conv2d(i, o, k, s, p)
    x = torch.randn(b, i, h, w, requires_grad=True)
    return gradients(layer(x), x, weight=layer.weight, bias=layer.bias)


def batch_norm(*shape, offset=0.0, scale=1.0):
    start()
    x = (torch.randn(shape) * scale + offset).requires_grad_()
    c = shape[1]
    bn = nn.BatchNorm1d(c) if len(shape) == 2 else nn.BatchNorm2d(c)
    with torch.no_grad():
        bn.weight.copy_(torch.randn(c))
        bn.bias.copy_(torch.randn(c))
        bn.running_mean.copy_(torch.randn(c))
        bn.running_var.copy_(torch.randn(c) ** 2 + 0.5)
    result = gradients(bn(x), x, weight=bn.weight, bias=bn.bias)
    result |= {"running_mean": some(bn.running_mean), "running_var": some(bn.running_var)}
    return result | {"eval": some(bn.eval()(x))}


def layer_norm(*shape, offset=0.0, scale=1.0):
    start()
    x = (torch.randn(shape) * scale + offset).requires_grad_()
    ln = nn.LayerNorm(shape[-1])
    with torch.no_grad():
        ln.weight.copy_(torch.randn(shape[-1]))
        ln.bias.copy_(torch.randn(shape[-1]))
    return gradients(ln(x), x, weight=ln.weight, bias=ln.bias)


def pool(layer, *shape, ties=False):
    start()
    x = torch.randn(shape)
    x = (x.round() if ties else x).requires_grad_()
    return gradients(layer(x), x)


def block(i, o, stride):
    start()
    downsample = None
    if stride == 2:
        downsample = nn.Sequential(nn.Conv2d(i, o, 1, 2, bias=False), nn.BatchNorm2d(o))
    block = torchvision.models.resnet.BasicBlock(i, o, stride, downsample)
    start()
    x = torch.randn(2, i, 6, 6, requires_grad=True)
    with torch.no_grad():
        for p in block.parameters():
            p.copy_(torch.randn(p.shape) * 0.3 + (1 if p.ndim == 1 else 0))
    result = gradients(block(x), x, **dict(block.named_parameters()))
    return result | {k: some(b) for k, b in block.named_buffers() if b.is_floating_point()}


def cross_entropy(scale):
    start()
    x = (torch.randn(6, 4) * scale).requires_grad_()
    loss = F.cross_entropy(x, torch.tensor([0, 3, 1, 2, 2, 0]))
    loss.backward()
    return {"y": some(loss.reshape(1)), "x": some(x.grad)}


def adam():
    start()
    a, b = torch.randn(3, 4, requires_grad=True), torch.randn(5, requires_grad=True)
    opt = Adam([[a, b]], lr=1e-2, mom=0.9, sqr_mom=0.99, eps=1e-5, wd=0.01)
    # What a Learner does to biases and batch norms.
    opt.state[b] = {"do_wd": False}
    steps = []
    for lr, mom in [(1e-2, 0.95), (2e-2, 0.9), (3e-2, 0.85), (2e-2, 0.9), (1e-2, 0.95)]:
        a.grad, b.grad = torch.randn(3, 4), torch.randn(5)
        opt.set_hypers(lr=lr, mom=mom)
        opt.step()
        steps.append({"a": some(a), "b": some(b)})
    return steps


def main():
    max_pool = lambda k, s, p: nn.MaxPool2d(k, s, p)
    result = {
        "torch": torch.__version__,
        "fastai": fastai.__version__,
        "torchvision": torchvision.__version__,
        "conv": {
            "2,3,5,7,6,3,1,1": conv(2, 3, 5, 7, 6, 3, 1, 1),
            "1,4,8,5,5,3,2,1": conv(1, 4, 8, 5, 5, 3, 2, 1),
            "3,3,16,9,9,7,2,3": conv(3, 3, 16, 9, 9, 7, 2, 3),
            "2,5,7,4,4,1,2,0": conv(2, 5, 7, 4, 4, 1, 2, 0),
            "2,4,3,1,1,3,1,1": conv(2, 4, 3, 1, 1, 3, 1, 1),
            "2,4,6,2,2,3,2,1": conv(2, 4, 6, 2, 2, 3, 2, 1),
            "1,2,3,8,8,5,1,0": conv(1, 2, 3, 8, 8, 5, 1, 0),
            "3,16,64,7,7,3,1,1": conv(3, 16, 64, 7, 7, 3, 1, 1),
            "64,3,64,28,28,7,2,3": conv(64, 3, 64, 28, 28, 7, 2, 3),
        },
        "biased_conv": {
            "2,3,5,7,6,3,1,1": biased_conv(2, 3, 5, 7, 6, 3, 1, 1),
            "1,1,8,9,9,5,2,2": biased_conv(1, 1, 8, 9, 9, 5, 2, 2),
            "3,5,7,4,4,1,2,0": biased_conv(3, 5, 7, 4, 4, 1, 2, 0),
        },
        "batch_norm": {
            "4,5,3,3": batch_norm(4, 5, 3, 3),
            "1,3,2,2": batch_norm(1, 3, 2, 2),
            "64,6,1,1": batch_norm(64, 6, 1, 1),
            "3,70,5,4": batch_norm(3, 70, 5, 4),
            "8,5": batch_norm(8, 5),
            "2,3": batch_norm(2, 3),
            "large mean": batch_norm(8, 4, 3, 3, offset=100.0, scale=0.5),
        },
        "layer_norm": {
            "4,6": layer_norm(4, 6),
            "1,3": layer_norm(1, 3),
            "5": layer_norm(5),
            "64,30": layer_norm(64, 30),
            "large mean": layer_norm(8, 10, offset=100.0, scale=0.5),
        },
        "max_pool": {
            "2,3,6,6,3,2,1": pool(max_pool(3, 2, 1), 2, 3, 6, 6),
            "1,2,7,5,3,2,1": pool(max_pool(3, 2, 1), 1, 2, 7, 5),
            "2,4,4,4,2,2,0": pool(max_pool(2, 2, 0), 2, 4, 4, 4),
            "1,1,1,1,3,2,1": pool(max_pool(3, 2, 1), 1, 1, 1, 1),
            "ties": pool(max_pool(3, 2, 1), 2, 2, 6, 6, ties=True),
        },
        "adaptive_avg": {
            "2,3,4,5,1": pool(nn.AdaptiveAvgPool2d(1), 2, 3, 4, 5),
            "2,3,5,7,3": pool(nn.AdaptiveAvgPool2d(3), 2, 3, 5, 7),
        },
        "adaptive_max": {
            "2,3,4,5,1": pool(nn.AdaptiveMaxPool2d(1), 2, 3, 4, 5),
            "2,3,5,7,3": pool(nn.AdaptiveMaxPool2d(3), 2, 3, 5, 7),
        },
        "adaptive_concat": {
            "2,3,4,5": pool(nn.Sequential(AdaptiveConcatPool2d(), nn.Flatten()), 2, 3, 4, 5),
            "3,2,1,1": pool(nn.Sequential(AdaptiveConcatPool2d(), nn.Flatten()), 3, 2, 1, 1),
        },
        "block": {"4,4,1": block(4, 4, 1), "4,8,2": block(4, 8, 2)},
        "cross_entropy": {"1": cross_entropy(1.0), "50": cross_entropy(50.0)},
        "adam": adam(),
    }
    path = here / "layers.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


main()
