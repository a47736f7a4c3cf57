"""Weights of the scheme ``deployed``: given ones, rounded to levels and written to cells once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.schemes.parts.sliced import SlicedWeights
from neurorebit.schemes.quantized.weights import QuantizedWeights, SramWeights
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array

SHARES = np.linspace(0.05, 1.0, 96)  # of the largest weight, tried as the outermost level
SAMPLE = 1 << 18  # weights of a layer that the outermost level is fitted to


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
        self.converters()


@dataclass(eq=False)
class DeployedWeights(_Fitted, HybridWeights):
    """A cell of a memory device, or a pair, for each weight."""

    def forget_ranges(self) -> None:
        """Measure the converters' ranges anew."""
        self.reading.forget_ranges()


@dataclass(eq=False)
class SlicedDeployed(_Fitted, SlicedWeights):
    """Several cells of a row for each weight, one for each digit of its level."""

    digital: ClassVar[tuple[str, ...]] = ()

    def forget_ranges(self) -> None:
        """Measure the converters' ranges anew."""
        for column in self.each:
            column.reading.forget_ranges()


def weights(site: Site) -> LevelWeights:
    """Given weights in the cells of the chip's arrays."""
    if not site.spec.holds_devices:
        return SramDeployed(site)
    return SlicedDeployed(site) if np.any(site.spec.cells_per_weight > 1) else DeployedWeights(site)
