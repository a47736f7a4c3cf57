"""The values of a map in another order."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.layers.base import Misshaped, Shape, Size
from neurorebit.layers.movement import Movement, Shaped, product


@dataclass(frozen=True)
class Permute(Shaped, Movement):
    """A transposition: its input, cut into the sides ``view``, with these sides in another order.

    ``view``: sides whose product is the size of the map, the one that changes slowest in memory
    first (rows, columns, channels, or parts of these). ``order``: of the output's sides, which of
    the view's each is, from 0. ``channels``, ``height``, ``width``: the map that this is then.
    """

    _: KW_ONLY
    view: tuple[Size, ...]
    order: tuple[int, ...]

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if product(self.view) != one.size:
            sides = " x ".join(map(str, self.view))
            raise Misshaped(
                f"a view of {sides} does not fit the {one} map it gets", "give the sizes of its map"
            )
        if sorted(self.order) != list(range(len(self.view))):
            last = len(self.view) - 1
            raise Misshaped(
                f"'order' needs each of 0 to {last} once, got {list(self.order)}",
                "name each axis once",
            )
        return self.of_size(one)
