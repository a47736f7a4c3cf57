"""Crosspoint cells: a device and a nonlinear selector between two lines, no transistor.

Subarray.md 2 and 7.3. Lines are at the pitch of local wires. To program a cell its row and column
take half the write voltage each; cells that share one of them see the other half.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.resistive import ResistiveArray
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


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
class CrosspointArray(ResistiveArray):
    """Cells with a selector each, which has neither a resistance of its own nor a line or a drain.

    ``nonlinearity`` is that of the selectors.
    """

    tech: Technology
    device: Device
    rows: Real = 128.0
    cols: Real = 128.0
    nonlinearity: Real = 100.0
    name: str = "array"

    @property
    def pitch(self) -> Real:
        return self.tech.wire.width

    def conductance_at(self, share: Real, voltage: Real, write_voltage: Real) -> Real:
        """Cell conductance [S] at this share of the range, at another voltage [V]."""
        read = self.device.cell.read_voltage
        res = 1.0 / self.conductance(share)
        return 1.0 / selected_res(res, voltage, read, write_voltage, self.nonlinearity)

    def written(self, share: Real, voltage: Real, width: Real, pulses: Real) -> Real:
        return self.conductance_at(share, voltage, voltage) * voltage**2 * width

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

    def _half_selected(self, cells: Real, voltage: Real, width: Real, rows: Real) -> Real:
        """Energy [J] of a pulse in cells that share a row or a column of those programmed."""
        half = voltage / 2.0
        sharing = rows * (self.cols - cells) + (self.rows - rows) * cells
        return sharing * half**2 * self.conductance_at(0.5, half, voltage) * width

    def _pulse(self, cells: Real, voltage: Real, width: Real, full: Real, rows: Real) -> Cost:
        held = (self.cols - cells) * self.col_cap + (self.rows - rows) * self.row_cap
        lines = full * voltage**2 + held * (voltage / 2.0) ** 2
        return Cost.of(lines + self._half_selected(cells, voltage, width, rows), 0.0)

    @action
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse up in so many cells of a row, or of each of many: the
        rows take all of it.
        """
        return self._pulse(cells, voltage, width, rows * self.row_cap, rows)

    @action
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse down in so many cells of a row, or of each of many: their
        columns take it.
        """
        return self._pulse(cells, voltage, width, cells * self.col_cap, rows)
