"""Weights of several cells: a digit a cell, each column through its own conversion, then added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np

from neurorebit.kernels import levels, pulse
from neurorebit.kernels.cell import Mapping
from neurorebit.kernels.levels import Count
from neurorebit.kernels.levels import Device as Direct
from neurorebit.schema import InputError
from neurorebit.schemes.parts.arrays import Arrays
from neurorebit.schemes.parts.cells import Physics
from neurorebit.schemes.parts.followed import FollowedWeights, direct, lower, plan
from neurorebit.schemes.parts.references import References
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site, Weights, Written
from neurorebit.training.parts.workers import Array, spans

SLICE = 1 << 16  # between the numbers of a layer's columns of cells, for their random numbers


@dataclass(eq=False)
class Column:
    """The cells of one digit of each weight, of one sign, and their reads.

    ``levels`` are those last written, numbered -top, -top + 2 .. top with top = states - 1.
    """

    levels: Array
    analog: Array
    reading: Arrays
    states: int
    _: KW_ONLY
    total: float = 0.0
    physics: Physics | None = None


@dataclass(eq=False)
class Columns:
    """The columns of cells, ``digit0`` the least significant, and what they have in common.

    Of pairs ``digit0`` .. are those that add, ``minus0`` .. those that subtract.
    """

    references: References | None = None


@dataclass(eq=False)
class SlicedWeights(FollowedWeights):
    """Several cells of a row for each weight, which hold the digits of its level.

    See docs/models/training.md#weights-of-several-cells.

    A level L of -top..top of b bits is the number L + 2^(b-1); where only odd ones are levels, it
    is (L + top) / 2. Its digits, of ``digit_bits`` bits each and the most significant of what is
    left, are levels of the cells from end to end of their range. Every cell is read against mid
    range in a conversion of its own, and the codes are added with their digit's worth. Mid range
    lies between two levels, so that the sum of all digits is that of L and half a level, which is
    taken off in the reads of the least significant cells. The cells of a weight share the
    reference cells of forward reads.

    Pairs (``signed_weights``): the digits of |L| stand in the cells of its sign, and those of the
    other are at the low end. One conversion takes the difference of both columns; there are no
    references.

    A cell is written when its own digit changes.
    """

    columns: Columns = field(init=False)
    back: ClassVar[bool] = False  # whether errors go back through the cells

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check()
        self.columns = Columns()
        self.writes = np.zeros(self.arrays * self.real.size, np.uint32)
        for number in range(self.digits):
            for sign, name in enumerate(("digit", "minus")[: self.signs]):
                setattr(self.columns, f"{name}{number}", self._made(number, sign))
        parts = spans(self.real.size, PART)
        self.synced(self.site.workers.run(lambda i: self.sync(*parts[i]), len(parts)))
        self.written = Written()  # the first write belongs to no step
        self.written.reads = None if self.site.training.write == "direct" else 0
        self.writes[...] = 0

    def _check(self) -> None:
        training, spec = self.site.training, self.site.spec
        refused = (
            (training.mapping != "reference", "mapping", training.mapping, "reference"),
            (training.wires == "resistive" and self.signs > 1, "wires", "resistive", "ideal"),
            (
                training.quantiser == "no_zero" and self.signs > 1,
                "quantiser",
                training.quantiser,
                "symmetric",
            ),
            (
                bool(np.any(self.bits > spec.cell_bits)),
                "edge_bits",
                self.weight_bits,
                spec.weight_bits,
            ),
        )
        for wrong, key, given, better in refused:
            if wrong:
                what = "pairs of cells" if self.signs > 1 else "several cells"
                message = f"training.{key}={given}: weights are {what} (architecture)"
                raise InputError(message, cure=f"take training.{key}={better}")
        if spec.blocks is not None:
            message = f"{spec.forward_section}.blocks: a weight of several cells is programmed cell"
            raise InputError(f"{message} by cell", cure="take blocks of one cell")

    # -- the columns -----------------------------------------------------------------------------

    @property
    def digits(self) -> int:
        """Digits of a weight."""
        return -(-self.magnitude // self.bits)

    @property
    def signs(self) -> int:
        """Cells of a digit: one, or two of a pair."""
        return 2 if self.site.spec.paired else 1

    @property
    def weight_bits(self) -> int:
        """Bits of a weight of this layer."""
        return int(self.site.weight_bits)

    @property
    def magnitude(self) -> int:
        """Bits that the digits hold: of pairs without the sign."""
        return max(self.weight_bits - (self.signs - 1), 1)

    @property
    def bits(self) -> int:
        """Bits of a digit, but for the most significant one."""
        return -(-self.magnitude // int(np.max(self.site.spec.digits_per_weight)))

    def _states(self, number: int) -> int:
        """Levels of the cells of a digit."""
        left = self.magnitude - self.bits * (self.digits - 1)
        return 1 << (left if number == self.digits - 1 else self.bits)

    @property
    def plus(self) -> list[Column]:
        """The columns that add, the least significant first."""
        return [getattr(self.columns, f"digit{number}") for number in range(self.digits)]

    @property
    def minus(self) -> list[Column]:
        """The columns that subtract, of pairs."""
        if self.signs == 1:
            return []
        return [getattr(self.columns, f"minus{number}") for number in range(self.digits)]

    @property
    def each(self) -> list[Column]:
        """All columns."""
        return self.plus + self.minus

    def _site(self, number: int, sign: int) -> Site:
        """The site of a column's cells, whose random numbers are their own."""
        return replace(self.site, index=self.site.index + SLICE * (number + sign * self.digits))

    def _made(self, number: int, sign: int) -> Column:
        """A column before its first write."""
        site, states, paired = self._site(number, sign), self._states(number), self.signs > 1
        pulsed = self.site.training.write != "direct"
        analog = np.zeros_like(self.real)
        physics = Physics.of(site, 0) if pulsed else None
        if physics is not None:
            lower(analog.reshape(-1), physics)
        half = 1.0 / (states - 1) if number == 0 and not (paired or self.odd) else 0.0
        reading = Arrays(
            site,
            hold=partial(self.held_at, site),
            back=self.back,
            digits=states,
            shift=half,
            shared=self.columns.references if number else None,
            alone=paired,
        )
        if number == 0 and sign == 0:
            self.columns.references = reading.references
        reading.reads = (number + sign * self.digits) << 24  # noise of its own in each read
        known = np.full(analog.shape, -999, np.int16)  # no level yet, so that all are written
        total = float(np.sum(analog, dtype=np.float64))
        return Column(known, analog, reading, states, total=total, physics=physics)

    @property
    def arrays(self) -> int:
        """Each column counts as one."""
        return self.digits * self.signs

    @property
    def analog(self) -> Array:
        """What the cells hold [columns, groups, rows, cols], as shares of a cell's range."""
        return np.stack([column.analog for column in self.each])

    def codes(self, real: Array) -> Array:
        """The levels of real weights."""
        x = np.clip(real.astype(np.float64) * (self.top / self.full), -self.top, self.top)
        found = np.minimum(2 * np.floor(0.5 * x) + 1, self.top) if self.odd else np.floor(x + 0.5)
        return np.asarray(found.astype(np.int64))

    def digit(self, code: Array, number: int, sign: int) -> Array:
        """The digits of levels that stand in the cells of a column."""
        if self.signs > 1:
            whole = np.maximum(-code if sign else code, 0)
        else:
            whole = (code + self.top) // 2 if self.odd else code + (1 << (self.weight_bits - 1))
        return np.asarray((whole >> (self.bits * number)) & (self._states(number) - 1))

    def worth(self, number: int) -> float:
        """The weight that half of the range of a digit's cells is worth, of pairs all of it."""
        step = self.full / self.top * (2.0 if self.odd else 1.0)
        ends = (self._states(number) - 1) * (1.0 if self.signs > 1 else 0.5)
        return step * 2.0 ** (self.bits * number) * ends

    def held(self, column: int) -> Array:
        """The digits that were last written to a column's cells."""
        one = self.each[column]
        return np.asarray((one.levels.astype(np.int64) + one.states - 1) // 2)

    # -- what files keep ---------------------------------------------------------------------------

    @property
    def written_levels(self) -> Array:
        """The levels that were last written."""
        total = np.zeros(self.real.shape, np.int64)
        for number in range(len(self.each)):
            sign, place = divmod(number, self.digits)
            total += (1 - 2 * sign) * (self.held(number) << (self.bits * place))
        if self.signs > 1:
            return total
        return 2 * total - self.top if self.odd else total - (1 << (self.weight_bits - 1))

    def exact(self, out: Array) -> None:
        """``out`` = the weights of the levels that were last written."""
        out[...] = self.written_levels * (self.full / self.top)

    @property
    def views(self) -> dict[str, Array]:
        """The real weights, and what the cells of each hold together."""
        total = np.zeros(self.real.shape)
        for number, one in enumerate(self.plus):
            lowered = self.minus[number].analog if self.signs > 1 else one.reading.shift
            both = 0.5 if self.signs > 1 else 1.0
            total += self.worth(number) * both * (one.analog.astype(np.float64) - lowered)
        return {"real": self.real, "analog": total.astype(self.real.dtype)}

    @property
    def kept(self) -> dict[str, Array]:
        """The weights, their levels, and what the cells of each column conduct [S]."""
        low, high = float(self.site.device.g_min), float(self.site.device.g_max)
        found = 0.5 * (high + low) + 0.5 * (high - low) * self.analog
        levels = self.written_levels.astype(np.int32)
        return {**super().kept, "levels": levels, "conductance": found.astype(np.float32)}

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters used their codes, those of the most significant cells."""
        return self.plus[-1].reading.converted

    # -- reads -------------------------------------------------------------------------------------

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The sum of the products of all digits."""
        part = self.site.workspace.take(out.shape, out.dtype)
        out[...] = 0
        for number, one in enumerate(self.plus):
            worth = self.worth(number)
            if self.signs > 1:
                other = self.minus[number]
                both = one.analog, other.analog
                one.reading.difference(other.reading, both, x, part, full=worth, learning=learning)
            else:
                one.reading.mvm(one.analog, x, part, full=worth, learning=learning)
            np.add(out, part, out=out)
        self.site.workspace.drop(part)

    def through_cells(self, dy: Array, x: Windows, dx: Array) -> None:
        """Errors through all digits, each in a transposed read of its own."""
        part = self.site.workspace.take(dx.shape, dx.dtype)
        dx[...] = 0
        for number, one in enumerate(self.plus):
            one.reading.mtvm(one.analog, dy, x, part, full=self.worth(number))
            np.add(dx, part, out=dx)
        self.site.workspace.drop(part)

    # -- writes ------------------------------------------------------------------------------------

    @property
    def direct(self) -> Direct:
        """The device as a direct write takes it."""
        return direct(self.site.device, Mapping.REFERENCE)

    def plan(self, physics: Physics) -> pulse.Plan:
        """How reference cells are written by pulses: as cells of the most levels."""
        return self._plan(physics, 1 << self.bits)

    def _plan(self, physics: Physics, states: int) -> pulse.Plan:
        return plan(self.site.training, physics, 2.0 / (states - 1))

    def change(self, step: object) -> None:
        """Change the real weights, and sync the arrays."""
        super().change(step)  # type: ignore[arg-type]
        mean = sum(one.total for one in self.each) / (self.real.size * len(self.each))
        self.written.conductance += 0.5 + 0.5 * mean

    def sync(self, start: int, stop: int) -> Array | None:
        """Write the cells whose digit changed, or all cells where they are due."""
        if not self.due(self.written.updates):
            return None
        code = self.codes(self.real.reshape(-1)[start:stop])
        found = np.zeros((len(self.each), len(Count)))
        for number, column in enumerate(self.each):
            sign, place = divmod(number, self.digits)
            first = number * self.real.size
            writes = self.writes[first + start : first + stop]
            site, digits = self._site(place, sign), self.digit(code, place, sign)
            found[number] = self._write(column, site, digits, start=start, writes=writes)
        return found

    def _write(
        self, column: Column, site: Site, digits: Array, *, start: int, writes: Array
    ) -> Array:
        """Write cells of a column from ``start`` on to these digits; counts, in steps of cells."""
        top, stop = column.states - 1, start + digits.size
        real = ((2 * digits - top) / top).astype(self.real.dtype)
        grid = levels.Grid(float(top), top, odd=True, every=self.every)
        known, analog = (a.reshape(-1)[start:stop] for a in (column.levels, column.analog))
        counts, draw = np.zeros(len(Count)), site.draw(start, self.written.updates)
        if column.physics is None:
            levels.program(real, known, analog, writes, grid, self.direct, draw, counts)
            ends: tuple[float, ...] = (2.0 * top, 2.0 * top)
        else:
            physics = column.physics
            cells = pulse.Cells(analog, physics.part(start, stop), physics.response, writes, counts)
            pulse.to_levels(real, known, cells, grid, self._plan(physics, column.states), draw)
            ends = physics.response[:2]
        steps = float(np.max(self.site.spec.cell_steps))
        counts[Count.STEPS_UP] *= steps / ends[0]
        counts[Count.STEPS_DOWN] *= steps / ends[1]
        return counts

    def synced(self, counts: list[Array | None]) -> None:
        """Add up cells written, steps, and the change of what cells hold."""
        some = [part for part in counts if part is not None]
        if not some:
            return
        columns = sum(some[1:], some[0])
        for column, own in zip(self.each, columns, strict=True):
            column.total += float(own[Count.CHANGE])
        total = columns.sum(axis=0)
        self.written.sets += int(total[Count.SETS])
        self.written.resets += int(total[Count.RESETS])
        self.written.set_steps += float(total[Count.STEPS_UP])
        self.written.reset_steps += float(total[Count.STEPS_DOWN])
        if self.written.reads is not None:
            self.written.reads += int(total[Count.READS])


def of_cells(
    alone: Callable[[Site], Weights], several: Callable[[Site], Weights] = SlicedWeights
) -> Callable[[Site], Weights]:
    """A layer's weights on its chip: ``alone`` where each is one cell, else ``several``."""

    def weights(site: Site) -> Weights:
        return several(site) if np.any(site.spec.cells_per_weight > 1) else alone(site)

    return weights
