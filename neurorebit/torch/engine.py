"""The interface between layers and what computes them: kernels, or operations of PyTorch."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeVar

import torch

from neurorebit.layers.network import Node

Layer = TypeVar("Layer", contravariant=True)  # the class Matrix


class Wants(NamedTuple):
    """Which gradients a backward pass asks for."""

    input: bool
    weight: bool
    bias: bool


class Gradients(NamedTuple):
    """The gradients of a layer: of its input map, its matrix [groups, rows, cols] and its bias."""

    input: torch.Tensor | None
    weight: torch.Tensor | None
    bias: torch.Tensor | None


class Engine(Protocol[Layer]):
    """What computes a layer. Maps are [B, H, W, C], contiguous, of the type of the weights.

    An engine may keep the newest state of a layer itself; ``pull`` brings it to the arrays of
    ``matrix.held``, ``push`` takes these up.
    """

    def forward(
        self, matrix: Layer, x: torch.Tensor, node: Node, learning: bool
    ) -> tuple[torch.Tensor, Any]:
        """The layer's output [B, H, W, N] without its bias, and what a backward pass takes.

        ``learning``: ranges follow what passes, and the activity is counted.
        """

    def backward(self, matrix: Layer, saved: Any, dy: torch.Tensor, wants: Wants) -> Gradients:
        """The gradients that are wanted; ``dy`` stays as it is.

        Where weights are not real numbers that an optimiser changes, what an update takes is kept
        in ``matrix.pending``, and the weight has no gradient.
        """

    def follow(self, matrix: Layer) -> None:
        """Take up real weights that an optimiser changed: cells follow."""

    def update(self, matrix: Layer, rate: float) -> None:
        """One step of the scheme's own, by the parameter's gradient or what is pending."""

    def pull(self, matrix: Layer) -> None:
        """Bring the newest state to ``matrix.held``."""

    def push(self, matrix: Layer) -> None:
        """Take up the state of ``matrix.held``, which was restored."""
