"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from neurorebit.layers.activation import ERROR_PRODUCT, SIGN
from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork
from neurorebit.schema import quantity

# 16 random bits are compared with the rate; what stays is scaled.
DROP = Operation(cycles=1.0, additions=((1, 16.0),), products=((1, Value.STORED),), words=0.5)


@dataclass(frozen=True)
class Dropout(Layer):
    """Sets a share ``rate`` of the values to zero by chance while it learns (N. Srivastava et al.,
    JMLR 15:1929, 2014), and scales the others by 1 / (1 - rate). Evaluation passes all values.

    A bit for each value is kept, which no other stored value tells.
    """

    rate: Annotated[float, quantity("", at_least=0, below=1)] = 0.5

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """A comparison and a product."""
        return (VectorWork(DROP, given.size, SIGN),)

    def inference(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Nothing."""
        return ()

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The same product, of an error; the bits come back."""
        return (VectorWork(ERROR_PRODUCT, given.size, SIGN),)
