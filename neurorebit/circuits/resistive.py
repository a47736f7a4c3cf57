"""What arrays of resistive cells share, whatever leads a line to a cell (subarray.md 2, 5)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


class ResistiveArray(Block):
    """Cells between rows and columns. As it stands, nothing but wire loads its lines."""

    tech: Technology
    device: Device
    rows: Real
    cols: Real

    @property
    def pitch(self) -> Real:
        """What sizes of cells are multiples of [m]."""
        raise NotImplementedError

    @property
    def row_length(self) -> Real:
        """Length of a row line [m]."""
        return self.cols * self.device.cell.width * self.pitch

    @property
    def col_length(self) -> Real:
        """Length of a column line [m]."""
        return self.rows * self.device.cell.height * self.pitch

    @property
    def series_res(self) -> Real:
        """Resistance [ohm] that a read finds beside the device in a cell."""
        return 0.0

    @property
    def drain_cap(self) -> Real:
        """Load of a cell on a line [F]."""
        return 0.0

    @property
    def access_cap(self) -> Real:
        """Load of the line that opens a row, with the gates on it [F]."""
        return 0.0

    @property
    def row_cap(self) -> Real:
        """Load of an input line [F]."""
        return self.tech.wire.cap * self.row_length

    @cached_property
    def col_cap(self) -> Real:
        """Load of a column line with the cells on it [F]."""
        return self.tech.wire.cap * self.col_length + self.rows * self.drain_cap

    @cached_property
    def row_res(self) -> Real:
        """Resistance of a row line [ohm]."""
        return wire_res(self.tech) * self.row_length

    @cached_property
    def col_res(self) -> Real:
        """Resistance of a column line [ohm]."""
        return wire_res(self.tech) * self.col_length

    @property
    def body(self) -> Footprint:
        """Resistive cells do not leak; what flows in a read is in the converter's power."""
        return Footprint.of(self.row_length * self.col_length)

    def conductance(self, share: Real) -> Real:
        """Cell conductance [S] at this share of the range, at the read voltage."""
        return self.device.g_min + share * (self.device.g_max - self.device.g_min)

    def column_res(self, active_rows: Real, share: Real) -> Real:
        """Resistance [ohm] of a column: cells of active rows, what is beside them, mean wires."""
        wires = (self.row_res + self.col_res) / 2.0
        cell = 1.0 / self.conductance(share) + self.series_res + wires
        return cell / np.maximum(active_rows, 1e-12)

    @action
    def settle(self, column_res: Real, load: Real, precision: Real) -> Cost:
        """Let the columns settle to 1 / ``precision`` of full scale; ``load`` hangs on each [F]."""
        tau = column_res * (self.col_cap + load) + self.col_res * self.col_cap / 2.0
        return Cost.of(0.0, tau * np.log(precision))

    @action
    def settle_rows(self, row_res: Real, load: Real, precision: Real) -> Cost:
        """As ``settle``, for rows that are sensed; ``load`` is all that hangs on one [F]."""
        tau = row_res * load + self.row_res * load / 2.0
        return Cost.of(0.0, tau * np.log(precision))

    def read(self, active_rows: Real, columns: Real) -> Cost:
        """Charge the active rows, and so many columns."""
        raise NotImplementedError

    def read_transposed(self, columns: Real, sensed: Real, row_cap: Real) -> Cost:
        """Charge so many columns, and so many sensed rows of that load [F]."""
        raise NotImplementedError

    def written(self, share: Real, voltage: Real, width: Real, pulses: Real) -> Real:
        """Energy [J] that a cell at this share of the range takes in a pulse of this width [s].

        ``pulses`` lead from one end of the range to the other.
        """
        return self.conductance(share) * voltage**2 * width

    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse up in so many cells of a row, or of each of many."""
        raise NotImplementedError

    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse down in so many cells of a row, or of each of many."""
        raise NotImplementedError
