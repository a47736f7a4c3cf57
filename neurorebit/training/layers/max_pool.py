"""Max pooling."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import pool
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.layers.pooling import pane
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return MaxPool(node, given.tools)


@dataclass(eq=False)
class MaxPool:
    """The largest of each window."""

    node: Node
    tools: Tools
    _choice: Array | None = field(init=False, default=None)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The largest; its place in the window is kept for backward."""
        (x,) = inputs
        node, workspace = self.node, self.tools.workspace
        shape = (len(x), node.shape_out.height, node.shape_out.width, node.shape_out.channels)
        out = workspace.take(shape, x.dtype)
        choice = workspace.take(shape, np.uint8 if node.window.taps <= 256 else np.uint32)
        self.tools.by_image(pool.largest, (x, out, choice), pane(node))
        if learning:
            self._choice = choice
        else:
            workspace.drop(choice)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """Each gradient at the pixel that was the largest."""
        assert self._choice is not None, "backward comes after a forward pass that learns"
        dx = self.tools.zeros(self.node.shape_in, dy)
        maps = (dy, self._choice, dx)
        self.tools.by_image(pool.largest_gradient, maps, pane(self.node))
        self.tools.workspace.drop(self._choice)
        self.tools.workspace.drop(dy)
        self._choice = None
        return (dx,)
