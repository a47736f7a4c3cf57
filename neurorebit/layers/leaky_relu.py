"""Rectifier with a slope below zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import PRODUCT
from neurorebit.schema import quantity


@dataclass(frozen=True)
class LeakyRelu(Activation):
    """x, or ``slope`` times x below zero (A. L. Maas, A. Y. Hannun, A. Y. Ng, 2013)."""

    slope: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.01

    value: ClassVar[Operation | None] = PRODUCT
    gradient: ClassVar[Operation | None] = ERROR_PRODUCT

    def nonnegative(self, *inputs: bool) -> bool:
        return self.slope == 0.0 or all(inputs)
