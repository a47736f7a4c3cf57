"""Products of maps, value by value."""

from __future__ import annotations

from dataclasses import dataclass, field

from neurorebit.kernels import join
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Multiply(node, given.tools, given.sends_back)


@dataclass(frozen=True, eq=False)
class Given:
    """The maps of a forward pass."""

    maps: tuple[Array, ...]


@dataclass(eq=False)
class Multiply:
    """The product of maps; sides of 1 are the same for all values of a larger map."""

    node: Node
    tools: Tools
    sends_back: bool
    _given: Given | None = field(init=False, default=None)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The product."""
        first, *others = inputs
        out = self.tools.spread(first, self.node.shape_out)
        for other in others:
            self.tools.by_image(join.multiply, (out, other))
        if learning and self.sends_back:
            self._given = Given(inputs)
            for given in inputs:
                self.tools.workspace.hold(given)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient times all other maps; summed up for a map of fewer values."""
        assert self._given is not None, "backward comes after a forward pass that learns"
        maps, self._given = self._given.maps, None
        found: list[Array] = []
        for i, shape in enumerate(self.node.shapes_in):
            error = dy if i == len(maps) - 1 else self.tools.copy(dy)
            for other in (*maps[:i], *maps[i + 1 :]):
                self.tools.by_image(join.multiply, (error, other))
            if shape != self.node.shape_out:
                gathered = self.tools.gather(error, shape)
                self.tools.workspace.drop(error)
                error = gathered
            found.append(error)
        for given in maps:
            self.tools.workspace.drop(given)
        return tuple(found)
