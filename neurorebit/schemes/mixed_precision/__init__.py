"""Changes gather in digital memory until they are worth a pulse."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import CELL_KEYS, Held, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.mixed_precision.weights import MixedPrecisionWeights

    return MixedPrecisionWeights


MIXED_PRECISION = Scheme(
    summary="Weights in cells; changes gather in digital memory until they are worth a pulse.",
    held=Held.CELLS,
    organisation="in_place",
    architecture="reram",
    chip="learns in place, 7-bit cells",
    heeds=CELL_KEYS | {"weight_decay"},
    kept=1,
    own=(2, 1),  # the residue over a pulse's step, and less the pulses that were sent
    load=_load,
)
