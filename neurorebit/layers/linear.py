"""Fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from neurorebit.layers.base import Matmul, Misshaped, Shape, Size, Weighted, widened


@dataclass(frozen=True)
class Linear(Weighted):
    """Fully connected layer without bias."""

    features: Size

    def scaled(self, width: float) -> Self:
        return replace(self, features=widened(self.features, width))

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        if one.height * one.width > 1:
            raise Misshaped(f"gets a {one} map", "put 'kind: flatten' before it")
        return Shape(self.features, 1, 1)

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """One vector an image."""
        return Matmul(given.channels, self.features, 1, given.size)
