"""Weights rounded to the few levels of the arrays: software, or the cells of SRAM arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import ADC_KEYS, ANY_RULE, CODE_KEYS, LEVEL_KEYS, Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.quantized.weights import weights

    return weights


QUANTIZED = Scheme(
    summary="Weights rounded to the levels of the arrays, without noise: software, or SRAM cells.",
    held=Held.SOFTWARE,
    architecture="rebit",
    chip="none, software",
    heeds=LEVEL_KEYS,
    kept=1,
    optimisers=ANY_RULE,
    load=_load,
    in_sram=CODE_KEYS | ADC_KEYS | {"error_bits"},
    departure="without arrays",
)
