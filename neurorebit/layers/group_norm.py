"""Group normalisation."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Misshaped, Shape, Size
from neurorebit.layers.normalisation import Normalisation


@dataclass(frozen=True)
class GroupNorm(Normalisation):
    """Group normalisation (Y. Wu, K. He, arXiv:1803.08494): ``groups`` of neighbouring channels.

    Each has its statistics, over all positions; each channel a gain and a shift. As many groups as
    channels make an instance norm.
    """

    groups: Size

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if one.channels % self.groups:
            message = f"{self.groups} groups do not divide {one.channels} channels"
            raise Misshaped(message, "take a divisor")
        return one

    def sets(self, given: Shape) -> int:
        return self.groups
