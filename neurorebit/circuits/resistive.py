"""The base of arrays of resistive cells (subarray.md 2, 5)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


def slowest(
    cell_res: Real,
    cap: Real,
    wire: Real,
    half_step: Real,
    ones: Real,
    conducting: Real | None = None,
) -> Real:
    """Time [s] in which a sensed line settles to ``half_step`` [S], for the slowest input.

    A line of ``cap`` [F] is led by n cells of ``cell_res`` [ohm] in parallel, through its own wire
    of time constant ``wire`` [s]: tau(n) = cell_res cap / n + wire. While its current rises to that
    of k ones, the part exp(-t / tau) of k / cell_res is missing, which is half a step after
    tau ln(k / s), where s = cell_res half_step is half a step in currents of one cell, or at once
    where k < s.

    ``conducting`` cells conduct whatever their inputs: n is their number, and the slowest input has
    k = ``ones``. None: cells of zeros are cut off, so n = k, and ln(k / s) / k is largest at
    k = e s, or at the nearest number from one to ``ones``; it is never more than 1 / (e s). The
    time is bounded at any share of ones, and depends on it through the step alone.
    """
    step = cell_res * half_step
    largest = np.log(np.maximum(ones / step, 1.0))
    if conducting is None:
        most = np.maximum(ones, 1.0)
        count = np.clip(np.e * step, 1.0, most)
        cells = np.log(np.maximum(np.minimum(count, ones) / step, 1.0)) / count
    else:
        cells = largest / np.maximum(conducting, 1.0)
    time: Real = cell_res * cap * cells + wire * largest
    return time


class ResistiveArray(Block, ABC):
    """Resistive cells between row and column lines.

    Without an access device the lines are loaded by their wires alone. ``share`` stands for a
    conductance as a share of the device's range: 0 at g_min, 1 at g_max.
    """

    tech: Technology
    device: Device
    rows: Positive
    cols: Positive

    @property
    @abstractmethod
    def pitch(self) -> Real:
        """Unit of the cell's width and height [m]."""

    @property
    def row_length(self) -> Real:
        """Length [m] of a row line."""
        return self.cols * self.device.cell.width * self.pitch

    @property
    def col_length(self) -> Real:
        """Length [m] of a column line."""
        return self.rows * self.device.cell.height * self.pitch

    @property
    def series_res(self) -> Real:
        """Resistance [ohm] in series with the device in a read."""
        return 0.0

    @property
    def drain_cap(self) -> Real:
        """Capacitance [F] of a cell at its column line."""
        return 0.0

    @property
    def access_cap(self) -> Real:
        """Capacitance [F] of the line that opens a row, with its gates."""
        return 0.0

    @property
    def row_cap(self) -> Real:
        """Capacitance [F] of an input line."""
        return self.tech.wire.cap * self.row_length

    @cached_property
    def col_cap(self) -> Real:
        """Capacitance [F] of a column line with its cells."""
        return self.tech.wire.cap * self.col_length + self.rows * self.drain_cap

    @cached_property
    def row_res(self) -> Real:
        """Resistance [ohm] of a row line."""
        return wire_res(self.tech) * self.row_length

    @cached_property
    def col_res(self) -> Real:
        """Resistance [ohm] of a column line."""
        return wire_res(self.tech) * self.col_length

    @property
    def body(self) -> Footprint:
        """The area of the cells, which do not leak.

        The power of the converters includes the current of a read.
        """
        return Footprint.of(self.row_length * self.col_length)

    def conductance(self, share: Real) -> Real:
        """Conductance [S] of a cell at the read voltage."""
        return self.device.g_min + share * (self.device.g_max - self.device.g_min)

    def column_res(self, active_rows: Real, share: Real) -> Real:
        """Resistance [ohm] of a column with ``active_rows`` rows driven.

        It includes the series resistance of the cells and wires of mean length.
        """
        wires = (self.row_res + self.col_res) / 2.0
        cell = 1.0 / self.conductance(share) + self.series_res + wires
        return cell / np.maximum(active_rows, 1e-12)

    @property
    def isolates_zeros(self) -> bool:
        """Whether the cells of a row that carries a zero are cut off from their columns.

        An access transistor does so, which the switch that drives the row opens. Without one, the
        cells of all driven rows conduct, those of zeros to 0 V.
        """
        return False

    @action
    def settle(
        self, cell_res: Real, load: Real, half_step: Real, *, ones: Real, driven: Real
    ) -> Cost:
        """Wait until any column is within ``half_step`` [S] of its final current.

        A clock does not know the data, so it waits for the slowest input. ``cell_res`` [ohm] is the
        resistance of a cell with what is in series, ``load`` [F] the capacitance at a column's end;
        ``driven`` rows are in use, of which at most ``ones`` carry a one. See ``slowest``.
        """
        cap = self.col_cap + load
        wire = self.col_res * self.col_cap / 2.0
        conducting = None if self.isolates_zeros else driven
        return Cost.of(0.0, slowest(cell_res, cap, wire, half_step, ones, conducting))

    @action
    def settle_rows(
        self, cell_res: Real, load: Real, half_step: Real, *, ones: Real, driven: Real
    ) -> Cost:
        """Wait until sensed rows settle, as ``settle`` does for columns.

        Columns that carry a zero are driven to 0 V, and their cells in a sensed row conduct.
        ``load`` [F] is the whole capacitance of a row.
        """
        wire = self.row_res * load / 2.0
        return Cost.of(0.0, slowest(cell_res, load, wire, half_step, ones, driven))

    @abstractmethod
    def read(self, active_rows: Real, columns: Real) -> Cost:
        """Charge ``active_rows`` rows and ``columns`` columns for a read."""

    @abstractmethod
    def read_transposed(self, columns: Real, sensed: Real, row_cap: Real) -> Cost:
        """Charge ``columns`` columns and ``sensed`` rows of ``row_cap`` [F] each."""

    def written(self, share: Real, voltage: Real, width: Real, pulses: Real) -> Real:
        """Energy [J] that a cell dissipates in a pulse of ``voltage`` [V] and ``width`` [s].

        ``pulses`` is the number of pulses from one end of the range to the other.
        """
        return self.conductance(share) * voltage**2 * width

    @abstractmethod
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one set pulse in ``cells`` cells of each of ``rows`` rows."""

    @abstractmethod
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one reset pulse in ``cells`` cells of each of ``rows`` rows."""
