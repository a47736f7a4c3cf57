"""Logistic function in three straight pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation, Value

# A product and a sum, then a comparison at either end.
PIECES = Operation(cycles=2.0, additions=((3, Value.STORED),), products=((1, Value.STORED),))


@dataclass(frozen=True)
class HardSigmoid(Activation):
    """min(max(x / 6 + 1 / 2, 0), 1) (A. Howard et al., ICCV 2019)."""

    value: ClassVar[Operation | None] = PIECES
    gradient: ClassVar[Operation | None] = ERROR_PRODUCT

    def nonnegative(self, *inputs: bool) -> bool:
        return True
