"""What a layer on the chip holds, as entries of a state dict: tensors by flat names.

Numbers are tensors of no axes, so that a state dict can be saved in whatever form takes tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from neurorebit.schema import InputError
from neurorebit.torch.layout import array, tensor
from neurorebit.torch.matrix import Matrix
from neurorebit.training.state import Plain, State

PREFIX = "chip."  # of the entries of a layer, behind the layer's own
SIGNED = "signed"


def saved(matrix: Matrix, prefix: str) -> dict[str, torch.Tensor]:
    """The entries of a layer; none before its first input."""
    if not matrix.built:
        return {}
    state, found = matrix.state, {SIGNED: torch.tensor(bool(matrix.signed))}
    for path, numbers in state.arrays.items():
        found[path] = tensor(
            np.array(numbers) if numbers.ndim == 0 else np.ascontiguousarray(numbers)
        )
    for path, value in state.plain.items():
        if value is not None:
            found[path] = _number(path, value)
    return {f"{prefix}{PREFIX}{path}": value for path, value in found.items()}


def _number(path: str, value: Plain) -> torch.Tensor:
    """A plain value as a tensor."""
    if isinstance(value, bool):
        return torch.tensor(value)
    if isinstance(value, int):
        return torch.tensor(value, dtype=torch.int64)
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    raise TypeError(f"{path}: a {type(value).__name__} is no number")


def taken(state: dict[str, Any], prefix: str) -> dict[str, torch.Tensor]:
    """The entries of a layer, taken out of a state dict."""
    start = f"{prefix}{PREFIX}"
    return {key.removeprefix(start): state.pop(key) for key in list(state) if key.startswith(start)}


def restore(matrix: Matrix, given: dict[str, torch.Tensor]) -> None:
    """Go on with these entries; InputError where they are not those of such a layer."""
    known = dict(given)
    signed = bool(known.pop(SIGNED, torch.tensor(False)))
    try:
        if not matrix.built or matrix.signed != signed:
            matrix.build(signed)
        wanted, state = matrix.state, State()
        for path, value in wanted.plain.items():
            found = known.pop(path, None)
            if found is not None and found.dim():
                state.arrays[path] = array(found.cpu())
            else:
                state.plain[path] = None if found is None else _plain(found, value)
        for path in wanted.arrays:
            if path not in known:
                raise ValueError(f"{path} is missing")
            state.arrays[path] = array(known.pop(path).cpu()).copy()
        if known:
            raise ValueError(f"{min(known)} is unknown")
        matrix.restore(state, signed)
    except ValueError as problem:
        message = f"layer '{matrix.name}': the state is of another chip, scheme or version"
        cure = "convert the model as the one that it was saved of"
        raise InputError(f"{message} ({problem})", cure=cure) from None


def _plain(found: torch.Tensor, like: Plain) -> Plain:
    """A number of a type that may stand where a new layer has ``like``."""
    value: Plain = found.item()
    return value
