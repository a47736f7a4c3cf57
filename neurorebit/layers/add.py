"""Residual connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Layer, Misshaped, Operation, Shape, Value, VectorWork

ADD = Operation(cycles=1.0, additions=((1, Value.STORED),))


@dataclass(frozen=True)
class Add(Layer):
    """Residual connection: the input plus the output of the layer named ``other``."""

    other: str

    also_reads: ClassVar[tuple[str, ...]] = ("other",)

    def output(self, *given: Shape) -> Shape:
        one, other = given
        if one != other:
            raise Misshaped(f"cannot add {other} ('{self.other}') to {one}")
        return one

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The other map is read from memory."""
        return (VectorWork(ADD, output.size, ((1, Value.INPUT),)),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The errors of the two branches meet where they part."""
        return (VectorWork(ADD, output.size, ((1, Value.ERROR),)),)
