"""The phases of training where several arrays hold a weight (residual learning).

See docs/models/macros.md#arrays-that-share-a-weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurorebit.chips.in_place.chip import InPlaceMacro
from neurorebit.chips.parts.floorplan import Pieces
from neurorebit.chips.parts.tile import Tile
from neurorebit.chips.residual.chip import ResidualChip
from neurorebit.chips.tiki_taka.phases import TikiTakaPhases
from neurorebit.circuits.cost import Cost, Real
from neurorebit.schema.training import SLOTS


@dataclass(frozen=True, eq=False)
class ResidualPhases(TikiTakaPhases):
    """All arrays of a weight are read at once in both passes, and their results are added."""

    chip: ResidualChip

    @property
    def arrays(self) -> int:
        """Arrays that hold a weight."""
        return self.learning.arrays

    @property
    def _of_phases(self) -> tuple[str, ...]:
        return (
            "batch-long tensors live in DRAM",
            f"{self.arrays} arrays hold a weight; all are read at once, each by its converters, "
            "and the adders of tiles sum their results, shifted; all hold as much as the first",
            f"gradient: none is computed; inputs and errors become trains of {SLOTS} slots on the "
            "rows and columns of the last arrays, one vector after the other, in a slot first for "
            "pulses up, then for those down; ones are spread evenly over lines and vectors",
            "update: rows are read one after the other, and lanes compare what they hold with what "
            "a pulse of the array before is worth; pulses back are changes, but those of the last",
        )

    @property
    def arrays_of_a_weight(self) -> Real:
        return float(self.arrays)

    def read_through(self, read: Callable[[Any, Pieces], Cost]) -> Cost:
        """A read of all arrays of a weight, given that of one."""
        one = super().read_through(read)
        return Cost(float(self.arrays) * one.energy, one.latency)

    def _deployed(self, macro: Any, pieces: Pieces) -> Cost:
        one = super()._deployed(macro, pieces)
        return Cost(float(self.arrays) * one.energy, one.latency)

    def _forward_transport(self, tile: Tile[Any]) -> Cost:
        w, further = self.workload, float(self.arrays - 1)
        added = tile.add(w.results * self.plan.array_rows * further, self.chip.sum_bits)
        return super()._forward_transport(tile) + added

    def _backward_transport(self, tile: Tile[InPlaceMacro]) -> Cost:
        w, further = self.workload, float(self.arrays - 1)
        sums = w.vectors * w.channels * w.groups * w.positions * self.plan.array_cols
        added = tile.add(sums * further, self.chip.back_sum_bits)
        return super()._backward_transport(tile) + added
