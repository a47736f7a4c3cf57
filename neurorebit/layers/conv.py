"""Convolution."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal, Self

from neurorebit.layers.base import Matmul, Misshaped, Shape, Size, Weighted, widened
from neurorebit.layers.window import Pair, Sides, Window

Groups = Size | Literal["depthwise"]


@dataclass(frozen=True)
class Conv(Weighted):
    """Convolution without bias.

    ``groups``: blocks of channels that are convolved apart; ``depthwise``, each channel alone.
    """

    channels: Size
    kernel: Pair
    stride: Pair = 1
    padding: Sides = 0
    _: KW_ONLY
    dilation: Pair = 1
    groups: Groups = 1

    def window(self, given: Shape) -> Window:
        return Window.of(self.kernel, self.stride, self.padding, self.dilation)

    def scaled(self, width: float) -> Self:
        return replace(self, channels=widened(self.channels, width))

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        window = self.window(one)
        height, width = window.positions(one.height, one.width)
        if min(height, width) < 1:
            raise Misshaped(f"a {window.fitted} does not fit the {one} map it gets")
        groups = self._groups(one)
        if one.channels % groups or self.channels % groups:
            raise Misshaped(
                f"{groups} groups do not divide {one.channels} inputs and {self.channels} outputs"
            )
        return Shape(self.channels, height, width)

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """A vector has the values under the kernel at one position of the map."""
        window, groups = self.window(given), self._groups(given)
        return Matmul(
            window.taps * given.channels // groups,
            self.channels // groups,
            output.height * output.width,
            given.size,
            groups=groups,
            taps=window.kernel,
        )

    def _groups(self, given: Shape) -> int:
        return given.channels if isinstance(self.groups, str) else self.groups
