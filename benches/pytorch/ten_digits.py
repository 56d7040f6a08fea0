"""All ten digits in plain PyTorch, with the net of examples/speed_run.rs, for `cargo bench --bench training`.

    python3 ten_digits.py FOLDER THREADS

FOLDER has MNIST's own files. It answers as peer.py: a line `pytorch ten_digits SEED` on standard input gets one line
of JSON with the seconds and the accuracy.
"""
import json, pathlib, sys, time
import numpy, torch
from torch import nn
from torch.nn import functional as F

BATCH, EPOCHS, LR_MAX = 256, 2, 0.01


def idx(path):
    """All bytes of an IDX file behind its header: four bytes, the last of them the number of sizes, and the sizes."""
    data = numpy.fromfile(path, dtype=numpy.uint8)
    return torch.from_numpy(data[4 + 4 * int(data[3]) :].copy())


def pictures_and_labels(folder, name):
    images, labels = idx(folder / f"{name}-images-idx3-ubyte"), idx(folder / f"{name}-labels-idx1-ubyte")
    return images.view(-1, 1, 28, 28).float() / 255, labels.long()


def speed_run():
    def block(inputs, outputs, kernel, stride=1, padding=0):
        conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    return nn.Sequential(*block(1, 32, 5, 2, 2), nn.MaxPool2d(2), *block(32, 64, 3), *block(64, 64, 3, 2),
                         nn.Flatten(), nn.Linear(256, 10))


def train(train, test):
    """Two epochs, one cycle, a test after each epoch, as plain PyTorch does it fastest; making the net is not counted."""
    (x, y), (test_x, test_y) = train, test
    model = speed_run()
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in model.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    opt = torch.optim.AdamW(groups, lr=LR_MAX, betas=(0.95, 0.99), eps=1e-5, fused=True)
    steps = len(x) // BATCH
    # PyTorch's own, with fastai's numbers.
    sched = torch.optim.lr_scheduler.OneCycleLR(
        opt, LR_MAX, EPOCHS * steps, pct_start=0.25, div_factor=25, final_div_factor=4000,
        base_momentum=0.85, max_momentum=0.95)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        model.train()
        for batch in torch.randperm(len(x)).split(BATCH)[:steps]:
            F.cross_entropy(model(x[batch]), y[batch]).backward()
            opt.step()
            opt.zero_grad()
            sched.step()
        model.eval()
        with torch.no_grad():
            batches = zip(test_x.split(BATCH), test_y.split(BATCH))
            right = sum((model(xb).argmax(1) == yb).sum() for xb, yb in batches).item()
    return {"seconds": time.perf_counter() - start, "accuracy": right / len(test_x)}


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    data = pictures_and_labels(folder, "training/train"), pictures_and_labels(folder, "testing/t10k")
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        torch.manual_seed(int(line.split()[2]))
        print(json.dumps(train(*data)), flush=True)


if __name__ == "__main__":
    main()
