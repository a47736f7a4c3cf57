"""Values around a map."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Misshaped, Shape
from neurorebit.layers.movement import Count, Movement
from neurorebit.layers.window import Sides, Window


@dataclass(frozen=True)
class Pad(Movement):
    """Rows and columns around a map, as ``padding`` says, and channels before and behind it.

    Where a convolution or a pooling follows, its own padding costs nothing.
    """

    padding: Sides = 0
    channels: tuple[Count, Count] = (0, 0)

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        top, bottom, left, right = Window.of(1, 1, self.padding, 1).padding
        if not any((top, bottom, left, right, *self.channels)):
            raise Misshaped("pads nothing", "give 'padding' or 'channels'")
        return Shape(
            one.channels + sum(self.channels), one.height + top + bottom, one.width + left + right
        )
