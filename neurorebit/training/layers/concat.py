"""Maps side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neurorebit.layers.concat import Concat as ConcatKeys
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array

AXES = {"height": 1, "width": 2, "channels": 3}


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Concat(node, given.tools)


@dataclass(eq=False)
class Concat:
    """Maps behind each other along one axis."""

    node: Node
    tools: Tools

    @property
    def _places(self) -> Iterator[tuple[slice, ...]]:
        """Where each map stands in the whole."""
        assert isinstance(self.node.layer, ConcatKeys)
        axis, start = self.node.layer.axis, 0
        for shape in self.node.shapes_in:
            stop = start + getattr(shape, axis)
            yield (slice(None),) * AXES[axis] + (slice(start, stop),)
            start = stop

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The whole."""
        shape = self.node.shape_out
        size = len(inputs[0]), shape.height, shape.width, shape.channels
        out = self.tools.workspace.take(size, inputs[0].dtype)
        for given, place in zip(inputs, self._places, strict=True):
            self.tools.by_image(_copy, (given, out[place]))
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The part of each map."""
        found = []
        for shape, place in zip(self.node.shapes_in, self._places, strict=True):
            size = len(dy), shape.height, shape.width, shape.channels
            part = self.tools.workspace.take(size, dy.dtype)
            self.tools.by_image(_copy, (dy[place], part))
            found.append(part)
        self.tools.workspace.drop(dy)
        return tuple(found)


def _copy(given: Array, out: Array) -> None:
    out[...] = given
