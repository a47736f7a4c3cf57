"""Batch normalisation."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from neurorebit.kernels import norm
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import CHUNK, Build, Layer, Tools
from neurorebit.training.parts import digital
from neurorebit.training.parts.rules import learn, rule_of
from neurorebit.training.parts.workers import Array, spans

LANES = 64  # numbers of a row that kernels over channels take at once
EPSILON = 1e-5  # added to a channel's variance
KEEPS = {  # arrays of a file of weights, and the attributes that they are here
    "gain": "gain",
    "shift": "shift",
    "mean": "running_mean",
    "variance": "running_variance",
}
MEMORY = 0.1  # weight of the newest batch in the running moments


def build(node: Node, given: Build) -> Layer:
    """The layer of a node, with the rectifier that it absorbs."""
    return BatchNorm(node, given.tools, given.rectified, given.stored_bits)


@dataclass(frozen=True, eq=False)
class Normed:
    """What backward needs: the input, and the moments and factors that were applied to it."""

    x: Array
    mean: Array
    inverse: Array
    scale: Array
    _: KW_ONLY
    offset: Array


@dataclass(eq=False)
class BatchNorm:
    """Batch normalisation of each channel (Ioffe and Szegedy, arXiv:1502.03167).

    ``rectified``: the output passes through the rectifier that alone reads it. Gain and shift learn
    by the rule of the weights without weight decay. Evaluation takes the running mean and variance,
    into which each batch enters with a weight of 0.1; a frozen norm always does.

    While it learns, the chip keeps the inputs until the batch is complete, and until the errors
    come back: signed whole numbers of ``stored_bits`` bits, in steps of the least power of two with
    which they reach the largest of the batch. None: they are kept as they are.
    """

    node: Node
    tools: Tools
    rectified: bool
    stored_bits: int | None = None
    _pass: Normed | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        channels = self.node.shape_in.channels
        self.gain = np.ones(channels)
        self.shift = np.zeros(channels)
        self.gain_velocity = np.zeros(channels)
        self.shift_velocity = np.zeros(channels)
        self.gain_rule = rule_of(self.tools.training, self.gain)
        self.shift_rule = rule_of(self.tools.training, self.shift)
        self.running_mean = np.zeros(channels)
        self.running_variance = np.ones(channels)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The normalised map."""
        (x,) = inputs
        channels = x.shape[-1]
        count = x.size // channels
        wide = _side_by_side(count, channels) * channels
        frozen = self.node.layer.frozen
        kept = learning and not frozen and self.stored_bits is not None
        if kept:
            x = self._stored(x, wide)
        z = x.reshape(-1, wide)
        running = self.running_mean, self.running_variance
        if learning and not frozen:
            total = self._moments(norm.moments, (z,), channels)
            mean, variance = np.empty((2, channels))
            norm.statistics(total, count, MEMORY, mean, variance, *running)
        else:
            mean, variance = running
        inverse = np.empty(channels)
        scale, offset = np.empty((2, z.shape[1]), z.dtype)
        norm.factors(mean, variance, self.gain, self.shift, EPSILON, inverse, scale, offset)
        if learning:
            if not kept:
                self.tools.workspace.hold(x)
            self._pass = Normed(x, mean, inverse, scale, offset=offset)
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
        frozen = self.node.layer.frozen
        total = self._moments(
            norm.gradient_moments, (errors, z), channels, seen.scale, seen.offset, self.rectified
        )
        d_shift = total[0]
        d_gain = (total[1] - mean * total[0]) * inverse
        factors = norm.GradientFactors(*np.empty((3, z.shape[1]), z.dtype))
        through = (0.0 * d_shift, 0.0 * d_gain) if frozen else (d_shift, d_gain)  # of the moments
        norm.gradient_factors(*through, mean, inverse, self.gain, count, factors)
        parts = self._parts(z)

        def job(i: int) -> None:
            part = slice(*parts[i])
            norm.gradient(errors[part], z[part], factors)

        self.tools.workers.run(job, len(parts))
        self.tools.workspace.drop(x)
        if frozen:
            return (dy,)
        training = self.tools.training
        learn(self.gain_rule, training, rate, self.gain, self.gain_velocity, d_gain)
        learn(self.shift_rule, training, rate, self.shift, self.shift_velocity, d_shift)
        return (dy,)

    def _stored(self, x: Array, wide: int) -> Array:
        """The inputs as the chip keeps them, in memory of their own."""
        assert self.stored_bits is not None
        out = self.tools.workspace.take(x.shape, x.dtype)
        given, kept = x.reshape(-1, wide), out.reshape(-1, wide)
        parts, workers = self._parts(given), self.tools.workers
        most = max(workers.run(lambda i: norm.largest(given[slice(*parts[i])]), len(parts)))
        step = digital.step(most, self.stored_bits)
        top = 2.0 ** (self.stored_bits - 1) - 1.0

        def job(i: int) -> None:
            part = slice(*parts[i])
            norm.store(given[part], kept[part], 1.0 / step, step, top)

        workers.run(job, len(parts))
        return out

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
    """How many positions to take at once, so that few channels fill a vector register too."""
    return next(n for n in range(max(LANES // channels, 1), 0, -1) if positions % n == 0)
