"""Channels shuffled between groups."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Misshaped, Shape, Size
from neurorebit.layers.movement import Movement


@dataclass(frozen=True)
class Shuffle(Movement):
    """The first channel of each of ``groups``, then the second of each, and so on.

    (X. Zhang, X. Zhou, M. Lin, J. Sun, CVPR 2018.)
    """

    groups: Size

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if one.channels % self.groups:
            raise Misshaped(
                f"{self.groups} groups do not divide {one.channels} channels", "take a divisor"
            )
        return one
