"""Convolution of a signal."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.layers.base import Misshaped, Shape, Size
from neurorebit.layers.conv import Convolution, Groups
from neurorebit.layers.window import Ends, Window, ends


@dataclass(frozen=True)
class Conv1d(Convolution):
    """Convolution of a signal of one dimension, a map of height 1.

    ``padding``: zeros at both ends of the signal, or at its start and at its end.
    """

    channels: Size
    kernel: Size
    stride: Size = 1
    padding: Ends = 0
    _: KW_ONLY
    dilation: Size = 1
    groups: Groups = 1

    def window(self, given: Shape) -> Window:
        start, end = ends(self.padding)
        return Window((1, self.kernel), (1, self.stride), (0, 0, start, end), (1, self.dilation))

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if one.height > 1:
            message = f"gets a {one} map, and takes signals of height 1"
            raise Misshaped(message, "take 'kind: conv', or reshape the map")
        return super().output(one)
