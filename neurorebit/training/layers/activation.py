"""Activations: functions of each value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from neurorebit.kernels import activation
from neurorebit.layers.elu import Elu
from neurorebit.layers.gelu import Gelu
from neurorebit.layers.leaky_relu import LeakyRelu
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import Build, Layer, Tools
from neurorebit.training.parts.workers import Array


@dataclass(frozen=True)
class Function:
    """Kernels of a function and of its gradient, and the numbers that both take.

    ``by_output``: the gradient takes the output, else the input.
    """

    value: Any
    gradient: Any
    by_output: bool = False
    numbers: tuple[float, ...] = ()


RELU6 = Function(activation.clipped_at_six, activation.clipped_at_six_gradient, True)
SIGMOID = Function(activation.sigmoid, activation.sigmoid_gradient, True)
TANH = Function(activation.tangent, activation.tangent_gradient, True)
SILU = Function(activation.silu, activation.silu_gradient)
HARD_SIGMOID = Function(activation.hard_sigmoid, activation.hard_sigmoid_gradient, True)
HARD_SWISH = Function(activation.hard_swish, activation.hard_swish_gradient)
GELU = {
    "erf": Function(activation.gelu, activation.gelu_gradient),
    "tanh": Function(activation.gelu_by_tangent, activation.gelu_by_tangent_gradient),
}


def build_of(function: Function) -> Callable[[Node, Build], Layer]:
    """What builds the layer of a node from a function without keys."""
    return lambda node, given: Activation(given.tools, function, given.sends_back)


def build_leaky_relu(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    assert isinstance(node.layer, LeakyRelu)
    kernels = activation.leaky, activation.leaky_gradient
    function = Function(*kernels, numbers=(node.layer.slope,))
    return Activation(given.tools, function, given.sends_back)


def build_elu(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    assert isinstance(node.layer, Elu)
    kernels = activation.elu, activation.elu_gradient
    function = Function(*kernels, by_output=True, numbers=(node.layer.alpha,))
    return Activation(given.tools, function, given.sends_back)


def build_gelu(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    assert isinstance(node.layer, Gelu)
    return Activation(given.tools, GELU[node.layer.form], given.sends_back)


@dataclass(eq=False)
class Activation:
    """A function of each value; what its gradient takes is kept where errors come back."""

    tools: Tools
    function: Function
    sends_back: bool
    _kept: Array | None = field(init=False, default=None)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The function of the input."""
        (x,) = inputs
        out = self.tools.workspace.take(x.shape, x.dtype)
        self.tools.each((x, out), self.function.value, *self.function.numbers)
        if learning and self.sends_back:
            self._kept = out if self.function.by_output else x
            self.tools.workspace.hold(self._kept)
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient of the input, in place of ``dy``."""
        kept, self._kept = self._kept, None
        assert kept is not None, "backward comes after a forward pass that learns"
        self.tools.each((dy, kept), self.function.gradient, *self.function.numbers)
        self.tools.workspace.drop(kept)
        return (dy,)
