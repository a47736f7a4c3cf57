"""Weights of the scheme ``hybrid``: real weights that the cells of arrays follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import levels, pulse
from neurorebit.kernels.levels import Count
from neurorebit.kernels.levels import Device as Direct
from neurorebit.kernels.pulse import Write
from neurorebit.schemes.hybrid import blocks
from neurorebit.schemes.hybrid.blocks import MOST, Followed
from neurorebit.schemes.parts.arrays import MAPPINGS, Arrays, conductances
from neurorebit.schemes.parts.blocks import Trains
from neurorebit.schemes.parts.cells import Physics
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.training.parts import digital, product
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Written
from neurorebit.training.parts.workers import Array, spans

WRITES = {  # training.write, except direct
    "pulses": Write.PULSES,
    "verify": Write.VERIFY,
    "reset": Write.RESET,
}


@dataclass(eq=False)
class HybridWeights(LevelWeights):
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
    in_arrays: ClassVar[bool] = True
    digital: ClassVar[tuple[str, ...]] = ("backward", "gradient")

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
            self._lower(self.analog.reshape(-1), self.physics)
            self.total = float(np.sum(self.analog, dtype=np.float64))
        self.reading = Arrays(
            site,
            mapping=MAPPINGS[site.training.mapping],
            hold=self._hold,
            back="backward" not in self.digital,
        )
        parts = spans(self.real.size, PART)
        self.synced(site.workers.run(lambda i: self.sync(*parts[i]), len(parts)))
        self.written = Written()  # the first write belongs to no step
        self.written.reads = None if self.physics is None else 0
        self.writes[...] = 0

    def _lower(self, cells: Array, physics: Physics) -> None:
        """Bring cells that are not stuck to their low ends."""
        cells[...] = -np.inf
        for start, stop in spans(cells.size, PART):
            pulse.clip(cells[start:stop], physics.part(start, stop))

    def due(self, update: int) -> bool:
        """Whether the cells follow the real weights at this update."""
        every = self.site.training.reprogram
        return every == "change" or update % every == 0

    @property
    def every(self) -> bool:
        """Whether all cells are written, or those whose level changes."""
        return self.site.training.reprogram != "change" and self.due(self.written.updates)

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

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product with the real weights (as an ablation, their levels)."""
        site = self.site
        if site.training.digital == "bit_serial":
            assert site.error_bits is not None, "fp32 is refused where the files are read"
            bits, workers = site.error_bits, site.workers
            digital.transposed(dy, self.real, x, dx, bits=bits, workers=workers)
            return
        if site.training.error_path == "real":
            super().mtvm(dy, x, dx)
            return
        exact = site.workspace.take(self.levels.shape, site.dtype)
        np.multiply(self.levels, site.dtype(self.full / self.top), out=exact)
        product.transposed(dy, exact, x, dx, workers=site.workers)
        site.workspace.drop(exact)

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
        device, variation = self.site.device, self.site.device.variation
        return Direct(
            float(device.g_min),
            float(device.g_max),
            variation.d2d,
            variation.c2c if variation.form == "state" else 0.0,
            int(MAPPINGS[self.site.training.mapping]),
            variation.stuck_low,
            variation.stuck_high,
        )

    def plan(self, physics: Physics) -> pulse.Plan:
        """How cells are written by pulses."""
        training, spacing = self.site.training, (2.0 if self.odd else 1.0) / self.top
        write = int(WRITES[training.write])
        return pulse.Plan(*physics.bends, write, training.write_tolerance * spacing, MOST)

    def _hold(self, size: int, number: int) -> Array:
        """What reference cells hold: written once to mid range, in the same way as the others."""
        site, physics = self.site, self.physics
        real, known = np.zeros(size, site.dtype), np.full(size, -128, np.int8)
        held, writes = np.zeros(size, site.dtype), np.zeros(size, np.uint32)
        made = None if physics is None else Physics.of(site, number, size)
        if made is not None:
            self._lower(held, made)
        middle = levels.Grid(1.0, 1, odd=False, every=True)
        for start, stop in spans(size, PART):
            part, counts = slice(start, stop), np.zeros(len(Count))
            draw = site.draw(start, 0, number)
            given = real[part], known[part]
            if made is None:
                levels.program(*given, held[part], writes[part], middle, self.direct, draw, counts)
                continue
            traits, response = made.part(start, stop), made.response
            cells = pulse.Cells(held[part], traits, response, writes[part], counts)
            pulse.to_levels(*given, cells, middle, self.plan(made), draw)
        return held

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
