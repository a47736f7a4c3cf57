"""Two arrays a weight: gradients pulse a fast one, what it holds moves slowly to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import noise, tiki
from neurorebit.schema.training import SLOTS
from neurorebit.schemes.parts.cells import Cells
from neurorebit.schemes.parts.in_place import CellWeights
from neurorebit.schemes.tiki_taka.keys import TikiTakaKeys
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Written
from neurorebit.training.parts.workers import Array, spans

LEAST = 256  # cells of one job, in however many rounds
NEWEST = 0.1  # weight of the newest batch in the running range of the fast array


@dataclass(frozen=True, eq=False)
class Reference:
    """What the fast cells are read against: the weight at which each is at rest (noiseless)."""

    weight: Array


@dataclass(eq=False)
class TikiTakaWeights(CellWeights):
    """TTv2 (6.2; Gokmen, Front. Artif. Intell. 4:699148, 2021, doi:10.3389/frai.2021.699148).

    Every vector of a batch pulses the fast array by the stochastic outer product; rows of it are
    read in turn, one every so many vectors, through converters of the forward bits. Digital memory
    adds up what they hold and sends a pulse to the slow array, which has the weights, for each of
    its mean steps. A batch whose vectors are worth more than one read of every row goes in rounds:
    a share of the pulses, then a read of all rows. Linear layers tell vectors and their pulse
    trains apart; others draw from the sum over the batch, of which each round has an equal share.
    Weight decay and momentum play no part. Without decay partial sums grow out of the range that
    the first steps found, and errors are magnified where sums are cut off: converters follow.
    """

    fast: Cells = field(init=False)
    hidden: Array = field(init=False)
    reference: Reference = field(init=False)
    largest: float = field(init=False, default=0.0)  # sum of |x d| that a cell sees in a batch
    power: float = field(init=False, default=0.0)  # mean square of what the fast array holds
    row: int = field(init=False, default=0)  # the next one that is read
    rounds: int = field(init=False, default=0)  # so far: each has draws of its own
    vectors: int = field(init=False, default=0)  # so far, where each has
    arrays: ClassVar[int] = 2
    follows: ClassVar[bool] = True
    digital: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.fast = Cells(self.site, number=1)
        size = self.fast.weight.size
        self.fast.writes = np.zeros(size, np.int64)  # thousands in a batch
        self.hidden = np.zeros(size, self.site.dtype)
        weight = np.empty(size, self.site.dtype)
        parts = spans(size, PART)

        def rest(i: int) -> None:
            start, stop = parts[i]
            physics = self.fast.physics
            tiki.symmetry(weight[start:stop], *physics.part(start, stop), physics.device)

        self.site.workers.run(rest, len(parts))
        self.reference = Reference(weight)
        self.fast.place(weight.reshape(self.fast.weight.shape))

    @property
    def written_fast(self) -> Written:
        """What was written to the fast array."""
        return self.fast.written

    @property
    def writes(self) -> Array:
        """How often each cell of either array was written; each pulse of the fast one counts."""
        return np.concatenate([self.cells.writes, self.fast.writes])

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Pulse the fast array and move its rows on, in as many rounds as the vectors are worth."""
        site, cells, own = self.site, self.cells, self.site.training.own(TikiTakaKeys).tiki_taka
        cells.written.updates += 1
        size = site.workspace.take(site.shape, site.dtype)
        magnitude = site.workspace.take(dy.shape, dy.dtype)
        np.abs(dy, out=magnitude)
        product.outer(x, magnitude, size, site.workers)
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
            turn = read, rate / (pulses * self.fast.physics.granule * self.full)
            if site.node.kind == "linear":
                found = self._vectors(x, dy, pulses, times, turn)
            else:
                gradient = site.workspace.take(site.shape, site.dtype)
                product.outer(x, dy, gradient, site.workers)
                found = self._round(gradient, size, pulses / times, times, turn)
                site.workspace.drop(gradient)
            self.row = (self.row + read) % rows
            self.fast.count([counts[0] for counts, _ in found])
            cells.count([counts[1] for counts, _ in found])
            values = times * read * site.shape[2]
            cells.written.words += values
            power = sum(squares for _, squares in found) / values
            self.power += (power - self.power) * (NEWEST if self.power else 1.0)
        site.workspace.drop(size)

    def _vectors(
        self, x: Windows, dy: Array, rate: float, times: int, turn: tuple[int, float]
    ) -> list[tuple[Array, float]]:
        """Rounds of as many vectors each, told apart; counts as those of ``_round``."""
        inputs = x.map.reshape(x.vectors, -1) * self.site.dtype(x.scale)
        errors = np.ascontiguousarray(dy.reshape(x.vectors, -1))
        found, none = [], np.empty(0, self.site.dtype)
        for k in range(times):
            some = slice(x.vectors * k // times, x.vectors * (k + 1) // times)
            pulsed = self._coincide(inputs[some], errors[some], rate)
            self.vectors += some.stop - some.start
            found += [(np.stack([counts, np.zeros(5)]), 0.0) for counts in pulsed]
            found += self._round(none, none, 0.0, 1, turn)
        return found

    def _round(
        self, gradient: Array, size: Array, rate: float, times: int, turn: tuple[int, float]
    ) -> list[tuple[Array, float]]:
        """Rounds of equal shares of a batch: counts of both arrays, sum of the squares read.

        With rate 0 there are no pulses, only the reads. ``turn`` is (rows of a round, what a read
        is worth).
        """
        site, training, fast, slow = self.site, self.site.training, self.fast, self.cells
        own, total = training.own(TikiTakaKeys).tiki_taka, self.hidden.size
        turns = self.row * site.shape[2], turn[0] * site.shape[2], total
        unit, top = 0.0, 2 ** (site.spec.forward.adc_bits - 1) - 1
        if training.adc == "array":  # the first batch, which tells their range, is read as it is
            unit = site.spec.forward.adc_range * self.power**0.5 / top
        reading = self.reading.relative, site.offset, unit, top
        forget = -1.0 if own.forget is None else own.forget
        passing = turn[1] * own.rate, slow.physics.granule, forget
        parts = spans(total, max(PART // times, LEAST))

        def job(i: int) -> tuple[Array, float]:
            start, stop = parts[i]
            counts = np.zeros((2, 5))
            squares = tiki.rounds(
                gradient.reshape(-1)[start:stop],
                size.reshape(-1)[start:stop],
                rate,
                fast.part(start, stop),
                self.reference.weight[start:stop],
                self.hidden[start:stop],
                slow.part(start, stop),
                turns,
                times,
                reading,
                passing,
                (start, site.index, self.rounds, site.seed),
                counts,
            )
            return counts, squares

        found = site.workers.run(job, len(parts))
        self.rounds += times
        return found

    def _coincide(self, inputs: Array, errors: Array, rate: float) -> list[Array]:
        """The pulses of each vector, where rows' and columns' trains coincide."""
        site, fast, purpose = self.site, self.fast, noise.ARRAYS
        _, rows, cols = site.shape
        # a slot of both trains is taken with the square root of what a coincidence is worth
        chance = (rate / SLOTS) ** 0.5
        tops = float(np.max(np.abs(errors))), float(np.max(np.abs(inputs)))
        balance = (tops[0] / tops[1]) ** 0.5 if min(tops) > 0.0 else 1.0  # 0: no pulses anyway
        bits = purpose + noise.BITS, purpose + noise.OTHER_BITS
        row_trains = self._trains(inputs, chance * balance, bits[0])
        col_trains = self._trains(errors, chance / balance, bits[1])
        matrix = fast.weight.reshape(rows, cols)
        pieces = spans(rows, max(1, PART // (16 * cols)))

        def job(i: int) -> Array:
            first, last = pieces[i]
            start, stop = first * cols, last * cols
            found = np.zeros(5)
            tiki.coincide(
                matrix[first:last],
                np.ascontiguousarray(row_trains[:, first:last]),
                col_trains,
                errors,
                *fast.physics.part(start, stop),
                fast.physics.device,
                fast.writes[start:stop],
                (start, site.index, purpose, self.vectors, site.seed),
                found,
            )
            return found

        return site.workers.run(job, len(pieces))

    def _trains(self, values: Array, scale: float, purpose: int) -> Array:
        """The pulse train of each value, a slot a bit."""
        site, out = self.site, np.empty(values.shape, np.uint32)
        flat, trains = values.reshape(-1), out.reshape(-1)
        parts = spans(flat.size, PART)

        def job(i: int) -> None:
            part = slice(*parts[i])
            stream = parts[i][0], self.rounds, site.index, purpose, site.seed
            tiki.trains(flat[part], scale, SLOTS, trains[part], *stream)

        site.workers.run(job, len(parts))
        return out
