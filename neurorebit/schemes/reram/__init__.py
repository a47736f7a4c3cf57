"""The all-ReRAM chip: each wanted change goes to the cells as pulses, rounded at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schemes.parts.scheme import CELL_KEYS, Held, Scheme, Variant

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.reram.weights import ReramWeights

    return ReramWeights


THREE_BITS = Variant(
    "learns in place, 3-bit cells",
    {
        "architecture.weight_bits": "3",
        "architecture.arrays.cell_bits": "3",
        # from end to end: 7 states, as many as hybrid's 3 bits have around zero
        "device.pulses.levels_ltp": "6",
        "device.pulses.levels_ltd": "6",
    },
)

IN_BLOCKS = Variant(
    "learns in place, two rows at once",
    {
        "architecture.arrays.blocks.rows": "2",
        "architecture.arrays.blocks.until": "mean",
        "architecture.arrays.blocks.fine": "false",
    },
)

RERAM = Scheme(
    summary="Weights in cells alone; every change becomes pulses at once, rounded at random.",
    held=Held.CELLS,
    organisation="in_place",
    architecture="reram",
    chip="learns in place, 7-bit cells",
    heeds=CELL_KEYS | {"weight_decay"},
    kept=0,
    load=_load,
    variants={"reram_3bit": THREE_BITS, "reram_blocks": IN_BLOCKS},
)
