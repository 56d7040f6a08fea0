"""The steps of the course in plain PyTorch and with fastai's Learner, for `cargo bench --bench training`.

It answers on standard output what it is asked on standard input: a line `WHO STEP`, such as
`pytorch simple_net`, or `WHO STEP SEED`, gets one line of JSON with the seconds and the accuracy (null where there is none). The data is
in memory before the first question. Versions: requirements.txt.
"""
import io, json, pathlib, platform, random, sys, tarfile, tempfile, time, warnings

warnings.filterwarnings("ignore")
import fastai, numpy, torch
from fastai.callback.progress import *
from fastai.learner import DataLoaders, Learner
from fastai.data.load import DataLoader
from fastai.optimizer import SGD
from fastai.callback.schedule import combined_cos
from fastai.vision.all import ImageDataLoaders, accuracy, create_vision_model, tensor, vision_learner
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18

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


FOLDERS = ("train/3", "train/7", "valid/3", "valid/7")


def stacks_pytorch(folder):
    """All pictures, opened and stacked as fast as it goes without further packages."""
    def stack(part):
        files = sorted((folder / part).iterdir())
        return torch.from_numpy(numpy.stack([numpy.asarray(Image.open(file)) for file in files])).float() / 255
    return [stack(part) for part in FOLDERS]


def stacks_fastai(folder):
    """The same as in the notebook: a tensor for each picture."""
    return [torch.stack([tensor(Image.open(file)) for file in (folder / part).ls().sorted()]).float() / 255
            for part in FOLDERS]


def baseline(threes, sevens, valid_threes, valid_sevens):
    """The share of digits that the pixel similarity gets right."""
    mean3, mean7 = threes.mean(0), sevens.mean(0)
    def is_3(x):
        return (x - mean3).abs().mean((-1, -2)) < (x - mean7).abs().mean((-1, -2))
    return ((is_3(valid_threes).float().mean() + (~is_3(valid_sevens)).float().mean()) / 2).item()


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


def resnet_pytorch(train, valid):
    """One epoch with the one-cycle schedule as plain PyTorch does it fastest: pictures in memory, fused AdamW."""
    (x, y), (valid_x, valid_y) = ((rgb(x), 1 - y.squeeze(1)) for x, y in (train, valid))
    model = create_vision_model(resnet18, 2, pretrained=False).train()
    norms = [p for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) for p in m.parameters()]
    ids = {id(p) for p in norms}
    weights = [p for p in model.parameters() if id(p) not in ids]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": norms, "weight_decay": 0.0}]
    opt = torch.optim.AdamW(groups, lr=0.1, betas=(0.95, 0.99), eps=1e-5, fused=True)
    lr, mom = combined_cos(0.25, 0.1 / 25, 0.1, 0.1 / 1e5), combined_cos(0.25, 0.95, 0.85, 0.95)
    start = time.perf_counter()
    batches = torch.randperm(len(x)).split(64)[: len(x) // 64]
    for step, batch in enumerate(batches):
        for group in opt.param_groups:
            group["lr"], group["betas"] = lr(step / len(batches)), (mom(step / len(batches)), 0.99)
        F.cross_entropy(model(x[batch]), y[batch]).backward()
        opt.step()
        opt.zero_grad()
    model.eval()
    with torch.no_grad():
        right = sum((model(xb).argmax(1) == yb).sum() for xb, yb in zip(valid_x.split(64), valid_y.split(64)))
    return time.perf_counter() - start, right.item() / len(valid_x)


def rgb(x):
    return x.view(-1, 1, 28, 28).expand(-1, 3, -1, -1).contiguous()


def resnet_fastai(folder):
    """The notebook's last cell; making loaders and model is not counted."""
    dls = ImageDataLoaders.from_folder(folder, num_workers=0)
    learn = vision_learner(dls, resnet18, pretrained=False, loss_func=F.cross_entropy, metrics=accuracy)
    start = time.perf_counter()
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(1, 0.1)
    return time.perf_counter() - start, learn.recorder.values[-1][2]


class Steps:
    def __init__(self, archive):
        self.folder = tempfile.TemporaryDirectory()
        with tarfile.open(archive) as files:
            files.extractall(self.folder.name, filter="data")
        self.pictures = next(pathlib.Path(self.folder.name).glob("**/train")).parent
        self.train, self.valid = load(archive)
        self.stacks = stacks_pytorch(self.pictures)
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
        if step == "load":
            return self.timed(stacks_pytorch)
        if step == "baseline":
            return baseline(*self.stacks)
        if step == "resnet":
            return resnet_pytorch(self.train, self.valid)
        if step == "linear":
            return linear_by_hand(self.train_slices, self.valid_slices)
        if step == "learner":
            return self.module(nn.Linear(28 * 28, 1), 1.0, 10)
        return self.module(simple_net(), 0.1, 40)

    def timed(self, stacks):
        start = time.perf_counter()
        stacks(self.pictures)
        return time.perf_counter() - start, None

    def fastai(self, step):
        if step == "load":
            return self.timed(stacks_fastai)
        if step == "baseline":  # the notebook's cell is plain PyTorch
            return baseline(*self.stacks)
        if step == "resnet":
            return resnet_fastai(self.pictures)
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
        who, step, *seed = line.split()
        seed = int(seed[0]) if seed else 42
        random.seed(seed)
        numpy.random.seed(seed)
        torch.manual_seed(seed)
        start = time.perf_counter()
        result = getattr(steps, who)(step)
        # Some steps keep the time themselves, without what they have to prepare.
        seconds, accuracy = result if isinstance(result, tuple) else (time.perf_counter() - start, result)
        print(json.dumps({"seconds": seconds, "accuracy": accuracy}), flush=True)


if __name__ == "__main__":
    main()
