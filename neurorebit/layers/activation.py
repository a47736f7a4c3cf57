"""The base class of activations: a function of each value, and what its gradient needs."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork

SIGN = ((1.0, 1.0),)  # a bit for each value
KEPT = ((1.0, Value.STORED),)  # a stored value for each
ERROR_PRODUCT = Operation(cycles=1.0, products=((1, Value.ERROR),))


@dataclass(frozen=True)
class Activation(Layer, ABC):
    """A function of each value.

    ``value`` is the work of a lane forward, ``gradient`` that of the gradient (None: none).
    ``keeps_value``: the gradient takes the output or the input, stored for it; else it takes a bit
    for each value. The output is below zero only where the input is, unless a kind says more.
    """

    value: ClassVar[Operation | None]
    gradient: ClassVar[Operation | None]
    keeps_value: ClassVar[bool] = False

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The function, and what is kept for the gradient."""
        if self.keeps_value:
            return (VectorWork(self.value, given.size, KEPT),)
        return (VectorWork(self.value, given.size, mask=True),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """A product of each error with the slope; a slope of 0 or 1 takes none."""
        if self.gradient is None:
            return ()
        kept = KEPT if self.keeps_value else ()
        return (VectorWork(self.gradient, given.size, kept),)
