"""Layer normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurorebit.layers.base import Shape
from neurorebit.layers.normalisation import Normalisation


@dataclass(frozen=True)
class LayerNorm(Normalisation):
    """Layer normalisation (J. L. Ba, J. R. Kiros, G. E. Hinton, arXiv:1607.06450).

    ``over``: the channels of each position, with a gain and a shift for each channel, or the whole
    map, with a gain and a shift for each value.
    """

    over: Literal["channels", "map"] = "channels"

    def parameters(self, given: Shape, output: Shape) -> int:
        """A gain and a shift of each channel, or of each value."""
        return 2 * (given.channels if self.over == "channels" else given.size)

    def gathers(self, given: Shape) -> bool:
        return self.over == "map"

    def sets(self, given: Shape) -> int:
        return given.height * given.width if self.over == "channels" else 1
