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

    @action
    def settle(self, column_res: Real, load: Real, precision: Real) -> Cost:
        """Wait until the columns settle to 1 / ``precision`` of full scale.

        ``column_res`` [ohm] is the resistance of a column, ``load`` [F] the capacitance at its end.
        """
        tau = column_res * (self.col_cap + load) + self.col_res * self.col_cap / 2.0
        return Cost.of(0.0, tau * np.log(precision))

    @action
    def settle_rows(self, row_res: Real, load: Real, precision: Real) -> Cost:
        """Wait until sensed rows settle, as ``settle`` does for columns.

        ``load`` [F] is the whole capacitance of a row.
        """
        tau = row_res * load + self.row_res * load / 2.0
        return Cost.of(0.0, tau * np.log(precision))

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
