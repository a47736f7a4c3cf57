"""Weights in arrays alone: read in both directions, and changed by pulses in place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import elementwise
from neurorebit.kernels.cell import Mapping
from neurorebit.schema import InputError
from neurorebit.schemes.parts.arrays import Arrays, conductances
from neurorebit.schemes.parts.blocks import Trains
from neurorebit.schemes.parts.cells import Cells, placed
from neurorebit.schemes.parts.software import initial
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.gradient import GradientUnit
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class CellWeights(ABC):
    """One noisy array for both passes; ``full`` is the weight at the end of a cell's range.

    The ranges of the converters follow the partial sums, with a memory of the steps of calibration:
    nothing draws the levels over weights that grow, and where sums are cut off an output hardly
    varies, batch norm divides by that little, and errors are magnified layer by layer. A scheme
    derives from it and says in ``update`` how its cells learn.
    """

    site: Site
    cells: Cells = field(init=False)
    reading: Arrays = field(init=False)
    full: float = field(init=False)
    in_arrays: ClassVar[bool] = True
    arrays: ClassVar[int] = 1
    digital: ClassVar[tuple[str, ...]] = ("gradient",)

    def __post_init__(self) -> None:
        site = self.site
        if site.spec.holds_devices and np.any(site.spec.cells_per_weight > 1):
            message = f"scheme={site.spec.scheme} changes one cell a weight, the chip has several"
            raise InputError(message, cure="take cell_bits as wide as weight_bits")
        first, self.full = self.begin()
        self.cells = Cells(site)
        self.cells.place(first / site.dtype(self.full))
        rounded = site.training.read == "levels"
        self.reading = Arrays(
            site, rounded, follows=True, hold=lambda size, number: placed(site, size, number)
        )

    @property
    def integers(self) -> Integers | None:
        """Inputs and errors have the units that their ranges set."""
        return None

    def begin(self) -> tuple[Array, float]:
        """The first weights, and the weight at the end of a cell's range."""
        first, given = initial(self.site), self.site.training.weight_range
        if given is not None:
            return first, given
        return first, self.site.training.level_range * self._spread(first)

    def _spread(self, first: Array) -> float:
        """The standard deviation of the first weights: as it is drawn, or that of given ones."""
        if self.site.given is None:
            return self.site.deviation
        return float(np.std(first, dtype=np.float64)) or self.site.deviation

    @property
    def kept(self) -> dict[str, Array]:
        """The weights that the cells hold, and what these conduct."""
        held = self.cells.weight
        found = {"weight": held * self.site.dtype(self.full), "full": np.array(self.full)}
        references = self.reading.references
        return found | conductances(self.site, held, Mapping.REFERENCE, references)

    @property
    def written(self) -> Written:
        """What was written in the updates so far."""
        return self.cells.written

    @property
    def written_fast(self) -> Written | None:
        """There is no fast array."""
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
    def converted(self) -> dict[str, Use | None]:
        """How the converters of both passes used their codes."""
        return self.reading.converted

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Forward through the arrays and their converters."""
        self.reading.mvm(self.cells.weight, x, out, full=self.full, learning=learning)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Backward through the same cells, read the other way."""
        self.reading.mtvm(self.cells.weight, dy, x, dx, full=self.full)

    @abstractmethod
    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Learn from a batch."""

    def begin_epoch(self) -> None:
        """Nothing happens."""
        return


@dataclass(eq=False)
class InPlaceWeights(CellWeights):
    """Weights that learn by the gradient of a batch, which becomes pulses.

    A scheme derives from it and says in ``plan`` which pulses its cells get for a gradient, and in
    ``unsent`` what becomes of pulses that blocks of cells were not sent.
    """

    unit: GradientUnit = field(init=False)
    trains: Trains | None = field(init=False)

    @property
    def most(self) -> float:
        """Pulses that one update gives a cell at most: as many as its range has."""
        response = self.cells.physics.response
        return float(max(response.pulses_up, response.pulses_down))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.unit = GradientUnit(self.site)
        self.trains = Trains.of(self.site)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """The gradient of a batch, and the pulses that it asks for."""
        gradient = self.site.workspace.take(self.site.shape, self.site.dtype)
        self.gradient(x, dy, gradient)
        self.learn(gradient, rate)
        self.site.workspace.drop(gradient)

    def gradient(self, x: Windows, dy: Array, out: Array) -> None:
        """The gradient of a batch, in the gradient unit."""
        self.unit.outer(x, dy, out)

    def learn(self, gradient: Array, rate: float) -> None:
        """Send the cells the pulses that a gradient asks for, part by part."""
        site, cells = self.site, self.cells
        self.consider(gradient)
        flat = gradient.reshape(-1)
        parts = spans(flat.size, PART)
        cells.written.updates += 1

        def job(i: int) -> Array:
            start, stop = parts[i]
            pulses = site.workers.scratch("pulses", (stop - start,), np.int32)
            self.plan(flat[start:stop], pulses, start, rate)
            return cells.pulse(start, pulses, cells.written.updates)

        if self.trains is None:
            cells.count(site.workers.run(job, len(parts)))
        else:
            cells.count(self._in_blocks(self.trains, flat, rate))
        cells.written.words += flat.size if site.words else 0

    def _in_blocks(self, trains: Trains, gradient: Array, rate: float) -> list[Array]:
        """The pulses of blocks, then those of single cells; counts of what was written."""
        site, cells = self.site, self.cells
        asked, sent = (site.workspace.take(site.shape, np.int32) for _ in range(2))
        flat, given = asked.reshape(-1), sent.reshape(-1)
        parts = [slice(*part) for part in spans(flat.size, PART)]

        def pulse(step: int) -> list[Array]:
            return site.workers.run(
                lambda i: cells.pulse(parts[i].start, given[parts[i]], step), len(parts)
            )

        site.workers.run(
            lambda i: self.plan(gradient[parts[i]], flat[parts[i]], parts[i].start, rate),
            len(parts),
        )
        trains.share(asked, sent, cells.written)
        counts = pulse(2 * cells.written.updates)
        asked -= sent
        if trains.fine:
            trains.finish(asked, sent, cells.written)
            counts += pulse(2 * cells.written.updates + 1)
        else:
            for part in parts:
                self.unsent(flat[part], part.start)
        site.workspace.drop(asked)
        site.workspace.drop(sent)
        return counts

    def unsent(self, pulses: Array, start: int) -> None:
        """Called with the ``pulses`` that the cells from ``start`` on asked for and did not get.

        They are lost, unless a scheme has a place for them.
        """
        return

    def consider(self, gradient: Array) -> None:
        """Called with the whole gradient before its parts are planned."""

    @abstractmethod
    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """Write the ``pulses`` of the cells from ``start`` on; below 0 they lower the weight."""


@dataclass(eq=False)
class MomentumWeights(InPlaceWeights):
    """In place, with the velocities of momentum SGD in digital memory; weight decay reads cells."""

    velocity: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.velocity = np.zeros(self.cells.weight.size, self.site.dtype)

    def wanted(self, gradient: Array, start: int) -> Array:
        """The change of the weights that momentum SGD asks for, over minus the rate."""
        training, stop = self.site.training, start + gradient.size
        velocity, weight = self.velocity[start:stop], self.cells.weight.reshape(-1)[start:stop]
        rates = training.momentum, training.weight_decay
        elementwise.add_momentum(velocity, gradient, weight, self.full, *rates)
        return velocity
