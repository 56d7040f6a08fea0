"""The steps of the course in plain PyTorch and with fastai's Learner, for `cargo bench --bench training`.

    python3 peer.py ARCHIVE_OR_FOLDER THREADS [cpu|cuda]

It answers on standard output what it is asked on standard input: a line `WHO STEP`, such as
`pytorch simple_net`, or `WHO STEP SEED`, gets one line of JSON with the seconds and the accuracy (null where
there is none), or with an error. The data is in memory before the first question, on a GPU in that of the GPU.
WHO is pytorch, fastai, or one of PyTorch's faster ways: WAYS below on a GPU, WAYS_CPU on a processor. What one of them
has not got is answered with null.
Versions: requirements.txt. Without fastai, plain PyTorch answers all the same.
"""
import json, pathlib, platform, random, sys, tarfile, tempfile, time, warnings

warnings.filterwarnings("ignore")
import numpy, torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from device import now, recorded
from resnet import resnet_pytorch

try:
    import fastai
    from fastai.callback.progress import *
    from fastai.learner import DataLoaders, Learner
    from fastai.data.load import DataLoader
    from fastai.optimizer import SGD
    from fastai.vision.all import ImageDataLoaders, accuracy, resnet18, tensor, vision_learner
except ImportError:
    fastai = None

BATCH = 256

# How PyTorch can be made faster on a GPU, for the steps that train. What it takes to compile a net or to record
# a graph is not counted.
WAYS = {
    "compile": "torch.compile",
    "graph": "a CUDA graph of the whole step, in float32 without TF32",
    "graph_tf32": "the same with TF32",
    "graph_bf16": "the same with autocast to bfloat16, and pictures in the order that its kernels like best",
}

# How it can be made faster on a processor; the last two are for the ResNet.
WAYS_CPU = {
    "compile": "torch.compile",
    "channels_last": "pictures and weights in the order that its kernels like best",
    "bf16": "the same with autocast to bfloat16",
}

FOLDERS = ("train/3", "train/7", "valid/3", "valid/7")


def with_labels(threes, sevens):
    """Images as rows, and their labels: 1 for a three, 0 for a seven."""
    return torch.cat([threes, sevens]).view(-1, 28 * 28), torch.tensor([1] * len(threes) + [0] * len(sevens)).unsqueeze(1)


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


def init_params(*size, device="cpu"):
    return torch.randn(*size).to(device).requires_grad_()


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


def train_faster(model, params, lr, epochs, train_batches, valid_batches, way):
    """The course's training loop, compiled or as a CUDA graph of a whole epoch."""
    params = list(params)
    for p in params:
        p.grad = torch.zeros_like(p)

    def step(xb, yb):
        mnist_loss(net(xb), yb).backward()
        for p in params:
            p.data -= p.grad * lr
            p.grad.zero_()

    def epoch():
        for xb, yb in train_batches():
            step(xb, yb)

    net, start = model, [p.detach().clone() for p in params]
    if way == "compile":
        net = torch.compile(model)
        epoch()
        run = epoch
    else:
        run = recorded(epoch, lambda: None).replay
    with torch.no_grad():
        for p, value in zip(params, start):
            p.copy_(value)
    began = now(params[0])
    for _ in range(epochs):
        run()
        with torch.no_grad():
            accuracy = torch.stack([batch_accuracy(model(xb), yb) for xb, yb in valid_batches()]).mean()
    accuracy = accuracy.item()
    return now(params[0]) - began, accuracy


def linear_by_hand(train_batches, valid_batches, device="cpu"):
    weights, bias = init_params(28 * 28, 1, device=device), init_params(1, device=device)
    return train(lambda xb: xb @ weights + bias, (weights, bias), 1.0, 20, train_batches, valid_batches)


def simple_net():
    return nn.Sequential(nn.Linear(28 * 28, 30), nn.ReLU(), nn.Linear(30, 1))


def resnet_fastai(folder):
    """The notebook's last cell; making loaders and model is not counted."""
    dls = ImageDataLoaders.from_folder(folder, num_workers=0)
    learn = vision_learner(dls, resnet18, pretrained=False, loss_func=F.cross_entropy, metrics=accuracy)
    start = time.perf_counter()
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(1, 0.1)
    return time.perf_counter() - start, learn.recorder.values[-1][2]


class Steps:
    def __init__(self, data, device):
        if pathlib.Path(data).is_file():
            self.folder = tempfile.TemporaryDirectory()
            with tarfile.open(data) as files:
                files.extractall(self.folder.name, filter="data")
            data = self.folder.name
        self.pictures = next(pathlib.Path(data).glob("**/train")).parent
        self.device = device
        stacks = stacks_pytorch(self.pictures)
        self.stacks = [stack.to(device) for stack in stacks]
        self.train, self.valid = (
            [part.to(device) for part in with_labels(*stacks[at : at + 2])] for at in (0, 2)
        )
        self.train_slices = lambda: slices(*self.train)
        self.valid_slices = lambda: slices(*self.valid)

    def net(self, step):
        """What the last two steps train, its learning rate and its epochs."""
        return (nn.Linear(28 * 28, 1), 1.0, 10) if step == "learner" else (simple_net(), 0.1, 40)

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
            return self.timed(lambda folder: [stack.to(self.device) for stack in stacks_pytorch(folder)])
        if step == "resnet":
            return resnet_pytorch(self.train, self.valid)
        if step == "linear":
            return linear_by_hand(self.train_slices, self.valid_slices, self.device)
        model, lr, epochs = self.net(step)
        model = model.to(self.device)
        return train(model, list(model.parameters()), lr, epochs, self.train_slices, self.valid_slices)

    def faster(self, way, step):
        """A step that trains, in one of PyTorch's faster ways."""
        exact = way in ("graph", "compile")
        torch.backends.cuda.matmul.allow_tf32 = not exact
        torch.backends.cudnn.allow_tf32 = not exact
        try:
            if step == "resnet":
                return resnet_pytorch(self.train, self.valid, way)
            if step == "linear":
                weights, bias = init_params(28 * 28, 1, device=self.device), init_params(1, device=self.device)
                model, params, lr, epochs = lambda xb: xb @ weights + bias, (weights, bias), 1.0, 20
            else:
                model, lr, epochs = self.net(step)
                model = model.to(self.device)
                params = model.parameters()
            return train_faster(model, params, lr, epochs, self.train_slices, self.valid_slices, way)
        finally:
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.backends.cudnn.allow_tf32 = True

    def timed(self, stacks):
        start = time.perf_counter()
        loaded = stacks(self.pictures)
        return now(loaded[0]) - start, None

    def fastai(self, step):
        if step == "load":
            return self.timed(stacks_fastai)
        if step == "resnet":
            return resnet_fastai(self.pictures)
        if step == "linear":
            train_dl, valid_dl = self.loaders()
            return linear_by_hand(lambda: train_dl, lambda: valid_dl)
        return self.learner(*self.net(step))


def main():
    steps = Steps(sys.argv[1], sys.argv[3] if len(sys.argv) > 3 else "cpu")
    torch.set_num_threads(int(sys.argv[2]))
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    if fastai:
        versions["fastai"] = fastai.__version__
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        who, step, *seed = line.split()
        print(json.dumps(answer(steps, who, step, int(seed[0]) if seed else 42)), flush=True)


def answer(steps, who, step, seed):
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
    trains, resnet_only = step not in ("load", "baseline"), who in ("channels_last", "bf16")
    if who in WAYS_CPU and (not trains or resnet_only and step != "resnet"):
        return None
    try:
        start = now(steps.stacks[0])
        if step == "baseline":  # the notebook's cell is plain PyTorch
            result = baseline(*steps.stacks)
        else:
            result = steps.faster(who, step) if who in WAYS | WAYS_CPU else getattr(steps, who)(step)
        # Some steps keep the time themselves, without what they have to prepare. All others end with a number
        # that has come back from the device.
        seconds, accuracy = result if isinstance(result, tuple) else (time.perf_counter() - start, result)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"seconds": seconds, "accuracy": accuracy}


if __name__ == "__main__":
    main()
