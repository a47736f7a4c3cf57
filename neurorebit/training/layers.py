"""Forward, backward and gradient of each kind of layer, on channels-last maps [B, H, W, C].

``forward`` returns an array that the caller holds once; what a layer needs for the way back it
holds itself. ``backward`` takes over the gradient of its output, learns, and returns the gradient
of each input. The kernels trust shapes and types, which the network has settled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from neurorebit.kernels import cpu, norm, pool
from neurorebit.layers.network import Node
from neurorebit.schema.training import Training
from neurorebit.training.workers import Array, Workers, Workspace, spans

CHUNK = 1 << 17  # numbers of one job where each is touched once
PIXEL = 1.0 / 255.0  # an image's bytes as numbers from 0 to 1
LANES = 64  # numbers of a row that kernels over channels like
EPSILON = 1e-5  # added to a channel's variance
MEMORY = 0.1  # weight of the newest batch in the running moments


class Layer(Protocol):
    """One step of the graph."""

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The output for a batch."""

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient of each input, or None where nothing before it learns."""


@dataclass(frozen=True, eq=False)
class Tools:
    """What every layer works with."""

    workers: Workers
    workspace: Workspace
    training: Training
    dtype: type[np.floating] = np.float32

    def each(self, arrays: tuple[Array, ...], kernel: Any, *numbers: Any) -> None:
        """Run a kernel on flat arrays of one size, a chunk a job."""
        flat = [a.reshape(-1) for a in arrays]
        parts = spans(flat[0].size, CHUNK)

        def job(i: int) -> None:
            start, stop = parts[i]
            kernel(*(a[start:stop] for a in flat), *numbers)

        self.workers.run(job, len(parts))

    def by_image(self, kernel: Any, arrays: tuple[Array, ...], *numbers: Any) -> None:
        """Run a kernel on maps, some images a job."""
        images = len(arrays[0])
        size = max(a[0].size for a in arrays)
        parts = spans(images, max(1, CHUNK // size))

        def job(i: int) -> None:
            start, stop = parts[i]
            kernel(*(a[start:stop] for a in arrays), *numbers)

        self.workers.run(job, len(parts))


@dataclass(frozen=True, eq=False)
class Normed:
    """What a batch norm holds for the way back: its input, the moments and factors it applied."""

    x: Array
    mean: Array
    inverse: Array
    scale: Array
    offset: Array


@dataclass(eq=False)
class BatchNorm:
    """Batch normalisation of each channel, with the ReLU that follows it where one does.

    Gain and shift learn by momentum SGD without weight decay. The running mean and variance, which
    stand in for the batch's outside of learning, follow with a weight of 0.1.
    """

    node: Node
    tools: Tools
    rectified: bool
    _pass: Normed | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        channels = self.node.shape_in.channels
        self.gain = np.ones(channels)
        self.shift = np.zeros(channels)
        self.gain_velocity = np.zeros(channels)
        self.shift_velocity = np.zeros(channels)
        self.running_mean = np.zeros(channels)
        self.running_variance = np.ones(channels)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The normalised map."""
        (x,) = inputs
        channels = x.shape[-1]
        count = x.size // channels
        z = x.reshape(-1, _side_by_side(count, channels) * channels)
        running = self.running_mean, self.running_variance
        if learning:
            total = self._moments(norm.moments, (z,), channels)
            mean, variance = np.empty((2, channels))
            norm.follow(total, count, MEMORY, mean, variance, *running)
        else:
            mean, variance = running
        inverse = np.empty(channels)
        scale, offset = np.empty((2, z.shape[1]), z.dtype)
        norm.factors(mean, variance, self.gain, self.shift, EPSILON, inverse, scale, offset)
        if learning:
            self.tools.workspace.hold(x)
            self._pass = Normed(x, mean, inverse, scale, offset)
        out = self.tools.workspace.take(x.shape, x.dtype)
        flat = out.reshape(z.shape)
        parts = self._parts(z)

        def job(i: int) -> None:
            part = slice(*parts[i])
            norm.normalise(z[part], flat[part], scale, offset, self.rectified)

        self.tools.workers.run(job, len(parts))
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient of the input, in place of ``dy``."""
        assert self._pass is not None, "backward comes after a forward pass that learns"
        seen, self._pass = self._pass, None
        x, mean, inverse = seen.x, seen.mean, seen.inverse
        z, errors = (a.reshape(-1, len(seen.scale)) for a in (x, dy))
        channels = x.shape[-1]
        count = x.size // channels
        total = self._moments(
            norm.gradient_moments, (errors, z), channels, seen.scale, seen.offset, self.rectified
        )
        d_shift = total[0]
        d_gain = (total[1] - mean * total[0]) * inverse
        factors = np.empty((3, z.shape[1]), z.dtype)
        norm.gradient_factors(d_shift, d_gain, mean, inverse, self.gain, count, *factors)
        parts = self._parts(z)

        def job(i: int) -> None:
            part = slice(*parts[i])
            norm.gradient(errors[part], z[part], *factors)

        self.tools.workers.run(job, len(parts))
        form = rate, self.tools.training.momentum, 0.0, math.inf
        cpu.sgd(self.gain, self.gain_velocity, d_gain, *form)
        cpu.sgd(self.shift, self.shift_velocity, d_shift, *form)
        self.tools.workspace.drop(x)
        return (dy,)

    def _parts(self, z: Array) -> list[tuple[int, int]]:
        return spans(len(z), max(1, CHUNK // z.shape[1]))

    def _moments(self, kernel: Any, maps: tuple[Array, ...], channels: int, *others: Any) -> Array:
        """Sums over the positions of each channel, added in the order of the parts."""
        parts, width = self._parts(maps[0]), maps[0].shape[1]

        def job(i: int) -> Array:
            sums = np.zeros((2, width))
            kernel(*(a[slice(*parts[i])] for a in maps), *others, sums)
            return sums

        total: Array = sum(self.tools.workers.run(job, len(parts)), np.zeros((2, width)))
        folded: Array = total.reshape(2, -1, channels).sum(axis=1)
        return folded


def _side_by_side(positions: int, channels: int) -> int:
    """How many positions to take at once, so that few channels fill vector units too."""
    return next(n for n in range(max(LANES // channels, 1), 0, -1) if positions % n == 0)


@dataclass(eq=False)
class Relu:
    """Rectifier on its own."""

    tools: Tools
    _y: Array | None = field(init=False, default=None)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The input where it is positive, zero elsewhere."""
        (x,) = inputs
        out = self.tools.workspace.take(x.shape, x.dtype)
        self.tools.each((x, out), norm.rectify)
        if learning:
            self.tools.workspace.hold(out)
            self._y = out
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient where the input was positive."""
        assert self._y is not None, "backward comes after a forward pass that learns"
        self.tools.each((dy, self._y), norm.rectify_gradient)
        self.tools.workspace.drop(self._y)
        self._y = None
        return (dy,)


@dataclass(eq=False)
class MaxPool:
    """The largest of each window."""

    node: Node
    tools: Tools
    _choice: Array | None = field(init=False, default=None)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The largest, and a note of where it stood."""
        (x,) = inputs
        node, workspace = self.node, self.tools.workspace
        shape = (len(x), node.shape_out.height, node.shape_out.width, node.shape_out.channels)
        out = workspace.take(shape, x.dtype)
        choice = workspace.take(shape, np.uint8 if node.kernel <= 16 else np.uint32)
        self.tools.by_image(pool.largest, (x, out, choice), node.kernel, node.stride)
        if learning:
            self._choice = choice
        else:
            workspace.drop(choice)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """Each gradient at the pixel that was the largest."""
        assert self._choice is not None, "backward comes after a forward pass that learns"
        dx = _empty_input(self.node, dy, self.tools)
        maps = (dy, self._choice, dx)
        self.tools.by_image(pool.largest_gradient, maps, self.node.kernel, self.node.stride)
        self.tools.workspace.drop(self._choice)
        self.tools.workspace.drop(dy)
        self._choice = None
        return (dx,)


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
        self.tools.by_image(pool.mean, (x, out), self.node.kernel, self.node.stride)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """Each gradient in equal shares."""
        dx = _empty_input(self.node, dy, self.tools)
        self.tools.by_image(pool.mean_gradient, (dy, dx), self.node.kernel, self.node.stride)
        self.tools.workspace.drop(dy)
        return (dx,)


def _empty_input(node: Node, dy: Array, tools: Tools) -> Array:
    shape = node.shape_in
    dx = tools.workspace.take((len(dy), shape.height, shape.width, shape.channels), dy.dtype)
    dx[...] = 0
    return dx


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


@dataclass(eq=False)
class Add:
    """Residual connection."""

    tools: Tools

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The sum."""
        first, second = inputs
        out = self.tools.workspace.take(first.shape, first.dtype)
        out[...] = first
        self.tools.each((out, second), cpu.add)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient, once for each."""
        other = self.tools.workspace.take(dy.shape, dy.dtype)
        other[...] = dy
        return dy, other
