"""Embedding: a learned vector for each word."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import ClassVar, Self

from neurorebit.layers.base import (
    Layer,
    Misshaped,
    Operation,
    Shape,
    Size,
    Value,
    VectorWork,
    widened,
)

# The entry of a word moves by a rate times its error.
MOVE = Operation(cycles=1.0, additions=((1, 32.0),), products=((1, Value.ERROR),))


@dataclass(frozen=True)
class Embedding(Layer):
    """A table of ``entries`` vectors of ``features``, one of which each value of the map chooses.

    The table lies in the memory off the chip: an image fetches one entry for each of its words, and
    a training moves these entries there, in words of 32 bits. ``tied``: it is the matrix of the
    last layer, whose arrays hold a copy of it, and adds nothing to what is learned.
    """

    entries: Size
    features: Size
    _: KW_ONLY
    tied: bool = False

    widens: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    def scaled(self, width: float) -> Self:
        return replace(self, features=widened(self.features, width))

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if one.channels != 1:
            raise Misshaped(
                f"gets a {one} map, whose values are words in one channel",
                "give it a map of one channel",
            )
        return Shape(self.features, one.height, one.width)

    def parameters(self, given: Shape, output: Shape) -> int:
        return 0 if self.tied else self.entries * self.features

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Entries are read from memory, with the bits of an input."""
        return (VectorWork(None, output.size, ((1, Value.INPUT),)),)

    def inference(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        return self.forward(given, output)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Entries are read from memory, moved, and written back."""
        return (VectorWork(MOVE, output.size, ((2, 32.0),)),)
