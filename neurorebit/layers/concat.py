"""Maps side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from neurorebit.layers.base import Misshaped, Shape
from neurorebit.layers.join import Join


@dataclass(frozen=True)
class Concat(Join):
    """The input and the output of the layer ``other``, or of ``others``, behind each other.

    ``axis``: along which they are joined; they are alike along both others. Nothing is computed
    and nothing moves: what reads the joined map reads its parts where they are.
    """

    axis: Literal["channels", "height", "width"] = "channels"

    def output(self, *given: Shape) -> Shape:
        first = self.several(given)[0]
        for i, other in enumerate(given):
            if replace(other, **{self.axis: getattr(first, self.axis)}) != first:
                raise Misshaped(
                    f"cannot join {other}{self.named(i)} to {first} along its {self.axis}",
                    "make the other two sides alike",
                )
        return replace(first, **{self.axis: sum(getattr(one, self.axis) for one in given)})
