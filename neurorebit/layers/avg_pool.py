"""Pooling by the mean."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.pooling import Pool


@dataclass(frozen=True)
class AvgPool(Pool):
    """Mean of a window; the stride is the window unless given."""
