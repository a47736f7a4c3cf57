"""What the layers of all kinds share, and what they and the model know of each other.

Maps are channels-last, [B, H, W, C]. The kernels trust shapes and types, which the network's reader
has checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from neurorebit.kernels import join
from neurorebit.layers.base import Shape
from neurorebit.layers.network import Node
from neurorebit.schema.training import Training
from neurorebit.training.parts.weights import Site, Weights
from neurorebit.training.parts.workers import Array, Workers, Workspace, spans

CHUNK = 1 << 17  # numbers of one job where each is read once
PIXEL = 1.0 / 255.0  # an image's bytes as numbers from 0 to 1


class Layer(Protocol):
    """One step of the graph. What backward needs of a forward pass the layer keeps itself."""

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The output for a batch, an array that the caller holds once."""

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """Learn, and return the gradient of each input; None where no layer before it learns.

        The layer takes over ``dy``, the gradient of its output.
        """


@dataclass(frozen=True, eq=False)
class Tools:
    """What every layer works with: threads, reusable memory, how to train, the type of numbers."""

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

    def copy(self, given: Array) -> Array:
        """The same numbers in memory of their own, taken from the workspace."""
        out: Array = self.workspace.take(given.shape, given.dtype)
        out[...] = given
        return out

    def spread(self, given: Array, shape: Shape) -> Array:
        """A copy of maps, of which sides of 1 are the same for all values of ``shape``."""
        size = len(given), shape.height, shape.width, shape.channels
        if given.shape == size:
            return self.copy(given)
        out: Array = self.workspace.take(size, given.dtype)
        self.by_image(join.spread, (given, out))
        return out

    def gather(self, given: Array, shape: Shape) -> Array:
        """The sums of maps over the sides that are 1 in ``shape``."""
        size = len(given), shape.height, shape.width, shape.channels
        out: Array = self.workspace.take(size, given.dtype)
        self.by_image(join.gather, (given, out))
        return out

    def zeros(self, shape: Shape, dy: Array) -> Array:
        """A map of zeros for each image of ``dy``, taken from the workspace."""
        size = len(dy), shape.height, shape.width, shape.channels
        out: Array = self.workspace.take(size, dy.dtype)
        out[...] = 0
        return out


@dataclass(frozen=True, eq=False, kw_only=True)
class Build:
    """What a layer is built with: tools, the chip it is on, and its neighbours in the graph.

    ``site`` gives the site of a matrix layer's weights, ``weights`` makes weights for a site.
    ``rectified``: the layer applies the rectifier that alone reads it. ``sends_back``: a layer
    before it learns. ``seed``: that of all random numbers. ``stored_bits``: those of a value that
    the chip keeps until a batch is complete, None where there is no chip.
    """

    tools: Tools
    site: Callable[[Node], Site]
    weights: Callable[[Site], Weights]
    rectified: bool
    sends_back: bool
    seed: int = 0
    stored_bits: int | None = None


@dataclass(frozen=True, kw_only=True)
class Trained:
    """How layers of one kind are trained.

    ``learns``: whether they have parameters. ``absorbs_rectifier``: whether they can apply the
    rectifier that alone reads them; ``rectifier``: whether they are one. ``over_batch``: whether
    they take statistics over the images of a batch. ``takes_bytes``: whether they take an image's
    bytes as they are, of which one unit is ``PIXEL``. ``keeps``: arrays that a file of weights
    keeps beside those of a matrix, by its name for each the layer's attribute.
    """

    build: Callable[[Node, Build], Layer]
    learns: bool = False
    absorbs_rectifier: bool = False
    rectifier: bool = False
    over_batch: bool = False
    takes_bytes: bool = False
    keeps: Mapping[str, str] = field(default_factory=dict)
