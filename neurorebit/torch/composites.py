"""Modules of PyTorch that hold several matrices, each of which becomes an array."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from neurorebit.torch import attention, recurrent

KINDS: Mapping[type[nn.Module], Callable[[Any, str], None]] = {
    nn.MultiheadAttention: attention.replace,
    nn.LSTM: recurrent.replace,
    nn.GRU: recurrent.replace,
}
FUSED = nn.TransformerEncoderLayer  # whose layers PyTorch skips where nothing learns


def replace(model: nn.Module, wanted: Mapping[str, nn.Module]) -> None:
    """Give the modules of a model that hold several matrices a layer for each."""
    for name, module in wanted.items():
        change = KINDS.get(type(module))
        if change is not None:
            change(module, name or type(module).__name__)
    for module in model.modules():
        if isinstance(module, FUSED):
            module.activation_relu_or_gelu = 0  # or PyTorch computes it at once, without its layers
