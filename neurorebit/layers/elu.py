"""Exponential linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import EXPONENTIAL, PRODUCT, SUM
from neurorebit.schema import quantity


@dataclass(frozen=True)
class Elu(Activation):
    """x, or y = ``alpha`` (exp(x) - 1) below zero (D.-A. Clevert et al., arXiv:1511.07289).

    The gradient takes the output: 1, or y + alpha below zero.
    """

    alpha: Annotated[float, quantity("", above=0, at_most=100)] = 1.0

    value: ClassVar[Operation | None] = EXPONENTIAL + SUM + PRODUCT
    gradient: ClassVar[Operation | None] = SUM + ERROR_PRODUCT
    keeps_value: ClassVar[bool] = True
