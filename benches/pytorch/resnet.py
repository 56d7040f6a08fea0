"""ResNet18 with fastai's head in plain PyTorch: an epoch as on the last page of the course."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from device import copied, now, recorded


def rgb(x):
    return x.view(-1, 1, 28, 28).expand(-1, 3, -1, -1).contiguous()


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


def channels_last(model, *pictures):
    """The model and the pictures in the order in memory that PyTorch's kernels like best."""
    last = torch.channels_last
    return model.to(memory_format=last), *(part.contiguous(memory_format=last) for part in pictures)


def resnet_pytorch(train, valid, way=None):
    """One epoch with the one-cycle schedule as plain PyTorch does it fastest: pictures in memory, fused AdamW."""
    (x, y), (valid_x, valid_y) = ((rgb(x), 1 - y.squeeze(1)) for x, y in (train, valid))
    model = resnet18_of_fastai().to(x.device).train()
    if way in ("graph", "graph_tf32", "graph_bf16"):
        return resnet_graph(model, (x, y), (valid_x, valid_y), way == "graph_bf16")
    if way in ("channels_last", "bf16"):
        model, x, valid_x = channels_last(model, x, valid_x)
    half = torch.autocast(x.device.type, torch.bfloat16, enabled=way == "bf16")
    norms = [p for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) for p in m.parameters()]
    ids = {id(p) for p in norms}
    weights = [p for p in model.parameters() if id(p) not in ids]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": norms, "weight_decay": 0.0}]
    opt = torch.optim.AdamW(groups, lr=0.1, betas=(0.95, 0.99), eps=1e-5, fused=True)
    lr, mom = one_cycle(0.1 / 25, 0.1, 0.1 / 1e5), one_cycle(0.95, 0.85, 0.95)
    net = torch.compile(model) if way == "compile" else model

    def loss_of(batch):
        with half:
            return F.cross_entropy(net(x[batch]), y[batch])

    if way == "compile":
        # The very call that is timed below: another might be compiled anew there.
        state = copied(model.state_dict())
        loss_of(torch.arange(64, device=x.device)).backward()
        model.load_state_dict(state)
        opt.zero_grad()
    start = now(x)
    batches = torch.randperm(len(x)).to(x.device).split(64)[: len(x) // 64]
    for step, batch in enumerate(batches):
        for group in opt.param_groups:
            group["lr"], group["betas"] = lr(step / len(batches)), (mom(step / len(batches)), 0.99)
        loss_of(batch).backward()
        opt.step()
        opt.zero_grad()
    with half:
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
        model, x, valid_x = channels_last(model, x, valid_x)
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
