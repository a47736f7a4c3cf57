"""Residual connection."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.kernels import elementwise
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Add(given.tools)


@dataclass(eq=False)
class Add:
    """Residual connection."""

    tools: Tools

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The sum."""
        first, second = inputs
        out = self.tools.workspace.take(first.shape, first.dtype)
        out[...] = first
        self.tools.each((out, second), elementwise.add)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient, once for each."""
        other = self.tools.workspace.take(dy.shape, dy.dtype)
        other[...] = dy
        return dy, other
