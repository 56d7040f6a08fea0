#!/usr/bin/env python3
"""Writes resnet.json: fastai's ResNet18 for the 3/7 sample, as the last cell of the notebook makes it.

Needs the packages of benches/pytorch/requirements.txt. Run it as `python tests/pytorch/resnet.py`
and commit the result; it takes about a minute and reads data/mnist_sample.tgz.

- "init": what each parameter starts from after `torch.manual_seed(seed)`;
- "logits": predictions of the new net for twenty digits of the validation set, in evaluation mode, and
  for a batch of the training set, in training mode without dropout;
- "losses": the first twenty losses of one-cycle trainings without dropout, in single and in double
  precision, and of a net that learns nothing. At the learning rate 0.1 PyTorch is not close to itself:
  the second loss differs by 3 per cent between the two. At 0.00003 they agree.
"""
import io
import json
import pathlib
import sys
import tarfile
import warnings

# Python looks for modules beside the script first: `import random` would find this folder's.
here = pathlib.Path(__file__).resolve().parent
sys.path = [p for p in sys.path if pathlib.Path(p).resolve() != here]
warnings.filterwarnings("ignore")

import fastai
import numpy
import torch
import torchvision
from fastai.callback.schedule import combined_cos
from fastai.optimizer import Adam
from fastai.vision.learner import create_vision_model
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18

BATCH, STEPS, ALL_STEPS = 64, 20, 193


def load(archive):
    """Pictures of the training and the validation set, threes first, each class sorted by name."""
    pictures = {(part, digit): [] for part in ("train", "valid") for digit in "37"}
    with tarfile.open(archive) as files:
        for member in sorted(files, key=lambda member: member.name):
            if member.name.endswith(".png"):
                part, digit, _ = member.name.split("/")[-3:]
                png = Image.open(io.BytesIO(files.extractfile(member).read())).convert("RGB")
                pictures[part, digit].append(numpy.asarray(png).transpose(2, 0, 1))

    def stack(part):
        threes, sevens = (numpy.stack(pictures[part, digit]) for digit in "37")
        x = torch.from_numpy(numpy.concatenate([threes, sevens])).float() / 255
        return x, torch.tensor([0] * len(threes) + [1] * len(sevens))

    return stack("train"), stack("valid")


def new_model(seed):
    torch.manual_seed(seed)
    return create_vision_model(resnet18, 2, pretrained=False)


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


def short(x):
    return float(f"{x:.8g}")


def init(seed):
    result = {}
    for name, p in new_model(seed).named_parameters():
        p = p.detach().double().flatten()
        result[name] = [len(p), short(p.sum().item()), short(p.abs().sum().item()), *map(short, p[:3].tolist())]
    return result


def rows(tensor):
    return [[short(x) for x in row] for row in tensor.tolist()]


def losses(train, lr_max, dtype, learns=1):
    """The first losses; batches take the digits in steps of 97, so that both classes come up."""
    x, y = train
    model = without_dropout(new_model(42)).to(dtype).train()
    norms = {p for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) for p in m.parameters()}
    opt = Adam([list(model.parameters())], lr=lr_max, mom=0.95, sqr_mom=0.99, eps=1e-5, wd=0.01)
    for p in norms:
        opt.state[p] = {"do_wd": False}
    lrs = combined_cos(0.25, lr_max / 25, lr_max, lr_max / 1e5)
    moms = combined_cos(0.25, 0.95, 0.85, 0.95)
    values = []
    for step in range(STEPS):
        items = [(step * BATCH + at) * 97 % len(x) for at in range(BATCH)]
        loss = F.cross_entropy(model(x[items].to(dtype)), y[items])
        loss.backward()
        opt.set_hypers(lr=learns * lrs(step / ALL_STEPS), mom=moms(step / ALL_STEPS))
        opt.step()
        opt.zero_grad()
        values.append(short(loss.item()))
    return values


def main():
    train, valid = load(here.parent.parent / "data" / "mnist_sample.tgz")
    result = {
        "torch": torch.__version__,
        "fastai": fastai.__version__,
        "torchvision": torchvision.__version__,
        "init": {str(seed): init(seed) for seed in (42, 7)},
    }
    items = [*range(10), *range(1010, 1020)]
    with torch.no_grad():
        evaluated = new_model(42).eval()(valid[0][items])
        model = without_dropout(new_model(42)).train()
        items = [at * 97 % len(train[0]) for at in range(BATCH)]
        trained = model(train[0][items])
    result["logits"] = {"eval": rows(evaluated), "train": rows(trained)}
    state = model.state_dict()
    for name in ("0.1.running_mean", "0.1.running_var", "0.7.1.bn2.running_mean", "0.7.1.bn2.running_var"):
        result["logits"][name] = [short(x) for x in state[name][:8].tolist()]
    result["losses"] = [
        {
            "lr_max": lr_max,
            "single": losses(train, lr_max, torch.float32),
            "double": losses(train, lr_max, torch.float64),
            "frozen": losses(train, lr_max, torch.float64, learns=0),
        }
        for lr_max in (3e-5, 0.1)
    ]
    path = here / "resnet.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")
    for run in result["losses"]:
        print(run["lr_max"], [f"{abs(a - b) / b:.1e}" for a, b in zip(run["single"], run["double"])])


main()
