"""Pooling by the mean."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Operation, Shape, Value, VectorWork
from neurorebit.layers.pooling import Pool

SCALE = Operation(cycles=1.0, products=((1, Value.STORED),))


@dataclass(frozen=True)
class AvgPool(Pool):
    """Mean of a window; the stride is the window unless given."""

    def _shifts(self, given: Shape) -> bool:
        """Whether a window has a power of two of values, so that its mean is a shifted sum."""
        taps = self.window(given).taps
        return taps & (taps - 1) == 0

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Sums, and a product with the share of a value where no shift gives the mean."""
        scaled = () if self._shifts(given) else (VectorWork(SCALE, output.size),)
        return (*super().forward(given, output), *scaled)

    def errors(self, given: Shape, output: Shape) -> int:
        """One for each value of each window; the first that comes to a value meets none."""
        return max(0, output.size * self.window(given).taps - given.size)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """An error is scaled as its window was."""
        scaled = () if self._shifts(given) else (VectorWork(SCALE, output.size),)
        return (*super().backward(given, output), *scaled)
