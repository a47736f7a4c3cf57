"""Rectifier."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Layer, Shape, VectorWork


@dataclass(frozen=True)
class Relu(Layer):
    """Rectifier."""

    def nonnegative(self, *inputs: bool) -> bool:
        return True

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """No arithmetic of its own: rounding to the bits of an input clips at zero."""
        return (VectorWork(None, given.size, mask=True),)
