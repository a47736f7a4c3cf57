"""ReBIT: noisy arrays forward, exact digital weights for errors and gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import (
    ANY_RULE,
    ARRAY_KEYS,
    LEVEL_KEYS,
    WRITE_KEYS,
    Held,
    Scheme,
)

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.hybrid.weights import HybridWeights
    from neurorebit.schemes.parts.sliced import of_cells

    return of_cells(HybridWeights)


HYBRID = Scheme(
    summary="Arrays of few levels forward, exact digital weights backward.",
    held=Held.FOLLOWED,
    organisation="hybrid",
    architecture="rebit",
    chip="hybrid",
    heeds=ARRAY_KEYS | LEVEL_KEYS | WRITE_KEYS | {"error_path", "digital"},
    kept=1,
    optimisers=ANY_RULE,
    several=True,
    load=_load,
)
