"""Crosspoint cells: a device and a nonlinear selector between two lines, no transistor.

Subarray.md 2 and 7.3. Lines are at the pitch of local wires. To program a cell its row and column
take half the write voltage each; cells that share one of them see the other half.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.wire import wire_res
from neurorebit.cost import Cost, Footprint, Real, action
from neurorebit.device import Device
from neurorebit.technology import Technology


def selected_res(
    res: Real, voltage: Real, read_voltage: Real, write_voltage: Real, nonlinearity: Real
) -> Real:
    """Resistance [ohm] at a voltage of a cell that has ``res`` at the read voltage.

    ``nonlinearity`` is the current at the write voltage over that at half of it; in between the
    current grows exponentially (subarray.md 2).
    """
    steps = (read_voltage - voltage) / (write_voltage / 2.0)
    return res * voltage / read_voltage * nonlinearity**steps


@dataclass(frozen=True, eq=False)
class CrosspointArray(Block):
    """Cells between rows and columns. ``nonlinearity`` is that of the selectors."""

    tech: Technology
    device: Device
    rows: Real = 128.0
    cols: Real = 128.0
    nonlinearity: Real = 100.0
    name: str = "array"

    @property
    def row_length(self) -> Real:
        """Length of a row line [m]."""
        return self.cols * self.device.cell.width * self.tech.wire.width

    @property
    def col_length(self) -> Real:
        """Length of a column line [m]."""
        return self.rows * self.device.cell.height * self.tech.wire.width

    @property
    def series_res(self) -> Real:
        """A selector has no resistance of its own at the read voltage."""
        return 0.0

    @property
    def drain_cap(self) -> Real:
        """Nor a drain."""
        return 0.0

    @property
    def access_cap(self) -> Real:
        """Nor a line that opens it."""
        return 0.0

    @property
    def row_cap(self) -> Real:
        """Load of a row line [F]."""
        return self.tech.wire.cap * self.row_length

    @property
    def col_cap(self) -> Real:
        """Load of a column line [F]."""
        return self.tech.wire.cap * self.col_length

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

    def conductance_at(self, share: Real, voltage: Real, write_voltage: Real) -> Real:
        """The same at another voltage."""
        read = self.device.cell.read_voltage
        res = 1.0 / self.conductance(share)
        return 1.0 / selected_res(res, voltage, read, write_voltage, self.nonlinearity)

    def written(self, share: Real, voltage: Real, width: Real, pulses: Real) -> Real:
        """Energy [J] that a cell at this share of the range takes in a pulse of this width [s]."""
        return self.conductance_at(share, voltage, voltage) * voltage**2 * width

    def column_res(self, active_rows: Real, share: Real) -> Real:
        """Resistance [ohm] of a column: cells of active rows and mean wires."""
        cell = 1.0 / self.conductance(share) + (self.row_res + self.col_res) / 2.0
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

    @action
    def read(self, active_rows: Real, columns: Real) -> Cost:
        """Charge the active rows, and so many columns."""
        lines = active_rows * self.row_cap + columns * self.col_cap
        return Cost.of(lines * self.device.cell.read_voltage**2, 0.0)

    @action
    def read_transposed(self, columns: Real, sensed: Real, row_cap: Real) -> Cost:
        """Charge so many columns, and so many sensed rows."""
        lines = columns * self.col_cap + sensed * row_cap
        return Cost.of(lines * self.device.cell.read_voltage**2, 0.0)

    def _half_selected(self, cells: Real, voltage: Real, width: Real) -> Real:
        """Energy [J] of a pulse in cells that share the row or a column of those programmed."""
        half = voltage / 2.0
        sharing = (self.cols - cells) + (self.rows - 1.0) * cells
        return sharing * half**2 * self.conductance_at(0.5, half, voltage) * width

    def _pulse(self, cells: Real, voltage: Real, width: Real, full: Real) -> Cost:
        held = (self.cols - cells) * self.col_cap + (self.rows - 1.0) * self.row_cap
        lines = full * voltage**2 + held * (voltage / 2.0) ** 2
        return Cost.of(lines + self._half_selected(cells, voltage, width), 0.0)

    @action
    def pulse_set(self, cells: Real, voltage: Real, width: Real) -> Cost:
        """Charge the lines for one pulse up in so many cells of a row: the row takes all of it."""
        return self._pulse(cells, voltage, width, self.row_cap)

    @action
    def pulse_reset(self, cells: Real, voltage: Real, width: Real) -> Cost:
        """Charge the lines for one pulse down in so many cells of a row: their columns take it."""
        return self._pulse(cells, voltage, width, cells * self.col_cap)
