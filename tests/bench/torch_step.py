"""A training step through PyTorch: beside the native engine, and beside plain FP32 of PyTorch.

python tests/bench/torch_step.py [--batch 64] [--threads 1] [--repeats 5] [--memory]

VGG11 by the scheme hybrid in both ways, and ResNet-18 for images of 32 x 32 in arrays and in FP32.
All take turns within one process; medians are compared, of the time and of what a step took of the
processors. ``--memory``: instead, the peak memory of a process of its own for each [GiB].
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
import train_step
from tabulate import tabulate
from threadpoolctl import threadpool_limits
from torch import nn

import neurorebit.torch as nrt
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, paths
from neurorebit.training.parts.workers import Workers

CALIBRATED = {"calibration_steps": 2}  # the state a long run is in
CASES = {  # and the case that each is compared with
    "vgg11 native": None,
    "vgg11 torch, SGD of PyTorch": "vgg11 native",
    "vgg11 torch, our optimiser": "vgg11 native",
    "vgg11 FP32": "vgg11 native",
    "resnet18 FP32": None,
    "resnet18 torch, SGD of PyTorch": "resnet18 FP32",
}


class Block(nn.Module):
    """Two convolutions beside a way that skips them."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.way = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.skip = nn.Sequential()
        if stride > 1 or inputs != outputs:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        return torch.relu(self.way(x) + self.skip(x))


def resnet18():
    """ResNet-18 with a first layer for small images (K. He et al., CVPR 2016)."""
    layers, inputs = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()], 64
    for stage, outputs in enumerate((64, 128, 256, 512)):
        layers += [
            Block(inputs, outputs, 2 if stage else 1),
            Block(outputs, outputs, 1),
        ]
        inputs = outputs
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)
    return nn.Sequential(*layers, *head).to(memory_format=torch.channels_last)


def data(shape, options):
    """Random images and labels."""
    random = np.random.default_rng(0)
    size = options.batch, shape.height, shape.width, shape.channels
    return random.integers(0, 256, size, np.uint8), random.integers(0, 10, options.batch)


def step_of(model, images, labels, *, ours=False):
    """A function that does one step of a model, converted or not."""
    x = torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)
    y = torch.from_numpy(labels)
    real = model.parameters()
    learn = nrt.optimiser(model, 0.001) if ours else torch.optim.SGD(real, 0.001, 0.9)
    if isinstance(model, nrt.Analog) and not ours:
        model.follow(learn)

    def step():
        learn.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        learn.step()

    def settled():
        if isinstance(model, nrt.Analog):
            model.end_epoch(0.0)  # input ranges no longer follow

    return step, settled


def build(name, options):
    """A function that does a step of a case, and one that is called once steps were done."""
    network = read_network(Document(paths.shipped("network", "vgg11")))
    images, labels = data(network.input, options)
    if name == "vgg11 native":
        workers = Workers(options.threads)
        return train_step.ours(network, "hybrid", "array", images, labels, workers), lambda: None
    made = train_step.module_of(network) if name.startswith("vgg11") else resnet18()
    if "FP32" not in name:
        made = nrt.convert(made, "rebit", "hybrid", training=CALIBRATED, threads=options.threads)
    return step_of(made, images, labels, ours="ours" in name or "our " in name)


def peak(name, options):
    """Print the peak memory of this process after some steps of a case [GiB]."""
    step, settled = build(name, options)
    for _ in range(2):
        step()
    settled()
    step()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def memory(options):
    """Print the peak memory of each case."""
    found = {}
    for name in CASES:
        words = [sys.executable, __file__, "--batch", options.batch, "--threads", options.threads]
        words = [str(word) for word in (*words, "--peak", name)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        found[name] = float(done.stdout.split()[-1])
    rows = [
        [name, size, size / found[CASES[name]] if CASES[name] else None]
        for name, size in found.items()
    ]
    print(f"batch {options.batch}, {options.threads} threads")
    print(tabulate(rows, ["case", "peak memory [GiB]", "x"], floatfmt=".2f", missingval="-"))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peak", choices=CASES)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.memory:
        memory(options)
        return
    if options.peak:
        peak(options.peak, options)
        return
    made = {name: build(name, options) for name in CASES}
    times, used = ({name: [] for name in CASES} for _ in range(2))
    for turn in range(options.repeats + 1):
        for name, (step, settled) in made.items():
            threads = 1 if name == "vgg11 native" else options.threads
            with threadpool_limits(threads, user_api="blas"):
                step()
                begun, busy = time.perf_counter(), time.process_time()
                step()
                if turn:
                    times[name].append(time.perf_counter() - begun)
                    used[name].append(time.process_time() - busy)
            if turn == 1:
                settled()
    rows = []
    for name, other in CASES.items():
        took, busy = (1e3 * statistics.median(each[name]) for each in (times, used))
        ratios = [None, None]
        if other:
            ratios = [
                1e3 * statistics.median(each[other]) / mine
                for each, mine in ((times, took), (used, busy))
            ]
        rows.append([name, took, ratios[0], busy, ratios[1], other or ""])
    print(f"batch {options.batch}, {options.threads} threads")
    heads = ["case", "ms a step", "x", "processor ms a step", "x", "of"]
    print(tabulate(rows, heads, floatfmt=".2f", missingval="-"))


if __name__ == "__main__":
    main()
