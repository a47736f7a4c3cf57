"""A layer's weights on a device: what the classes of ``schemes`` compute, on tensors.

A twin holds on its device what the arrays hold and takes ranges, counters and settings of the
weights on the host, which stay the place of the state: ``pull`` brings tensors back to it. On the
CPU both share the memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch

from neurorebit.kernels.cell import Traits
from neurorebit.schemes.parts.cells import Physics
from neurorebit.torch.operations import product
from neurorebit.torch.operations.noise import Tensor
from neurorebit.torch.operations.product import Map
from neurorebit.training.parts.workers import Array


def shared(array: Array, device: torch.device) -> Tensor:
    """An array on a device, on the CPU in its own memory; uint32 as int32, which PyTorch knows."""
    kind = array.view(np.int32) if array.dtype == np.uint32 else array
    return torch.from_numpy(kind).to(device)


def brought(source: Tensor, target: Array) -> None:
    """Copy a tensor to an array, unless both are one memory."""
    kind = target.view(np.int32) if target.dtype == np.uint32 else target
    torch.from_numpy(kind).copy_(source)


class Twin(ABC):
    """The weights of one layer on a device. ``real``: real weights [groups, rows, cols], if any."""

    def __init__(self, host: Any, device: torch.device) -> None:
        self.host, self.device = host, device
        self.take()

    @abstractmethod
    def take(self) -> None:
        """Take the state of the host up."""

    @abstractmethod
    def pull(self) -> None:
        """Bring the state to the host."""

    @abstractmethod
    def forward(self, x: Map, real: Tensor, learning: bool) -> Tensor:
        """The product with the inputs [B, H, W, N]."""

    @abstractmethod
    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """The transposed product with the errors [B, H, W, C]."""

    def gradient(self, x: Map, dy: Tensor) -> Tensor:
        """The gradient of a batch [groups, rows, cols]."""
        return product.outer(x, dy, self.host.site.shape[0])


def traits(physics: Physics, device: torch.device) -> Traits:
    """The traits of cells on a device."""
    return Traits(*(torch.from_numpy(t).to(device) for t in physics.traits))
