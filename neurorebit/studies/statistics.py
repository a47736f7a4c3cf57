"""How well a share, or the mean of a few, is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

CONFIDENCE = 0.95
Z = 1.959963984540054  # of the normal distribution, both sides of 95 %


class Interval(NamedTuple):
    """Bounds between which something lies with a confidence of 95 %."""

    low: float
    high: float


def of_share(right: float, count: int) -> Interval:
    """The share of a population of which ``right`` of ``count`` draws were (E. B. Wilson, 1927).

    doi:10.1080/01621459.1927.10502953. What a test of other images would show.
    """
    share, square = right / count, Z * Z / count
    middle = (share + 0.5 * square) / (1.0 + square)
    half = Z / (1.0 + square) * math.sqrt(share * (1.0 - share) / count + 0.25 * square / count)
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0))


def of_mean(values: Sequence[float]) -> Interval | None:
    """The mean of the population that shares are drawn from, by Student's t; None of one.

    A share lies from 0 to 1, where the bounds of a few that differ much would not.
    """
    count = len(values)
    if count < 2:
        return None
    mean = math.fsum(values) / count
    half = student(count - 1) * spread(values) / math.sqrt(count)
    return Interval(max(mean - half, 0.0), min(mean + half, 1.0))


def spread(values: Sequence[float]) -> float:
    """The standard deviation of the population that values are drawn from; 0 of a single one."""
    count = len(values)
    if count < 2:
        return 0.0
    mean = math.fsum(values) / count
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))


def student(freedom: int) -> float:
    """The quantile of Student's t distribution, both sides of 95 %."""
    from scipy.special import stdtrit  # of SciPy's parts the one that loads fast

    return float(stdtrit(freedom, 0.5 + 0.5 * CONFIDENCE))
