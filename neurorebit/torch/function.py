"""A layer in arrays as a function of PyTorch's autograd."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from neurorebit.torch import engines
from neurorebit.torch.engine import Wants
from neurorebit.torch.matrix import Matrix


class Product(torch.autograd.Function):
    """The product of a layer's matrix and the windows of a map [B, H, W, C], and its bias."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> torch.Tensor:
        """``given``: the map, the weights, the bias or None, then matrix, engine and learning."""
        x, weight, bias, matrix, engine, learning = given
        node = matrix.at(x.shape[1], x.shape[2])
        out, saved = engine.forward(matrix, x.detach(), node, learning)
        if bias is not None:
            out += bias.detach().to(out.dtype)
        ctx.matrix, ctx.engine, ctx.saved = matrix, engine, saved
        ctx.like = weight.dtype
        if not matrix.held.encodes:  # the map itself is kept, and may not be changed meanwhile
            ctx.save_for_backward(x)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[Any, ...]:
        """The gradients of the map, the weights and the bias."""
        if not ctx.matrix.held.encodes:
            _ = ctx.saved_tensors
        wants = Wants(*ctx.needs_input_grad[:3])
        dy = dy.to(ctx.like).contiguous()
        found = ctx.engine.backward(ctx.matrix, ctx.saved, dy, wants)
        weight = None if found.weight is None else ctx.matrix.layout.tensor(found.weight)
        return found.input, weight, found.bias, None, None, None


class Given(NamedTuple):
    """A layer and the parameters of its module; ``learning``: the module is in training."""

    matrix: Matrix
    weight: torch.Tensor
    bias: torch.Tensor | None
    learning: bool


def product(x: torch.Tensor, given: Given) -> torch.Tensor:
    """The output [B, H, W, N] of a layer in arrays, of a map [B, H, W, C]."""
    matrix, session = given.matrix, given.matrix.session
    engine = matrix.on(engines.of(session.engine, x.device))
    learning = session.calibrating or (given.learning and torch.is_grad_enabled())
    tensors = x.contiguous(), given.weight, given.bias
    found: torch.Tensor = Product.apply(*tensors, matrix, engine, learning)
    return found
