"""Changes gather in two thin matrices of each layer, and reach the cells when they are worth it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schema.training import Training
from neurorebit.schemes.low_rank.keys import LowRankKeys
from neurorebit.schemes.parts.scheme import CELL_KEYS, Factors, Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.low_rank.weights import LowRankWeights

    return LowRankWeights


def _rank(training: Training) -> int:
    return training.own(LowRankKeys).rank


def _work(training: Training) -> tuple[float, float]:
    """Of a weight: its gradient times a row of each factor; in a flush the product of both, its
    rounding, and what is left times both once more.
    """
    keys = training.own(LowRankKeys)
    each = 2.0 * keys.rank + (3.0 * keys.rank + 1.0) / keys.flush
    return each, each


LOW_RANK = Scheme(
    summary="Weights in cells; changes gather in two thin matrices, of few words, until a flush.",
    held=Held.CELLS,
    organisation="in_place",
    architecture="reram",
    chip="learns in place, 7-bit cells",
    heeds=CELL_KEYS,
    kept=0,
    velocity=False,
    keys=LowRankKeys,
    factors=Factors(_rank, _work),
    load=_load,
)
