"""Trainings and deployments whose cells are programmed in blocks, one row of a table each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import neurorebit as nr

SEED = 1


@dataclass(frozen=True)
class Design:
    """How cells are programmed: keys of the section ``blocks`` of the arrays."""

    called: str
    keys: Mapping[str, str]


ONE = Design("one cell at a time", {"drivers": "1"})
ROW = Design("row by row", {"drivers": "128"})


def blocks(rows: int, cols: int, **keys: str) -> Design:
    """Blocks of so many rows and columns."""
    words = {"fine": {"false": "no fine"}, "others": {"inhibited": "inhibited"}}
    said = [words.get(key, {}).get(text, f"{key} {text}") for key, text in keys.items()]
    name = ", ".join((f"{rows} x {cols}", *said))
    return Design(name, {"rows": str(rows), "cols": str(cols), **keys})


DESIGNS = (
    ONE,
    ROW,
    blocks(2, 1, until="first"),
    blocks(4, 1, until="first"),
    blocks(4, 1, until="mean"),
    blocks(2, 1, until="mean", fine="false"),
    blocks(4, 1, until="mean", fine="false"),
    blocks(4, 4, until="mean", fine="false"),
    blocks(4, 1, until="last", fine="false"),
    blocks(4, 1, until="mean", others="inhibited", fine="false"),
)
FEW = (DESIGNS[1], DESIGNS[3], DESIGNS[5], DESIGNS[6], DESIGNS[9])
VERIFIED = (*DESIGNS[:2], *DESIGNS[3:5])  # with single cells after them


@dataclass(frozen=True)
class Point:
    """One design trained once: accuracy [share]; time [s] and energy [J] of a step's programming in
    all layers; pulses and writes of a weight in an epoch; share of the blocks that get a train in a
    step; wall time [s].
    """

    network: str
    width: float
    data: str
    scheme: str
    write: str
    epochs: int
    images: int
    seed: int
    design: str
    accuracy: float
    loss: float
    sync_s: float
    sync_J: float
    pulses: float
    blocks: float
    writes: float
    wall_s: float


@dataclass(frozen=True)
class Schedule:
    """What is trained, and for how long; ``settings`` of the network, ``designs`` in turn."""

    network: str
    width: float
    data: Any
    called: str
    images: int
    epochs: int
    settings: Mapping[str, Any]
    designs: Mapping[str, Sequence[Design]]  # of each scheme


WRITES = {"hybrid": "verify"}
CHIPS = {"hybrid": ("rebit", "apim")}


def digits() -> Schedule:
    """The MLP on the digits of scikit-learn."""
    designs = {"reram": DESIGNS, "mixed_precision": FEW, "hybrid": VERIFIED}
    return Schedule("mlp", 1.0, "digits", "digits", 1_438, 3, {}, designs)


def lenet(folder: Path) -> Schedule:
    """LeNet on MNIST."""
    settings = {
        "training.dataset": "mnist", "training.batch": 64, "training.test_images": 2_000,
    }  # fmt: skip
    designs = {"reram": FEW, "mixed_precision": FEW}
    return Schedule("lenet5", 1.0, folder, "MNIST", 4_000, 1, settings, designs)


def vgg() -> Schedule:
    """VGG11 of an eighth of its width on CIFAR-10."""
    settings = {"training.batch": 64, "training.test_images": 1_000, "training.dataset": "cifar10"}
    return Schedule("vgg11", 0.125, None, "CIFAR-10", 2_500, 2, settings, {"reram": FEW[:4]})


def point(plan: Schedule, scheme: str, design: Design) -> Point:
    """Train a schedule's network by a scheme, in cells that are programmed as a design says."""
    name, section = CHIPS.get(scheme, ("reram", "arrays"))
    keys = {f"architecture.{section}.blocks.{key}": text for key, text in design.keys.items()}
    chip = nr.chip(name).set({"architecture.scheme": scheme, **keys})
    write = WRITES.get(scheme, "")
    own = {"training.write": write} if write else {}
    network = nr.network(plan.network).set({"network.width": plan.width, **plan.settings, **own})
    begun = time.perf_counter()
    done = nr.train(
        network, chip, data=plan.data, epochs=plan.epochs, images=plan.images, seed=SEED,
        threads=1, progress=False,
    )  # fmt: skip
    wall = time.perf_counter() - begun
    accuracy, phases, weights = done.accuracy, done.estimate.phases, done.weights
    assert accuracy is not None  # of a training that came to its end
    assert weights is not None
    report = done.document
    demands, layers = report["training"]["demands"], report["activity"]["layers"]
    return Point(
        network=plan.network,
        width=plan.width,
        data=plan.called,
        scheme=scheme,
        write=write or "pulses",
        epochs=plan.epochs,
        images=plan.images,
        seed=SEED,
        design=design.called,
        accuracy=accuracy,
        loss=float(done.epochs["loss"].to_numpy()[-1]),
        sync_s=float(phases["latency_s"].to_dict()["sync"]),
        sync_J=float(phases["energy_J"].to_dict()["sync"]),
        pulses=float(demands["pulses_per_weight_and_epoch"]),
        blocks=_reached(layers, weights.layers),
        writes=float(demands["writes_per_cell_and_epoch"]),
        wall_s=wall,
    )


def _reached(layers: Sequence[Mapping[str, Any]], weights: Mapping[str, Any]) -> float:
    """The share of the blocks that get a train in a step, over all layers."""
    sizes = [weights[layer["name"]]["weight"].size for layer in layers]
    shares = [
        layer["blocks"]["up"]["blocks"] + layer["blocks"]["down"]["blocks"] for layer in layers
    ]
    return float(np.average(shares, weights=sizes))


def missing(plans: Sequence[Schedule], found: Sequence[Point]) -> Iterator[tuple[Any, ...]]:
    """Schedules, schemes and designs that a table lacks."""
    known = {(one.network, one.data, one.scheme, one.design) for one in found}
    for plan in plans:
        for scheme, designs in plan.designs.items():
            for design in designs:
                if (plan.network, plan.called, scheme, design.called) not in known:
                    yield plan, scheme, design
