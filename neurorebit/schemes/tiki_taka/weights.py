"""Weights of the scheme ``tiki_taka``: a fast array that gradients pulse, and a slow one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.kernels import transfer
from neurorebit.kernels.cell import Mapping
from neurorebit.kernels.levels import Count
from neurorebit.kernels.outer_product import Sums
from neurorebit.schemes.parts.arrays import conductances
from neurorebit.schemes.parts.cells import Cells, bounded
from neurorebit.schemes.parts.in_place import CellWeights
from neurorebit.schemes.parts.pulse_trains import coincide
from neurorebit.schemes.tiki_taka.keys import TikiTakaKeys
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Written
from neurorebit.training.parts.workers import Array, spans

LEAST = 256  # cells of one job at least, however many rounds there are
NEWEST = 0.1  # weight of the newest batch in the running range of the fast array
NO_CHOPPER = transfer.Chopper(1, np.empty(0, np.int8), np.empty(0, np.int8), np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class Reference:
    """What the reference cell of each fast cell holds, which its reads are compared with."""

    weight: Array


def no_average(dtype: type[np.floating]) -> transfer.Average:
    """Of a read that is compared with reference cells."""
    return transfer.Average(0.0, np.empty(0, dtype), np.empty(0, dtype))


class Turn(NamedTuple):
    """The reads of one round: the number of rows, and what the content of a cell is worth."""

    rows: int
    worth: float


class Round(NamedTuple):
    """What one job of a round wrote, as entries of ``Count``, and the sum of the squares read."""

    fast: Array
    slow: Array
    squares: float


@dataclass(eq=False)
class TikiTakaWeights(CellWeights):
    """TTv2 (Gokmen, Front. Artif. Intell. 4:699148, 2021, doi:10.3389/frai.2021.699148).

    See docs/models/schemes.md#tiki-taka. Every vector of a batch pulses the fast array by the
    stochastic outer product. The rows of the fast array are read in turn, through converters with
    the bits of the forward pass. Digital memory adds up these reads and sends the slow array, which
    holds the weights, a pulse for each of its steps at mid range. A pulse of either array is worth
    that step.

    A batch whose vectors are worth several reads of every row goes in rounds: each is a share of
    the pulses, then a read of all rows. Where an image is one vector, as in linear layers, each
    vector has pulse trains of its own; elsewhere pulses are drawn from the sum over the batch, of
    which each round takes an equal share.

    Before training, pulses up and down in turn bring each fast cell to its symmetry point; what it
    is read to have there is written to its reference cell, a cell of the same device with bounds of
    its own, with the error of such a write (``variation.reference``).

    Weight decay and momentum have no effect. Since nothing decays, partial sums outgrow the range
    of the first steps, and clipping would magnify errors: the converters' ranges follow.
    """

    fast: Cells = field(init=False)
    hidden: Array = field(init=False)
    reference: Reference = field(init=False)
    largest: float = field(init=False, default=0.0)  # largest sum of |x dy| of a cell in a batch
    power: float = field(init=False, default=0.0)  # mean square of the reads of the fast array
    row: int = field(init=False, default=0)  # that is read next
    rounds: int = field(init=False, default=0)  # so far; each has draws of its own
    vectors: int = field(init=False, default=0)  # so far, where each vector has draws of its own
    arrays: ClassVar[int] = 2
    digital: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.fast = Cells(self.site, number=transfer.FAST)
        size = self.fast.weight.size
        self.fast.writes = np.zeros(size, np.int64)  # thousands of pulses a batch
        self.hidden = np.zeros(size, self.site.dtype)
        rest = self._rest()
        self.fast.place(rest.reshape(self.fast.weight.shape))
        self.reference = Reference(self.written_reference(rest))

    def _rest(self) -> Array:
        """The symmetry point of each fast cell, as weights (flat)."""
        weight = np.empty(self.fast.weight.size, self.site.dtype)
        parts, physics = spans(weight.size, PART), self.fast.physics

        def job(i: int) -> None:
            start, stop = parts[i]
            transfer.symmetry_points(
                weight[start:stop], physics.part(start, stop), physics.response
            )

        self.site.workers.run(job, len(parts))
        return weight

    def written_reference(self, rest: Array) -> Array:
        """What reference cells hold that were written to the weights ``rest`` (flat)."""
        site, held = self.site, rest.copy()
        parts, relative = spans(held.size, PART), site.device.variation.referenced

        def job(i: int) -> None:
            start, stop = parts[i]
            draw = site.draw(start, step=0, array=transfer.REFERENCE)
            transfer.copy_written(held[start:stop], relative, site.offset, draw)

        if relative > 0.0:
            site.workers.run(job, len(parts))
        return bounded(site, held, transfer.REFERENCE)

    @property
    def kept(self) -> dict[str, Array]:
        """What the slow cells hold and conduct, and what the fast ones conduct."""
        fast = conductances(self.site, self.fast.weight, Mapping.REFERENCE, None)
        return {**super().kept, "conductance_fast": fast["conductance"]}

    @property
    def written_fast(self) -> Written:
        """What was written to the fast array."""
        return self.fast.written

    @property
    def writes(self) -> Array:
        """How often each cell of either array was written; each pulse of the fast one counts."""
        return np.concatenate([self.cells.writes, self.fast.writes])

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Pulse the fast array and transfer its rows, in the rounds that the vectors are worth."""
        site, cells, own = self.site, self.cells, self.site.training.own(TikiTakaKeys).tiki_taka
        cells.written.updates += 1
        size = site.workspace.take(site.shape, site.dtype)
        magnitude = site.workspace.take(dy.shape, dy.dtype)
        np.abs(dy, out=magnitude)
        product.outer(x.magnitude, magnitude, size, site.workers)
        site.workspace.drop(magnitude)
        largest, known = float(np.max(size)), self.largest
        self.largest += (largest - known) * (NEWEST if known else 1.0)
        if 0.0 < self.largest < math.inf:
            rows = site.shape[0] * site.shape[1]
            times, read = own.turns(x.vectors, rows)
            # what a pulse is worth does not change with a shorter batch
            whole = x.vectors * site.training.batch // len(x.map)
            # coincidences stay rare: at most one a vector for the most pulsed cell
            pulses = min(own.pulses * own.turns(whole, rows)[0], whole) / self.largest
            turn = Turn(read, rate / (pulses * self.fast.physics.granule * self.full))
            if site.shape[:2] == (1, x.map[0].size):  # each image is one vector
                found = self._vectors(x, dy, pulses, times=times, turn=turn)
            else:
                gradient = site.workspace.take(site.shape, site.dtype)
                product.outer(x, dy, gradient, site.workers)
                sums = Sums(gradient.reshape(-1), size.reshape(-1), pulses / times)
                found = self._rounds(sums, times, turn)
                site.workspace.drop(gradient)
            self.row = (self.row + read) % rows
            self.fast.count([part.fast for part in found])
            cells.count([part.slow for part in found])
            values = times * read * site.shape[2]
            cells.written.words += values
            power = sum(part.squares for part in found) / values
            self.power += (power - self.power) * (NEWEST if self.power else 1.0)
        site.workspace.drop(size)

    def _vectors(
        self, x: Windows, dy: Array, rate: float, *, times: int, turn: Turn
    ) -> list[Round]:
        """Rounds of equal numbers of vectors with pulse trains of their own."""
        site = self.site
        inputs = x.map.reshape(x.vectors, -1) * site.dtype(x.scale)
        errors = np.ascontiguousarray(dy.reshape(x.vectors, -1))
        found: list[Round] = []
        nothing = np.empty(0, self.site.dtype)
        for k in range(times):
            some = slice(x.vectors * k // times, x.vectors * (k + 1) // times)
            counted = self.rounds, self.vectors
            pair = self.chopped(inputs[some]), errors[some]
            pulsed = coincide(site, self.fast, pair, rate, counted=counted)
            self.vectors += some.stop - some.start
            found += [Round(counts, np.zeros(len(Count)), 0.0) for counts in pulsed]
            found += self._round(Sums(nothing, nothing, 0.0), 1, turn)
        return found

    def chopped(self, inputs: Array) -> Array:
        """The inputs [vectors, rows] as they enter the fast array; without a chopper themselves."""
        return inputs

    def means(self, start: int, stop: int) -> tuple[transfer.Chopper, transfer.Average]:
        """What a read goes through beside the converter: nothing, without a chopper."""
        return NO_CHOPPER, no_average(self.site.dtype)

    def _rounds(self, sums: Sums, times: int, turn: Turn) -> list[Round]:
        """Rounds of equal shares of a batch."""
        return self._round(sums, times, turn)

    def _round(self, sums: Sums, times: int, turn: Turn) -> list[Round]:
        """Rounds of equal shares of a batch, part by part.

        With the rate 0 there are no pulses, only reads.
        """
        site, training, fast, slow = self.site, self.site.training, self.fast, self.cells
        own, total = training.own(TikiTakaKeys).tiki_taka, self.hidden.size
        turns = transfer.Turn(self.row * site.shape[2], turn.rows * site.shape[2], total)
        arrays, step, top = site.spec.forward, 0.0, 0
        if training.adc == "array":  # the first batch, which sets their range, is not converted
            reach = arrays.adc_range * self.power**0.5
            step, top = CONVERTERS[arrays.adc].quantisation(arrays.adc_bits, reach)
        converter = transfer.Converter(self.reading.relative, site.offset, float(step), int(top))
        forget = math.nan if own.forget is None else own.forget
        rule = transfer.Rule(turn.worth * own.rate, slow.physics.granule, forget)
        parts = spans(total, max(PART // times, LEAST))

        def job(i: int) -> Round:
            start, stop = parts[i]
            arrays = transfer.Arrays(
                fast.part(start, stop),
                slow.part(start, stop),
                self.reference.weight[start:stop],
                self.hidden[start:stop],
            )
            own = Sums(sums.gradient[start:stop], sums.size[start:stop], sums.rate)
            draw = site.draw(start, self.rounds)
            means = converter, *self.means(start, stop)
            squares = transfer.rounds(own, arrays, times, turns, means, rule, draw)
            return Round(arrays.fast.counts, arrays.slow.counts, squares)

        found = site.workers.run(job, len(parts))
        self.rounds += times
        return found
