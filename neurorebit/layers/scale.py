"""A constant factor and a constant shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from neurorebit.layers.activation import ERROR_PRODUCT
from neurorebit.layers.base import Layer, Misshaped, Shape, VectorWork
from neurorebit.layers.functions import PRODUCT, SUM
from neurorebit.schema import quantity

Number = Annotated[float, quantity("")]


def _several(written: object) -> object:
    """A number by itself is the only one of a list."""
    return written if isinstance(written, list | tuple) else [written]


Numbers = Annotated[tuple[Number, ...], BeforeValidator(_several)]


@dataclass(frozen=True)
class Scale(Layer):
    """``factor`` times the input plus ``shift``, which do not learn.

    A number for all values, or one for each channel.
    """

    factor: Numbers = (1.0,)
    shift: Numbers = (0.0,)

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        for name, numbers in (("factor", self.factor), ("shift", self.shift)):
            if len(numbers) not in (1, one.channels):
                message = f"has {len(numbers)} numbers in '{name}' for {one.channels} channels"
                raise Misshaped(message, "give one, or one for each channel")
        return one

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs) and min(*self.factor, *self.shift) >= 0.0

    @property
    def has_factor(self) -> bool:
        """Whether any factor is not 1."""
        return any(factor != 1.0 for factor in self.factor)

    @property
    def has_shift(self) -> bool:
        """Whether any shift is not 0."""
        return any(shift != 0.0 for shift in self.shift)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """A product unless the factor is 1, and a sum unless the shift is 0."""
        product = (VectorWork(PRODUCT, given.size),) if self.has_factor else ()
        return (*product, *((VectorWork(SUM, given.size),) if self.has_shift else ()))

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """An error takes the factor."""
        return (VectorWork(ERROR_PRODUCT, given.size),) if self.has_factor else ()
