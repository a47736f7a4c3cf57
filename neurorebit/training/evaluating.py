"""A trained network on one chip: written once, calibrated, and tested. Nothing is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.data.dataset import Dataset
from neurorebit.layers.network import Network
from neurorebit.schema.device import Device
from neurorebit.schema.reads import changed
from neurorebit.schema.training import WORD, Training
from neurorebit.training.batches import batches, test_batches
from neurorebit.training.layers.matrix import Seen
from neurorebit.training.model import Conversions, Model
from neurorebit.training.parts.weights import Site, Weights
from neurorebit.training.parts.workers import Array, Workers
from neurorebit.weights.fitting import Start

BATCH = 256  # images that pass at once, and see the same noise of a read


class Load(NamedTuple):
    """Weights of a class, which keep no words in digital memory."""

    of: Callable[[Site], Weights]
    apart: Callable[[Site], Weights] | None = None

    def words(self, training: Training) -> int:
        """None."""
        return 0

    def word_bits(self, training: Training) -> int:
        """Those of a real number."""
        return WORD

    def rank(self, training: Training) -> int:
        """None."""
        return 0

    def load(self) -> Callable[[Site], Weights]:
        """The class."""
        return self.of

    def digital(self) -> Callable[[Site], Weights]:
        """The class of layers that digital macros hold alone."""
        return self.apart or self.of


@dataclass(frozen=True, eq=False, kw_only=True)
class Trial:
    """What is tested: the weights on a chip, of which these things are not ideal.

    ``wires``: resistance [ohm] of an array's wires from cell to cell, along a row and a column.
    """

    network: Network
    spec: ArchitectureSpec
    device: Device
    weights: Callable[[Site], Weights]
    digital: Callable[[Site], Weights] | None = None
    wires: tuple[float, float] | None = None


class LayerFound(NamedTuple):
    """What the calibration saw of a layer.

    ``density``: share of ones in each bit plane of its inputs; ``conductance``: mean of its cells
    as a share of their range, nan where there are none; ``clip``: the largest input that has a code
    (0: those of an image); ``full``: the weight of the outermost level, ``error``: the root mean
    square of what rounding changed over that of the weights, both nan where nothing was rounded.
    """

    name: str
    density: tuple[float, ...]
    conductance: float
    clip: float
    full: float
    error: float


@dataclass(frozen=True, eq=False)
class Tested:
    """The class that each test image got, how layers were calibrated, how codes were used."""

    classes: Array
    layers: tuple[LayerFound, ...]
    conversions: tuple[Conversions, ...]


def test(
    trial: Trial, start: Start, data: Dataset, *, seed: int, images: int, workers: Workers
) -> Tested:
    """Write the weights to a chip, calibrate it on ``images`` training images, and test it.

    ``seed``: of the chip, and of the choice of images. Input ranges are set on a first pass over
    the images, the converters' ranges on a second, when the first are known.
    """
    count = -(-min(images, len(data.train_labels)) // BATCH)
    training = changed(trial.network.training, calibration_steps=count, batch=BATCH)
    model = Model(
        replace(trial.network, training=training),
        trial.spec,
        trial.device,
        scheme=Load(trial.weights, trial.digital),
        seed=seed,
        workers=workers,
        wires=trial.wires,
        start=start,
    )
    _calibrate(model, data, images, seed)
    found = [
        model.forward(some, learning=False).argmax(axis=1)
        for some, _ in test_batches(data, training.test_images, BATCH)
    ]
    return Tested(np.concatenate(found), _layers(model), model.conversions())


test.__test__ = False  # type: ignore[attr-defined]


def labels(network: Network, data: Dataset) -> Array:
    """The classes of the test images, in the order in which they are tested."""
    parts = test_batches(data, network.training.test_images, BATCH)
    return np.concatenate([some for _, some in parts])


def _calibrate(model: Model, data: Dataset, images: int, seed: int) -> None:
    """Set the ranges of inputs, then those of converters."""
    layers = [layer for layer in model.matrices if layer.weights.in_arrays]
    if not layers:
        return
    for layer in layers:
        layer.encoder.observing = True
    for _ in range(2):
        for layer in layers:
            layer.seen = Seen(layer.input_bits)
            forget = getattr(layer.weights, "forget_ranges", None)
            if forget is not None:
                forget()
        for some, _ in batches(data, images, BATCH, seed=seed, epoch=0):
            model.forward(some, learning=False, calibrating=True)
        for layer in layers:
            layer.encoder.observing = False


def _layers(model: Model) -> tuple[LayerFound, ...]:
    found = []
    for layer in model.matrices:
        weights, seen = layer.weights, layer.seen
        held = getattr(weights, "analog", None)
        planes = tuple(float(ones) / seen.pairs for ones in seen.ones) if seen.pairs else ()
        mean = np.nan if held is None else 0.5 + 0.5 * float(np.mean(held, dtype=np.float64))
        kept = weights.kept
        full, error = float(kept.get("full", np.nan)), np.nan
        if "levels" in kept:
            real = kept["weight"].astype(np.float64)
            rounded = kept["levels"] * (full / weights.top)  # type: ignore[attr-defined]
            error = float(np.sqrt(np.mean(np.square(real - rounded)) / np.mean(np.square(real))))
        conductance = min(max(mean, 0.0), 1.0) if np.isfinite(mean) else mean
        clip = float(layer.encoder.clip)
        found.append(LayerFound(layer.node.name, planes, conductance, clip, full, error))
    return tuple(found)
