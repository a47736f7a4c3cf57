"""Software: weights rounded to the few levels of the arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import LEVEL_KEYS, Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.quantized.weights import QuantizedWeights

    return QuantizedWeights


QUANTIZED = Scheme(
    summary="Weights in software, rounded to the levels of the arrays; no noise, no converters.",
    held=Held.SOFTWARE,
    architecture="rebit",
    chip="none, software",
    heeds=LEVEL_KEYS,
    kept=1,
    load=_load,
    departure="without arrays",
)
