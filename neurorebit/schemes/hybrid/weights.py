"""Weights of the scheme ``hybrid``: real weights that the cells of arrays follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import levels, pulse
from neurorebit.kernels.levels import Count
from neurorebit.kernels.levels import Device as Direct
from neurorebit.schemes.hybrid import blocks
from neurorebit.schemes.hybrid.blocks import Followed
from neurorebit.schemes.parts.arrays import MAPPINGS, Arrays, conductances
from neurorebit.schemes.parts.blocks import Trains
from neurorebit.schemes.parts.cells import Physics
from neurorebit.schemes.parts.followed import FollowedWeights, direct, lower, plan
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Written
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class HybridWeights(FollowedWeights):
    """ReBIT: noisy arrays of few levels forward, exact real weights backward.

    See docs/models/schemes.md#hybrid.

    ``analog``: the weights that the arrays hold, as a share of ``full``, the weight of the
    outermost level. A cell is written when the level of its real weight changes, each time with
    fresh cycle-to-cycle variation.
    """

    levels: Array = field(init=False)
    analog: Array = field(init=False)
    reading: Arrays = field(init=False)
    total: float = field(init=False, default=0.0)
    physics: Physics | None = field(init=False, default=None)
    trains: Trains | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        site = self.site
        self.levels = np.full(
            self.real.shape, -128, np.int8
        )  # no level yet, so that all cells are written
        self.analog = np.zeros_like(self.real)
        self.writes = np.zeros(self.real.size, np.uint32)
        if site.training.write != "direct":
            self.physics = Physics.of(site, 0)
            self.trains = Trains.of(site)
            lower(self.analog.reshape(-1), self.physics)
            self.total = float(np.sum(self.analog, dtype=np.float64))
        self.reading = Arrays(
            site,
            mapping=MAPPINGS[site.training.mapping],
            hold=self.hold,
            back="backward" not in self.digital,
        )
        parts = spans(self.real.size, PART)
        self.synced(site.workers.run(lambda i: self.sync(*parts[i]), len(parts)))
        self.written = Written()  # the first write belongs to no step
        self.written.reads = None if self.physics is None else 0
        self.writes[...] = 0

    @property
    def arrays(self) -> int:
        """A pair of cells counts as two arrays."""
        return 2 if self.site.training.mapping == "pair" else 1

    @property
    def views(self) -> dict[str, Array]:
        """The real weights and the cells."""
        return {"real": self.real, "analog": self.analog * self.site.dtype(self.full)}

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters used their codes."""
        return self.reading.converted

    @property
    def kept(self) -> dict[str, Array]:
        """The real weights, the levels that were last written, and what the cells conduct."""
        found = {**super().kept, "levels": self.levels.astype(np.int16)}
        mapping = MAPPINGS[self.site.training.mapping]
        return found | conductances(self.site, self.analog, mapping, self.reading.references)

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The product of the arrays, converted and added digitally."""
        self.reading.mvm(self.analog, x, out, full=self.full, learning=learning)

    def exact(self, out: Array) -> None:
        """``out`` = the weights of the levels that were last written."""
        np.multiply(self.levels, self.site.dtype(self.full / self.top), out=out)

    def change(self, step: Callable[[int, int], None]) -> None:
        """Change the real weights, and sync the arrays."""
        super().change(step)
        self.written.conductance += 0.5 + 0.5 * self.total / self.analog.size

    def sync(self, start: int, stop: int) -> Array | None:
        """Write the cells whose level changed, or all cells where they are due."""
        site, grid = self.site, self.grid
        if self.trains is not None or not self.due(self.written.updates):
            return None  # blocks are written once all parts are there
        real, known, analog = (
            a.reshape(-1)[start:stop] for a in (self.real, self.levels, self.analog)
        )
        writes, counts = self.writes[start:stop], np.zeros(len(Count))
        draw = site.draw(start, self.written.updates)
        if self.physics is None:
            levels.program(real, known, analog, writes, grid, self.direct, draw, counts)
            return self.in_steps(counts)
        response = self.physics.response
        cells = pulse.Cells(analog, self.physics.part(start, stop), response, writes, counts)
        pulse.to_levels(real, known, cells, grid, self.plan(self.physics), draw)
        return self.in_steps(counts)

    def in_steps(self, counts: Array) -> Array:
        """Counts of a write, whose steps and pulses become steps of the levels of the files."""
        steps = self.site.spec.levels - 1
        ends = (2 * self.top,) * 2 if self.physics is None else self.physics.response[:2]
        counts[Count.STEPS_UP] *= steps / ends[0]
        counts[Count.STEPS_DOWN] *= steps / ends[1]
        return counts

    @property
    def direct(self) -> Direct:
        """The device as a direct write takes it."""
        return direct(self.site.device, MAPPINGS[self.site.training.mapping])

    def plan(self, physics: Physics) -> pulse.Plan:
        """How cells are written by pulses."""
        return plan(self.site.training, physics, (2.0 if self.odd else 1.0) / self.top)

    def synced(self, counts: list[Array | None]) -> None:
        """Add up cells written, level steps, and the change of the weights that cells hold."""
        if self.trains is not None and self.due(self.written.updates):
            physics = self.physics
            assert physics is not None
            held = Followed(
                self.site, self.real, self.levels, self.analog, self.writes, self.written, self.grid
            )
            sent = blocks.write(held, self.trains, physics, self.plan(physics))
            counts = [self.in_steps(part) for part in sent]
        total = sum((part for part in counts if part is not None), np.zeros(len(Count)))
        self.written.sets += int(total[Count.SETS])
        self.written.resets += int(total[Count.RESETS])
        self.written.set_steps += float(total[Count.STEPS_UP])
        self.written.reset_steps += float(total[Count.STEPS_DOWN])
        self.total += float(total[Count.CHANGE])
        if self.written.reads is not None:
            self.written.reads += int(total[Count.READS])
