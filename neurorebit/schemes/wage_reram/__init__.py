"""WAGE in place: rounded gradients become pulses, and weights are what cells hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import CELL_KEYS, Held, Scheme
from neurorebit.schemes.reram import THREE_BITS
from neurorebit.schemes.wage.keys import WageKeys
from neurorebit.schemes.wage.refusals import refusals

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.wage_reram.weights import WageCells

    return WageCells


WAGE_RERAM = Scheme(
    summary="Weights in cells; activations, gradients and errors are whole numbers (WAGE).",
    held=Held.CELLS,
    organisation="in_place",
    architecture="reram",
    chip="learns in place, 7-bit cells",
    heeds=(CELL_KEYS | {"edge_bits"}) - {"level_range", "weight_range", "clip_percentile"},
    kept=0,
    velocity=False,
    descends=False,
    own=(0, 2),  # rounding of the gradient, rounding to pulses; scales are shifts
    keys=WageKeys,
    load=_load,
    refuses=refusals,
    variants={"wage_reram_3bit": THREE_BITS},
)
