"""A constant factor and a constant shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.kernels import join
from neurorebit.layers.network import Node
from neurorebit.layers.scale import Scale as ScaleKeys
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Scale(node, given.tools)


@dataclass(eq=False)
class Scale:
    """A factor and a shift of each channel, which do not learn."""

    node: Node
    tools: Tools

    def _of_channels(self, numbers: tuple[float, ...]) -> Array:
        channels = self.node.shape_in.channels
        return np.ascontiguousarray(np.broadcast_to(np.array(numbers, self.tools.dtype), channels))

    def _scaled(self, x: Array, out: Array, shift: tuple[float, ...]) -> Array:
        assert isinstance(self.node.layer, ScaleKeys)
        factor = self._of_channels(self.node.layer.factor)
        self.tools.by_image(join.scale, (x, out), factor, self._of_channels(shift))
        return out

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The input times the factor plus the shift."""
        (x,) = inputs
        assert isinstance(self.node.layer, ScaleKeys)
        out = self.tools.workspace.take(x.shape, x.dtype)
        return self._scaled(x, out, self.node.layer.shift)

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient times the factor, in its place."""
        return (self._scaled(dy, dy, (0.0,)),)
