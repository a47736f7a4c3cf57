"""A part of a map."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.layers.base import Misshaped, Shape, Size
from neurorebit.layers.movement import Count, Side, View, along


@dataclass(frozen=True)
class Slice(View):
    """Channels, rows or columns from ``start`` up to, and without, ``stop``; every ``step`` th.

    Nothing moves: what reads it reads the map before it, by other addresses.
    """

    axis: Side
    _: KW_ONLY
    start: Count = 0
    stop: Size
    step: Size = 1

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        size = getattr(one, self.axis)
        if not self.start < self.stop <= size:
            message = f"{self.axis} {self.start} to {self.stop} are not in the {one} map it gets"
            raise Misshaped(message, "count from 0; 'stop' is the first that is left out")
        return along(one, self.axis, -((self.start - self.stop) // self.step))
