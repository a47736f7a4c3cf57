"""Upsampling."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Literal

from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork
from neurorebit.layers.pooling import MEET
from neurorebit.layers.window import Pair, pair

# a + share (b - a), of stored values.
BLEND = Operation(cycles=2.0, additions=((2, Value.STORED),), products=((1, Value.STORED),))
# A share of an error to one neighbour and the rest to the other, each added to what came before.
PART = Operation(cycles=3.0, additions=((3, Value.STORED),), products=((1, Value.STORED),))


@dataclass(frozen=True)
class Upsample(Layer):
    """A map of more pixels: each ``nearest`` one again, or ``bilinear`` between its neighbours.

    Pixels of both maps are squares of the same area: pixel i of the output lies at
    (i + 0.5) / scale - 0.5 of the input, within the centres of its outermost pixels (what PyTorch
    calls ``align_corners=False`` and ONNX ``half_pixel``).
    """

    scale: Pair
    _: KW_ONLY
    mode: Literal["nearest", "bilinear"] = "nearest"

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        down, across = pair(self.scale)
        return Shape(one.channels, down * one.height, across * one.width)

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def blended(self, given: Shape) -> int:
        """Values between two neighbours: between lines, then between columns of the taller map."""
        down, across = pair(self.scale)
        lines = down * given.size if down > 1 else 0
        return lines + (down * across * given.size if across > 1 else 0)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Nearest pixels are written again, without arithmetic."""
        if self.mode == "nearest":
            return (VectorWork(None, output.size),)
        return (VectorWork(BLEND, self.blended(given)),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Errors of a pixel's copies are added; those between two pixels are shared out."""
        if self.mode == "nearest":
            return (VectorWork(MEET, output.size - given.size),)
        return (VectorWork(PART, self.blended(given)),)
