"""Weights of PyTorch in the memory of our matrices: the same numbers, in another order of axes.

A matrix is [groups, rows, cols] with rows ordered by kernel position, then channel. One group of it
is a tensor of PyTorch in other strides, so that both share memory; several groups are copied.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from neurorebit.training.parts.workers import Array


class Layout(NamedTuple):
    """The sizes of a layer's weights: outputs and inputs of a group, and the kernel, if any.

    ``kernel`` is () for a linear layer, (taps,) for a signal, (height, width) for a map.
    """

    groups: int
    outputs: int
    inputs: int
    kernel: tuple[int, ...]

    @property
    def shares(self) -> bool:
        """Whether a tensor of PyTorch can be a view of the matrix."""
        return self.groups == 1

    def tensor(self, matrix: torch.Tensor) -> torch.Tensor:
        """The tensor (out, in / groups, kernel) of a matrix; a view of it where it ``shares``."""
        sizes = matrix.view(self.groups, *self.kernel, self.inputs, self.outputs)
        last = sizes.dim() - 1
        turned = sizes.permute(0, last, last - 1, *range(1, last - 1))
        return turned.reshape(self.groups * self.outputs, self.inputs, *self.kernel)

    def matrix(self, tensor: torch.Tensor) -> torch.Tensor:
        """The matrix of a tensor; a view of it where it lies in the matrix's memory."""
        sizes = tensor.reshape(self.groups, self.outputs, self.inputs, *self.kernel)
        taps = len(self.kernel)
        turned = sizes.permute(0, *range(3, 3 + taps), 2, 1)
        rows = int(np.prod(self.kernel, dtype=int)) * self.inputs
        return turned.reshape(self.groups, rows, self.outputs)


def array(tensor: torch.Tensor) -> Array:
    """The numbers of a tensor on the CPU, in its own memory."""
    found: Array = tensor.detach().numpy()
    return found


def tensor(numbers: Array) -> torch.Tensor:
    """Numbers as a tensor in their own memory."""
    return torch.from_numpy(numbers)
