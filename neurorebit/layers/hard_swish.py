"""Sigmoid-weighted linear unit in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import PRODUCT
from neurorebit.layers.hard_sigmoid import PIECES


@dataclass(frozen=True)
class HardSwish(Activation):
    """x times the hard sigmoid of x (A. Howard et al., ICCV 2019).

    The gradient takes the input: x / 3 + 1 / 2 between -3 and 3, 0 below, 1 above.
    """

    value: ClassVar[Operation | None] = PIECES + PRODUCT
    gradient: ClassVar[Operation | None] = PIECES + ERROR_PRODUCT
    keeps_value: ClassVar[bool] = True
