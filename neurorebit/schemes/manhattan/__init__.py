"""The Manhattan rule: one pulse against the sign of the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.manhattan.keys import ManhattanKeys
from neurorebit.schemes.parts.scheme import CELL_KEYS, Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.manhattan.weights import ManhattanWeights

    return ManhattanWeights


MANHATTAN = Scheme(
    summary="Weights in cells; one pulse against the sign of each gradient, whatever its size.",
    held=Held.CELLS,
    organisation="in_place",
    architecture="reram",
    chip="learns in place, 7-bit cells",
    heeds=CELL_KEYS,
    kept=0,
    velocity=False,
    descends=False,
    own=(0, 1),  # the gradient against the threshold
    keys=ManhattanKeys,
    load=_load,
)
