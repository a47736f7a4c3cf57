"""A map of other sides."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Shape
from neurorebit.layers.movement import Shaped, View


@dataclass(frozen=True)
class Reshape(Shaped, View):
    """The same values in the same order in memory, as a map of other sides; nothing moves.

    Maps lie in memory position by position, the channels of a position together.
    """

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        return self.of_size(one)
