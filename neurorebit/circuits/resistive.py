"""The base of arrays of resistive cells (docs/models/arrays.md)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology

LEAST_LOSS = 1e-7  # where x / tanh(x) is 1


class Sensed(NamedTuple):
    """How a read senses a line of an array.

    ``load`` [F] is connected to the line at its end, where ``end_res`` [ohm] lies between the line
    and a fixed voltage. ``half_step`` [S] of its conductance is to be resolved.
    """

    load: Real
    end_res: Real
    half_step: Real


class Shared(NamedTuple):
    """Cells that conduct on the lines of a cell, itself among them."""

    column: Real = 1.0
    row: Real = 1.0


ALONE = Shared()


class Feed(NamedTuple):
    """Resistance [ohm] of the switches in series with a row and with a column that are pulsed."""

    row: Real = 0.0
    column: Real = 0.0

    def series(self, cells: Real, rows: Real, cols: Real) -> Real:
        """Resistance [ohm] in series with each cell where ``cells`` of each of ``rows`` conduct.

        A switch has the current of all cells of its line. They are spread over ``cols`` columns.
        """
        return self.row * cells + self.column * np.maximum(cells * rows / cols, 1.0)


DIRECT = Feed()


class ResistiveArray(Block, ABC):
    """Resistive cells between row and column lines.

    Without an access device the lines are loaded by their wires alone. ``share`` stands for a
    conductance as a share of the device's range: 0 at g_min, 1 at g_max.
    """

    abuts = True

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
        """The area of the cells, which do not leak."""
        return Footprint.of(self.row_length * self.col_length)

    def conductance(self, share: Real) -> Real:
        """Conductance [S] of a cell at the read voltage."""
        return self.device.g_min + share * (self.device.g_max - self.device.g_min)

    @property
    def _wires(self) -> Real:
        """Resistance [ohm] of wires of mean length from a cell's row and to its column's end."""
        return (self.row_res + self.col_res) / 2.0

    def column_res(self, active_rows: Real, share: Real, shared: Shared = ALONE) -> Real:
        """Resistance [ohm] of a column with ``active_rows`` rows driven.

        It includes the series resistance of the cells, wires of mean length, and the voltage that
        cells which conduct on the same lines lose along them
        (docs/models/arrays.md#resistance-of-a-column).
        """
        cell = 1.0 / self.conductance(share) + self.series_res + self._wires
        cell = crowded(cell, self.col_res, shared.column)
        cell = crowded(cell, self.row_res, shared.row)
        return cell / np.maximum(active_rows, 1e-12)

    @property
    def isolates_zeros(self) -> bool:
        """Whether the cells of a row that carries a zero are cut off from their columns.

        An access transistor does so, which the switch that drives the row opens. Without one, the
        cells of all driven rows conduct, those of zeros to 0 V.
        """
        return False

    @action
    def settle(self, cell_res: Real, sensed: Sensed, *, ones: Real, driven: Real) -> Cost:
        """Wait until any column is within half a step of its final current.

        A clock does not know the data, so it waits for the slowest input. ``cell_res`` [ohm] is the
        resistance of a cell with what is in series; ``driven`` rows are in use, of which at most
        ``ones`` carry a one.
        """
        fewest = np.minimum(1.0, driven) if self.isolates_zeros else driven
        cap, wire = self.col_cap + sensed.load, self.col_res * self.col_cap / 2.0
        return Cost.of(0.0, _settled(cell_res, cap, wire, sensed, fewest=fewest, ones=ones))

    @action
    def settle_rows(self, cell_res: Real, sensed: Sensed, *, ones: Real, driven: Real) -> Cost:
        """Wait until sensed rows settle, as ``settle`` does for columns.

        Columns that carry a zero are driven to 0 V, and their cells in a sensed row conduct. The
        drains of a row's cells are on its line.
        """
        cap = self.row_cap + self.cols * self.drain_cap + sensed.load
        wire = self.row_res * cap / 2.0
        return Cost.of(0.0, _settled(cell_res, cap, wire, sensed, fewest=driven, ones=ones))

    def stray(self, ones: Real, driven: Real) -> Real:
        """Cells' worth of current that a column carries while it waits for its converter.

        ``ones`` of ``driven`` rows are at the read voltage. Nothing connects a column whose other
        cells are cut off to any other voltage, so it charges to the read voltage and carries none.
        """
        return 0.0

    @action
    def conduct(self, cells: Real, cell_res: Real, time: Real) -> Cost:
        """Let ``cells`` cells of ``cell_res`` [ohm] conduct at the read voltage for a time [s].

        The supply of the read voltage V, between which and the virtual ground of the converter each
        cell lies, gives V^2 / cell_res: all of it turns to heat in the cells, in their access
        transistors and wires, and in the drivers and pass gates in series with them.
        """
        power = self.device.cell.read_voltage**2 / cell_res
        return Cost.of(cells * power * time).under("current")

    @abstractmethod
    def read(self, active_rows: Real, columns: Real) -> Cost:
        """Charge ``active_rows`` rows and ``columns`` columns for a read."""

    @abstractmethod
    def read_transposed(self, columns: Real, sensed: Real, row_cap: Real) -> Cost:
        """Charge ``columns`` columns and ``sensed`` rows of ``row_cap`` [F] each."""

    def written(
        self, share: Real, voltage: Real, width: Real, pulses: Real, *, series: Real = 0.0
    ) -> Real:
        """Energy [J] of a pulse of ``voltage`` [V] and ``width`` [s] through a cell.

        The voltage lies over the cell, its access transistor, its wires and ``series`` [ohm] of
        switches (docs/models/arrays.md#energy-of-a-pulse). ``pulses`` is the number of pulses from
        one end of the range to the other.
        """
        path = 1.0 / self.conductance(share) + self.series_res + self._wires + series
        return voltage**2 / path * width

    @abstractmethod
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one set pulse in ``cells`` cells of each of ``rows`` rows."""

    @abstractmethod
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one reset pulse in ``cells`` cells of each of ``rows`` rows."""


def crowded(cell: Real, line: Real, cells: Real) -> Real:
    """Resistance [ohm] of each of ``cells`` cells that conduct on a line of ``line`` [ohm].

    They are spread evenly over it and have ``cell`` [ohm] alone, with the mean length of the line.
    """
    lost = np.sqrt(np.maximum(cells - 1.0, 0.0) * line / cell)
    lost = np.maximum(lost, LEAST_LOSS)
    return cell * lost / np.tanh(lost)


def _settled(
    cell_res: Real, cap: Real, wire: Real, sensed: Sensed, *, fewest: Real, ones: Real
) -> Real:
    """Time [s] in which a line settles to half a step, whatever the input.

    n conducting cells of ``cell_res`` [ohm] and the end of the line discharge its capacitance
    ``cap`` [F] in parallel; ``wire`` [s] is the time constant of the line itself:

        tau(n) = cap / (n / cell_res + 1 / end_res) + wire

    While the current rises to that of k ones, the part exp(-t / tau) of k / cell_res is missing,
    which is half a step after tau ln(k / (cell_res half_step)), or at once where it never is more.
    Of all inputs none takes longer than the slowest tau, with the fewest cells that conduct, and
    the largest current together: n = ``fewest`` and k = ``ones``. The end of a line is of a much
    lower resistance than a cell, so the bound is close, and it is finite at any input.
    """
    tau = cap * sensed.end_res / (1.0 + fewest * sensed.end_res / cell_res) + wire
    time: Real = tau * np.log(np.maximum(ones / (cell_res * sensed.half_step), 1.0))
    return time
