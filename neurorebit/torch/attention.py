"""Attention of several heads whose projections stand in arrays."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from neurorebit.schema import InputError

PROJECTIONS = ("q_proj", "k_proj", "v_proj")
WEIGHTS = ("q_proj_weight", "k_proj_weight", "v_proj_weight")


def replace(module: Any, name: str) -> None:
    """Give attention a linear layer for each projection, which is then converted."""
    if module.bias_k is not None or module.add_zero_attn:
        message = f"layer '{name}': attention with add_bias_kv or add_zero_attn"
        raise InputError(message, cure="leave them out, or keep the layer: keep=(...)")
    if module._qkv_same_embed_dim:
        weights = list(module.in_proj_weight.chunk(3))
        learns = module.in_proj_weight.requires_grad
    else:
        weights = [getattr(module, key) for key in WEIGHTS]
        learns = all(weight.requires_grad for weight in weights)
    bias = module.in_proj_bias
    biases = [None] * 3 if bias is None else list(bias.chunk(3))
    for key, weight, one in zip(PROJECTIONS, weights, biases, strict=True):
        made = nn.Linear(weight.shape[1], weight.shape[0], bias=one is not None, dtype=weight.dtype)
        with torch.no_grad():
            made.weight.copy_(weight)
            made.weight.requires_grad_(learns)
            if one is not None and bias is not None:
                made.bias.copy_(one)
                made.bias.requires_grad_(bias.requires_grad)
        setattr(module, key, made)
    out = module.out_proj
    plain = nn.Linear(out.in_features, out.out_features, bias=out.bias is not None)
    plain.weight, plain.bias = out.weight, out.bias
    module.out_proj = plain
    for key in ("in_proj_weight", "in_proj_bias", *WEIGHTS):
        module.register_parameter(key, None)
    module._qkv_same_embed_dim = False  # PyTorch's fused form asks for it
    module.__class__ = AnalogAttention


class AnalogAttention(nn.MultiheadAttention):
    """``nn.MultiheadAttention`` with its projections as layers of their own."""

    def forward(
        self, query: Any, key: Any, value: Any, *more: Any, **keys: Any
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """As ``nn.MultiheadAttention``."""
        return self._attended((query, key, value), _Options(*more, **keys))

    def _attended(
        self, given: tuple[torch.Tensor, ...], options: _Options
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        single = given[0].dim() == 2
        if single:
            given = tuple(one.unsqueeze(0) for one in given)
        elif not self.batch_first:
            given = tuple(one.transpose(0, 1) for one in given)
        heads = [
            _split(layer(one), self.num_heads)
            for layer, one in zip((self.q_proj, self.k_proj, self.v_proj), given, strict=True)
        ]
        mask = options.mask(heads[0], heads[1], single)
        if options.need_weights:
            scale = float(heads[0].shape[-1]) ** -0.5
            scores = (heads[0] * scale) @ heads[1].transpose(-2, -1)
            shares = torch.softmax(scores if mask is None else scores + mask, dim=-1)
            shares = functional.dropout(shares, self.dropout, self.training)
            context = shares @ heads[2]
        else:
            shares, dropped = None, self.dropout if self.training else 0.0
            context = functional.scaled_dot_product_attention(
                heads[0], heads[1], heads[2], attn_mask=mask, dropout_p=dropped
            )
        out = self.out_proj(context.transpose(1, 2).flatten(2))
        if shares is not None and options.average_attn_weights:
            shares = shares.mean(dim=1)
        if single:
            return out.squeeze(0), None if shares is None else shares.squeeze(0)
        return (out if self.batch_first else out.transpose(0, 1)), shares


def _split(x: torch.Tensor, heads: int) -> torch.Tensor:
    """Features [B, T, E] by head: [B, heads, T, E / heads]."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


class _Options:
    """What a call of attention asks for beside its inputs, as ``nn.MultiheadAttention`` has it."""

    def __init__(
        self,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = True,
        attn_mask: torch.Tensor | None = None,
        average_attn_weights: bool = True,
        *,
        is_causal: bool = False,
    ) -> None:
        if is_causal and attn_mask is None:
            message = "attention with is_causal=True and no attn_mask"
            raise InputError(message, cure="give attn_mask, as PyTorch asks for it, too")
        self.need_weights = need_weights
        self.average_attn_weights = average_attn_weights
        self._padding, self._given = key_padding_mask, attn_mask

    def mask(self, query: torch.Tensor, key: torch.Tensor, single: bool) -> torch.Tensor | None:
        """What is added to the scores [B, heads, T, S]; None where nothing is masked."""
        batch, heads = query.shape[:2]
        found = None
        if self._given is not None:
            found = _added(self._given, query.dtype)
            if found.dim() == 3:
                found = found.view(batch, heads, *found.shape[1:])
        if self._padding is not None:
            padding = self._padding.unsqueeze(0) if single else self._padding
            hidden = _added(padding, query.dtype).view(batch, 1, 1, key.shape[2])
            found = hidden if found is None else found + hidden
        return found


def _added(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A mask as numbers that are added to scores; what is hidden by a bool is -inf."""
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(mask, -torch.inf)
