"""Software: exact weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import ANY_RULE, Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.parts.software import SoftwareWeights

    return SoftwareWeights


REAL = Scheme(
    summary="Exact weights in software, without arrays.",
    held=Held.SOFTWARE,
    architecture="rebit",
    chip="none, software",
    heeds=frozenset({"weight_decay"}),
    kept=1,
    optimisers=ANY_RULE,
    load=_load,
    departure="exact and without arrays",
)
