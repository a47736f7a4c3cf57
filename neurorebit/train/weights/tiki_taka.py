"""Two arrays a weight: gradients pulse a fast one, what it holds moves slowly to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import noise, pulse, tiki
from neurorebit.train import product
from neurorebit.train.product import Windows
from neurorebit.train.weights.base import PART, Written
from neurorebit.train.weights.cells import Cells
from neurorebit.train.weights.in_place import InPlaceWeights
from neurorebit.train.workers import Array, spans

NEWEST = 0.1  # weight of the newest batch in the running range of the fast array


@dataclass(frozen=True, eq=False)
class Reference:
    """What the fast cells are read against: the weight at which each is at rest (noiseless)."""

    weight: Array


@dataclass(eq=False)
class TikiTakaWeights(InPlaceWeights):
    """TTv2 (6.2; Gokmen, Front. Artif. Intell. 4:699148, 2021, doi:10.3389/frai.2021.699148).

    Every vector of a batch pulses the fast array by the stochastic outer product: linear layers
    tell vectors and their pulse trains apart, others draw from the sum over the batch. Then some
    rows of it are read in turn, each at most once a batch, through converters of the forward
    bits; digital memory adds up what they hold and sends a pulse to the slow array, which has the
    weights, for each of its mean steps. Weight decay and momentum play no part.
    """

    fast: Cells = field(init=False)
    hidden: Array = field(init=False)
    reference: Reference = field(init=False)
    largest: float = field(init=False, default=0.0)  # sum of |x d| that a cell sees in a batch
    power: float = field(init=False, default=0.0)  # mean square of what the fast array holds
    row: int = field(init=False, default=0)  # the next one that is read
    arrays: ClassVar[int] = 2
    digital: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.fast = Cells(self.site, number=1)
        size = self.fast.weight.size
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
    def memory(self) -> int:
        """What is collected between the arrays."""
        return 32

    @property
    def written(self) -> Written:
        """What was written to both arrays."""
        slow, fast = self.cells.written, self.fast.written
        return Written(
            slow.updates,
            slow.sets + fast.sets,
            slow.resets + fast.resets,
            slow.set_steps + fast.set_steps,
            slow.reset_steps + fast.reset_steps,
            slow.words,
            0.5 * (slow.conductance + fast.conductance),
        )

    @property
    def writes(self) -> Array:
        """How often each cell of either array was written; each pulse of the fast one counts."""
        return np.concatenate([self.cells.writes, self.fast.writes])

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Pulse the fast array, then move some of its rows on."""
        site, cells = self.site, self.cells
        cells.written.updates += 1
        scale = self._pulse(x, dy)
        rows = site.shape[0] * site.shape[1]
        left = min(rows, -(-x.vectors // site.training.tiki_taka.transfer_every))
        counts = []
        while left > 0 and scale > 0.0:
            stop = min(self.row + left, rows)
            counts.append(self._transfer(self.row, stop, rate / (scale * self.full)))
            left -= stop - self.row
            self.row = stop % rows
        cells.count(counts)

    def _pulse(self, x: Windows, dy: Array) -> float:
        """Pulse the fast array by x d; returns its change over minus the gradient."""
        site, fast, workers = self.site, self.fast, self.site.workers
        size = site.workspace.take(site.shape, site.dtype)
        magnitude = site.workspace.take(dy.shape, dy.dtype)
        np.abs(dy, out=magnitude)
        product.outer(x, magnitude, size, workers)
        site.workspace.drop(magnitude)
        largest, known = float(np.max(size)), self.largest
        self.largest += (largest - known) * (NEWEST if known else 1.0)
        if not self.largest > 0.0:
            site.workspace.drop(size)
            return 0.0
        rate = site.training.tiki_taka.pulses / self.largest
        purpose, draw = noise.ARRAYS * fast.number, self.cells.written.updates
        where = site.index, purpose, draw, site.seed
        if site.node.kind == "linear":
            counts = self._coincide(x, dy, rate, where)
        else:
            gradient = site.workspace.take(site.shape, site.dtype)
            product.outer(x, dy, gradient, workers)
            flat = [a.reshape(-1) for a in (fast.weight, gradient, size)]
            parts = spans(size.size, PART)

            def job(i: int) -> Array:
                start, stop = parts[i]
                found = np.zeros(5)
                own, writes = fast.physics.part(start, stop), fast.writes[start:stop]
                device = fast.physics.device
                arrays = (a[start:stop] for a in flat)
                tiki.shower(*arrays, rate, *own, device, writes, (start, *where), found)
                return found

            counts = workers.run(job, len(parts))
            site.workspace.drop(gradient)
        site.workspace.drop(size)
        fast.count(counts)
        return rate * fast.physics.granule

    def _coincide(
        self, x: Windows, dy: Array, rate: float, where: tuple[int, int, int, int]
    ) -> list[Array]:
        """The pulses of each vector, where rows' and columns' trains coincide."""
        site, fast = self.site, self.fast
        layer, purpose, draw, seed = where
        _, rows, cols = site.shape
        inputs = x.map.reshape(-1).astype(site.dtype) * site.dtype(x.scale)
        errors = np.ascontiguousarray(dy.reshape(-1))
        # a slot of both trains is taken with the square root of what a coincidence is worth
        chance = (rate / tiki.SLOTS) ** 0.5
        balance = float((np.max(np.abs(errors)) / max(np.max(np.abs(inputs)), 1e-30)) ** 0.5)
        bits = purpose + noise.BITS, purpose + noise.OTHER_BITS
        row_trains = self._trains(inputs, chance * balance, bits[0], draw).reshape(-1, rows)
        col_trains = self._trains(errors, chance / balance, bits[1], draw).reshape(-1, cols)
        matrix, signs = fast.weight.reshape(rows, cols), errors.reshape(-1, cols)
        pieces = spans(rows, max(1, PART // (16 * cols)))

        def job(i: int) -> Array:
            first, last = pieces[i]
            start, stop = first * cols, last * cols
            found = np.zeros(5)
            tiki.coincide(
                matrix[first:last],
                np.ascontiguousarray(row_trains[:, first:last]),
                col_trains,
                signs,
                *fast.physics.part(start, stop),
                fast.physics.device,
                fast.writes[start:stop],
                (start, layer, purpose, draw, seed),
                found,
            )
            return found

        return site.workers.run(job, len(pieces))

    def _trains(self, values: Array, scale: float, purpose: int, draw: int) -> Array:
        """The pulse train of each value, a slot a bit."""
        site, out = self.site, np.empty(values.size, np.uint32)
        parts = spans(values.size, PART)

        def job(i: int) -> None:
            part = slice(*parts[i])
            stream = parts[i][0], draw, site.index, purpose, site.seed
            tiki.trains(values[part], scale, out[part], *stream)

        site.workers.run(job, len(parts))
        return out

    def _transfer(self, first: int, last: int, gain: float) -> Array:
        """Read rows of the fast array, collect what they hold, pulse the slow one."""
        site, training = self.site, self.site.training
        cols = site.shape[2]
        start, stop = first * cols, last * cols
        found = self.fast.weight.reshape(-1)[start:stop].copy()
        relative, reads = self.reading.relative, self.reading.reads
        if relative > 0.0:
            self.reading.reads += 1
            form = relative, 0, site.offset
            stream = site.index, noise.READ + noise.ARRAYS, reads, site.seed
            pulse.read(found, found, *form, start, *stream)
        found -= self.reference.weight[start:stop]
        power = float(np.mean(np.square(found, dtype=np.float64)))
        self.power += (power - self.power) * (NEWEST if self.power else 1.0)
        if training.adc == "array" and self.power > 0.0:
            top = 2 ** (site.spec.forward.adc_bits - 1) - 1
            step = found.dtype.type(site.spec.forward.adc_range * self.power**0.5 / top)
            found = np.clip(np.rint(found / step), -top, top) * step
        pulses = np.empty(found.size, np.int32)
        forget = -1.0 if training.tiki_taka.forget is None else training.tiki_taka.forget
        share, threshold = training.tiki_taka.rate, self.cells.physics.granule
        hidden = self.hidden[start:stop]
        tiki.collect(hidden, found, pulses, gain * share, threshold, forget)
        counts = np.zeros(5)
        self.cells.pulse(start, pulses, self.cells.written.updates, counts)
        self.cells.written.words += found.size
        return counts
