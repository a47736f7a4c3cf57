"""Weights of the scheme ``panther``: slices of whole numbers, changed by outer products."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from neurorebit.chips.sliced.spec import SlicedSpec
from neurorebit.kernels import pulse, reading
from neurorebit.kernels import slices as kernel
from neurorebit.kernels.cell import Mapping, UpDown
from neurorebit.kernels.levels import Count, Grid
from neurorebit.schema import InputError
from neurorebit.schemes.panther.keys import PantherKeys
from neurorebit.schemes.parts.arrays import Arrays, conductances
from neurorebit.schemes.parts.cells import Cells, bounded
from neurorebit.schemes.parts.software import initial
from neurorebit.training.parts import product
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans

APART = 1 << 16  # between the numbers of a layer's slices, for their random numbers
RESOLVED = 1  # number of the array of what carries write, for its random numbers
ATTEMPTS = 32  # of a verified write, at most
BLOCK = 1 << 16  # numbers of the vectors of one block


@dataclass(eq=False)
class Slice:
    """The cells of one slice, and their reads.

    ``steps`` from end to end of a cell's range, each worth one in this slice, and ``worth`` of one
    in the weight's own steps. The number 0 lies half a step above mid range.
    """

    cells: Cells
    reading: Arrays
    steps: int
    worth: float

    @property
    def each(self) -> UpDown:
        """Pulses up and down of a step."""
        response = self.cells.physics.response
        return UpDown(response.pulses_up / self.steps, response.pulses_down / self.steps)

    def held(self, numbers: Array) -> Array:
        """What cells hold of these numbers, from -1 to 1."""
        found: Array = (2.0 * numbers + 1.0) / self.steps
        return found


@dataclass(eq=False)
class Slices:
    """The slices of a layer, ``slice0`` the least significant."""


@dataclass(eq=False)
class PantherWeights:
    """PANTHER (docs/models/schemes.md#panther): A. Ankit et al., IEEE Trans. Comput. 69(8), 2020.

    A weight is a whole number of ``weight_bits``, of which each slice has an equal part and some
    room for carries. Both passes read the slices, each through converters of its own, and add their
    results. The errors of a batch times the rate are rounded at random to operands of
    ``update_bits``, with one power of two for the batch. Each outer product of an input's codes and
    an operand sends every slice its own digits of all partial products, as pulses; there are no
    carries between slices, and a cell at an end of its range takes no more. Every ``carry_every``
    batches all cells are read, sums are taken apart into digits that fit, and cells that hold
    another one are written and verified.

    The pulses of a batch arrive in random order, so that the ends of a range limit their sum.
    Momentum and weight decay have no effect.
    """

    site: Site
    slices: Slices = field(init=False)
    full: float = field(init=False)  # the weight at the end of the range
    tolerance: float = field(init=False)  # of what carries write, over a step
    written: Written = field(init=False, default_factory=Written)  # by carry resolution
    outer: Written = field(init=False, default_factory=Written)  # by outer products
    cut: int = field(init=False, default=0)  # weights that carries took beyond the range
    in_arrays: ClassVar[bool] = True
    integers: ClassVar[Integers | None] = None
    digital: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        site = self.site
        first = initial(site)
        spread = site.deviation
        if site.given is not None:
            spread = float(np.std(first, dtype=np.float64)) or spread
        given, times = site.training.weight_range, site.training.own(PantherKeys).panther.range
        self.full = times * spread if given is None else given
        self.slices, self.written.reads = Slices(), 0
        self.tolerance = site.training.write_tolerance
        for number in range(len(self.bits)):
            setattr(self.slices, f"slice{number}", self._slice(number))
        self._place(first)

    def _slice(self, number: int) -> Slice:
        """The cells of a slice, and their reads; random numbers are its own."""
        site = replace(self.site, index=self.site.index + APART * number)
        bits = self.bits[number]
        steps = (1 << bits) - 1
        cells, dtype = Cells(site), site.dtype

        def hold(size: int, array: int) -> Array:
            return bounded(site, np.full(size, 1.0 / steps, dtype), array)

        cells.writes = np.zeros(cells.weight.size, np.int64)
        reading = Arrays(
            site,
            site.training.read == "levels",
            follows=True,
            hold=hold,
            digits=steps + 1,
        )
        return Slice(cells, reading, steps, 2.0 ** (self.stride * number))

    def _place(self, first: Array) -> None:
        """Set the first weights: the nearest whole numbers, as digits."""
        units = np.zeros((len(self.bits), first.size), np.int16)
        whole = np.rint(first.reshape(-1).astype(np.float64) / self.unit).astype(np.int64)
        half = 1 << (self.stride - 1)
        for number in range(len(self.bits) - 1):
            units[number] = ((whole + half) & (2 * half - 1)) - half
            whole = (whole - units[number]) >> self.stride
        most = 1 << (self.bits[-1] - 1)
        units[-1] = np.clip(whole, -most, most - 1)
        for numbers, one in zip(units, self.each, strict=True):
            one.cells.place(one.held(numbers.reshape(first.shape)))

    # -- what it is of ---------------------------------------------------------------------------

    @property
    def spec(self) -> SlicedSpec:
        """The chip, which has slices."""
        spec = self.site.spec
        if not isinstance(spec, SlicedSpec):
            message = f"scheme={spec.scheme}: {spec.called} has no slices of weights"
            raise InputError(message, cure="take architecture=panther")
        return spec

    @property
    def bits(self) -> tuple[int, ...]:
        """Bits of a cell of each slice, the least significant first."""
        return self.spec.arrays.bits[::-1]

    @property
    def stride(self) -> int:
        """Bits of a weight that a slice stores."""
        return int(self.spec.stride)

    @property
    def unit(self) -> float:
        """The weight of one step of the least significant slice."""
        return float(self.full * 2.0 ** (1 - int(self.spec.weight_bits)))

    @property
    def each(self) -> list[Slice]:
        """The slices, the least significant first."""
        return [getattr(self.slices, f"slice{number}") for number in range(len(self.bits))]

    @property
    def read(self) -> list[Slice]:
        """Those that products read."""
        return self.each[-int(self.spec.read_slices) :]

    @property
    def arrays(self) -> int:
        """Each slice counts as one."""
        return len(self.bits)

    @property
    def written_fast(self) -> Written:
        """What outer products sent."""
        return self.outer

    @property
    def writes(self) -> Array:
        """How often each cell of all slices was written; each pulse of an outer product counts."""
        return np.concatenate([one.cells.writes for one in self.each])

    @property
    def weight(self) -> Array:
        """The weights that the cells hold together."""
        total = np.zeros(self.site.shape)
        for one in self.each:
            total += one.worth * 0.5 * (one.cells.weight.astype(np.float64) * one.steps - 1.0)
        return np.asarray(total * self.unit, self.site.dtype)

    @property
    def views(self) -> dict[str, Array]:
        """The weights of all cells together."""
        return {"analog": self.weight}

    @property
    def kept(self) -> dict[str, Array]:
        """The weights, and what the cells of each slice conduct [S], the least one first."""
        held = [
            conductances(self.site, one.cells.weight, Mapping.REFERENCE, None)["conductance"]
            for one in self.each
        ]
        return {"weight": self.weight, "full": np.array(self.full), "conductance": np.stack(held)}

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters used their codes, those of the most significant slice."""
        return self.each[-1].reading.converted

    # -- products --------------------------------------------------------------------------------

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Forward through the slices and their converters."""
        part = self.site.workspace.take(out.shape, out.dtype)
        out[...] = 0
        for one in self.read:
            full = self._end(one)
            one.reading.mvm(one.cells.weight, x, part, full=full, learning=learning)
            np.add(out, part, out=out)
        self.site.workspace.drop(part)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Backward through the same cells, read the other way."""
        part = self.site.workspace.take(dx.shape, dx.dtype)
        dx[...] = 0
        for one in self.read:
            one.reading.mtvm(one.cells.weight, dy, x, part, full=self._end(one))
            np.add(dx, part, out=dx)
        self.site.workspace.drop(part)

    def _end(self, one: Slice) -> float:
        """The weight of half of the range of a slice's cells."""
        return self.unit * one.worth * 0.5 * one.steps

    # -- outer products --------------------------------------------------------------------------

    def begin_epoch(self) -> None:
        """Nothing happens."""

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Add the outer products of a batch to the cells; resolve carries where they are due."""
        self.written.updates += 1
        largest = float(np.max(np.abs(dy), initial=0.0)) * rate * x.scale / self.unit
        if 0.0 < largest < math.inf:
            most = 2.0 ** int(self.spec.arrays.update_bits) - 1.0
            shift = max(math.ceil(math.log2(largest / most)), 0)
            self._accumulate(x, dy, -rate * x.scale / self.unit, shift)
        if self.written.updates % int(self.spec.arrays.carry_every) == 0:
            self._resolve()
        mean = sum(0.5 + 0.5 * one.cells.total / one.cells.weight.size for one in self.each)
        for written in (self.written, self.outer):
            written.conductance += mean / len(self.bits)

    def _operands(self, dy: Array, factor: float, shift: int) -> Array:
        """Whole numbers for the columns, rounded at random."""
        site = self.site
        out = site.workspace.take(dy.shape, dy.dtype)
        flat, target = dy.reshape(-1), out.reshape(-1)
        most = 2.0 ** int(self.spec.arrays.update_bits) - 1.0
        parts = spans(flat.size, PART)

        def job(i: int) -> None:
            start, stop = parts[i]
            whole = site.workers.scratch("operands", (stop - start,), np.int32)
            draw = site.draw(start, self.written.updates)
            pulse.round_stochastically(
                flat[start:stop], whole, factor / 2.0**shift, UpDown(1.0, 1.0), most, draw
            )
            target[start:stop] = whole

        site.workers.run(job, len(parts))
        return np.asarray(out)

    def _accumulate(self, x: Windows, dy: Array, factor: float, shift: int) -> None:
        """Add up what a batch sends to the cells, some rows at a time, and send it."""
        spec, site = self.spec, self.site
        operands, planes = self._operands(dy, factor, shift), int(spec.input_bits)
        top = len(self.bits) - 1
        first = min(shift // self.stride, top)
        last = min((shift + int(spec.arrays.update_bits) + planes - 1) // self.stride, top)
        layout = kernel.Layout(planes, shift, self.stride, first, top)
        reached = self.each[first : last + 1]
        pieces = [(g, part) for g in range(site.shape[0]) for part in product.pieces(x.node)]

        def job(i: int) -> list[Array]:
            group, part = pieces[i]
            sums = self._sums(x, operands, layout, group=group, part=part, count=len(reached))
            start = (group * site.shape[1] + part.start) * site.shape[2]
            counts = []
            for one, net, size in zip(reached, sums.net, sums.size, strict=True):
                cells = one.cells.part(start, start + net.size)
                draw = one.cells.draw(start, self.written.updates)
                flat = net.reshape(-1), size.reshape(-1)
                kernel.pulse_units(cells, *flat, one.each, draw)
                counts.append(np.asarray(cells.counts))
            return counts

        found = site.workers.run(job, len(pieces))
        for one, counts in zip(reached, zip(*found, strict=True), strict=True):
            self._count(one, self.outer, sum(counts, np.zeros(len(Count))))
        site.workspace.drop(operands)

    def _sums(
        self,
        x: Windows,
        operands: Array,
        layout: kernel.Layout,
        *,
        group: int,
        part: product.Piece,
        count: int,
    ) -> kernel.Sums:
        """What all vectors add to the rows of a piece, in the ``count`` slices that are reached."""
        workers, cols, dtype = self.site.workers, self.site.shape[2], operands.dtype
        rows, (height, width) = part.stop - part.start, operands.shape[1:3]
        sums = kernel.Sums(
            workers.scratch("net", (count, rows, cols), np.int32),
            workers.scratch("size", (count, rows, cols), np.int32),
        )
        sums.net[...] = 0
        sums.size[...] = 0
        digits = workers.scratch("digits", (layout.planes, count, cols), np.int32)
        own = group * cols, (group + 1) * cols
        lines = max(1, BLOCK // (width * (rows + cols)))
        for block in spans(len(operands) * height, lines):
            columns = x.columns(part, block, group, workers=workers, dtype=dtype)
            errors = product.errors_of(operands, part, block, own, workers=workers)
            kernel.accumulate(columns, errors, sums, layout, digits)
        return sums

    # -- carries ---------------------------------------------------------------------------------

    def _resolve(self) -> None:
        """Read all cells, resolve the carries, and write the cells that hold another digit."""
        site, each = self.site, self.each
        bits, size = np.array(self.bits, np.int64), each[0].cells.weight.size
        parts = spans(size, PART // len(each))

        def job(i: int) -> tuple[int, list[Array]]:
            start, stop = parts[i]
            units = np.empty((len(each), stop - start), np.int16)
            for one, into, wide in zip(each, units, self.bits, strict=True):
                self._read_units(one, start, into, wide)
            old = units.copy()
            cut = kernel.resolve(units, bits, self.stride)
            pairs = zip(each, old, units, strict=True)
            return cut, [self._write(one, start, held, due) for one, held, due in pairs]

        found = site.workers.run(job, len(parts))
        self.cut += sum(cut for cut, _ in found)
        for one, counts in zip(each, zip(*(part for _, part in found), strict=True), strict=True):
            total = sum(counts, np.zeros(len(Count)))
            self._count(one, self.written, total)
            assert self.written.reads is not None
            self.written.reads += int(total[Count.READS])
        self.written.words += size * len(each)

    def _read_units(self, one: Slice, start: int, into: Array, bits: int) -> None:
        """What cells hold, each read by itself through the converters of the forward pass."""
        site, spec = self.site, self.spec
        seen = one.cells.weight.reshape(-1)[start : start + into.size]
        if one.reading.relative:
            error = reading.Noise(one.reading.relative, int(Mapping.REFERENCE), site.offset)
            out = np.empty_like(seen)
            draw = one.cells.site.draw(start, self.written.updates, RESOLVED)
            reading.read(seen, out, error, draw)
            seen = out
        codes = bits if site.training.adc == "ideal" else min(int(spec.forward.adc_bits), bits)
        if codes < bits:
            steps = 2.0**codes - 1.0
            code = np.clip(np.floor(0.5 * (seen + 1.0) * steps + 0.5), 0.0, steps)
            seen = np.asarray(2.0 * code / steps - 1.0, seen.dtype)
        kernel.read_units(seen, bits, into)

    def _write(self, one: Slice, start: int, held: Array, due: Array) -> Array:
        """Bring the cells from ``start`` on whose number changes to the new one; verified."""
        part = one.cells.part(start, start + due.size)
        known = (2 * held + 1).astype(np.int16)
        grid = Grid(float(one.steps), one.steps, odd=True, every=False)
        tolerance = self.tolerance * 2.0 / one.steps
        bends, verify = one.cells.physics.bends, int(pulse.Write.VERIFY)
        plan = pulse.Plan(*bends, verify, tolerance, ATTEMPTS)
        draw = one.cells.site.draw(start, self.written.updates, RESOLVED)
        real = np.asarray(one.held(due), self.site.dtype)
        pulse.to_levels(real, known, part, grid, plan, draw)
        return np.asarray(part.counts)

    def _count(self, one: Slice, written: Written, total: Array) -> None:
        """Add up what was written to a slice's cells."""
        steps, response = self.spec.levels - 1, one.cells.physics.response
        written.sets += int(total[Count.SETS])
        written.resets += int(total[Count.RESETS])
        written.set_steps += float(total[Count.STEPS_UP]) * steps / response.pulses_up
        written.reset_steps += float(total[Count.STEPS_DOWN]) * steps / response.pulses_down
        one.cells.total += float(total[Count.CHANGE])
