"""Average pooling."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.kernels import pool
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.layers.pooling import pane
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return AvgPool(node, given.tools)


@dataclass(eq=False)
class AvgPool:
    """The mean of each window."""

    node: Node
    tools: Tools

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The mean."""
        (x,) = inputs
        shape = self.node.shape_out
        out = self.tools.workspace.take(
            (len(x), shape.height, shape.width, shape.channels), x.dtype
        )
        self.tools.by_image(pool.mean, (x, out), pane(self.node))
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """Each gradient in equal shares."""
        dx = self.tools.zeros(self.node.shape_in, dy)
        self.tools.by_image(pool.mean_gradient, (dy, dx), pane(self.node))
        self.tools.workspace.drop(dy)
        return (dx,)
