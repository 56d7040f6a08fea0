"""Values of fastai's `fit_one_cycle` for `tests/pytorch_one_cycle.rs`.

    pip install --require-hashes -r benches/pytorch/requirements.txt
    python tests/pytorch/one_cycle.py

writes `one_cycle.json` beside it: the learning rate and the momentum of each step, and the table of a
linear model trained so with SGD.
"""

import json
import pathlib
import sys
from functools import partial

# Python looks for modules beside the script first: `import random` would find this folder's.
sys.path.pop(0)
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "benches" / "pytorch"))
import random

import fastai.callback.progress  # Learner.no_bar
import torch
from fastai.callback.schedule import *
from fastai.data.load import DataLoader
from fastai.learner import DataLoaders, Learner
from fastai.optimizer import SGD
from peer import BATCH, batch_accuracy, load, mnist_loss
from torch import nn

HERE = pathlib.Path(__file__).parent
EPOCHS, LR = 3, 0.1


def main():
    torch.set_num_threads(1)
    train, valid = load(HERE.parents[1] / "data" / "mnist_sample.tgz")
    random.seed(42)
    torch.manual_seed(42)
    loaders = [DataLoader(list(zip(*part)), batch_size=BATCH, shuffle=part is train)
               for part in (train, valid)]
    learn = Learner(DataLoaders(*loaders), nn.Linear(28 * 28, 1), opt_func=partial(SGD, mom=0.9),
                    loss_func=mnist_loss, metrics=batch_accuracy)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(EPOCHS, LR)
    hps = learn.recorder.hps
    table = [[round(float(x), 7) for x in row] for row in learn.recorder.values]
    values = {"epochs": EPOCHS, "lr_max": LR, "lr": hps["lr"], "mom": hps["mom"], "table": table}
    (HERE / "one_cycle.json").write_text(json.dumps(values, indent=1) + "\n")


main()
