"""A map of other numbers of rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurorebit.layers.base import Layer, Shape, Size, Value, VectorWork
from neurorebit.layers.movement import MOVE
from neurorebit.layers.upsample import BLEND, PART


@dataclass(frozen=True)
class Resize(Layer):
    """The ``nearest`` pixels of its input, or ``bilinear`` ones between them.

    For whole factors there is ``upsample``, which is trained, too.
    """

    height: Size
    width: Size
    mode: Literal["nearest", "bilinear"] = "nearest"

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        return Shape(one.channels, self.height, self.width)

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def blended(self, given: Shape, output: Shape) -> int:
        """Values between two neighbours: between lines, then between columns of the taller map."""
        lines = output.height * given.width * given.channels if output.height != given.height else 0
        return lines + (output.size if output.width != given.width else 0)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Nearest pixels are moved; others are blended."""
        if self.mode == "nearest":
            return (VectorWork(MOVE, output.size),)
        return (VectorWork(BLEND, self.blended(given, output)),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Errors are shared out as pixels were blended."""
        if self.mode == "nearest":
            return (VectorWork(MOVE, output.size, ((1, Value.ERROR),)),)
        return (VectorWork(PART, self.blended(given, output)),)
