"""Time and memory of estimates and sweeps, and how they grow.

python tests/bench/estimate.py [--network vgg11] [--repeats 7] [--most 1000000]

One estimate within a process (with a technology just read, and with one used before), one from the
shell, designs per second of sweeps and of a loop, by turns within one process; medians. Then growth
against the number of designs, the size of the network and of the arrays, with the exponent of the
last stretch, and the memory of a sweep of a million designs in a process of its own. The limit is a
multiplication of one number of each layer of each design by NumPy.
"""

import argparse
import dataclasses
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tabulate import tabulate

from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import Setting, paths
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.grid import AT_ONCE
from neurorebit.studies.sweep import sweep

GRID = {  # one axis a quantity
    "technology.vdd": "0.8V:1.05V:10",
    "device.r_on": "50kohm:1Mohm:40",
    "architecture.apim.rows": "64,128,256,512",
    "architecture.apim.adc_bits": "3,4,5,6,7",
    "architecture.dpim.vectors": "1,2,4,8,16",
}
IN_PLACE = ("reram", "sram")  # chips beside the default one
UNRELATED = 20_000
LOOP = 20
SIZES = (8, 16, 32, 64, 128, 256)  # conv layers of a made-up network


def grid_in_place():
    """The same grid on a chip that learns in place."""
    found = {key.replace("apim", "arrays"): values for key, values in GRID.items()}
    return {key.replace("dpim.vectors", "gradient_unit.units"): v for key, v in found.items()}


def machine():
    """What this runs on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    return (
        f"{model}, {os.cpu_count()} processors; Python {platform.python_version()}, "
        f"NumPy {np.__version__}"
    )


def seconds(action):
    """How long it takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def one(inputs, fresh):
    """A function that estimates one design."""
    activity = assumed(inputs.network, inputs.architecture, inputs.device)

    def run():
        technology = dataclasses.replace(inputs.technology) if fresh else inputs.technology
        estimate(
            inputs.network, inputs.architecture, technology, inputs.device,
            activity=activity, batch=128, images=2000,
        )  # fmt: skip

    return run


def unrelated(count):
    """Designs that differ in every number at once."""
    random = np.random.default_rng(0)
    return {
        "technology.vdd": random.uniform(0.8, 1.05, count),
        "technology.temperature": random.uniform(300, 390, count),
        "device.r_on": random.uniform(5e4, 1e6, count),
        "architecture.apim.rows": random.choice([64, 128, 256, 512], count),
        "architecture.apim.cols": random.choice([64, 128, 256, 512], count),
        "architecture.apim.adc_bits": random.integers(3, 9, count),
        "architecture.error_bits": random.integers(4, 17, count),
        "architecture.dpim.vectors": random.integers(1, 17, count),
    }


def looped(network):
    """The unrelated designs one by one, as a user would without sweeps: files read, then billed."""
    texts = {
        "technology.vdd": " V", "technology.temperature": " K", "device.r_on": " ohm",
    }  # fmt: skip
    designs = unrelated(LOOP)
    for i in range(LOOP):
        settings = [Setting(k, f"{v[i]}{texts.get(k, '')}") for k, v in designs.items()]
        one(read_inputs(network, settings=settings), fresh=False)()


def shell(network):
    """The command, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "neurorebit", "run", network, "--no-train", "--out", folder]
        environment = {**os.environ, "NEUROREBIT_STORE": "none"}
        subprocess.run(words, env=environment, check=True, capture_output=True)


def multiplications(layers):
    """Seconds of one NumPy multiplication of a number of each layer, per design."""
    a = np.random.default_rng(0).random((AT_ONCE, layers))
    out = np.empty_like(a)
    return seconds(lambda: [np.multiply(a, a, out) for _ in range(200)]) / 200 / AT_ONCE


def exponents(sizes, times):
    """Growth from each size to the next."""
    steps = np.diff(np.log(times)) / np.diff(np.log(sizes))
    return ["", *(f"{step:.2f}" for step in steps)]


def deep(layers, folder):
    """The name of a made-up network of so many layers."""
    lines = ["source: made up", "name: deep", "input: {channels: 64, height: 8, width: 8}"]
    lines += ["classes: 10", "layers:"]
    for _ in range(layers):
        lines += ["  - {kind: conv, channels: 64, kernel: 3, padding: 1}", "  - {kind: relu}"]
    lines += ["  - {kind: avg_pool, kernel: 8}", "  - {kind: flatten}"]
    lines += ["  - {kind: linear, features: 10}", "activity: {source: made up, input_density: 0.2}"]
    path = Path(folder) / f"deep{layers}.yaml"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def compared(network, repeats):
    """One estimate, and designs per second."""
    inputs = read_inputs(network)
    fresh, used = one(inputs, fresh=True), one(inputs, fresh=False)
    places = {name: one(read_inputs(network, name), fresh=True) for name in IN_PLACE}
    grid = int(np.prod([len(sweep("mlp", {k: v})["feasible"]) for k, v in GRID.items()]))
    designs = unrelated(UNRELATED)
    actions = {
        "an estimate, technology just read": (lambda: [fresh() for _ in range(10)], 10),
        "an estimate, technology used before": (lambda: [used() for _ in range(10)], 10),
        **{
            f"an estimate of {name}, technology just read": (
                lambda p=p: [p() for _ in range(10)],
                10,
            )
            for name, p in places.items()
        },
        "neurorebit run --no-train, new process": (lambda: shell(network), 1),
        "designs read and estimated in a loop": (lambda: looped(network), LOOP),
        "sweep, unrelated designs": (lambda: sweep(network, designs=designs), UNRELATED),
        f"sweep, a grid of {len(GRID)} axes": (lambda: sweep(network, GRID), grid),
        **{
            f"sweep of {name}, a grid of {len(GRID)} axes": (
                lambda n=name: sweep(network, grid_in_place(), architecture=n),
                grid,
            )
            for name in IN_PLACE
        },
    }
    times = {name: [] for name in actions}
    for _ in range(repeats + 1):
        for name, (action, count) in actions.items():
            times[name].append(seconds(action) / count)
    medians = {name: statistics.median(taken[1:]) for name, taken in times.items()}
    base = medians["designs read and estimated in a loop"]
    limit = multiplications(len(inputs.network.matrices))
    rows = [
        [
            name,
            f"{1e3 * t:.4g}",
            f"{1 / t:,.0f}",
            f"{base / t:.3g}",
            f"{t / limit:,.0f}" if name.startswith("sweep") else "",
        ]
        for name, t in medians.items()
    ]
    print(f"\n{network}, medians of {repeats} turns")
    head = ["", "ms a design", "designs/s", "x the loop", "in multiplications"]
    print(tabulate(rows, head, "simple", disable_numparse=True, colalign=["left"] + ["right"] * 4))


def by_designs(network, repeats, most):
    """Growth with the number of designs."""
    counts = [10**n for n in range(1, 7) if 10**n <= most]
    for kind, take in (
        ("unrelated designs", lambda n: {"designs": unrelated(n)}),
        ("a grid of two axes", lambda n: {"axes": grid_of(n)}),
    ):
        times = []
        for count in counts:
            given = take(count)
            turns = repeats if count <= 10_000 else 1
            times.append(
                statistics.median(
                    seconds(lambda g=given: sweep(network, **g)) for _ in range(turns)
                )
            )
        rows = zip(
            (f"{n:,}" for n in counts),
            (f"{t:.3g}" for t in times),
            (f"{n / t:,.0f}" for n, t in zip(counts, times, strict=True)),
            exponents(counts, times),
            strict=True,
        )
        print(f"\n{network}, {kind}")
        print(
            tabulate(list(rows), ["designs", "s", "designs/s", "exponent"], disable_numparse=True)
        )


def grid_of(count):
    """Two axes that make so many designs."""
    length = 10 ** (len(str(count)) // 2)
    return {
        "technology.vdd": np.linspace(0.8, 1.05, count // length),
        "device.r_on": np.linspace(5e4, 1e6, length),
    }


def by_network(repeats):
    """Growth with the layers of a network: one estimate, and unrelated designs."""
    designs, rows = unrelated(4096), []
    with tempfile.TemporaryDirectory() as folder:
        names = [*paths.names("network"), *(deep(n, folder) for n in SIZES)]
        for name in names:
            inputs = read_inputs(name)
            single = statistics.median(seconds(one(inputs, fresh=True)) for _ in range(repeats))
            swept = statistics.median(
                seconds(lambda n=name: sweep(n, designs=designs)) for _ in range(3)
            )
            layers = len(inputs.network.matrices)
            rows.append((Path(name).stem, layers, single, swept / len(designs["device.r_on"])))
    made = rows[-len(SIZES) :]
    for column in (2, 3):
        grown = exponents([row[1] for row in made], [row[column] for row in made])
        rows = [
            (*row, "" if i < len(rows) - len(SIZES) else grown[i - len(rows) + len(SIZES)])
            for i, row in enumerate(rows)
        ]
    table = [
        [name, layers, f"{1e3 * single:.3g}", first, f"{1 / swept:,.0f}", second]
        for name, layers, single, swept, first, second in rows
    ]
    print("\nGrowth with the network")
    head = ["network", "layers", "ms an estimate", "exponent", "designs/s unrelated", "exponent"]
    print(tabulate(table, head, disable_numparse=True))


def by_array(network, repeats):
    """Growth with the rows and columns of an array: there is none, formulas stand for cells."""
    rows = []
    for side in (64, 128, 256, 512, 1024):
        settings = [Setting(f"architecture.apim.{key}", str(side)) for key in ("rows", "cols")]
        inputs = read_inputs(network, settings=settings)
        single = statistics.median(seconds(one(inputs, fresh=True)) for _ in range(repeats))
        rows.append([f"{side} x {side}", f"{1e3 * single:.3g}"])
    print(f"\n{network}, growth with the arrays")
    print(tabulate(rows, ["cells", "ms an estimate"], disable_numparse=True))


def memory(network, count):
    """Peak memory of sweeps of so many designs, each in a process of its own."""
    rows = []
    for kind in ("unrelated", "grid_of"):
        done = subprocess.run(
            [sys.executable, __file__, "--network", network, "--only", kind, "--most", str(count)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        rows.append([kind.removesuffix("_of"), f"{count:,}", *done.stdout.split()])
    print(f"\n{network}, a process of its own")
    print(tabulate(rows, ["designs", "count", "s", "peak MB"], disable_numparse=True))


def alone(network, kind, count):
    """One sweep; prints its seconds and the peak memory of the process in MB."""
    given = {"designs": unrelated(count)} if kind == "unrelated" else {"axes": grid_of(count)}
    taken = seconds(lambda: sweep(network, **given))
    print(f"{taken:.3g} {peak():.0f}")


def peak():
    """Peak memory of this process [MB]; where Linux tells it, without that of its parent."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    own = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1e3


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="vgg11")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--most", type=int, default=1_000_000, help="designs of the largest sweep")
    parser.add_argument(
        "--only", choices=("unrelated", "grid_of"), help="one sweep, for its memory"
    )
    options = parser.parse_args()
    if options.only:
        alone(options.network, options.only, options.most)
        return
    print(machine())
    compared(options.network, options.repeats)
    by_designs(options.network, options.repeats, min(options.most, 100_000))
    by_network(options.repeats)
    by_array(options.network, options.repeats)
    memory(options.network, options.most)


if __name__ == "__main__":
    main()
