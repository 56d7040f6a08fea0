"""The steps of the course in plain PyTorch and with fastai's Learner, for `cargo bench --bench training`.

It answers on standard output what it is asked on standard input: a line `WHO STEP`, such as
`pytorch simple_net`, gets one line of JSON with the seconds and the accuracy. The data is in memory
before the first question. Versions: requirements.txt.
"""
import io, json, platform, random, sys, tarfile, time, warnings

warnings.filterwarnings("ignore")
import fastai, numpy, torch
from fastai.callback.progress import *
from fastai.learner import DataLoaders, Learner
from fastai.data.load import DataLoader
from fastai.optimizer import SGD
from PIL import Image
from torch import nn

BATCH = 256


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
        threes, sevens = (torch.from_numpy(numpy.stack(images[part, d])).float() / 255 for d in "37")
        x = torch.cat([threes, sevens]).view(-1, 28 * 28)
        y = torch.tensor([1] * len(threes) + [0] * len(sevens)).unsqueeze(1)
        return x, y
    return stack("train"), stack("valid")


def mnist_loss(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


def batch_accuracy(xb, yb):
    return ((xb.sigmoid() > 0.5) == yb).float().mean()


def init_params(*size):
    return torch.randn(*size).requires_grad_()


def slices(x, y):
    """Mini-batches in order, as plain PyTorch makes them fastest: without a copy."""
    return zip(x.split(BATCH), y.split(BATCH))


def train(model, params, lr, epochs, train_batches, valid_batches):
    """The course's training loop; returns the accuracy after the last epoch."""
    for _ in range(epochs):
        for xb, yb in train_batches():
            mnist_loss(model(xb), yb).backward()
            for p in params:
                p.data -= p.grad * lr
                p.grad.zero_()
        accuracy = torch.stack([batch_accuracy(model(xb), yb) for xb, yb in valid_batches()]).mean()
    return accuracy.item()


def linear_by_hand(train_batches, valid_batches):
    weights, bias = init_params(28 * 28, 1), init_params(1)
    return train(lambda xb: xb @ weights + bias, (weights, bias), 1.0, 20, train_batches, valid_batches)


def simple_net():
    return nn.Sequential(nn.Linear(28 * 28, 30), nn.ReLU(), nn.Linear(30, 1))


class Steps:
    def __init__(self, archive):
        self.train, self.valid = load(archive)
        self.train_slices = lambda: slices(*self.train)
        self.valid_slices = lambda: slices(*self.valid)

    def module(self, model, lr, epochs):
        return train(model, list(model.parameters()), lr, epochs, self.train_slices, self.valid_slices)

    def loaders(self):
        return [DataLoader(list(zip(*part)), batch_size=BATCH) for part in (self.train, self.valid)]

    def learner(self, model, lr, epochs):
        learn = Learner(DataLoaders(*self.loaders()), model, opt_func=SGD, loss_func=mnist_loss,
                        metrics=batch_accuracy)
        with learn.no_bar(), learn.no_logging():
            learn.fit(epochs, lr=lr)
        return learn.recorder.values[-1][2]

    def pytorch(self, step):
        if step == "linear":
            return linear_by_hand(self.train_slices, self.valid_slices)
        if step == "learner":
            return self.module(nn.Linear(28 * 28, 1), 1.0, 10)
        return self.module(simple_net(), 0.1, 40)

    def fastai(self, step):
        if step == "linear":
            train_dl, valid_dl = self.loaders()
            return linear_by_hand(lambda: train_dl, lambda: valid_dl)
        if step == "learner":
            return self.learner(nn.Linear(28 * 28, 1), 1.0, 10)
        return self.learner(simple_net(), 0.1, 40)


def main():
    steps = Steps(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    versions = {"python": platform.python_version(), "torch": torch.__version__, "fastai": fastai.__version__}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        who, step = line.split()
        random.seed(42)
        torch.manual_seed(42)
        start = time.perf_counter()
        accuracy = getattr(steps, who)(step)
        print(json.dumps({"seconds": time.perf_counter() - start, "accuracy": accuracy}), flush=True)


if __name__ == "__main__":
    main()
