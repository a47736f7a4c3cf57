"""Crosspoint arrays: each cell is a device and a nonlinear selector, without a transistor.

See docs/models/arrays.md#crosspoints. The lines have the pitch of local wires. To program a cell,
its row and its column are driven by half the write voltage each; cells that share one of the two
lines are half-selected.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.resistive import ResistiveArray
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology

NEWTON = 24  # steps: each but the last few takes about 1 / rate off, or all that is missing


def selected_res(
    res: Real, voltage: Real, *, read_voltage: Real, write_voltage: Real, nonlinearity: Real
) -> Real:
    """Resistance [ohm] at ``voltage`` [V] of a cell that has ``res`` [ohm] at the read voltage.

    ``nonlinearity`` is the current at the write voltage over that at half of it; between the two
    the current grows exponentially (docs/models/arrays.md#crosspoints).
    """
    steps = (read_voltage - voltage) / (write_voltage / 2.0)
    return res * voltage / read_voltage * nonlinearity**steps


@dataclass(frozen=True, eq=False)
class CrosspointArray(ResistiveArray):
    """Crosspoint cells whose selectors add neither resistance nor capacitance.

    ``nonlinearity`` is that of the selectors, see ``selected_res``.
    """

    tech: Technology
    device: Device
    rows: Positive = 128.0
    cols: Positive = 128.0
    _: KW_ONLY
    nonlinearity: Real = 100.0
    name: str = "array"

    @property
    def pitch(self) -> Real:
        return self.tech.wire.width

    def conductance_at(self, share: Real, voltage: Real, write_voltage: Real) -> Real:
        """Conductance [S] of a cell at ``voltage`` [V], given the write voltage [V]."""
        read = self.device.cell.read_voltage
        res = 1.0 / self.conductance(share)
        return 1.0 / selected_res(
            res,
            voltage,
            read_voltage=read,
            write_voltage=write_voltage,
            nonlinearity=self.nonlinearity,
        )

    def written(
        self, share: Real, voltage: Real, width: Real, pulses: Real, *, series: Real = 0.0
    ) -> Real:
        """See ``ResistiveArray.written``.

        The cell keeps the voltage v at which it carries as much as what is in series:
        v + R I(v) = V, by Newton's method from v = V, which a convex sum approaches from above.
        """
        read, res = self.device.cell.read_voltage, self._wires + series
        rate = np.log(self.nonlinearity) / (voltage / 2.0)  # of the logarithm of the current
        kept: Real = voltage
        for _ in range(NEWTON):
            current = self.conductance(share) * read * np.exp(rate * (kept - read))
            kept = kept - (kept + res * current - voltage) / (1.0 + res * rate * current)
        return (voltage - kept) / res * voltage * width

    def stray(self, ones: Real, driven: Real) -> Real:
        """A column that waits floats between its cells to rows at the read voltage V and at 0 V.

        The current of a selector falls by ``nonlinearity`` from the write voltage W to half of it:
        I(v) = I(V) k^((v - V) / (W / 2)). Where n cells that feed the column carry as much as N - n
        cells that drain it, N sqrt(d (1 - d)) k^(-V / W) cells' worth of current flow, with
        d = n / N; never more than n or N - n cells carry at V. W is the higher one of the pulse
        data; for a device without any, the voltage of the access gates, as for the switches that
        would pass it.
        """
        pulses = self.device.pulses
        write = self.device.cell.access_voltage
        if pulses is not None:
            write = np.maximum(pulses.voltage_ltp, pulses.voltage_ltd)
        zeros = np.maximum(driven - ones, 0.0)
        blocked = self.nonlinearity ** (-self.device.cell.read_voltage / write)
        carried: Real = np.minimum(blocked * np.sqrt(ones * zeros), np.minimum(ones, zeros))
        return carried

    @action
    def read(self, active_rows: Real, columns: Real) -> Cost:
        """Charge ``active_rows`` rows and ``columns`` columns for a read."""
        lines = active_rows * self.row_cap + columns * self.col_cap
        return Cost.of(lines * self.device.cell.read_voltage**2, 0.0)

    @action
    def read_transposed(self, columns: Real, sensed: Real, row_cap: Real) -> Cost:
        """Charge ``columns`` columns and ``sensed`` rows of ``row_cap`` [F] each."""
        lines = columns * self.col_cap + sensed * row_cap
        return Cost.of(lines * self.device.cell.read_voltage**2, 0.0)

    def _half_selected(self, cells: Real, voltage: Real, width: Real, rows: Real) -> Real:
        """Energy [J] that a pulse dissipates in the half-selected cells."""
        half = voltage / 2.0
        sharing = rows * (self.cols - cells) + (self.rows - rows) * cells
        return sharing * half**2 * self.conductance_at(0.5, half, voltage) * width

    def _lines(self, cells: Real, voltage: Real, full: Real, rows: Real) -> Real:
        """Energy [J] of the lines; those of capacitance ``full`` [F] go to the full voltage."""
        half = (self.cols - cells) * self.col_cap + (self.rows - rows) * self.row_cap
        return full * voltage**2 + half * (voltage / 2.0) ** 2

    @action
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one set pulse in ``cells`` cells of each of ``rows`` rows.

        Their rows go to the full voltage.
        """
        lines = self._lines(cells, voltage, rows * self.row_cap, rows)
        return Cost.of(lines + self._half_selected(cells, voltage, width, rows), 0.0)

    @action
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one reset pulse in ``cells`` cells of each of ``rows`` rows.

        Their columns go to the full voltage.
        """
        lines = self._lines(cells, voltage, cells * self.col_cap, rows)
        return Cost.of(lines + self._half_selected(cells, voltage, width, rows), 0.0)
