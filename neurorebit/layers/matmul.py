"""Product of two maps of activations."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from neurorebit.layers.base import (
    ROUND_ERROR,
    ROUND_RESULT,
    Layer,
    Matmul,
    Misshaped,
    Shape,
    Size,
    VectorWork,
)


@dataclass(frozen=True)
class Product(Layer):
    """Every position of its input times the map of the layer named ``other``.

    Maps are read as positions of channels, the channels of ``groups`` (heads) behind each other.
    With ``transpose`` a result is the product of a position with a position of ``other``, both with
    K channels a group: groups K x M by groups K x N positions give groups N x M. Without, the K
    channels of a group weigh the K positions of ``other``: groups K x M by groups N x K positions
    give groups N x M.
    """

    other: str
    _: KW_ONLY
    groups: Size = 1
    transpose: bool = False

    also_reads: ClassVar[tuple[str, ...]] = ("other",)

    def output(self, *given: Shape) -> Shape:
        one, other = given
        positions = other.height * other.width
        if one.channels % self.groups or other.channels % self.groups:
            raise Misshaped(
                f"{self.groups} groups do not divide {one.channels} channels and "
                f"{other.channels} of '{self.other}'",
                "take a divisor of both",
            )
        if self.transpose:
            if one.channels != other.channels:
                raise Misshaped(
                    f"{one} has {one.channels} channels, '{self.other}' has {other.channels}",
                    "make them alike",
                )
            return Shape(self.groups * positions, one.height, one.width)
        if one.channels != self.groups * positions:
            groups = f" in {self.groups} groups" if self.groups > 1 else ""
            raise Misshaped(
                f"{one} has {one.channels} channels{groups} for the {positions} positions of "
                f"'{self.other}'",
                "give it as many",
            )
        return Shape(other.channels, one.height, one.width)

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """A vector is a position of the input, in each group by itself."""
        return Matmul(
            given.channels // self.groups,
            output.channels // self.groups,
            given.height * given.width,
            given.size,
            groups=self.groups,
            stationary=False,
        )

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each result is brought to the bits of an input."""
        return (VectorWork(ROUND_RESULT, output.size),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each error of either map, a sum, is brought to the bits of an error."""
        other = self.matmul(given, output).operands
        return (VectorWork(ROUND_ERROR, given.size + other),)
