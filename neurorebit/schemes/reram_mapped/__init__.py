"""Digital weights that collect the gradient; both passes read the arrays that follow them."""

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
    from neurorebit.schemes.parts.sliced import of_cells
    from neurorebit.schemes.reram_mapped.weights import MappedWeights, SlicedMapped

    return of_cells(MappedWeights, SlicedMapped)


RERAM_MAPPED = Scheme(
    summary="Arrays of few levels in both passes; digital weights collect the gradient.",
    held=Held.FOLLOWED,
    organisation="hybrid",
    architecture="rebit",
    chip="hybrid; its errors are billed through exact weights",
    heeds=ARRAY_KEYS | LEVEL_KEYS | WRITE_KEYS,
    kept=1,
    optimisers=ANY_RULE,
    several=True,
    load=_load,
    departure="errors went back through the arrays; the estimate bills {chip}, where they go "
    "through exact weights",
)
