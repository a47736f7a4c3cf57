"""Sigmoid-weighted linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import LOGISTIC, PRODUCT, SUM


@dataclass(frozen=True)
class Silu(Activation):
    """x s with s = logistic(x) (S. Elfwing, E. Uchibe, K. Doya, arXiv:1702.03118).

    The gradient takes the input: s (1 + x (1 - s)).
    """

    value: ClassVar[Operation | None] = LOGISTIC + PRODUCT
    gradient: ClassVar[Operation | None] = LOGISTIC + SUM + PRODUCT + SUM + PRODUCT + ERROR_PRODUCT
    keeps_value: ClassVar[bool] = True
