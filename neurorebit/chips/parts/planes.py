"""Phases of chips whose macros are read one bit plane of the inputs after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurorebit.chips.parts.floorplan import Pieces
from neurorebit.chips.parts.phases import Phases
from neurorebit.circuits.cost import Cost, Real


@dataclass(frozen=True, eq=False)
class PlanewisePhases(Phases):
    """Each plane of an input vector is a read of the macro, with the density of that plane."""

    def used(self, pieces: Pieces) -> tuple[Real, Real]:
        """Shares of an array's rows and columns that are in use; 1 where there is no such array."""
        macro, rows, cols = self.chip.whole_tile.pe.macro, pieces.rows, pieces.cols
        return (
            np.where(rows > 0.0, rows / macro.rows, 1.0),
            np.where(cols > 0.0, cols / macro.cols, 1.0),
        )

    def read(self, macro: Any, pieces: Pieces) -> Cost:
        """Inputs through an array, plane by plane."""
        planes, state = self.activity.planes, pieces.spread(self.activity.conductance)
        driven, sensed = self.used(pieces)
        vector = Cost()
        for plane in planes:
            vector = vector + macro.read(pieces.spread(plane), state, driven, sensed)
        return (self.spec.input_bits / len(planes)) * vector
