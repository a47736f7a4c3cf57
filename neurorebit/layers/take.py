"""Values of a map at chosen places."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Shape, Size
from neurorebit.layers.movement import Movement, Side, along


@dataclass(frozen=True)
class Take(Movement):
    """``count`` of its channels, rows or columns, in any order, each as often as wanted."""

    axis: Side
    count: Size

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        return along(one, self.axis, self.count)
