#!/usr/bin/env python3
"""Writes training.json: what PyTorch and fastai compute in the course's chapters on MNIST,
for the tests of those chapters.

Needs the packages of benches/pytorch/requirements.txt. Run it as `python tests/pytorch/training.py` and
commit the result; it takes about three minutes and reads data/mnist_sample.tgz. PyTorch has to run
on Linux on an x86 processor with AVX2: elsewhere it rounds differently, and last digits change.

Of each seed there are the chapters, each a program of its own that seeds itself, and
"notebook": the whole notebook in one process, seeded once. Both run the same functions, which keep
the notebook's order: each pass over a DataLoader draws from PyTorch's generator, and each
DataLoader made draws from Python's. Numbers have seven significant digits.
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
import random
import string

import fastai
import fastai.callback.progress  # Learner.no_bar
import numpy
import torch
from fastai.data.load import DataLoader
from fastai.learner import DataLoaders, Learner
from fastai.optimizer import SGD
from fastcore.basics import first
from fastcore.foundation import L
from PIL import Image
from torch import nn

SEEDS = [42, 7, 123]
BATCH = 256
# Four threes about which the first model of seed 42 is not sure.
UNSURE = [26, 48, 66, 81]


def load(archive):
    """Training and validation images with their labels: 1 for a three, 0 for a seven."""
    images = {(part, digit): [] for part in ("train", "valid") for digit in "37"}
    with tarfile.open(archive) as files:
        for member in sorted(files, key=lambda member: member.name):
            if member.name.endswith(".png"):
                part, digit, _ = member.name.split("/")[-3:]
                png = Image.open(io.BytesIO(files.extractfile(member).read()))
                images[part, digit].append(numpy.asarray(png))

    def stack(part):
        stacks = (torch.from_numpy(numpy.stack(images[part, digit])) for digit in "37")
        threes, sevens = (stack.float() / 255 for stack in stacks)
        x = torch.cat([threes, sevens]).view(-1, 28 * 28)
        y = torch.tensor([1] * len(threes) + [0] * len(sevens)).unsqueeze(1)
        return x, y

    return stack("train"), stack("valid")


def numbers(values):
    """With seven significant digits, however deep they lie."""
    if isinstance(values, torch.Tensor):
        values = values.tolist()
    if isinstance(values, (list, tuple, L)):
        return [numbers(v) for v in values]
    return float(f"{values:.7g}") if isinstance(values, float) else values


def ends(t):
    """The first and last three numbers."""
    values = t.flatten().tolist()
    return numbers(values[:3] + values[-3:])


def init_params(size, std=1.0):
    return (torch.randn(size) * std).requires_grad_()


def mnist_loss(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


def batch_accuracy(xb, yb):
    return ((xb.sigmoid() > 0.5) == yb).float().mean()


def calc_grad(xb, yb, model):
    loss = mnist_loss(model(xb), yb)
    loss.backward()
    return loss.item()


def validate_epoch(model, valid_dl):
    accs = [batch_accuracy(model(xb), yb) for xb, yb in valid_dl]
    return round(torch.stack(accs).mean().item(), 4)


def train_epoch(model, dl, opt):
    """Returns the mean of the mini-batches' losses, each before its step."""
    losses = []
    for xb, yb in dl:
        losses.append(calc_grad(xb, yb, model))
        opt.step()
        opt.zero_grad()
    return sum(losses) / len(losses)


def train_model(model, dl, valid_dl, opt, epochs):
    """The accuracies after each epoch, and its training losses."""
    accuracies, losses = [], []
    for _ in range(epochs):
        losses.append(train_epoch(model, dl, opt))
        accuracies.append(validate_epoch(model, valid_dl))
    return accuracies, numbers(losses)


class BasicOptim:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        for p in self.params:
            p.data -= p.grad.data * self.lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None


def loaders():
    return [DataLoader(list(zip(*part)), batch_size=BATCH) for part in (TRAIN, VALID)]


def fit(dls, model, epochs, lr):
    """The Learner, and its table: training loss, validation loss, accuracy."""
    learn = Learner(DataLoaders(*dls), model, opt_func=SGD, loss_func=mnist_loss,
                    metrics=batch_accuracy)
    with learn.no_bar(), learn.no_logging():
        learn.fit(epochs, lr)
    return learn, numbers(learn.recorder.values)


def roller_coaster():
    """Fitting a curve."""
    time = torch.arange(0, 20).float()
    speed = torch.randn(20) * 3 + 0.75 * (time - 9.5) ** 2 + 1
    params = torch.randn(3).requires_grad_()
    out = {"speed": numbers(speed), "params": numbers(params), "losses": []}
    for _ in range(1 + 10):
        a, b, c = params
        loss = ((a * (time**2) + (b * time) + c - speed) ** 2).mean()
        loss.backward()
        out["losses"].append(numbers(loss))
        out.setdefault("gradients", numbers(params.grad))
        params.data -= 1e-5 * params.grad.data
        params.grad = None
    return out


def loss():
    """MNIST loss function."""
    x, y = TRAIN
    weights, bias = init_params((28 * 28, 1)), init_params(1)
    out = {"weights_first5": numbers(weights.flatten()[:5]), "bias": numbers(bias)}
    out["first_prediction"] = numbers((x[0] * weights.T).sum() + bias)
    preds = x @ weights + bias
    out["linear1_ends"] = ends(preds)
    out["accuracy"] = numbers(((preds > 0.0).float() == y).float().mean())
    weights.data[0] *= 1.0001
    preds = x @ weights + bias
    out["accuracy_after_nudge"] = numbers(((preds > 0.0).float() == y).float().mean())
    return out


def mini_batches():
    """SGD and mini-batches: the orders of two shuffled passes."""
    numbers15 = list(DataLoader(range(15), batch_size=5, shuffle=True))
    letters = list(DataLoader(L(enumerate(string.ascii_lowercase)), batch_size=6, shuffle=True))
    return {"range": torch.cat(numbers15).tolist(),
            "letters": "".join("".join(batch[1]) for batch in letters)}


def loop():
    """The training loop; also returns its two DataLoaders."""
    weights, bias = init_params((28 * 28, 1)), init_params(1)
    out = {"weights_first5": numbers(weights.flatten()[:5]), "bias": numbers(bias)}
    linear1 = lambda xb: xb @ weights + bias
    dl, valid_dl = loaders()
    first(dl)
    batch, labels = TRAIN[0][:4], TRAIN[1][:4]
    preds = linear1(batch)
    out["batch4_preds"] = numbers(preds.flatten())
    out["batch4_loss"] = numbers(mnist_loss(preds, labels))
    out["grads_1_2_3_calls"] = []
    for _ in range(3):
        calc_grad(batch, labels, linear1)
        out["grads_1_2_3_calls"].append(numbers([weights.grad.mean().item(), bias.grad.item()]))
    out["grad_541"] = numbers(weights.grad[541])
    weights.grad.zero_()
    bias.grad.zero_()
    out["unsure_1_2_3_calls"] = []
    for _ in range(3):
        calc_grad(TRAIN[0][UNSURE], TRAIN[1][UNSURE], linear1)
        out["unsure_1_2_3_calls"].append(numbers([weights.grad.mean().item(), bias.grad.item()]))
    weights.grad.zero_()
    bias.grad.zero_()
    out["batch4_accuracy"] = numbers(batch_accuracy(linear1(batch), labels))
    before = validate_epoch(linear1, valid_dl)
    opt = BasicOptim((weights, bias), 1.0)
    accuracies, losses = train_model(linear1, dl, valid_dl, opt, 1 + 20)
    out |= {"valid_accuracy": [before, *accuracies], "train_loss": losses}
    return out, (dl, valid_dl)


def optimizer(dls):
    """An optimizer: BasicOptim, fastai's SGD, and Learner.fit."""
    model = nn.Linear(28 * 28, 1)
    out = {"weights_first5": numbers(model.weight.flatten()[:5]), "bias": numbers(model.bias)}
    opt = BasicOptim(model.parameters(), 1.0)
    out["initial_accuracy"] = validate_epoch(model, dls[1])
    out["basic_optim"], _ = train_model(model, *dls, opt, 20)
    model = nn.Linear(28 * 28, 1)
    out["sgd"], _ = train_model(model, *dls, SGD(model.parameters(), 1.0), 20)
    _, out["learner"] = fit(dls, nn.Linear(28 * 28, 1), 10, 1.0)
    return out


def learner(dls):
    """Learner: the same training, from the same first numbers as BasicOptim's."""
    return {"learner": fit(dls, nn.Linear(28 * 28, 1), 10, 1.0)[1]}


def net(dls, by_hand=True, looks=0):
    """Adding a non-linearity. The net by hand is drawn and not trained, as in the notebook.

    `looks`: how often the first batch of the validation set is looked at before the module is made.
    """
    out = {}
    if by_hand:
        w1, b1, w2, b2 = [init_params(size) for size in ((28 * 28, 30), 30, (30, 1), 1)]
        out["w1_first3"] = numbers(w1.flatten()[:3])
    for _ in range(looks):
        first(dls[1])
    model = nn.Sequential(nn.Linear(28 * 28, 30), nn.ReLU(), nn.Linear(30, 1))
    out["weights_first5"] = numbers(model[0].weight.flatten()[:5])
    learn, out["learner"] = fit(dls, model, 40, 0.1)
    with learn.no_bar(), learn.no_logging():
        preds, targets = learn.get_preds()
    out["predictions_ends"] = ends(preds)
    p = preds.sigmoid()
    out["wrong"] = ((p > 0.5) != targets).sum().item()
    losses = torch.where(targets == 1, 1 - p, p).flatten()
    top = losses.sort(descending=True, stable=True).indices[:9]
    out["top_losses"] = [[i.item(), numbers(losses[i])] for i in top]
    return out


def seeded(seed, chapter):
    random.seed(seed)
    torch.manual_seed(seed)
    return chapter()


def notebook():
    """Its last chapter twice: as it stands, and without the cells that draw the net by hand."""
    out = {"roller_coaster": roller_coaster(), "loss": loss(), "mini_batches": mini_batches()}
    out["loop"], dls = loop()
    out["optimizer"] = optimizer(dls)
    state = torch.get_rng_state()
    out["net"] = net(dls)
    torch.set_rng_state(state)
    return out | {"net_not_by_hand": net(dls, by_hand=False)}


def entry(seed):
    chapters = {"loss": loss, "loop": lambda: loop()[0], "optimizer": lambda: optimizer(loaders()),
                "learner": lambda: learner(loaders()),
                "net": lambda: net(loaders(), looks=2), "notebook": notebook}
    return {"seed": seed} | {name: seeded(seed, chapter) for name, chapter in chapters.items()}


def text(value, keys_deep, pad="\n "):
    """JSON with a line for each key of the upper levels."""
    if isinstance(value, dict) and keys_deep > 0:
        inside = ((json.dumps(k), text(v, keys_deep - 1, pad + " ")) for k, v in value.items())
        return "{" + ",".join(f"{pad}{k}: {v}" for k, v in inside) + pad[:-1] + "}"
    return json.dumps(value, separators=(",", ":"))


torch.set_num_threads(1)
TRAIN, VALID = load(here.parents[1] / "data" / "mnist_sample.tgz")
out = [entry(seed) for seed in SEEDS]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join(text(e, 3) for e in out) + "\n]\n")
print(f"{path}: torch {torch.__version__}, fastai {fastai.__version__}, {len(out)} seeds")
