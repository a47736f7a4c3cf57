"""Images per second of a training step: each scheme, plain PyTorch where installed, the limit.

python tests/bench/train_step.py [--network vgg11] [--batch 128] [--threads 2] [--repeats 7]
    [--against DIR]

A step is forward, backward, gradient, update and sync on random images. All take turns of about
half a second within one process; the medians are compared, of the time and of what it took of the
processors. The limit is the multiplications of plain sums over windows at the rate of one large
matrix product on the same threads; ways that need fewer may pass it.

``--against``: another checkout of this project, however its package is laid out. Both take turns,
each of them a process that trains on handwritten digits by the command line and leaves its first
step out. Told are the medians and their ratio, that of the least times, which a busy machine
disturbs less, and what whole processes took of the processors.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from tabulate import tabulate
from threadpoolctl import threadpool_limits

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.training.trainer import softmax_loss

TURN = 0.5  # seconds
REST = 0.25  # seconds, in which the others' threads fall asleep
HERE = Path(__file__).resolve().parents[2]
DIGITS = 1438  # images to train on
STEPS = 12  # of a process of a checkout, the first of them not timed
CASES = {
    "real": ("real", "array"),
    "hybrid": ("hybrid", "array"),
    "hybrid, ideal ADC": ("hybrid", "ideal"),
}


def ours(network, weights, adc, images, labels, workers, spec=None):
    """A function that does one step; on the shipped chip unless ``spec`` is given."""
    training = replace(network.training, adc=adc, calibration_steps=2)
    spec = spec or read_architecture(Document(paths.shipped("architecture", "rebit")))
    device = read_device(Document(paths.shipped("device", spec.device)))
    chip = replace(spec, scheme=weights)
    network = replace(network, training=training)
    model = Model(network, chip, device, scheme=SCHEMES[weights], seed=1, workers=workers)
    model.begin_epoch(1)  # input ranges no longer follow: the state a long run is in

    def step():
        model.backward(softmax_loss(model.forward(images, learning=True), labels)[1], 0.001)

    return step


def module_of(network):
    """The same network in PyTorch, channels last; None where it is no chain of layers."""
    import torch

    layers, flat = [], False
    for node in network.nodes:
        flat = flat or node.kind == "flatten"
        given, out = node.shape_in, node.shape_out
        make = {
            "conv": lambda n=node, i=given, o=out: torch.nn.Conv2d(
                i.channels,
                o.channels,
                *n.window[:2],
                n.window.padding[::2],
                n.window.dilation,
                groups=n.groups,
                bias=n.layer.bias,
            ),
            "linear": lambda n=node, i=given, o=out: torch.nn.Sequential(
                torch.nn.Flatten(), torch.nn.Linear(i.size, o.channels, bias=n.layer.bias)
            ),
            "batch_norm": lambda i=given, f=flat: (
                torch.nn.BatchNorm1d(i.channels) if f else torch.nn.BatchNorm2d(i.channels)
            ),
            "relu": lambda: torch.nn.ReLU(inplace=True),
            "max_pool": lambda n=node: torch.nn.MaxPool2d(
                *n.window[:2], n.window.padding[::2], ceil_mode=n.layer.ceil
            ),
            "avg_pool": lambda n=node: torch.nn.AvgPool2d(
                *n.window[:2], n.window.padding[::2], n.layer.ceil, n.layer.count_padding
            ),
            "flatten": torch.nn.Flatten,
        }
        if node.kind not in make or node.inputs != (node.index - 1,):
            return None  # only chains of layers are compared
        layers.append(make[node.kind]())
    return torch.nn.Sequential(*layers).to(memory_format=torch.channels_last)


def theirs(network, images, labels, threads):
    """The same step in FP32 PyTorch; None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(threads)
    model = module_of(network)
    if model is None:
        return None
    learn = torch.optim.SGD(model.parameters(), 0.001, momentum=0.9, weight_decay=5e-4)
    x = torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)
    y = torch.from_numpy(labels)

    def step():
        learn.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        learn.step()

    return step


def rate_of_products(threads):
    """Multiplications per second of one large matrix product on all threads."""
    size = 2048
    a, b = (np.random.default_rng(i).normal(size=(size, size)).astype(np.float32) for i in (0, 1))
    with threadpool_limits(threads, user_api="blas"):
        return size**3 / statistics.median(seconds(lambda: a @ b) for _ in range(7))


def seconds(action):
    """How long it takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def cli(checkout, words, folder):
    """What a command of a checkout prints; ends with its message where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "neurorebit", *words],
        env={**os.environ, "PYTHONPATH": str(checkout), "NEUROREBIT_STORE": "none"},
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{checkout}: {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def trained(checkout, network, scheme, adc, options):
    """Seconds that a step takes in a process of its own, and all that it took of processors."""
    with tempfile.TemporaryDirectory() as folder:
        told = cli(checkout, ["run", "--help"], folder)
        sets = {
            "dataset": "digits", "batch": options.batch, "test_images": 1, "calibration_steps": 2,
            "adc": adc,
        }  # fmt: skip
        images = min(STEPS * options.batch, DIGITS)
        words = [
            "run", network, "--scheme" if "--scheme " in told else "--weights", scheme,
            "--images", images, "--epochs", 1, "--threads", options.threads, "--out", folder,
        ]  # fmt: skip
        words += [
            word for key, value in sets.items() for word in ("--set", f"training.{key}={value}")
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        cli(checkout, [str(word) for word in words], folder)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        (epoch,) = json.loads((Path(folder) / "report.json").read_text())["training"]["epochs"]
        return options.batch / epoch["images_per_second"], used


def compared(options):
    """Print a table of this checkout and another."""
    if 2 * options.batch > DIGITS:
        sys.exit(f"--batch: at most half of the {DIGITS} images, so that a second step is timed")
    checkouts, rows = (HERE, Path(options.against).resolve()), []
    for name, (scheme, adc) in CASES.items():
        times, used = ([[], []] for _ in range(2))
        for turn in range(options.repeats + 1):
            for i in (0, 1) if turn % 2 else (1, 0):
                took, busy = trained(checkouts[i], options.network, scheme, adc, options)
                if turn:  # kernels are compiled in the first
                    times[i].append(took)
                    used[i].append(busy)
        here, there = (1e3 * statistics.median(each) for each in times)
        busy = [statistics.median(each) for each in used]
        rows.append(
            [
                name,
                here,
                there,
                there / here,
                min(times[1]) / min(times[0]),
                *busy,
                busy[1] / busy[0],
            ]
        )
    print(f"{options.network}, batch {options.batch}, {options.threads} threads")
    print(f"here: {checkouts[0]}; there: {checkouts[1]}")
    heads = [
        "scheme", "here, ms a step", "there", "there / here", "of the least",
        "here, processor s a process", "there", "there / here",
    ]  # fmt: skip
    print(tabulate(rows, heads, floatfmt=(".2f", ".1f", ".1f", ".3f", ".3f", ".2f", ".2f", ".3f")))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="vgg11")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--against", metavar="DIR")
    options = parser.parse_args()
    if options.against:
        compared(options)
        return
    network = read_network(Document(paths.shipped("network", options.network)))
    shape, random = network.input, np.random.default_rng(0)
    images = random.integers(
        0, 256, (options.batch, shape.height, shape.width, shape.channels), np.uint8
    )
    labels = random.integers(0, network.classes, options.batch)
    with Workers(options.threads) as workers:
        steps = {
            name: ours(network, *scheme, images, labels, workers) for name, scheme in CASES.items()
        }
        if (other := theirs(network, images, labels, options.threads)) is not None:
            steps["PyTorch FP32"] = other
        times, used = ({name: [] for name in steps} for _ in range(2))
        for turn in range(options.repeats + 1):
            for name, step in steps.items():
                alone = name != "PyTorch FP32"  # our threads call BLAS with one thread each
                with threadpool_limits(1 if alone else options.threads, user_api="blas"):
                    time.sleep(REST)
                    seconds(step)  # compiles at first
                    count = max(1, round(TURN / seconds(step)))
                    start = time.process_time()
                    took = seconds(lambda step=step, count=count: [step() for _ in range(count)])
                    busy = time.process_time() - start
                if turn:
                    times[name].append(took / count)
                    used[name].append(busy / count)
    first = network.matrices[0].matmul
    macs = 3 * network.macs - first.macs  # no error is sent back to the image
    limit = rate_of_products(options.threads) / macs
    base = times.get("PyTorch FP32")
    rows = []
    for name, taken in times.items():
        rate = options.batch / statistics.median(taken)
        ratio = statistics.median(base) / statistics.median(taken) if base else None
        rows.append([name, rate, ratio, rate / limit, 1e3 * statistics.median(used[name])])
    rows.append(["limit: one large product", limit, None, 1.0, None])
    heads = ["scheme", "images/s", "x PyTorch", "x the limit", "processor ms a step"]
    print(f"{network.name}, batch {options.batch}, {options.threads} threads")
    print(tabulate(rows, heads, floatfmt=".2f", missingval="-"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of the process, all models together: {peak:.2f} GiB")


if __name__ == "__main__":
    main()
