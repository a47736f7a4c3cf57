"""Functions of each value that have no kind of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork
from neurorebit.layers.functions import (
    DIVISION,
    EXPONENTIAL,
    LOGISTIC,
    MAGNITUDE,
    NORMAL,
    PRODUCT,
    RECIPROCAL,
    RECIPROCAL_ROOT,
    SUM,
)
from neurorebit.schema.fields import one_of

CLIP = Operation(cycles=1.0, additions=((2, Value.STORED),))  # compared with two bounds
# A logarithm takes the leading one, a table of the mantissa's and a product by ln 2, as a
# reciprocal does; a sine is looked up on a quarter of a turn, as a logistic function on one side.
LOGARITHM = RECIPROCAL
SINE = LOGISTIC
FUNCTIONS: dict[str, Operation] = {
    "exp": EXPONENTIAL,
    "log": LOGARITHM,
    "sqrt": RECIPROCAL_ROOT + PRODUCT,  # x (1 / sqrt(x))
    "rsqrt": RECIPROCAL_ROOT,
    "reciprocal": RECIPROCAL,
    "erf": NORMAL + SUM,  # 2 F(sqrt(2) x) - 1
    "sin": SINE,
    "cos": SINE,
    "softplus": EXPONENTIAL + SUM + LOGARITHM,
    "mish": EXPONENTIAL + SUM + LOGARITHM + LOGISTIC + SUM + PRODUCT,
    "softsign": MAGNITUDE + SUM + DIVISION,
    "square": PRODUCT,
    "cube": PRODUCT + PRODUCT,
    "power": LOGARITHM + PRODUCT + EXPONENTIAL,  # exp(p log x)
    "abs": MAGNITUDE,
    "negate": SUM,
    "clip": CLIP,
    "minimum": SUM,
    "maximum": SUM,
    "compare": SUM,
    "select": SUM,
    "round": SUM,
}
POSITIVE = ("exp", "sqrt", "rsqrt", "softplus", "square", "abs", "compare")
KEEPING = ("reciprocal", "cube", "power", "round", "maximum", "select", "mish", "softsign")


@dataclass(frozen=True)
class Function(Layer):
    """A function ``of`` each value."""

    of: Annotated[str, one_of(FUNCTIONS)]

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The function, and the value kept for its slope."""
        return (VectorWork(FUNCTIONS[self.of], given.size, ((1, Value.STORED),)),)

    def nonnegative(self, *inputs: bool) -> bool:
        return self.of in POSITIVE or (all(inputs) and self.of in KEEPING)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The slope, from the value, times the error."""
        return (VectorWork(FUNCTIONS[self.of] + PRODUCT, given.size, ((1, Value.STORED),)),)
