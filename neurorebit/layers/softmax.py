"""Softmax over channels."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.layers.base import Layer, Misshaped, Operation, Shape, Size, Value, VectorWork
from neurorebit.layers.functions import EXPONENTIAL, PRODUCT, RECIPROCAL, SUM

# The largest value of a row is found and subtracted, so that no exponential is above 1; they are
# added up, and each is multiplied by the reciprocal of their sum.
OF_A_VALUE = SUM + SUM + EXPONENTIAL + SUM + PRODUCT
# p (e - sum of p e): a product and a sum for the row's sum, a difference and a product.
BACK = Operation(
    cycles=4.0, additions=((1, 32.0), (1, Value.ERROR)), products=((2, Value.ERROR),), words=1.0
)


@dataclass(frozen=True)
class Softmax(Layer):
    """Softmax over the channels of each position, of each of ``groups`` groups by itself.

    ``causal``: channels stand for positions, and a position takes none behind itself.
    """

    _: KW_ONLY
    groups: Size = 1
    causal: bool = False

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if one.channels % self.groups:
            raise Misshaped(
                f"{self.groups} groups do not divide {one.channels} channels", "take a divisor"
            )
        positions = one.height * one.width
        if self.causal and one.channels // self.groups != positions:
            raise Misshaped(
                f"causal, but {one.channels // self.groups} channels of a group are not the "
                f"{positions} positions of the map",
                "drop causal, or change groups",
            )
        return one

    def nonnegative(self, *inputs: bool) -> bool:
        return True

    def _taken(self, given: Shape) -> float:
        """Values that are not masked."""
        if not self.causal:
            return given.size
        positions = given.height * given.width
        return self.groups * positions * (positions + 1) / 2

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        rows = self.groups * given.height * given.width
        return VectorWork(OF_A_VALUE, self._taken(given)), VectorWork(RECIPROCAL, rows)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The results are read again: what the next layer took as its input."""
        return (VectorWork(BACK, self._taken(given), ((1, Value.INPUT),)),)
