"""One value of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork
from neurorebit.layers.functions import PRODUCT, RECIPROCAL_ROOT, SUM

Word = Literal["mean", "sum", "max", "min", "product", "l1", "l2", "squares"]
OF_A_VALUE: dict[str, Operation] = {
    "mean": SUM,
    "sum": SUM,
    "max": SUM,  # a comparison
    "min": SUM,
    "product": PRODUCT,
    "l1": Operation(cycles=2.0, additions=((2, Value.STORED),)),
    "l2": PRODUCT + SUM,
    "squares": PRODUCT + SUM,
}
OF_A_RESULT: dict[str, Operation] = {  # x / n; sqrt(x) = x (1 / sqrt(x))
    "mean": PRODUCT,
    "l2": RECIPROCAL_ROOT + PRODUCT,
}


@dataclass(frozen=True)
class Reduce(Layer):
    """The mean, sum, largest ... value ``of`` those that it is ``over``.

    ``channels`` gives a value for each position, ``positions`` one for each channel, ``map`` one.
    """

    over: Literal["channels", "positions", "map"]
    of: Word

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if self.over == "channels":
            return Shape(1, one.height, one.width)
        return Shape(one.channels if self.over == "positions" else 1, 1, 1)

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs) or self.of in ("l1", "l2", "squares")

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each value is combined with what came before; a mean and a norm take a last step."""
        each = VectorWork(OF_A_VALUE[self.of], given.size)
        last = OF_A_RESULT.get(self.of)
        return (each,) if last is None else (each, VectorWork(last, output.size))

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """An error goes to each value, times what it had to do with the result."""
        return (VectorWork(PRODUCT, given.size, ((1, Value.STORED),)),)
