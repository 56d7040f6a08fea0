"""What depends on where PyTorch runs: the time, and CUDA graphs."""
import time

import torch


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
