"""A map as one vector."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Flatten(node, given.tools)


@dataclass(eq=False)
class Flatten:
    """A map as one vector, position-major."""

    node: Node
    tools: Tools

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The same numbers in another shape."""
        (x,) = inputs
        self.tools.workspace.hold(x)
        return x.reshape(len(x), 1, 1, -1)

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The same numbers in the old shape."""
        shape = self.node.shape_in
        return (dy.reshape(len(dy), shape.height, shape.width, shape.channels),)
