"""Logistic function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import LOGISTIC, PRODUCT, SUM


@dataclass(frozen=True)
class Sigmoid(Activation):
    """y = 1 / (1 + exp(-x)); the gradient takes the output: y (1 - y)."""

    value: ClassVar[Operation | None] = LOGISTIC
    gradient: ClassVar[Operation | None] = SUM + PRODUCT + ERROR_PRODUCT
    keeps_value: ClassVar[bool] = True

    def nonnegative(self, *inputs: bool) -> bool:
        return True
