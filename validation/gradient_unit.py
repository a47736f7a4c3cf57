"""The curve behind the shipped gradient unit: what its converters' bits and range cost and give.

python -m validation.gradient_unit FOLDER [--mnist DIR] [--lenet] [--cifar10 DIR] [--digits]
                                   [--seeds N ...] [--bits N ...] [--ranges R ...] [--images N]
                                   [--threads N]

Every design trains from the same seeds through its own converters; the bill has the activity that
the training measured. Writes ``gradient_unit.csv`` and ``gradient_unit.png`` into the folder, and
prints the mean and the deviation of each design over the seeds.
Converters that have a code for every row (8 bits for 128 rows) give the exact gradient.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import neurorebit as nr

BITS = (3, 4, 5, 6)
RANGES = ("full", "4", "3")
EXACT = (8, "full")
HEADER = 16, 8  # bytes before images and before labels in MNIST's files


@dataclass(frozen=True)
class Point:
    """One design trained once: accuracy [share], energies [J] of one image, wall time [s]."""

    network: str
    scheme: str
    width: float
    data: str
    epochs: int
    images: int
    seed: int
    adc_bits: int
    adc_range: str
    accuracy: float
    loss: float
    gradient_J: float
    image_J: float
    wall_s: float


@dataclass(frozen=True)
class Schedule:
    """What is trained, and for how long."""

    network: str
    width: float
    images: int
    epochs: int
    settings: dict[str, Any]


MLP = Schedule("mlp", 1.0, 20_000, 1, {"training.batch": 64})
LENET = Schedule("lenet5", 1.0, 5_000, 1, {"training.batch": 64})
DIGITS = Schedule("mlp", 1.0, 1_438, 3, {})
VGG = Schedule("vgg11", 0.125, 8_000, 1, {"training.batch": 64, "training.test_images": 2_000})


def mnist(folder: Path) -> tuple[NDArray[np.uint8], ...]:
    """Training images and labels, test images and labels of MNIST's four files."""

    def read(name: str, header: int) -> NDArray[np.uint8]:
        with gzip.open(folder / f"{name}.gz") as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)

    found: list[NDArray[np.uint8]] = []
    for part in ("train", "t10k"):
        images = read(f"{part}-images-idx3-ubyte", HEADER[0])
        found += [images.reshape(-1, 28, 28), read(f"{part}-labels-idx1-ubyte", HEADER[1])]
    return tuple(found)


def framed(data: tuple[NDArray[np.uint8], ...], around: int) -> tuple[NDArray[np.uint8], ...]:
    """The data with so many black pixels around each image."""
    pad = (0, 0), (around, around), (around, around)
    return tuple(np.pad(part, pad) if part.ndim == 3 else part for part in data)


def point(plan: Schedule, data: Any, called: str, design: tuple[int, str], options: Any) -> Point:
    """Train a schedule's network with one design of the gradient unit."""
    bits, span = design
    unit = "architecture.gradient_unit"
    chip = nr.chip("reram").set({f"{unit}.adc_bits": bits, f"{unit}.adc_range": span})
    network = nr.network(plan.network).set({"network.width": plan.width, **plan.settings})
    begun = time.perf_counter()
    done = nr.train(
        network,
        chip,
        data=data,
        epochs=plan.epochs,
        images=plan.images,
        progress=False,
        **options,
    )
    estimate, accuracy = done.estimate, done.accuracy
    assert accuracy is not None  # of a training that came to its end
    gradient = estimate.phases["energy_J"].to_dict()["gradient"]
    return Point(
        network=plan.network,
        scheme="reram",
        width=plan.width,
        data=called,
        epochs=plan.epochs,
        images=plan.images,
        seed=options["seed"],
        adc_bits=bits,
        adc_range=span,
        accuracy=accuracy,
        loss=float(done.epochs["loss"].to_numpy()[-1]),
        gradient_J=float(gradient),
        image_J=estimate.energy,
        wall_s=time.perf_counter() - begun,
    )


def points(args: argparse.Namespace) -> Iterator[Point]:
    """Every design on every data set that was named."""
    work: list[tuple[Schedule, Any, str]] = []
    if args.mnist is not None:
        plan = LENET if args.lenet else MLP
        plan = plan if args.images is None else replace(plan, images=args.images)
        work.append((plan, framed(mnist(args.mnist), 2 if args.lenet else 0), "MNIST"))
    if args.digits:
        work.append((DIGITS, "digits", "digits"))
    if args.cifar10 is not None:
        work.append((VGG, args.cifar10, "CIFAR-10"))
    designs = [EXACT, *((bits, span) for bits in args.bits for span in args.ranges)]
    for plan, data, called in work:
        for design in designs:
            for seed in args.seeds:
                options = {"seed": seed, "threads": args.threads}
                yield point(plan, data, called, design, options)


def picture(found: list[Point], path: Path) -> None:
    """Accuracy over the energy of training on an image, a line for each range."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    networks = sorted({p.network for p in found})
    figure, axes = pyplot.subplots(1, len(networks), figsize=(4.5 * len(networks), 3.5))
    for axis, network in zip(np.atleast_1d(axes), networks, strict=True):
        own = [p for p in found if p.network == network]
        for span in sorted({p.adc_range for p in own}):
            line = sorted({p.adc_bits for p in own if p.adc_range == span})
            mean = [
                [
                    np.mean(
                        [getattr(p, key) for p in own if (p.adc_bits, p.adc_range) == (b, span)]
                    )
                    for b in line
                ]
                for key in ("image_J", "accuracy")
            ]
            label = "all rows" if span == "full" else f"mean + {span} sigma"
            axis.plot(1e6 * np.array(mean[0]), 100.0 * np.array(mean[1]), "o-", label=label)
            for b, x, y in zip(line, *mean, strict=True):
                axis.annotate(str(b), (1e6 * x, 100.0 * y))
        axis.set(title=network, xlabel="training on an image [uJ]", ylabel="accuracy [%]")
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)


def spreads(found: list[Point]) -> Iterator[str]:
    """Of each design: mean and deviation of the accuracy over the seeds, mean energy [nJ]."""
    for key in sorted({(p.network, p.adc_bits, p.adc_range) for p in found}):
        own = [p for p in found if (p.network, p.adc_bits, p.adc_range) == key]
        share = 100.0 * np.array([p.accuracy for p in own])
        spread = np.std(share, ddof=1) if len(own) > 1 else np.nan
        energy = 1e9 * np.mean([p.image_J for p in own])
        yield f"| {' | '.join(map(str, key))} | {share.mean():.2f} +- {spread:.2f} | {energy:.0f} |"


def main() -> None:
    """Train, write the table, draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mnist", type=Path)
    parser.add_argument("--lenet", action="store_true", help="LeNet-5 on MNIST, not the MLP")
    parser.add_argument("--cifar10", type=Path)
    parser.add_argument("--digits", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--bits", type=int, nargs="+", default=BITS)
    parser.add_argument("--ranges", nargs="+", default=RANGES)
    parser.add_argument("--images", type=int, help="of MNIST")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    found: list[Point] = []
    with (args.folder / "gradient_unit.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Point)])
        writer.writeheader()
        for each in points(args):
            found.append(each)
            writer.writerow(asdict(each))
            file.flush()
            print(each)
    picture(found, args.folder / "gradient_unit.png")
    for line in spreads(found):
        print(line)


if __name__ == "__main__":
    main()
