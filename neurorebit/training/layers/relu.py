"""Rectifier."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurorebit.kernels import elementwise
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Relu(given.tools)


@dataclass(eq=False)
class Relu:
    """Rectifier that no other layer absorbs."""

    tools: Tools
    _y: Array | None = field(init=False, default=None)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The input where it is positive, zero elsewhere."""
        (x,) = inputs
        out = self.tools.workspace.take(x.shape, x.dtype)
        self.tools.each((x, out), elementwise.rectify)
        if learning:
            self.tools.workspace.hold(out)
            self._y = out
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient where the input was positive."""
        assert self._y is not None, "backward comes after a forward pass that learns"
        self.tools.each((dy, self._y), elementwise.rectify_gradient)
        self.tools.workspace.drop(self._y)
        self._y = None
        return (dy,)
