"""Pooling by the largest value."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Shape
from neurorebit.layers.pooling import Pool


@dataclass(frozen=True)
class MaxPool(Pool):
    """Largest of a window; padding is never the largest."""

    def errors(self, given: Shape, output: Shape) -> int:
        """At most one of each window, for its largest value, which may be that of others."""
        return output.size
