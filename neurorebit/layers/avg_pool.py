"""Pooling by the mean."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import prod

from neurorebit.layers.base import Operation, Shape, Value, VectorWork
from neurorebit.layers.pooling import Pool

SCALE = Operation(cycles=1.0, products=((1, Value.STORED),))


@dataclass(frozen=True)
class AvgPool(Pool):
    """Mean of a window.

    ``count_padding``: zeros of the padding count among the values of a window; what lies beyond the
    padding never does.
    """

    _: KW_ONLY
    count_padding: bool = True

    def _scaled(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """A product with the share of a value, but for a power of two of values: a shift."""
        lines, columns = (
            axis.seen(size, windows, with_zeros=self.count_padding)
            for axis, size, windows in self.along(given, output)
        )
        scaled = sum(not _shifts(high * wide) for high in lines for wide in columns)
        return (VectorWork(SCALE, given.channels * scaled),) if scaled else ()

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Sums, and a product with the share of a value where no shift gives the mean."""
        return (*super().forward(given, output), *self._scaled(given, output))

    def errors(self, given: Shape, output: Shape) -> int:
        """One for each value of each window; the first that comes to a value meets none."""
        reached = (
            sum(count > 0 for count in axis.covering(size, windows))
            for axis, size, windows in self.along(given, output)
        )
        return self.taken(given, output) - given.channels * prod(reached)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """An error is scaled as its window was."""
        return (*super().backward(given, output), *self._scaled(given, output))


def _shifts(values: int) -> bool:
    """Whether a sum of so many values becomes their mean by a shift."""
    return values & (values - 1) == 0
