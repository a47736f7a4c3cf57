"""The engine of the CPU: the project's kernels on the memory of tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch

from neurorebit.layers.network import Node
from neurorebit.torch.engine import Gradients, Wants
from neurorebit.torch.layout import array, tensor
from neurorebit.torch.matrix import Matrix
from neurorebit.torch.threads import working
from neurorebit.training.layers.matrix import MatrixLayer, Seen
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array


@dataclass(frozen=True, eq=False)
class Saved:
    """What a backward pass takes: the codes, the number of the pass, and whether it learned."""

    windows: Windows
    step: int
    learning: bool


class Pending(NamedTuple):
    """A batch that the cells are to learn from."""

    windows: Windows
    errors: Array


@runtime_checkable
class ByGradient(Protocol):
    """Weights that learn by the sum of gradients, of however many batches."""

    site: Site

    def gradient(self, x: Windows, dy: Array, out: Array) -> None:
        """The gradient of a batch."""

    def learn(self, gradient: Array, rate: float) -> None:
        """One update with a gradient."""


def _added(weights: ByGradient, pending: list[Pending]) -> Array:
    """The sum of the gradients of some batches."""
    total, part = (np.empty(weights.site.shape, weights.site.dtype) for _ in range(2))
    weights.gradient(pending[0].windows, pending[0].errors, total)
    for one in pending[1:]:
        weights.gradient(one.windows, one.errors, part)
        np.add(total, part, out=total)
    return total


class Kernels:
    """Layers by the weights of ``schemes`` and the products of ``training``."""

    def forward(
        self, matrix: Matrix, x: torch.Tensor, node: Node, learning: bool
    ) -> tuple[torch.Tensor, Saved]:
        """The layer's output, and its codes."""
        layer = matrix.held
        with working():
            windows = layer.encoded(array(x), node, learning)
            saved = Saved(windows, layer.seen.steps, learning)
            return tensor(layer.multiplied(windows, learning)), saved

    def backward(self, matrix: Matrix, saved: Saved, dy: torch.Tensor, wants: Wants) -> Gradients:
        """Errors of few bits, sent back and met with the codes."""
        layer, windows = matrix.held, saved.windows
        with working():
            errors = self._rounded(layer, array(dy), saved)
            bias = None
            if wants.bias:
                bias = tensor(layer.sums(errors).astype(errors.dtype))
            sent = None
            if wants.input:
                sent = np.empty(windows.map.shape, layer.tools.dtype)
                layer.weights.mtvm(errors, windows, sent)
            gradient = None
            if wants.weight and matrix.follows:
                gradient = np.empty(matrix.site.shape, layer.tools.dtype)
                matrix.real_weights.gradient(windows, errors, gradient)
            elif wants.weight and saved.learning:
                matrix.pending.append(Pending(windows, errors))
        return Gradients(
            None if sent is None else tensor(sent),
            None if gradient is None else tensor(gradient),
            bias,
        )

    def _rounded(self, layer: MatrixLayer, dy: Array, saved: Saved) -> Array:
        """The errors as the arrays take them, in memory of their own where they are changed."""
        if not layer.encodes:
            return dy
        errors, seen = dy.copy(), layer.seen
        if not saved.learning:
            layer.seen = Seen(seen.planes)  # the activity is that of training
        layer.round_errors(errors, saved.step)
        layer.seen = seen
        return errors

    def follow(self, matrix: Matrix) -> None:
        """Cells follow the real weights."""
        with working():
            matrix.real_weights.follow()

    def update(self, matrix: Matrix, rate: float) -> None:
        """One step with the gradient, or with the batches that are pending.

        Gradients of several batches are added up where the scheme learns by gradients; where it
        learns by vectors, each batch is an update of its own.
        """
        weights, pending = matrix.held.weights, matrix.pending
        with working():
            if matrix.follows:
                given = matrix.parameter.grad
                if given is not None:
                    turned = matrix.layout.matrix(given).contiguous()
                    matrix.real_weights.learn(array(turned), rate)
            elif len(pending) > 1 and isinstance(weights, ByGradient):
                weights.learn(_added(weights, pending), rate)
            else:
                for one in pending:
                    weights.update(one.windows, one.errors, rate)
        pending.clear()

    def pull(self, matrix: Matrix) -> None:
        """The state is there."""

    def push(self, matrix: Matrix) -> None:
        """The state is there."""
