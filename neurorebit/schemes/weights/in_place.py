"""Schemes whose weights live in arrays alone: read both ways, and changed by pulses in place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import noise, pulse
from neurorebit.schema.training import kept_words
from neurorebit.schemes.weights.arrays import Arrays
from neurorebit.schemes.weights.base import PART, Site, Written
from neurorebit.schemes.weights.cells import Cells
from neurorebit.schemes.weights.real import initial
from neurorebit.training import product
from neurorebit.training.product import Windows
from neurorebit.training.workers import Array, spans


@dataclass(eq=False)
class InPlaceWeights:
    """One noisy array for both passes; ``full`` is the weight at the end of a cell's range.

    A scheme says in ``plan`` which pulses its cells get for a gradient.
    """

    site: Site
    cells: Cells = field(init=False)
    reading: Arrays = field(init=False)
    full: float = field(init=False)
    in_arrays: ClassVar[bool] = True
    arrays: ClassVar[int] = 1
    digital: ClassVar[tuple[str, ...]] = ("gradient",)
    follows: ClassVar[bool] = False  # whether converters' ranges follow what is read

    def __post_init__(self) -> None:
        site = self.site
        self.full = site.training.level_range * site.deviation
        self.cells = Cells(site)
        self.cells.place(initial(site) / site.dtype(self.full))
        rounded = site.training.read == "levels"
        self.reading = Arrays(site, rounded, follows=self.follows)

    @property
    def written(self) -> Written:
        """What was written in the updates so far."""
        return self.cells.written

    @property
    def beside(self) -> Written | None:
        """There is no second array."""
        return None

    @property
    def writes(self) -> Array:
        """How often each cell was written."""
        return self.cells.writes

    @property
    def views(self) -> dict[str, Array]:
        """The cells."""
        return {"analog": self.cells.weight * self.site.dtype(self.full)}

    @property
    def most(self) -> float:
        """Pulses that one update gives a cell at most: those of its range."""
        return max(self.cells.physics.device[:2])

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Forward through the arrays and their converters."""
        self.reading.mvm(self.cells.weight, x, out, self.full, learning)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Backward through the same cells, read the other way."""
        self.reading.mtvm(self.cells.weight, dy, x, dx, self.full)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Gradient in the digital unit, then pulses part by part."""
        site, cells = self.site, self.cells
        gradient = site.workspace.take(site.shape, site.dtype)
        product.outer(x, dy, gradient, site.workers)
        self.consider(gradient)
        flat = gradient.reshape(-1)
        parts = spans(flat.size, PART)
        cells.written.updates += 1

        def job(i: int) -> Array:
            start, stop = parts[i]
            pulses = site.workers.scratch("pulses", (stop - start,), np.int32)
            self.plan(flat[start:stop], pulses, start, rate)
            counts = np.zeros(5)
            cells.pulse(start, pulses, cells.written.updates, counts)
            return counts

        cells.count(site.workers.run(job, len(parts)))
        site.workspace.drop(gradient)
        kept = kept_words(site.spec.scheme, site.training.momentum)
        cells.written.words += flat.size if kept else 0

    def consider(self, gradient: Array) -> None:
        """Look at a whole gradient before its parts are planned."""

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """The pulses of the cells from ``start`` on, below 0 downwards."""
        raise NotImplementedError

    def begin_epoch(self) -> None:
        """Nothing happens."""


@dataclass(eq=False)
class MomentumWeights(InPlaceWeights):
    """In place, with the velocities of momentum SGD in digital memory; weight decay reads cells."""

    velocity: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.velocity = np.zeros(self.cells.weight.size, self.site.dtype)

    def wanted(self, gradient: Array, start: int) -> Array:
        """The change of the weights, over minus the rate."""
        training, stop = self.site.training, start + gradient.size
        velocity, weight = self.velocity[start:stop], self.cells.weight.reshape(-1)[start:stop]
        rates = training.momentum, training.weight_decay
        pulse.remember(velocity, gradient, weight, self.full, *rates)
        return velocity


@dataclass(eq=False)
class ReramWeights(MomentumWeights):
    """The all-ReRAM chip (5.3): the wanted change as pulses, rounded at random, nothing kept."""

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """Pulses n = rounded(-rate v P / 2)."""
        site, (up, down, *_) = self.site, self.cells.physics.device
        wanted = self.wanted(gradient, start)
        where = start, site.index, noise.ROUND, self.cells.written.updates, site.seed
        pulse.roll(wanted, pulses, -rate / self.full, up, down, self.most, *where)


@dataclass(eq=False)
class MixedPrecisionWeights(MomentumWeights):
    """Changes gather in digital memory until they are worth a pulse (6.1).

    Nandakumar et al., Front. Neurosci. 14:406, 2020, doi:10.3389/fnins.2020.00406. Pulses are sent
    blind; what was sent, at the mean step, is taken out of the residue.
    """

    residue: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.residue = np.zeros(self.cells.weight.size, self.site.dtype)

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """With chi <- chi - rate v: n = trunc(chi / eps), chi <- chi - n eps."""
        residue = self.residue[start : start + gradient.size]
        wanted, granule = self.wanted(gradient, start), self.cells.physics.granule
        pulse.carry(residue, wanted, pulses, -rate / self.full, granule, self.most)


@dataclass(eq=False)
class ManhattanWeights(InPlaceWeights):
    """One pulse against the sign of the gradient, whatever its size (6.4).

    Zamanidoost et al., IEEE WISP 2015. ``training.threshold`` leaves small gradients alone; the
    learning rate plays no part.
    """

    least: float = field(init=False, default=0.0)

    def consider(self, gradient: Array) -> None:
        """The least gradient that counts, from the root mean square of all."""
        threshold = self.site.training.threshold
        power = float(np.mean(np.square(gradient, dtype=np.float64))) if threshold else 0.0
        self.least = threshold * power**0.5

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """Pulses n = -sign(g)."""
        pulse.signs(gradient, pulses, self.least)
