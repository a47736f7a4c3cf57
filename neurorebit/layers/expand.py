"""A map repeated."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.layers.base import Misshaped, Shape, Size
from neurorebit.layers.movement import Movement, Shaped


@dataclass(frozen=True)
class Expand(Shaped, Movement):
    """The whole map ``outer`` times, and each of its values ``inner`` times behind each other.

    ``channels``, ``height``, ``width``: the map that this is then.
    """

    _: KW_ONLY
    outer: Size = 1
    inner: Size = 1

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        size = one.size * self.outer * self.inner
        if self.shape.size != size:
            raise Misshaped(
                f"repeats {one} to {size} values, and gives {self.shape}", "take whole multiples"
            )
        return self.shape
