"""Local response normalisation."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Layer, Operation, Shape, Size, Value, VectorWork
from neurorebit.layers.function import FUNCTIONS
from neurorebit.layers.functions import DIVISION, PRODUCT, SUM


@dataclass(frozen=True)
class LocalNorm(Layer):
    """Each value by a power of the sum of squares of ``size`` neighbouring channels.

    (A. Krizhevsky, I. Sutskever, G. E. Hinton, NIPS 2012.) The sum moves along the channels: one
    square comes in and one goes.
    """

    size: Size

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    @property
    def _work(self) -> Operation:
        return PRODUCT + SUM + SUM + FUNCTIONS["power"] + DIVISION

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """A square, two sums, a power and a quotient; the value is kept."""
        return (VectorWork(self._work, given.size, ((1, Value.STORED),)),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The same sums of errors times values."""
        return (VectorWork(self._work + PRODUCT, given.size, ((2, Value.STORED),)),)
