"""Pooling by the largest value."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.pooling import Pool


@dataclass(frozen=True)
class MaxPool(Pool):
    """Largest of a window; the stride is the window unless given."""
