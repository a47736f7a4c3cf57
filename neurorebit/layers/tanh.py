"""Hyperbolic tangent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import LOGISTIC, PRODUCT, SUM


@dataclass(frozen=True)
class Tanh(Activation):
    """y = 2 logistic(2 x) - 1, doubled by wiring; the gradient takes the output: 1 - y^2."""

    value: ClassVar[Operation | None] = LOGISTIC + SUM
    gradient: ClassVar[Operation | None] = PRODUCT + SUM + ERROR_PRODUCT
    keeps_value: ClassVar[bool] = True
