"""Time and memory of a training step against batch, width, network and arrays, as curves.

python tests/bench/growth.py [--network vgg11] [--batch 128] [--threads 2] [--repeats 5] [CURVE …]

Curves: batch, width, network, rows, designs; all of them if none is named.
Every point is a process of its own: forward, backward, gradient, update and sync on random images,
the median of the repeats, then the peak memory, the rate of one large matrix product and that of a
copy, on the same threads. Products: the multiplications of plain sums over windows, at that rate,
as a share of the step; filtering needs fewer, so it may be above 1. Traffic: each map and weight
moved once where a phase needs it, at the rate of a copy, as a share of the step. The exponent is
that of a power law through all points of a curve, by least squares in logarithms.

Designs are estimates of up to --designs designs, as ``estimate.py`` has them.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import estimate
import numpy as np
from tabulate import tabulate
from threadpoolctl import threadpool_limits
from train_step import SCHEMES, ours, rate_of_products, seconds

from neurorebit.inputs.files import read_inputs
from neurorebit.schema import Setting
from neurorebit.training.parts.workers import Workers

BATCHES = (16, 32, 64, 128, 256, 512)
WIDTHS = (0.25, 0.5, 1.0, 2.0)
NETWORKS = ("vgg8", "vgg11", "vgg16", "resnet18")
ROWS = (32, 64, 128, 256, 512)
CURVES = ("batch", "width", "network", "rows", "designs")


def point(network, scheme, batch, threads, repeats, settings=()):
    """One step measured in a process of its own."""
    command = [sys.executable, __file__, "--network", network, "--batch", str(batch)]
    command += ["--threads", str(threads), "--repeats", str(repeats), "--only", scheme]
    for setting in settings:
        command += ["--set", setting]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def alone(options):
    """Measure one point and print it as JSON."""
    settings = [Setting(*setting.split("=", 1)) for setting in options.set]
    inputs = read_inputs(options.network, settings=settings)
    network, batch = inputs.network, options.batch
    shape, random = network.input, np.random.default_rng(0)
    images = random.integers(0, 256, (batch, shape.height, shape.width, shape.channels), np.uint8)
    labels = random.integers(0, network.classes, batch)
    with Workers(options.threads) as workers, threadpool_limits(1, user_api="blas"):
        spec = inputs.architecture
        step = ours(network, *SCHEMES[options.only], images, labels, workers, spec)
        for _ in range(3):  # compiles, and measures the converters' range
            step()
        wall, used = [], []
        for _ in range(options.repeats):
            start = time.process_time()
            wall.append(seconds(step))
            used.append(time.process_time() - start)
        peak = estimate.peak()
        copied = copy_rate(workers)
    macs = batch * (3 * network.macs - network.matrices[0].matmul.macs)
    found = {
        "seconds": statistics.median(wall),
        "processor": statistics.median(used),
        "peak": peak,
        "macs": macs,
        "products": macs / rate_of_products(options.threads),
        "traffic": moved(network, batch) / copied,
    }
    print(json.dumps(found))


def copy_rate(workers):
    """Bytes read and written per second by a copy of 256 MB on all threads."""
    source = np.ones(1 << 26, np.float32)
    target = np.zeros_like(source)
    size = source.size // 64

    def job(i):
        np.copyto(target[i * size : (i + 1) * size], source[i * size : (i + 1) * size])

    taken = statistics.median(seconds(lambda: workers.run(job, 64)) for _ in range(5))
    return 2 * source.nbytes / taken


def moved(network, batch):
    """Bytes of float32 maps and weights that a step moves at least.

    Forward: input, output and weights; backward: error, its like before the layer, weights;
    gradient: input, error, gradient; update: weights, momentum and gradient read, two written.
    Batch norm, ReLU and pooling: a map each way and what they are computed from.
    """
    numbers = 0
    for node in network.nodes:
        maps = batch * (node.shape_in.size + node.shape_out.size)
        weights = node.matmul.weights if node.matmul else 0
        numbers += 3 * maps + 8 * weights if node.matmul else 2 * maps
    return 4 * numbers


def exponent(sizes, values):
    """The power law through all points."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def curve(title, head, points, batches):
    """Print a curve for each scheme; ``points``: (label, size, found by scheme)."""
    for scheme in ("real", "hybrid"):
        rows = []
        for (label, _, by_scheme), batch in zip(points, batches, strict=True):
            found = by_scheme[scheme]
            rows.append([
                label,
                f"{1e3 * found['seconds']:.4g}",
                f"{1e3 * found['processor']:.4g}",
                f"{batch / found['seconds']:.4g}",
                f"{found['peak']:.0f}",
                f"{found['products'] / found['seconds']:.2f}",
                f"{found['traffic'] / found['seconds']:.2f}",
            ])  # fmt: skip
        sizes = [size for _, size, _ in points]
        powers = [
            exponent(sizes, [by_scheme[scheme][key] for *_, by_scheme in points])
            for key in ("seconds", "peak")
        ]
        heads = [head, "ms a step", "processor ms", "images/s", "peak MB", "products", "traffic"]
        print(f"\n{title}, {scheme}: time grows as its power {powers[0]:.2f}, ", end="")
        print(f"memory as {powers[1]:.2f}")
        print(tabulate(rows, heads, disable_numparse=True, colalign=["left"] + ["right"] * 6))


def both(network, batch, options, *settings):
    """A point of both schemes."""
    threads, repeats = options.threads, options.repeats
    return {
        scheme: point(network, scheme, batch, threads, repeats, settings)
        for scheme in ("real", "hybrid")
    }


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curves", metavar="CURVE", nargs="*", choices=[[], *CURVES], default=[])
    parser.add_argument("--network", default="vgg11")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--designs", type=int, default=100_000, help="most, of estimates")
    parser.add_argument("--only", choices=SCHEMES, help="one point, printed as JSON")
    parser.add_argument("--set", action="append", default=[], help="with --only: KEY=VALUE")
    options = parser.parse_args()
    if options.only:
        alone(options)
        return
    print(f"{estimate.machine()}; {options.threads} threads")
    name, batch, wanted = options.network, options.batch, options.curves or CURVES
    if "batch" in wanted:
        points = [(f"{n}", n, both(name, n, options)) for n in BATCHES]
        curve(f"{name}, growth with the batch", "batch", points, BATCHES)
    if "width" in wanted:
        points = [(f"{w}", w, both(name, batch, options, f"network.width={w}")) for w in WIDTHS]
        title = f"{name}, batch {batch}, growth with the width"
        curve(title, "width", points, [batch] * len(points))
    if "network" in wanted:
        found = [(other, both(other, batch, options)) for other in NETWORKS]
        points = [(f"{n}, {f['real']['macs']:.2e}", f["real"]["macs"], f) for n, f in found]
        title = f"batch {batch}, growth with the multiplications"
        curve(title, "network, multiplications", points, [batch] * len(points))
    if "rows" in wanted:
        keys = {r: f"architecture.apim.rows={r}" for r in ROWS}
        points = [(f"{r}", r, both(name, batch, options, key)) for r, key in keys.items()]
        title = f"{name}, batch {batch}, growth with an array's rows"
        curve(title, "rows", points, [batch] * len(points))
    if "designs" in wanted:
        estimate.by_designs(name, options.repeats, options.designs)


if __name__ == "__main__":
    main()
