"""Norms with the statistics of single images: layer norm and group norm."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from neurorebit.kernels import group_norm
from neurorebit.layers.group_norm import GroupNorm
from neurorebit.layers.layer_norm import LayerNorm
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import CHUNK, Build, Layer, Tools
from neurorebit.training.parts.rules import learn, rule_of
from neurorebit.training.parts.workers import Array, spans

KEEPS = {"gain": "gain", "shift": "shift"}  # arrays of a file of weights, as they are named here


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    assert isinstance(node.layer, LayerNorm | GroupNorm)
    shape, layer = node.shape_in, node.layer
    positions = shape.height * shape.width
    if isinstance(layer, GroupNorm):
        sets = Sets(positions, layer.groups, shape.channels // layer.groups, epsilon=layer.epsilon)
    elif layer.over == "map":
        sets = Sets(positions, 1, shape.channels, epsilon=layer.epsilon, each=True)
    else:
        sets = Sets(1, 1, shape.channels, epsilon=layer.epsilon)
    return ImageNorm(node, given.tools, sets)


@dataclass(frozen=True)
class Sets:
    """How a map is cut into sets with a mean and a variance each.

    A set has ``positions`` and ``channels``; ``groups`` sets share the positions. ``each``: gain
    and shift of each value of a map, else of each channel.
    """

    positions: int
    groups: int
    channels: int
    _: KW_ONLY
    epsilon: float
    each: bool = False

    def of(self, x: Array) -> Array:
        """A batch of maps as [sets of positions, positions, groups, channels]."""
        return x.reshape(-1, self.positions, self.groups, self.channels)

    def parameters(self, values: Array) -> Array:
        """Gain or shift as [1 or positions, groups, channels]."""
        return values.reshape(-1, self.groups, self.channels)


@dataclass(frozen=True, eq=False)
class Normed:
    """What backward needs of a forward pass."""

    x: Array
    statistics: group_norm.Statistics


@dataclass(eq=False)
class ImageNorm:
    """Values minus the mean of their set over its standard deviation, times gain plus shift.

    Gain and shift learn by the rule of ``training.optimiser`` without weight decay.
    """

    node: Node
    tools: Tools
    sets: Sets
    _pass: Normed | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        shape = self.node.shape_in
        size = (shape.height, shape.width, shape.channels) if self.sets.each else shape.channels
        self.gain = np.ones(size)
        self.shift = np.zeros(size)
        self.gain_velocity = np.zeros(size)
        self.shift_velocity = np.zeros(size)
        self.gain_rule = rule_of(self.tools.training, self.gain)
        self.shift_rule = rule_of(self.tools.training, self.shift)

    def _parts(self, z: Array) -> list[tuple[int, int]]:
        return spans(len(z), max(1, CHUNK // z[0].size))

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The normalised map."""
        (x,) = inputs
        out = self.tools.workspace.take(x.shape, x.dtype)
        z, into = self.sets.of(x), self.sets.of(out)
        gain, shift = (self.sets.parameters(values) for values in (self.gain, self.shift))
        statistics = group_norm.Statistics(*np.empty((2, len(z), self.sets.groups)))
        parts = self._parts(z)

        def job(i: int) -> None:
            part = slice(*parts[i])
            own = group_norm.Statistics(*(values[part] for values in statistics))
            group_norm.normalise(z[part], into[part], gain, shift, own, self.sets.epsilon)

        self.tools.workers.run(job, len(parts))
        if learning:
            self.tools.workspace.hold(x)
            self._pass = Normed(x, statistics)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient of the input, in place of ``dy``."""
        assert self._pass is not None, "backward comes after a forward pass that learns"
        seen, self._pass = self._pass, None
        z, errors, gain = self.sets.of(seen.x), self.sets.of(dy), self.sets.parameters(self.gain)
        parts = self._parts(z)

        def job(i: int) -> Array:
            part = slice(*parts[i])
            own = group_norm.Statistics(*(values[part] for values in seen.statistics))
            sums = np.zeros((2, *gain.shape))
            group_norm.gradient(errors[part], z[part], gain, own, sums[0], sums[1])
            return sums

        sums = sum(self.tools.workers.run(job, len(parts)), np.zeros((2, *gain.shape)))
        for rule, *held in (
            (self.gain_rule, self.gain, self.gain_velocity, sums[0]),
            (self.shift_rule, self.shift, self.shift_velocity, sums[1]),
        ):
            learn(rule, self.tools.training, rate, *held)
        self.tools.workspace.drop(seen.x)
        return (dy,)
