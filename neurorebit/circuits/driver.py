"""Drivers between a decoder and the rows of an array (docs/models/selection.md#row-followers)."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import (
    STEP,
    Gate,
    cell_height,
    cells,
    chain,
    switch,
    whole_down,
    whole_up,
)
from neurorebit.circuits.layout import Placed
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class RowFollower(Placed):
    """Row drivers of decoded 1T1R arrays: each connects a row to the read or the write voltage.

    A driver has three NANDs, an inverter and two pass gates. These carry the current of all cells
    of the row that are read at once and take a small share of the voltage over them, of
    ``driven_res`` [ohm] together; they are minimum gates where it is not given. ``load`` [F] and
    ``line_res`` [ohm] are those of a row; ``ramp`` [1/s] is that of the decoder's output.
    """

    tech: Technology
    lines: Positive = 128.0
    load: Real = 0.0
    line_res: Real = 0.0
    _: KW_ONLY
    driven_res: Positive | None = None
    read_voltage: Real = 0.5
    write_voltage: Real = 2.0
    ramp: Positive = STEP
    name: str = "row_driver"

    @property
    def _side(self) -> Real:
        """Height [m] of all drivers."""
        if self.fit_height is None:
            return self.lines * cell_height(self.tech)
        return self.fit_height

    @cached_property
    def gate(self) -> Gate:
        """The pass gate, as high as its share of a column of drivers."""
        share = self._side / self.lines
        cols = np.maximum(whole_up(cell_height(self.tech) / share), 1.0)
        narrow = self.tech.layout.min_width * self.tech.feature
        height = self._side / whole_up(self.lines / cols)
        nfet, pfet = narrow, narrow * self.tech.pn_ratio
        if self.driven_res is not None:
            drawn = switch(self.tech, self.driven_res, self.tech.switch.linear)
            nfet, pfet = drawn.nfet, drawn.pfet
        return Gate(self.tech, nfet, pfet, cell_height=height)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech)
        width = 3.0 * cell.nand.width + cell.inverter.width + 2.0 * self.gate.width
        unit = np.maximum(cell_height(self.tech), self.gate.height)
        fitting = whole_down(self._side / unit)
        cols = whole_up(self.lines / np.where(fitting >= 1.0, fitting, np.nan))
        return width * cols, self._side

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        leakage = 3.0 * cell.nand.leakage_power + cell.inverter.leakage_power
        return Footprint.of(self.area, self.lines * leakage)

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        """Delay [s] from the decoder to the far end of the row, and the ramp [1/s] there."""
        inv, nand, gate = cells(self.tech).inverter, cells(self.tech).nand, self.gate
        line = gate.through_res * (2.0 * gate.output_cap + self.load)
        return chain(
            self.ramp,
            2.0 * nand.nfet_res * (nand.output_cap + inv.input_cap),
            nand.pfet_res * (inv.output_cap + 2.0 * nand.input_cap),
            2.0 * nand.nfet_res * (nand.output_cap + gate.input_cap),
            line + self.line_res * self.load / 2.0,
        )

    @property
    def delay(self) -> Real:
        """Delay [s] from the decoder to the far end of the row."""
        return self._path[0]

    @property
    def output_ramp(self) -> Real:
        """Ramp [1/s] at the far end of the row."""
        return self._path[1]

    def _energy(self, voltage: Real) -> Real:
        """Energy [J] to connect one row to a voltage [V]."""
        inv, nand, gate = cells(self.tech).inverter, cells(self.tech).nand, self.gate
        switched = nand.input_cap + inv.output_cap + nand.output_cap
        switched = switched + gate.nfet_cap + gate.input_cap
        return self.tech.vdd**2 * switched + gate.output_cap * voltage**2

    @action
    def read(self) -> Cost:
        """Connect one row to the read voltage."""
        return Cost.of(self._energy(self.read_voltage), self.delay)

    @action
    def write(self) -> Cost:
        """Connect one row to the write voltage."""
        return Cost.of(self._energy(self.write_voltage), self.delay)
