"""AnalogMacro: a ReRAM array with its periphery, the macro that does the forward pass.

See docs/models/macros.md#analog-macros. The reference current is subtracted before conversion: one
reference column a converter, and a mirror.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from neurorebit.chips.parts.parallel import ParallelMacro
from neurorebit.chips.parts.programming import Order
from neurorebit.chips.parts.readout import ConvertingReadout
from neurorebit.circuits.cost import Cost, Real, action


@dataclass(frozen=True, eq=False, kw_only=True)
class AnalogMacro(ParallelMacro):
    """Cells that are read forward alone, a whole input vector at a time, and programmed.

    Two things differ from the macros that learn in place. A row that has cells to raise and cells
    to lower is opened once for both, and the row of multiplexers is as high as they need.
    """

    signed: bool = True
    transposed: bool = False
    name: str = "apim"
    order: ClassVar[Order] = Order.ROW_BY_ROW

    @cached_property
    def readout(self) -> ConvertingReadout:
        return replace(super().readout, decoder_sets_height=False)

    @action
    def mvm(
        self,
        density: Real = 0.5,
        conductance: Real = 0.5,
        used_rows: Real | None = None,
        used_cols: Real | None = None,
        *,
        planes: Real | None = None,
        places: Real | None = None,
    ) -> Cost:
        """One vector of ``planes`` planes through the used rows and columns, by default all.

        Unless given, there are as many as input bits. The used columns lie at so many ``places`` of
        the multiplexers, all unless given.

        The multiplexers stay at a column until all planes have passed, so rows toggle per plane:
        they switch while the rows open for the first plane, and rest in later ones. Cells of a
        weight are joined plane by plane. ``density`` is the share of ones, ``conductance`` the
        cells' mean share of the range.
        """
        rows = self.rows if used_rows is None else used_rows
        places = self.cols_per_adc if places is None else places
        share = 1.0 if used_cols is None else used_cols / (places * self.adcs)
        turns = places / self.abreast
        readout, driven = self.readout, rows / self.rows
        planes = self.input_bits if planes is None else planes
        opened = self.row_switches.drive(density * driven, driven) + self.let(density * driven)
        plane = readout.turn(opened, share, planes) + self.sense(
            density, conductance, driven, share
        )
        position = planes * plane
        weights = turns / self.digits
        cells = readout.join_cells(planes * turns, share)
        return turns * position + cells + weights * readout.join_planes(planes, share)
