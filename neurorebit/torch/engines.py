"""The engines by their words."""

from __future__ import annotations

from functools import cache

import torch

from neurorebit.schema import Argument, InputError
from neurorebit.torch.engine import Engine
from neurorebit.torch.matrix import Matrix

KERNELS, OPERATIONS = "kernels", "operations"
ENGINES = {
    KERNELS: "our kernels, on the CPU",
    OPERATIONS: "operations of PyTorch, on any device",
}


@cache
def _made(word: str) -> Engine[Matrix]:
    """The engine of a word, one for all layers."""
    if word == KERNELS:
        from neurorebit.torch.processor import Kernels

        return Kernels()
    from neurorebit.torch.operating import Operations

    return Operations()


def of(word: str | None, device: torch.device) -> Engine[Matrix]:
    """The engine of a word, or where there is none, of a device."""
    if word is None:
        word = KERNELS if device.type == "cpu" else OPERATIONS
    if word == KERNELS and device.type != "cpu":
        cure = "move the model to the CPU, or leave the engine out"
        message = f"kernels compute on the CPU, and the input is on {device.type}"
        raise InputError(message, origin=Argument("engine", word), cure=cure)
    return _made(word)
