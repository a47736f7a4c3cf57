"""Rectifier with an upper bound of 6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.activation import Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import SUM


@dataclass(frozen=True)
class Relu6(Activation):
    """min(max(x, 0), 6): a comparison with 6; rounding to the bits of an input clips at zero."""

    value: ClassVar[Operation | None] = SUM
    gradient: ClassVar[Operation | None] = None

    def nonnegative(self, *inputs: bool) -> bool:
        return True
