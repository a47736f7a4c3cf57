"""Fully connected layer."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal, Self

from neurorebit.layers.base import Matmul, Shape, Size, Weighted, widened


@dataclass(frozen=True)
class Linear(Weighted):
    """Fully connected layer.

    ``per``: its inputs are all values of a ``map``, whose channels lie next to each other, or the
    channels of each ``position`` on its own, with the same weights.
    """

    features: Size
    _: KW_ONLY
    per: Literal["map", "position"] = "map"

    def scaled(self, width: float) -> Self:
        return replace(self, features=widened(self.features, width))

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if self.per == "map":
            return Shape(self.features, 1, 1)
        return Shape(self.features, one.height, one.width)

    def product(self, given: Shape, output: Shape) -> tuple[Shape, Shape]:
        """A map is read as one position of many channels."""
        return (Shape(given.size, 1, 1) if self.per == "map" else given), output

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """A vector is the map, or a position of it."""
        seen, _ = self.product(given, output)
        return Matmul(seen.channels, self.features, seen.height * seen.width, given.size)
