"""Weights of the scheme ``residual``: a geometric sum of several arrays of few states.

See docs/models/schemes.md#residual-learning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.kernels import outer_product, pulse, reading
from neurorebit.kernels.cell import Mapping
from neurorebit.kernels.levels import Count
from neurorebit.kernels.outer_product import Sums
from neurorebit.schemes.parts.arrays import Arrays
from neurorebit.schemes.parts.cells import Cells, placed
from neurorebit.schemes.parts.in_place import CellWeights
from neurorebit.schemes.parts.pulse_trains import coincide
from neurorebit.schemes.residual.keys import Residual, ResidualKeys
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Written
from neurorebit.training.parts.workers import Array, spans

NEWEST = 0.1  # weight of the newest read in the running range of an array's rows
MOVED = 1 << 31  # steps from which on an array's draws are for pulses that take back what moved
ROW_READS = 32  # numbers of the arrays for the noise of reads row by row: apart from other reads


@dataclass(eq=False)
class Stage:
    """One of the arrays behind the first: its cells, their reads in both passes, its rows' turn.

    ``power``: mean square of what was read of it row by row, of which converters have their range.
    """

    cells: Cells
    reading: Arrays
    row: int = 0
    power: float = 0.0


@dataclass(eq=False)
class ResidualWeights(CellWeights):
    """Residual learning on several arrays (J. Li, Z. Wu, G. Liu, T. Gokmen, T. Chen, 2025).

    arXiv:2510.02516, of which the summary was read. A weight is ``full`` times the sum of
    scale^n w_n over the arrays n. Each is read in both passes through converters of its own, and
    the sum is digital. Gradients pulse the last array by the stochastic outer product, so that the
    weight takes the steps of SGD in the finest steps there are. Rows of each array but the first
    are read in turn. Where a cell holds at least half of what a pulse of the array before is worth,
    that array gets a pulse, and the cell as many the other way, so that the sum stays: each array
    keeps what those before it cannot hold. There is no digital memory of a weight.
    """

    rounds: int = field(init=False, default=0)  # batches so far
    vectors: int = field(init=False, default=0)  # so far, where each vector has draws of its own
    largest: float = field(init=False, default=0.0)  # sum of |x dy| of a cell in the newest batch
    digital = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        site = self.site
        for n in range(1, self.arrays):
            reads = Arrays(
                site,
                site.training.read == "levels",
                follows=True,
                hold=lambda size, number: placed(site, size, number),
                number=n,
            )
            cells = Cells(site, n)
            cells.place(cells.weight)  # mid range, within the bounds of the cells
            setattr(self, f"stage_{n}", Stage(cells, reads))  # attributes: a checkpoint keeps them
        self.last.writes = np.zeros(self.last.weight.size, np.int64)  # thousands of pulses a batch

    @property
    def own(self) -> Residual:
        """The keys of the scheme."""
        return self.site.training.own(ResidualKeys).residual

    @property
    def arrays(self) -> int:  # type: ignore[override]
        """Arrays that hold each weight."""
        return self.own.arrays

    def stage(self, n: int) -> Stage:
        """Array ``n``, from 1 on."""
        found: Stage = getattr(self, f"stage_{n}")
        return found

    @property
    def stages(self) -> list[Stage]:
        """The arrays behind the first."""
        return [self.stage(n) for n in range(1, self.arrays)]

    @property
    def last(self) -> Cells:
        """The cells that gradients pulse."""
        return self.stage(self.arrays - 1).cells

    @property
    def held(self) -> Array:
        """The sum that the cells of all arrays hold, over ``full``."""
        total: Array = self.cells.weight.copy()
        for n, one in enumerate(self.stages, 1):
            total += self.site.dtype(self.own.scale**n) * one.cells.weight
        return total

    @property
    def views(self) -> dict[str, Array]:
        """The sum of the cells."""
        return {"analog": self.held * self.site.dtype(self.full)}

    @property
    def kept(self) -> dict[str, Array]:
        """The weights that the cells hold together."""
        return {"weight": self.views["analog"], "full": np.array(self.full)}

    @property
    def written_fast(self) -> Written:
        """What gradients wrote to the last array."""
        return self.last.written

    @property
    def writes(self) -> Array:
        """How often each cell of each array was written."""
        cells = (self.cells, *(one.cells for one in self.stages))
        return np.concatenate([one.writes for one in cells])

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Forward through all arrays, each behind its converters; the sum is digital."""
        super().mvm(x, out, learning)
        part = self.site.workspace.take(out.shape, out.dtype)
        for n, one in enumerate(self.stages, 1):
            full = self.full * self.own.scale**n
            one.reading.mvm(one.cells.weight, x, part, full=full, learning=learning)
            out += part
        self.site.workspace.drop(part)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Backward through all arrays in the same way."""
        super().mtvm(dy, x, dx)
        part = self.site.workspace.take(dx.shape, dx.dtype)
        for n, one in enumerate(self.stages, 1):
            full = self.full * self.own.scale**n
            one.reading.mtvm(one.cells.weight, dy, x, part, full=full)
            dx += part
        self.site.workspace.drop(part)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Pulse the last array, then move rows of each array to the one before, where it is due."""
        site, last, cells = self.site, self.last, self.cells
        cells.written.updates += 1
        size = site.workspace.take(site.shape, site.dtype)
        magnitude = site.workspace.take(dy.shape, dy.dtype)
        np.abs(dy, out=magnitude)
        product.outer(x.magnitude, magnitude, size, site.workers)
        site.workspace.drop(magnitude)
        self.largest = float(np.max(size))
        step = last.physics.granule * self.full * self.own.scale ** (self.arrays - 1)
        if 0.0 < self.largest < math.inf:
            pulses = min(rate / step, x.vectors / self.largest)  # at most one a vector
            if site.shape[:2] == (1, x.map[0].size):  # each image is one vector
                inputs = x.map.reshape(x.vectors, -1) * site.dtype(x.scale)
                pair = inputs, np.ascontiguousarray(dy.reshape(x.vectors, -1))
                last.count(coincide(site, last, pair, pulses, counted=(self.rounds, self.vectors)))
                self.vectors += x.vectors
            else:
                last.count(self._from_sums(x, dy, size, pulses))
        else:
            last.count([])
        site.workspace.drop(size)
        moved = [
            counts
            for n in range(self.arrays - 1, 0, -1)
            if self.rounds % (self.own.every * self.own.slower ** (self.arrays - 1 - n)) == 0
            for counts in self._move(n)
        ]
        cells.count(moved)
        self.rounds += 1

    def _from_sums(self, x: Windows, dy: Array, size: Array, rate: float) -> list[Array]:
        """Pulses of the last array that are drawn from sums over the batch; counts by part."""
        site, last = self.site, self.last
        gradient = site.workspace.take(site.shape, site.dtype)
        product.outer(x, dy, gradient, site.workers)
        flat, parts = (gradient.reshape(-1), size.reshape(-1)), spans(size.size, PART)

        def job(i: int) -> Array:
            start, stop = parts[i]
            sums, part = (
                Sums(flat[0][start:stop], flat[1][start:stop], rate),
                last.part(start, stop),
            )
            outer_product.pulse_sums(sums, part, last.draw(start, self.rounds))
            return np.asarray(part.counts)

        counts = site.workers.run(job, len(parts))
        site.workspace.drop(gradient)
        return counts

    def _move(self, n: int) -> Iterator[Array]:
        """Read rows of array ``n``; what is worth half a pulse of the array before is moved there.

        Array ``n`` gets as many pulses the other way as that pulse is worth. Counts by part, with
        the change of the mean of the first array alone.
        """
        site, one, own = self.site, self.stage(n), self.own
        before = self.cells if n == 1 else self.stage(n - 1).cells
        rows, cols = site.shape[0] * site.shape[1], site.shape[2]
        count = min(own.rows, rows)
        squares, step, top = 0.0, 0.0, 0
        worth = before.physics.granule / own.scale  # of a pulse of the array before, in this one
        least, back = 0.5 * worth, max(math.floor(worth / one.cells.physics.granule + 0.5), 1)
        if site.training.adc == "array":  # the first read, which sets the range, is not converted
            arrays = site.spec.forward
            reach = arrays.adc_range * one.power**0.5
            step, top = CONVERTERS[arrays.adc].quantisation(arrays.adc_bits, reach)
        for first, last in _spans(one.row, count, rows):
            start, stop = first * cols, last * cols
            held = one.cells.weight.reshape(-1)[start:stop]
            if self.reading.relative:
                error = reading.Noise(self.reading.relative, int(Mapping.REFERENCE), site.offset)
                seen = np.empty_like(held)
                draw = site.draw(start, self.rounds, ROW_READS + n)
                reading.read(held, seen, error, draw)
                held = seen
            squares += float(np.sum(np.square(held, dtype=np.float64)))
            if step > 0.0:
                codes = np.clip(np.floor(held / step + 0.5), -top, top)
                held = (step * codes).astype(site.dtype)
            pulses = np.zeros(stop - start, np.int32)
            pulses[held >= least], pulses[held <= -least] = 1, -1
            part, draw = before.part(start, stop), before.draw(start, self.rounds)
            pulse.pulse(part, pulses, draw)
            counts, change = np.array(part.counts), float(part.counts[Count.CHANGE])
            behind, draw = one.cells.part(start, stop), one.cells.draw(start, self.rounds + MOVED)
            pulse.pulse(behind, -back * pulses, draw)
            one.cells.total += float(behind.counts[Count.CHANGE])
            if n < self.arrays - 1:  # of the last array, pulses of gradients alone are told apart
                counts += behind.counts
            before.total += change if n > 1 else 0.0  # that of the first array when it is counted
            counts[Count.CHANGE] = change if n == 1 else 0.0
            yield counts
        newest = squares / (count * cols)
        one.power += (newest - one.power) * (NEWEST if one.power else 1.0)
        one.row = (one.row + count) % rows
        self.cells.written.words += count * cols


def _spans(first: int, count: int, rows: int) -> Iterator[tuple[int, int]]:
    """Rows of a circle from ``first`` on, in ranges."""
    yield first, min(first + count, rows)
    if first + count > rows:
        yield 0, first + count - rows
