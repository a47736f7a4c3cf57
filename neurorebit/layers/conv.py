"""Convolution."""

from __future__ import annotations

from abc import ABC
from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal, Self

from neurorebit.layers.base import Matmul, Misshaped, Shape, Size, Weighted, widened
from neurorebit.layers.window import Pair, Sides, Window

Groups = Size | Literal["depthwise"]


@dataclass(frozen=True)
class Convolution(Weighted, ABC):
    """What convolutions of any dimension share.

    ``groups``: blocks of channels that are convolved apart; ``depthwise``, each channel alone.
    """

    channels: Size
    _: KW_ONLY
    groups: Groups = 1

    def scaled(self, width: float) -> Self:
        return replace(self, channels=widened(self.channels, width))

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        window = self.window(one)
        height, width = window.positions(one.height, one.width)
        if min(height, width) < 1:
            cure = "take a smaller kernel, or more padding"
            raise Misshaped(f"a {window.fitted} does not fit the {one} map it gets", cure)
        self.check_groups(one)
        return Shape(self.channels, height, width)

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """A vector has the values under the kernel at one position of the map."""
        window, groups = self.window(given), self.blocks(given)
        return Matmul(
            window.taps * given.channels // groups,
            self.channels // groups,
            output.height * output.width,
            given.size,
            groups=groups,
            taps=window.kernel,
        )

    def blocks(self, given: Shape) -> int:
        """Groups of channels."""
        return given.channels if isinstance(self.groups, str) else self.groups

    def check_groups(self, given: Shape) -> None:
        """``Misshaped`` where the groups do not divide the channels."""
        groups = self.blocks(given)
        if given.channels % groups or self.channels % groups:
            cure = "take a number of groups that divides both"
            channels = f"{given.channels} inputs and {self.channels} outputs"
            raise Misshaped(f"{groups} groups do not divide {channels}", cure)


@dataclass(frozen=True)
class Conv(Convolution):
    """Convolution of a map."""

    channels: Size
    kernel: Pair
    stride: Pair = 1
    padding: Sides = 0
    _: KW_ONLY
    dilation: Pair = 1
    groups: Groups = 1

    def window(self, given: Shape) -> Window:
        return Window.of(self.kernel, self.stride, self.padding, self.dilation)
