"""Weights of the scheme ``deployed``: given ones, rounded to levels and written to cells once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from neurorebit.kernels import levels
from neurorebit.kernels.cell import Mapping
from neurorebit.kernels.levels import Count
from neurorebit.kernels.levels import Device as Direct
from neurorebit.schema import InputError
from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.schemes.parts.arrays import Arrays
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.schemes.parts.references import References
from neurorebit.schemes.quantized.weights import QuantizedWeights, SramWeights
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.converters import Converters
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site
from neurorebit.training.parts.workers import Array, spans

SHARES = np.linspace(0.05, 1.0, 96)  # of the largest weight, tried as the outermost level
SAMPLE = 1 << 18  # weights of a layer that the outermost level is fitted to
SLICE = 1 << 16  # between the numbers of a layer's slices, for their random numbers


def outermost(real: Array, top: int, odd: bool) -> float:
    """The weight of the outermost level of which rounding has the least mean square error.

    ``top`` is that level's number; ``odd``: only odd ones are levels. Of a large layer some weights
    are looked at, evenly spread.
    """
    flat = real.reshape(-1)
    some = flat[:: max(1, flat.size // SAMPLE)].astype(np.float64)
    largest = float(np.max(np.abs(some), initial=0.0))
    if largest == 0.0:
        return 1.0

    def error(full: float) -> float:
        x = np.clip(some * (top / full), -top, top)
        found = np.minimum(2 * np.floor(0.5 * x) + 1, top) if odd else np.floor(x + 0.5)
        return float(np.mean(np.square(some - found * (full / top))))

    return float(min(SHARES * largest, key=error))


@dataclass(eq=False)
class _Fitted(LevelWeights):
    """Levels as an archive has them, or else those that the given weights are nearest to."""

    def _fit(self) -> None:
        given = self.site.given
        if given is not None and given.full is not None:
            self.full, self.stale = given.full, False
        elif self.stale:
            self.full, self.stale = outermost(self.real, self.top, self.odd), False


@dataclass(eq=False)
class RoundedWeights(_Fitted, QuantizedWeights):
    """The levels alone, in software: inputs are not rounded, and no cell is read."""


@dataclass(eq=False)
class SramDeployed(_Fitted, SramWeights):
    """The levels as whole numbers in SRAM arrays."""

    def forget_ranges(self) -> None:
        """Measure the converters' ranges anew."""
        self.forward = Converters(self.site)


@dataclass(eq=False)
class DeployedWeights(_Fitted, HybridWeights):
    """A cell of a memory device, or a pair, for each weight."""

    def forget_ranges(self) -> None:
        """Measure the converters' ranges anew."""
        self.reading.forget_ranges()


@dataclass(eq=False)
class Slice:
    """One digit of each weight: a cell, written to one of 2^bits levels, and its reads."""

    levels: Array
    analog: Array
    writes: Array
    reading: Arrays


@dataclass(eq=False)
class SlicedWeights(_Fitted):
    """Several cells of a row for each weight, one for each digit of its level.

    A level L of -top..top is the number L + base^cells / 2, whose digits of base 2^digit_bits are
    the levels of the cells, the least significant first. Every cell is read against mid range, in a
    conversion of its own, and the codes are added with their digit's worth. Mid range lies between
    two levels, so that the sum of all digits is that of L and half a level, which is taken off in
    the reads of the least significant cells. The cells of a weight share reference cells.
    """

    slices: Slices = field(init=False)
    in_arrays: ClassVar[bool] = True
    digital: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        training = self.site.training
        if training.write != "direct" or training.mapping != "reference":
            raise InputError(
                f"training.write={training.write}, training.mapping={training.mapping}: a weight "
                "of several cells is written directly, and read against mid range; take "
                "training.write=direct and training.mapping=reference"
            )
        self.slices = Slices()
        code = self._levels() + self.base**self.cells // 2
        for number in range(self.cells):
            digits = code // self.base**number % self.base
            setattr(self.slices, f"digit{number}", self._written(number, digits))

    @property
    def cells(self) -> int:
        """Cells of a weight."""
        return int(np.max(self.site.spec.cells_per_weight))

    @property
    def base(self) -> int:
        """Levels of a cell."""
        return int(2 ** np.max(self.site.spec.digit_bits))

    @property
    def digits(self) -> list[Slice]:
        """The slices, the least significant first."""
        return [getattr(self.slices, f"digit{number}") for number in range(self.cells)]

    @property
    def arrays(self) -> int:
        """Each digit counts as one."""
        return self.cells

    @property
    def analog(self) -> Array:
        """What the cells hold [digits, groups, rows, cols], as shares of a cell's range."""
        return np.stack([digit.analog for digit in self.digits])

    @property
    def kept(self) -> dict[str, Array]:
        """The weights, their levels, and what the cells of each digit conduct [S]."""
        low, high = float(self.site.device.g_min), float(self.site.device.g_max)
        found = 0.5 * (high + low) + 0.5 * (high - low) * self.analog
        levels = self._levels().astype(np.int32)
        return {**super().kept, "levels": levels, "conductance": found.astype(np.float32)}

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters used their codes, those of the most significant cells."""
        return self.digits[-1].reading.converted

    def forget_ranges(self) -> None:
        """Measure the converters' ranges anew."""
        for digit in self.digits:
            digit.reading.forget_ranges()

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The sum of the products of all digits."""
        site = self.site
        part, step = site.workspace.take(out.shape, out.dtype), self.full / self.top
        out[...] = 0
        for number, digit in enumerate(self.digits):
            worth = step * self.base**number * 0.5 * (self.base - 1)
            digit.reading.mvm(digit.analog, x, part, full=worth, learning=learning)
            np.add(out, part, out=out)
        site.workspace.drop(part)

    def _levels(self) -> Array:
        """The level of each weight."""
        x = np.clip(self.real.astype(np.float64) * (self.top / self.full), -self.top, self.top)
        found = np.minimum(2 * np.floor(0.5 * x) + 1, self.top) if self.odd else np.floor(x + 0.5)
        return np.asarray(found.astype(np.int64))

    def _written(self, number: int, digits: Array) -> Slice:
        """A slice whose cells are written to these digits."""
        site = self._site(number)
        shares = ((2 * digits - (self.base - 1)) / (self.base - 1)).astype(site.dtype)
        known, writes = np.full(shares.shape, -999, np.int16), np.zeros(shares.size, np.uint32)
        analog = np.zeros_like(shares)
        grid = levels.Grid(float(self.base - 1), self.base - 1, odd=True, every=True)
        flat = [a.reshape(-1) for a in (shares, known, analog, writes)]
        for start, stop in spans(shares.size, PART):
            some, draw = [a[start:stop] for a in flat], site.draw(start, 0)
            levels.program(*some, grid, self._direct, draw, np.zeros(len(Count)))
        reading = Arrays(
            site,
            hold=self._hold,
            back=False,
            digits=self.base,
            shift=1.0 / (self.base - 1) if number == 0 else 0.0,
            shared=self.slices.references if number else None,
        )
        if number == 0:
            self.slices.references = reading.references
        reading.reads = number << 24  # noise of its own in each read
        return Slice(known, analog, writes, reading)

    def _site(self, number: int) -> Site:
        """The site of a digit's cells, whose random numbers are their own."""
        return replace(self.site, index=self.site.index + SLICE * number)

    @property
    def _direct(self) -> Direct:
        """The device as a direct write takes it."""
        device, variation = self.site.device, self.site.device.variation
        return Direct(
            float(device.g_min),
            float(device.g_max),
            variation.d2d,
            variation.c2c if variation.form == "state" else 0.0,
            int(Mapping.REFERENCE),
            variation.stuck_low,
            variation.stuck_high,
        )

    def _hold(self, size: int, number: int) -> Array:
        """What reference cells hold: written once to mid range, in the same way as the others."""
        site = self.site
        real, known = np.zeros(size, site.dtype), np.full(size, -999, np.int16)
        held, writes = np.zeros(size, site.dtype), np.zeros(size, np.uint32)
        middle = levels.Grid(1.0, 1, odd=False, every=True)
        for start, stop in spans(size, PART):
            some = [a[start:stop] for a in (real, known, held, writes)]
            draw = site.draw(start, 0, number)
            levels.program(*some, middle, self._direct, draw, np.zeros(len(Count)))
        return held


@dataclass(eq=False)
class Slices:
    """The digits of weights, ``digit0`` the least significant, and their reference cells."""

    references: References | None = None


def weights(site: Site) -> LevelWeights:
    """Given weights in the cells of the chip's arrays."""
    if not site.spec.holds_devices:
        return SramDeployed(site)
    return SlicedWeights(site) if np.any(site.spec.cells_per_weight > 1) else DeployedWeights(site)
