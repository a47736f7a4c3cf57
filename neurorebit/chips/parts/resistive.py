"""What the macros of resistive cells share: reference lines, switches, and how rows are touched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells as gate_cells
from neurorebit.circuits.resistive import ResistiveArray
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class References(Block):
    """Lines of cells at the middle of the range, one for each converter of a side, and mirrors.

    Their current is subtracted before the conversion, so that weights have signs.
    """

    tech: Technology
    cells: ResistiveArray
    count: Real
    name: str = "references"

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.cells),)

    @property
    def body(self) -> Footprint:
        """Two minimum transistors a mirror."""
        return Footprint.of(2.0 * self.count * gate_cells(self.tech).nfet.area)

    @action
    def read(self, driven: Real, active: Real) -> Cost:
        """Charge the extension of so many rows, and the references of a share of the converters."""
        return self.cells.read(driven, active * self.count)

    @action
    def read_transposed(self, driven: Real, active: Real, row_cap: Real) -> Cost:
        """As ``read``, of so many columns; a reference is a row of that load [F]."""
        return self.cells.read_transposed(driven, active * self.count, row_cap)


def path_res(device: Device, array: ResistiveArray) -> Real:
    """Resistance [ohm] of a cell in the low state, as it is read."""
    return device.r_on + array.series_res


def programming(device: Device) -> Real:
    """Voltage [V] that switches pass; without pulse data that of the access gates."""
    return device.cell.access_voltage if device.pulses is None else device.pulses.voltage_ltp


def access_switches(
    tech: Technology, device: Device, array: ResistiveArray, rows: Real
) -> AccessSwitchMatrix:
    """A flip-flop a row, which opens its access transistors and drives its input line."""
    return AccessSwitchMatrix(
        tech,
        rows,
        load=array.access_cap,
        line_res=array.row_res,
        read_voltage=device.cell.read_voltage,
        access_voltage=device.cell.access_voltage,
        fit_height=array.col_length,
        name="row_switches",
    )


def col_switches(
    tech: Technology, device: Device, array: ResistiveArray, cols: Real
) -> ColSwitchMatrix:
    """They program, and drive the columns where a read is transposed."""
    return ColSwitchMatrix(
        tech,
        cols,
        driven_res=path_res(device, array),
        load=array.col_cap,
        line_res=array.col_res,
        read_voltage=device.cell.read_voltage,
        write_voltage=programming(device),
        fit_width=array.row_length,
        name="col_switches",
    )


def touched(share: Real, cells: Real) -> Real:
    """Share of the rows in which one of so many cells or more changes, each with this share."""
    return 1.0 - (1.0 - np.minimum(share, 1.0)) ** cells
