"""How a layer's converters use their codes: what is clipped, how many codes tell anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.training.parts.workers import Array


@dataclass(frozen=True)
class Use:
    """The use of the ``codes`` that a converter has, over all counted conversions.

    ``clipped``: share of the conversions that end in the least or the largest code; those that lie
    within half a step of it are among them. ``effective``: codes that, used alike often, would tell
    as much, 2^H for the entropy H [bit] of the codes.
    """

    clipped: float
    effective: float
    codes: int


def used(counts: Array) -> Use | None:
    """The use of codes, by the number of conversions to each from the least one on.

    None where there was no conversion.
    """
    total = float(np.sum(counts))
    if not total:
        return None
    shares = counts[counts > 0] / total
    entropy = float(-np.sum(shares * np.log2(shares)))
    clipped = float(counts[0] + counts[-1]) / total
    return Use(clipped, 2.0**entropy, int(counts.size))
