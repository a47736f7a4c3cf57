"""Two maps, value by value, other than their sum or product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from neurorebit.layers.base import Operation, Shape, Value, VectorWork
from neurorebit.layers.function import FUNCTIONS
from neurorebit.layers.functions import DIVISION, PRODUCT, SUM
from neurorebit.layers.join import Elementwise
from neurorebit.schema.fields import one_of

COMBINED: dict[str, Operation] = {
    "subtract": SUM,
    "divide": DIVISION,
    "minimum": SUM,  # a comparison
    "maximum": SUM,
    "compare": SUM,
    "select": SUM,
    "power": FUNCTIONS["power"],
}


@dataclass(frozen=True)
class Combine(Elementwise):
    """The difference, quotient, smaller, larger ... ``of`` its input and ``other``, in this order.

    A map of one channel, row or column is the same for all of them.
    """

    of: Annotated[str, one_of(COMBINED)] = "subtract"

    cannot: ClassVar[str] = "cannot combine {} with"

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs) and self.of != "subtract"

    def forward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """Maps are combined one after the other."""
        return (VectorWork(COMBINED[self.of], (len(given) - 1.0) * output.size),)

    def backward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """Each map's error is that of the output times the slope along it."""
        each = VectorWork(PRODUCT, len(given) * output.size, ((1, Value.STORED),))
        return (each, *self.gathered(given, output))
