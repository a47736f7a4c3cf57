"""What the examples share: data that exist everywhere, a plain loop, and what it cost.

Each example is a script with a model of its own. ``--size small`` is what continuous integration
runs, ``--size full`` takes the sizes of the models' papers and hours.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

import neurorebit as nr
import neurorebit.torch as nrt
from neurorebit.data.fit import Wanted
from neurorebit.data.locate import load, locate
from neurorebit.layers.base import Shape

CLONE = Path(__file__).resolve().parents[2]
Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass
class Data:
    """Inputs and labels, to learn from and to test with."""

    name: str
    train: Batch
    test: Batch
    classes: int = 10


@dataclass
class Learned:
    """What a loop reached: after each epoch the loss, and the accuracy on data that it never saw.

    ``energy``: of training on one input, DRAM included [J]; ``inference``: of one inference [J].
    """

    title: str
    data: str
    inputs: list[int] = field(default_factory=list)  # seen so far
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    chance: float = 0.1
    energy: float = math.nan
    inference: float = math.nan

    def energy_to(self, accuracy: float) -> float:
        """Energy of training until a test first reached an accuracy [J]; nan where none did."""
        reached = (n for n, a in zip(self.inputs, self.accuracy, strict=True) if a >= accuracy)
        return next(reached, math.nan) * self.energy


def options(description: str) -> argparse.Namespace:
    """The arguments of an example."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--size", choices=("small", "medium", "full"), default="small")
    parser.add_argument("--out", type=Path, default=Path("examples/out/torch"))
    parser.add_argument("--epochs", type=int, help="unless given, those of the size")
    parser.add_argument("--chip", default="rebit")
    parser.add_argument("--scheme", default="hybrid")
    torch.manual_seed(0)
    return parser.parse_args()


def images(size: str, side: int) -> Data:
    """CIFAR-10 where it is there and the size is not small, else the digits of scikit-learn."""
    if size != "small":
        shape = Shape(3, 32, 32)
        try:
            source = locate(Wanted("cifar10", None, shape, 10))
        except nr.InputError:
            print("CIFAR-10 is not there, the digits of scikit-learn stand for it")
        else:
            return _cifar(load(source, shape), None if size == "full" else (5_000, 2_000))
    return digits(side)


def _cifar(found: Any, first: tuple[int, int] | None) -> Data:
    many, few = first or (len(found.train_images), len(found.test_images))

    def batch(pictures: Any, labels: Any, count: int) -> Batch:
        maps = np.ascontiguousarray(np.asarray(pictures[:count]).transpose(0, 3, 1, 2))
        x = torch.from_numpy(maps).float() / 255.0
        return (x - 0.47) / 0.25, torch.from_numpy(np.asarray(labels[:count], np.int64))

    train = batch(found.train_images, found.train_labels, many)
    return Data("CIFAR-10", train, batch(found.test_images, found.test_labels, few))


def digits(side: int = 8) -> Data:
    """The 1,797 handwritten digits of scikit-learn as maps [1, side, side], 359 of them to test."""
    given = load_digits()
    x = torch.tensor(given.images[:, None] / 16.0, dtype=torch.float32)
    if side != 8:
        x = functional.interpolate(x, (side, side), mode="bilinear")
    y = torch.tensor(given.target)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(5))
    test, train = order[:359], order[359:]
    return Data("digits of scikit-learn", (x[train], y[train]), (x[test], y[test]))


def batches(data: Batch, size: int) -> Iterator[Batch]:
    """Batches in an order of chance; the last, shorter one is left out."""
    x, y = data
    for some in torch.randperm(len(x)).split(size):
        if len(some) == size:
            yield x[some], y[some]


def train(
    analog: Any,
    data: Data,
    *,
    title: str,
    epochs: int,
    batch: int = 64,
    rate: float = 2e-3,
    chance: float = 0.1,
    grows: bool = False,
) -> Learned:
    """A loop as anyone writes it: AdamW, a rate that falls, and cells that follow the weights.

    ``grows``: inputs of layers go on growing, so their ranges follow to the end of the loop.
    """
    found = Learned(title, data.name, chance=chance)
    optimizer = torch.optim.AdamW([p for p in analog.parameters() if p.requires_grad], rate)
    analog.follow(optimizer)  # calls analog.sync() after each step
    steps = epochs * (len(data.train[0]) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    start, seen = time.perf_counter(), 0
    for _ in range(epochs):
        analog.train()
        losses = []
        for x, y in batches(data.train, batch):
            optimizer.zero_grad()
            loss = functional.cross_entropy(analog(x).flatten(0, -2), y.flatten())
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            seen += len(x)
        reached = accuracy_of(analog, data.test)
        if not grows:  # from the first on, ranges of inputs stay as they are
            analog.end_epoch(float(np.mean(losses)), test_accuracy=reached)
        found.inputs.append(seen)
        found.loss.append(float(np.mean(losses)))
        found.accuracy.append(reached)
        took = time.perf_counter() - start
        print(f"{seen:6,} inputs: loss {found.loss[-1]:.3f}, test {reached:.1%}, {took:.0f} s")
    if grows:
        analog.end_epoch(found.loss[-1], test_accuracy=found.accuracy[-1])
    return found


@torch.no_grad()
def accuracy_of(analog: nn.Module, data: Batch) -> float:
    """The share of right answers on test data."""
    analog.eval()
    right = total = 0
    for x, y in zip(*(part.split(256) for part in data), strict=True):
        right += int((analog(x).argmax(-1) == y).sum())
        total += y.numel()
    return right / total


def finish(
    analog: Any, found: Learned, given: argparse.Namespace, *, name: str, goal: float
) -> None:
    """Bill the training, say what it took to reach ``goal``, and keep it for the picture.

    The script ends with an error where the model has learned nothing.
    """
    estimate = nrt.estimate(analog)
    print(estimate)
    totals = estimate.totals
    for row, attribute in (("image", "energy"), ("inference", "inference")):
        total = totals.loc[row, "energy_J"] + totals.loc[row, "dram_energy_J"]
        setattr(found, attribute, float(total))
    needed = found.energy_to(goal)
    reached = f"{1e6 * needed:,.1f} uJ" if math.isfinite(needed) else "not reached"
    print(f"{found.title}: training to {goal:.0%} of {found.data}: {reached}")
    both = f"{1e9 * found.energy:,.1f} nJ to train on an input"
    print(f"{both}, {1e9 * found.inference:,.1f} nJ an inference, DRAM included")
    given.out.mkdir(parents=True, exist_ok=True)
    kept = {**asdict(found), "goal": goal, "chip": given.chip, "scheme": given.scheme}
    (given.out / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    if found.accuracy[-1] < found.chance + 0.5 * (goal - found.chance):
        raise SystemExit(f"{found.title} has not learned: {found.accuracy[-1]:.1%}")
