"""Sums of maps."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.kernels import elementwise, join
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Add(node, given.tools)


@dataclass(eq=False)
class Add:
    """The sum of maps; sides of 1 are the same for all values of a larger map."""

    node: Node
    tools: Tools

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The sum."""
        first, *others = inputs
        out = self.tools.spread(first, self.node.shape_out)
        for other in others:
            if other.shape == out.shape:
                self.tools.each((out, other), elementwise.add)
            else:
                self.tools.by_image(join.add, (out, other))
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient, once for each; summed up for a map of fewer values."""
        whole = [shape == self.node.shape_out for shape in self.node.shapes_in]
        found: list[Array] = []
        for i, shape in enumerate(self.node.shapes_in):
            if not whole[i]:
                found.append(self.tools.gather(dy, shape))
            elif any(whole[:i]):
                found.append(self.tools.copy(dy))
            else:
                found.append(dy)
        if not any(whole):
            self.tools.workspace.drop(dy)
        return tuple(found)
