"""The steps of the course in plain PyTorch and with fastai's Learner, for `cargo bench --bench training`.

    python3 peer.py ARCHIVE_OR_FOLDER THREADS [cpu|cuda]

It answers on standard output what it is asked on standard input: a line `WHO STEP`, such as
`pytorch simple_net`, or `WHO STEP SEED`, gets one line of JSON with the seconds and the accuracy (null where
there is none), or with an error. The data is in memory before the first question, on a GPU in that of the GPU.
WHO is pytorch, fastai, or on a GPU one of PyTorch's faster ways, WAYS below.
Versions: requirements.txt. Without fastai, plain PyTorch answers all the same.
"""
import json, math, pathlib, platform, random, sys, tarfile, tempfile, time, warnings

warnings.filterwarnings("ignore")
import numpy, torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

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


class ConcatPool(nn.Module):
    def forward(self, x):
        return torch.cat([F.adaptive_max_pool2d(x, 1), F.adaptive_avg_pool2d(x, 1)], 1)


def resnet18_of_fastai():
    """What fastai's `create_vision_model(resnet18, 2, pretrained=False)` makes, with the same weights."""
    from torchvision.models import resnet18

    body = nn.Sequential(*list(resnet18().children())[:-2])
    # fastai looks at what comes out for a picture of noise.
    torch.empty(1, 3, 32, 32).uniform_(-1, 1)
    head = nn.Sequential(
        ConcatPool(), nn.Flatten(),
        nn.BatchNorm1d(1024), nn.Dropout(0.25), nn.Linear(1024, 512, bias=False), nn.ReLU(inplace=True),
        nn.BatchNorm1d(512), nn.Dropout(0.5), nn.Linear(512, 2, bias=False),
    )
    for layer in head:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
        if isinstance(layer, nn.BatchNorm1d):
            nn.init.constant_(layer.bias, 1e-3)
    return nn.Sequential(body, head)


def one_cycle(start, top, end):
    """Half a wave of a cosine up for the first quarter, and one down, as fastai's `combined_cos`."""
    def half_wave(a, b, share):
        return a + (1 + math.cos(math.pi * (1 - share))) * (b - a) / 2
    return lambda share: half_wave(start, top, share * 4) if share < 0.25 else half_wave(top, end, (share - 0.25) / 0.75)


def resnet_pytorch(train, valid, way=None):
    """One epoch with the one-cycle schedule as plain PyTorch does it fastest: pictures in memory, fused AdamW."""
    (x, y), (valid_x, valid_y) = ((rgb(x), 1 - y.squeeze(1)) for x, y in (train, valid))
    model = resnet18_of_fastai().to(x.device).train()
    if way in ("graph", "graph_tf32", "graph_bf16"):
        return resnet_graph(model, (x, y), (valid_x, valid_y), way == "graph_bf16")
    norms = [p for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) for p in m.parameters()]
    ids = {id(p) for p in norms}
    weights = [p for p in model.parameters() if id(p) not in ids]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": norms, "weight_decay": 0.0}]
    opt = torch.optim.AdamW(groups, lr=0.1, betas=(0.95, 0.99), eps=1e-5, fused=True)
    lr, mom = one_cycle(0.1 / 25, 0.1, 0.1 / 1e5), one_cycle(0.95, 0.85, 0.95)
    net = model
    if way == "compile":
        net = torch.compile(model)
        state = copied(model.state_dict())
        F.cross_entropy(net(x[:64]), y[:64]).backward()
        model.load_state_dict(state)
        opt.zero_grad()
    start = now(x)
    batches = torch.randperm(len(x)).to(x.device).split(64)[: len(x) // 64]
    for step, batch in enumerate(batches):
        for group in opt.param_groups:
            group["lr"], group["betas"] = lr(step / len(batches)), (mom(step / len(batches)), 0.99)
        F.cross_entropy(net(x[batch]), y[batch]).backward()
        opt.step()
        opt.zero_grad()
    accuracy = resnet_accuracy(model, valid_x, valid_y)
    return now(x) - start, accuracy


def resnet_accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return sum((model(xb).argmax(1) == yb).sum() for xb, yb in zip(x.split(64), y.split(64))).item() / len(x)


def resnet_graph(model, train, valid, bf16):
    """The same as a CUDA graph of one step: choose a batch, forward, loss, backward, AdamW. The momentum is a
    constant, since a graph takes no other; the learning rate is a number in the GPU's memory."""
    (x, y), (valid_x, valid_y) = train, valid
    if bf16:
        model = model.to(memory_format=torch.channels_last)
        x, valid_x = (part.contiguous(memory_format=torch.channels_last) for part in (x, valid_x))
    rate = torch.tensor(0.1, device=x.device)
    opt = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.95, 0.99), eps=1e-5, weight_decay=0.01,
                            fused=True, capturable=True)
    batch = torch.arange(64, device=x.device)

    def step():
        opt.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=bf16):
            loss = F.cross_entropy(model(x[batch]), y[batch])
        loss.backward()
        opt.step()

    state = copied(model.state_dict())
    graph = recorded(step, lambda: opt.zero_grad(set_to_none=True))
    with torch.no_grad():
        model.load_state_dict(state)
        for kept in opt.state.values():
            for number in kept.values():
                number.zero_()
    lr = one_cycle(0.1 / 25, 0.1, 0.1 / 1e5)
    start = now(x)
    batches = torch.randperm(len(x)).to(x.device).split(64)[: len(x) // 64]
    for at, chosen in enumerate(batches):
        rate.fill_(lr(at / len(batches)))
        batch.copy_(chosen)
        graph.replay()
    with torch.autocast("cuda", torch.bfloat16, enabled=bf16):
        accuracy = resnet_accuracy(model, valid_x, valid_y)
    return now(x) - start, accuracy


def copied(state):
    return {name: tensor.clone() for name, tensor in state.items()}


def recorded(step, prepare):
    """A CUDA graph of `step`, which is run a few times before, as PyTorch asks for."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    prepare()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph


def now(x):
    """The time when all is done that `x` waits for."""
    if x.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter()


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
    try:
        start = now(steps.stacks[0])
        if step == "baseline":  # the notebook's cell is plain PyTorch
            result = baseline(*steps.stacks)
        else:
            result = steps.faster(who, step) if who in WAYS else getattr(steps, who)(step)
        # Some steps keep the time themselves, without what they have to prepare. All others end with a number
        # that has come back from the device.
        seconds, accuracy = result if isinstance(result, tuple) else (time.perf_counter() - start, result)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"seconds": seconds, "accuracy": accuracy}


if __name__ == "__main__":
    main()
