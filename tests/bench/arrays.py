"""Array kernels: products against numpy's matmul, integers, wires, cells/s of programming.

python tests/bench/arrays.py [--threads 2] [--repeats 15]

Products are those of training: noisy cells, one array, its converters, their codes added up; the
limit is ``numpy.matmul`` of the same shape on one thread. Both take turns within one process; the
medians are compared.
"""

import argparse
import platform
import statistics
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from tabulate import tabulate
from threadpoolctl import threadpool_limits

from neurorebit.circuits.array import ReramArray
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.kernels import integer, levels, noise, wires
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device
from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.wires import SWEEPS, TOLERANCE, Network, transfer
from neurorebit.training.parts.workers import Workers, Workspace, spans

TURN = 0.02  # seconds
CELLS = 1 << 23
PART = 1 << 18  # cells of one job, as in training
SPEC = read_architecture(Document(paths.shipped("architecture", "rebit")))
DEVICE = read_device(Document(paths.shipped("device", SPEC.device)))


def processor():
    """The name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")


def alternating(actions, repeats):
    """The median time of each action [s]; they take turns, each of about ``TURN``."""
    counts = {}
    for name, action in actions.items():
        action()
        start = time.perf_counter()
        action()
        counts[name] = max(1, round(TURN / (time.perf_counter() - start)))
    taken = {name: [] for name in actions}
    for _ in range(repeats):
        for name, action in actions.items():
            start = time.perf_counter()
            for _ in range(counts[name]):
                action()
            taken[name].append((time.perf_counter() - start) / counts[name])
    return {name: statistics.median(times) for name, times in taken.items()}


def layer(size, workers, read=0.0, **training):
    """Noisy weights that fill one array of ``size`` x ``size`` cells, and the layer they are of."""
    text = (
        "{source: a bench, name: one, input: {channels: %d, height: 1, width: 1}, classes: %d, "
        "layers: [{kind: linear, features: %d}], activity: {source: a bench, input_density: 0.5}}"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text % (size, size, size))
        file.flush()
        network = read_network(Document(Path(file.name)))
    (node,) = network.matrices
    training = replace(network.training, **training)
    spec = replace(SPEC, apim=replace(SPEC.apim, rows=size, cols=size))
    device = replace(DEVICE, variation=replace(DEVICE.variation, read=read))
    site = Site(
        node=node,
        index=0,
        cuts=((0, size),),
        spec=spec,
        device=device,
        training=training,
        seed=1,
        workers=workers,
        workspace=Workspace(),
        words=2,
    )
    return HybridWeights(site), node


MODES = {
    "fast, one conversion": {},
    "fast, 2 % read noise": {"read": 0.02},
    "bit-serial, exact": {"conversion": "bit_serial"},
    "ideal converter": {"adc": "ideal"},
}


def products(size, batch, workers, repeats):
    """Rows of the table of products."""
    random = np.random.default_rng(0)
    values = np.abs(random.normal(size=(batch, 1, 1, size))) * (random.random(size) < 0.5)
    codes = np.minimum(np.rint(values * 255 / 3), 255).astype(np.uint8)  # after a rectifier
    actions, read = {}, {}
    for name, training in MODES.items():
        weights, node = layer(size, workers, **training)
        x, out = Windows(codes, 1.0, node), np.empty((batch, 1, 1, size), np.float32)
        weights.mvm(x, out, learning=True)  # sets the converters' range
        actions[name] = partial(weights.mvm, x, out, learning=False)
        read[name] = out
    plain = codes.reshape(batch, size).astype(np.float32)
    matrix, target = weights.analog[0], np.empty((batch, size), np.float32)
    actions["numpy.matmul"] = partial(np.matmul, plain, matrix, out=target)
    times = alternating(actions, repeats)
    exact = read["ideal converter"]
    rows = []
    for name, taken in times.items():
        error = np.std(read[name] - exact) / np.std(exact) if name in read else None
        ratio = times["numpy.matmul"] / taken
        rows.append([f"{size} x {size}", batch, name, batch / taken, ratio, error])
    return rows


def digital(repeats):
    """Rows of the table of exact integers: a batch of 64 errors back through an array's weights."""
    random, rows = np.random.default_rng(0), []
    for size in (128, 512):
        real = random.normal(0.0, 0.05, (size, size)).astype(np.float32)
        words = np.rint(real.astype(np.float64) * 2.0**31).astype(np.int32)
        for bits in (8, 16):
            codes = random.normal(0.0, 2.0 ** (bits - 4), (64, size)).astype(np.int32)
            errors, fast = codes.astype(np.float32), np.empty((64, size), np.float32)
            low, high = np.empty((2, 64, size), np.int64)
            times = alternating(
                {
                    "exact": partial(integer.mtvm, words, codes, bits, low, high),
                    "float32": partial(np.matmul, errors, real.T, out=fast),
                },
                repeats,
            )
            exact = (low + 2.0**16 * high) * 2.0**-31
            ratio = times["float32"] / times["exact"]
            off = np.std(fast - exact) / np.std(exact)
            rows.append([f"{size} x {size}", bits, 64 / times["exact"], ratio, off])
    return rows


def networks(repeats):
    """Rows of the table of resistive wires: one vector, and the matrix that an array applies."""
    block = ReramArray(
        read_technology(Document(paths.shipped("technology", SPEC.technology))), DEVICE, 1, 1
    )
    row, col = 1.0 / float(block.row_res), 1.0 / float(block.col_res)
    random, rows = np.random.default_rng(0), []
    for size in (64, 128, 512):
        g = random.uniform(DEVICE.g_min, DEVICE.g_max, (size, size))
        drives, out = random.integers(0, 2, (size, 1)).astype(float), np.empty((size, 1))
        given = g, np.ones_like(drives), drives, row, col, out, TOLERANCE, SWEEPS
        actions = {"one": partial(wires.sense, *given)}
        if size < 512:  # there it takes half a minute
            actions["all"] = partial(transfer, g, Network(row, col, 0.5))
        times = alternating(actions, repeats)
        kept = float(np.mean(out / (g.T @ drives)))
        matrix = 1e3 * times["all"] if "all" in times else None
        rows.append([f"{size} x {size}", 1e3 * times["one"], matrix, kept])
    return rows


def programming(workers, repeats):
    """Rows of the table of cells written by one call over ``CELLS`` cells."""
    random = np.random.default_rng(0)
    real = random.normal(0.0, 0.5, CELLS).astype(np.float32)
    known, analog = np.full(CELLS, -128, np.int8), np.zeros(CELLS, np.float32)
    parts = spans(CELLS, PART)
    writes, spread = np.zeros(CELLS, np.uint32), DEVICE.variation
    grid = levels.Grid(3.0, 3, odd=False, every=False)  # seven levels
    low, high = float(DEVICE.g_min), float(DEVICE.g_max)
    chip = levels.Device(low, high, spread.d2d, spread.c2c, 0, 0.0, 0.0)

    def write(real, known):
        def job(i):
            cells = slice(*parts[i])
            counts = np.zeros(5)
            arrays = real[cells], known[cells], analog[cells], writes[cells]
            levels.program(*arrays, grid, chip, noise.Draw(parts[i][0], 1, 0, 0, 3), counts)

        workers.run(job, len(parts))

    write(real, known)
    rows = []
    for share in (0.0, 0.002, 0.01, 0.05, 1.0):
        changed = random.random(CELLS) < share
        times, works = [], []
        for _ in range(repeats):
            before = known.copy()
            before[changed] = -128
            start, work = time.perf_counter(), time.process_time()
            write(real, before)
            times.append(time.perf_counter() - start)
            works.append(time.process_time() - work)
        rate, alone = (CELLS / statistics.median(taken) / 1e6 for taken in (times, works))
        rows.append([f"{share:.1%}", rate, alone, rate * share])
    return rows


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    print(f"{processor()}; medians of {options.repeats} turns\n")
    with threadpool_limits(1, user_api="blas"):
        with Workers(1) as workers:
            rows = [
                row
                for size in (128, 512)
                for batch in (1, 64)
                for row in products(size, batch, workers, options.repeats)
            ]
        heads = ["array", "batch", "product", "vectors/s", "x matmul", "error over signal"]
        floats = ("", "", "", ".4g", ".3f", ".3f")
        print("products, one thread")
        print(tabulate(rows, heads, floatfmt=floats, missingval="-"))
        heads = ["array", "error bits", "vectors/s", "x matmul", "float32 off by"]
        print("\nexact integers bit by bit, one thread, batch 64")
        print(tabulate(digital(options.repeats), heads, floatfmt=".3g"))
        heads = ["array", "one vector, ms", "matrix, ms", "of the ideal current"]
        print("\nresistive wires, one thread")
        print(tabulate(networks(options.repeats), heads, floatfmt=".3g", missingval="-"))
        with Workers(options.threads) as workers:
            rows = programming(workers, options.repeats)
        heads = ["cells that change", "M cells/s", "by processor time", "M writes/s"]
        print(f"\nprogram, {CELLS:,} cells, {options.threads} threads")
        print(tabulate(rows, heads, floatfmt=".1f"))


if __name__ == "__main__":
    main()
