"""Layers of PyTorch whose weights stand in arrays: linear layers and convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from neurorebit.layers.base import Misshaped
from neurorebit.schema import InputError
from neurorebit.torch import states
from neurorebit.torch.function import Given, product
from neurorebit.torch.matrix import Matrix

FOLLOW = "call analog.sync() after the step, or once analog.follow(optimizer)"


class ArrayModule(nn.Module):
    """A layer whose weights stand in arrays. ``matrix`` is the layer on the chip."""

    matrix: Matrix
    weight: nn.Parameter
    bias: nn.Parameter | None

    @property
    def exact(self) -> bool:
        """Whether it computes as PyTorch does, for an export, where the call is noted."""
        session = self.matrix.session
        if session.exact:
            session.calls.append(self.matrix.name)
        return session.exact

    def _through(self, x: torch.Tensor) -> torch.Tensor:
        """The output [B, H, W, N] of a map [B, H, W, C] that goes through the arrays."""
        matrix = self.matrix
        matrix.parameter = self.weight
        _fit(matrix, x)
        if x.dtype not in (torch.uint8, self.weight.dtype):
            x = x.to(self.weight.dtype)
        _look_for_signs(matrix, x)
        _refuse(self)
        with torch.autocast(x.device.type, enabled=False):
            return product(x, Given(matrix, self.weight, self.bias, self.training))

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        """The parameters, and behind them all that the layer on the chip holds."""
        self.matrix.parameter = self.weight
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination.update(states.saved(self.matrix, prefix))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *more: Any) -> None:
        """The parameters, and what the layer on the chip held, where the state has it."""
        given = states.taken(state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *more)
        self.matrix.parameter = self.weight
        if given:
            states.restore(self.matrix, given)

    def _replicate_for_data_parallel(self) -> Any:
        """InputError: copies would hold arrays of their own, and only one of them would learn."""
        message = "torch.nn.DataParallel copies a layer for each device, and a chip is one"
        raise InputError(message, cure="take one device, or DistributedDataParallel")


def _fit(matrix: Matrix, x: torch.Tensor) -> None:
    """InputError where a batch is empty, or its maps are too small for a layer."""
    problem: tuple[str, str] | None = None
    if not x.numel():
        problem = "an input without numbers", "give a batch of at least one"
    else:
        try:
            matrix.at(x.shape[1], x.shape[2])
        except Misshaped as found:
            problem = str(found), found.cure
    if problem is not None:
        raise InputError(f"layer '{matrix.name}': {problem[0]}", cure=problem[1])


def _look_for_signs(matrix: Matrix, x: torch.Tensor) -> None:
    """Put a layer on the chip at its first input, whose signs say how values enter the arrays.

    One without any number other than zero may be followed by any. InputError where a later one has
    values below zero, and the first had none.
    """
    if matrix.signed or x.dtype == torch.uint8:
        if not matrix.built:
            matrix.build(bool(matrix.signed))
        return
    if matrix.built and not matrix.held.encodes:
        return
    below = x.numel() > 0 and bool(x.detach().amin() < 0)
    if not matrix.built:
        matrix.build(below or not bool(x.detach().any()))
    elif below:
        message = f"layer '{matrix.name}': an input below zero, and its first input had none"
        cure = f"say so where it is converted: signed=('{matrix.name}',), or True for all layers"
        raise InputError(message, cure=cure)


def _refuse(module: ArrayModule) -> None:
    """InputError where weights cannot learn, or cells did not follow them."""
    matrix, session = module.matrix, module.matrix.session
    matrix.bind()
    learns = module.training and torch.is_grad_enabled() and module.weight.requires_grad
    if matrix.follows:
        if not matrix.current:
            message = f"layer '{matrix.name}': its weights changed, and its cells did not follow"
            raise InputError(message, cure=FOLLOW)
        return
    if not matrix.current:
        message = f"layer '{matrix.name}': its weights were changed, and are in cells alone"
        cure = "load them before the model is converted, or a state of a converted one"
        raise InputError(message, cure=cure)
    if learns and not session.driven and not session.calibrating:
        message = f"layer '{matrix.name}': scheme={session.word} holds weights in cells, which no "
        message += "optimiser of PyTorch changes"
        cure = "take neurorebit.torch.optimiser(analog, lr=...), or freeze the weights"
        raise InputError(message, cure=cure)


class AnalogLinear(ArrayModule, nn.Linear):
    """A linear layer in arrays. Axes between the first and the last are positions of a map."""

    @torch.compiler.disable  # kernels are no graph
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The product with the weights in arrays."""
        if self.exact:
            return functional.linear(input, self.weight, self.bias)
        sizes = input.shape
        if sizes[-1] != self.in_features:
            message = f"layer '{self.matrix.name}' takes {self.in_features} features, got "
            raise InputError(f"{message}{sizes[-1]}", cure="give it inputs of that size")
        if input.dim() > 4:
            x = input.flatten(1, -3)
        else:
            x = input.reshape(sizes[0] if len(sizes) > 1 else 1, *_lines(sizes), sizes[-1])
        return self._through(x).reshape(*sizes[:-1], self.out_features)


def _lines(sizes: torch.Size) -> tuple[int, int]:
    """Height and width of the positions between the first axis and the last."""
    between = sizes[1:-1]
    return (
        (int(between[0]), int(between[1]))
        if len(between) == 2
        else (1, int(np.prod(between, dtype=int)))
    )


class AnalogConv2d(ArrayModule, nn.Conv2d):
    """A convolution in arrays."""

    @torch.compiler.disable  # kernels are no graph
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The convolution with the weights in arrays."""
        if self.exact:
            return self._conv_forward(input, self.weight, self.bias)
        single = input.dim() == 3
        x = input.unsqueeze(0) if single else input
        _check(self, x)
        if self.padding_mode != "zeros":
            x = functional.pad(x, self._reversed_padding_repeated_twice, mode=self.padding_mode)
        out = self._through(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return out.squeeze(0) if single else out


class AnalogConv1d(ArrayModule, nn.Conv1d):
    """A convolution of a signal in arrays."""

    @torch.compiler.disable  # kernels are no graph
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The convolution with the weights in arrays."""
        if self.exact:
            return self._conv_forward(input, self.weight, self.bias)
        single = input.dim() == 2
        x = input.unsqueeze(0) if single else input
        _check(self, x)
        if self.padding_mode != "zeros":
            x = functional.pad(x, self._reversed_padding_repeated_twice, mode=self.padding_mode)
        out = self._through(x.permute(0, 2, 1).unsqueeze(1)).squeeze(1).permute(0, 2, 1)
        return out.squeeze(0) if single else out


def _check(module: AnalogConv1d | AnalogConv2d, x: torch.Tensor) -> None:
    """InputError where a map has other channels than a convolution takes, or is too small."""
    axes = len(module.kernel_size) + 2
    if x.dim() == axes and x.shape[1] == module.in_channels:
        return
    message = f"layer '{module.matrix.name}' takes maps of {module.in_channels} channels, got "
    raise InputError(f"{message}{tuple(x.shape)}", cure="give it inputs of that size")


KINDS: Mapping[type[nn.Module], type[ArrayModule]] = {
    nn.Linear: AnalogLinear,
    nn.Conv1d: AnalogConv1d,
    nn.Conv2d: AnalogConv2d,
}
