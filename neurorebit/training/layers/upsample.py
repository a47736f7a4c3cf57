"""Upsampling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import DTypeLike

from neurorebit.kernels import resample
from neurorebit.kernels.resample import Between
from neurorebit.layers.network import Node
from neurorebit.layers.upsample import Upsample as Described
from neurorebit.layers.window import pair
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    return Upsample(node, given.tools)


@dataclass(eq=False)
class Upsample:
    """A map of more pixels."""

    node: Node
    tools: Tools

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """Pixels again, or values between them."""
        (x,) = inputs
        shape = self.node.shape_out
        size = len(x), shape.height, shape.width, shape.channels
        out = self.tools.workspace.take(size, x.dtype)
        layer = described(self.node)
        if layer.mode == "nearest":
            self.tools.by_image(resample.repeat, (x, out), *pair(layer.scale))
        else:
            self.tools.by_image(resample.blend, (x, out), *neighbours(self.node, x.dtype.str))
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """Each gradient at the pixels that its value was made of."""
        dx = self.tools.zeros(self.node.shape_in, dy)
        layer = described(self.node)
        if layer.mode == "nearest":
            self.tools.by_image(resample.repeat_gradient, (dy, dx), *pair(layer.scale))
        else:
            between = neighbours(self.node, dy.dtype.str)
            self.tools.by_image(resample.blend_gradient, (dy, dx), *between)
        self.tools.workspace.drop(dy)
        return (dx,)


def described(node: Node) -> Described:
    """What the network says of the layer."""
    assert isinstance(node.layer, Described)
    return node.layer


@cache
def neighbours(node: Node, dtype: str) -> tuple[Between, Between]:
    """Of each line and each column of the output the two of the input that it lies between."""
    down, across = pair(described(node).scale)
    given = node.shape_in
    return between(given.height, down, dtype), between(given.width, across, dtype)


def between(size: int, scale: int, dtype: DTypeLike) -> Between:
    """The pixels of an axis of ``size`` pixels that ``scale`` times as many lie between.

    Pixel i lies at (i + 0.5) / scale - 0.5, but not before the first pixel or behind the last.
    """
    at = np.clip((np.arange(size * scale) + 0.5) / scale - 0.5, 0.0, size - 1.0)
    first = np.minimum(at.astype(np.int64), max(size - 2, 0))
    return Between(first, np.minimum(first + 1, size - 1), (at - first).astype(dtype))
