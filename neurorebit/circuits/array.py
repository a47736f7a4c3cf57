"""Cells in rows and columns: the lines' capacitances and resistances, and what a read costs.

Subarray.md 2, 4 and 5. The access line and the input line run along a row, the column line along a
column. Device loads are included on every line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import Gate, cell_edges, gate_cap, nfet_res, pfet_res, stage
from neurorebit.circuits.resistive import ResistiveArray
from neurorebit.circuits.shared import shared
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class ReramArray(ResistiveArray):
    """1T1R cells: a row opens its access transistors and drives its input line.

    The access transistor takes ``device.cell.access_share`` of the on-resistance; it is at least a
    feature wide and must fit the cell, else the array is nan.
    """

    tech: Technology
    device: Device
    rows: Real = 128.0
    cols: Real = 128.0
    name: str = "array"

    @property
    def pitch(self) -> Real:
        return self.tech.feature

    @property
    def access_res(self) -> Real:
        """Resistance of the access transistor [ohm]."""
        share = self.device.cell.access_share
        assert share is not None
        return share * self.device.r_on

    @property
    def series_res(self) -> Real:
        return self.access_res

    @cached_property
    def access_width(self) -> Real:
        """Drawn width of the access transistor [m]; nan where it does not fit the cell."""
        narrow = self.tech.layout.min_width * self.tech.feature
        needed = self.tech.switch.linear * nfet_res(self.tech, narrow) * narrow / self.access_res
        drawn = np.maximum(needed, self.tech.feature)
        room = self.device.cell.width * self.tech.feature
        return np.where(drawn <= room, drawn, np.nan)

    @cached_property
    def access_cap(self) -> Real:
        """Load of a row's access gates and their line [F]."""
        return self.tech.wire.cap * self.row_length + self.cols * gate_cap(
            self.tech, self.access_width
        )

    @cached_property
    def drain_cap(self) -> Real:
        """Load of a cell on a line, the drain of its access transistor [F]."""
        room = np.maximum(self.device.cell.width * self.tech.feature, cell_edges(self.tech))
        return shared(Gate, self.tech, self.access_width, 0.0, cell_height=room).output_cap

    @property
    def body(self) -> Footprint:
        """Nan where the access transistor does not fit."""
        return Footprint.of(self.row_length * self.col_length + 0.0 * self.access_width)

    @action
    def read(self, active_rows: Real, columns: Real) -> Cost:
        """Charge the access and input lines of the active rows, and so many columns."""
        cell = self.device.cell
        row = self.access_cap * cell.access_voltage**2 + self.row_cap * cell.read_voltage**2
        col = self.col_cap * cell.read_voltage**2
        return Cost.of(active_rows * row + columns * col, 0.0)

    @action
    def read_transposed(self, columns: Real, sensed: Real, row_cap: Real) -> Cost:
        """Charge so many columns, and the input and access lines of so many sensed rows."""
        cell = self.device.cell
        col = self.col_cap * cell.read_voltage**2
        row = row_cap * cell.read_voltage**2 + self.access_cap * cell.access_voltage**2
        return Cost.of(columns * col + sensed * row, 0.0)

    @action
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse up in so many cells of a row, or of each of many; other
        columns inhibit.
        """
        row = self.access_cap * self.device.cell.access_voltage**2 + self.row_cap * voltage**2
        return Cost.of(rows * row + (self.cols - cells) * self.col_cap * voltage**2, 0.0)

    @action
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse down in so many cells of a row, or of each of many: the
        other rows inhibit.
        """
        row = rows * self.access_cap * self.device.cell.access_voltage**2
        row = row + (self.rows - rows) * self.row_cap * voltage**2
        return Cost.of(row + cells * self.col_cap * voltage**2, 0.0)


@dataclass(frozen=True, eq=False)
class FefetArray(ReramArray):
    """Ferroelectric FETs, each with a transistor that leads its column's pulses to its gate.

    A read goes through the channel alone. A pulse turns its share of the polarization over, from
    minus to plus the remanent one in a train of them; nothing is erased in between.
    """

    @property
    def series_res(self) -> Real:
        return 0.0

    @cached_property
    def access_width(self) -> Real:
        """Drawn width of the access transistor [m]: no wider than drawing allows."""
        room = self.device.cell.width * self.tech.feature
        return np.where(self.tech.feature <= room, self.tech.feature, np.nan)

    def written(self, share: Real, voltage: Real, width: Real, pulses: Real) -> Real:
        gate = self.device.ferroelectric
        assert gate is not None
        return 2.0 * gate.polarization * gate.area * self.tech.feature**2 / pulses * voltage

    def _pulse(self, cells: Real, voltage: Real, rows: Real) -> Cost:
        """Open rows and charge the columns of so many cells of each, with their gates."""
        gate = self.device.ferroelectric
        assert gate is not None
        opened = rows * self.access_cap * self.device.cell.access_voltage**2
        column = self.col_cap + rows * gate.gate_cap
        return Cost.of(opened + cells * column * voltage**2, 0.0)

    @action
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse up in so many cells of a row, or of each of many."""
        return self._pulse(cells, voltage, rows)

    @action
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one pulse down in so many cells of a row, or of each of many."""
        return self._pulse(cells, voltage, rows)


def device_array(
    tech: Technology, device: Device, rows: Real, cols: Real, name: str = "array"
) -> ReramArray:
    """So many cells of a device, as its kind is written."""
    kind = ReramArray if device.ferroelectric is None else FefetArray
    return kind(tech, device, rows, cols, name)


@dataclass(frozen=True, eq=False)
class SramArray(Block):
    """6T cells; a row read lets one bitline of each pair fall by the sense voltage."""

    tech: Technology
    rows: Real = 128.0
    cols: Real = 128.0
    name: str = "array"

    @property
    def row_length(self) -> Real:
        """Length of a row line [m]."""
        return self.cols * self.tech.sram.width * self.tech.feature

    @property
    def col_length(self) -> Real:
        """Length of a bitline [m]."""
        return self.rows * self.tech.sram.height * self.tech.feature

    def _drain(self, nfet: Real, pfet: Real) -> Real:
        room = self.tech.sram.width * self.tech.feature
        feature = self.tech.feature
        drawn = shared(Gate, self.tech, nfet * feature, pfet * feature, cell_height=room)
        return drawn.output_cap

    @cached_property
    def row_cap(self) -> Real:
        """Load of a wordline: its wire and two access gates a cell [F]."""
        access = gate_cap(self.tech, self.tech.sram.access * self.tech.feature)
        return self.tech.wire.cap * self.row_length + 2.0 * self.cols * access

    @cached_property
    def col_cap(self) -> Real:
        """Load of a bitline: its wire and an access drain a cell [F]."""
        return self.tech.wire.cap * self.col_length + self.rows * self._drain(
            self.tech.sram.access, 0.0
        )

    @property
    def access_drain(self) -> Real:
        """Load of an access transistor's drain [F]."""
        return self._drain(self.tech.sram.access, 0.0)

    @cached_property
    def node_cap(self) -> Real:
        """Load of a storage node [F]."""
        sram, feature = self.tech.sram, self.tech.feature
        drains = (
            self._drain(sram.access, 0.0)
            + self._drain(sram.pulldown, 0.0)
            + self._drain(0.0, sram.pullup)
        )
        gates = gate_cap(self.tech, sram.pulldown * feature) + gate_cap(
            self.tech, sram.pullup * feature
        )
        return drains + gates

    @cached_property
    def row_res(self) -> Real:
        """Resistance of a wordline [ohm]."""
        return wire_res(self.tech) * self.row_length

    @cached_property
    def col_res(self) -> Real:
        """Resistance of a bitline [ohm]."""
        return wire_res(self.tech) * self.col_length

    @property
    def body(self) -> Footprint:
        """Area and retention: an off pull-down or pull-up on each side, an access on one."""
        sram, tech = self.tech.sram, self.tech
        pair = shared(Gate, tech, sram.pulldown * tech.feature, sram.pullup * tech.feature)
        access = shared(Gate, tech, sram.access * tech.feature, 0.0)
        a_cell = 2.0 * pair.leakage_power + 2.0 * access.leakage_power
        return Footprint.of(self.row_length * self.col_length, self.rows * self.cols * a_cell)

    @property
    def read_res(self) -> Real:
        """Resistance [ohm] through which a cell pulls its bitline down."""
        sram, feature = self.tech.sram, self.tech.feature
        return nfet_res(self.tech, sram.access * feature) + nfet_res(
            self.tech, sram.pulldown * feature
        )

    @action
    def read(self, ramp: Real) -> Cost:
        """Open a row with a wordline of this ramp until the bitlines differ by the sense voltage.

        The bitlines' charge is the precharger's to bring back.
        """
        vdd, swing = self.tech.vdd, self.tech.sram.sense_voltage
        own = self._drain(self.tech.sram.access, 0.0)
        tau = self.read_res * (own + self.col_cap) + self.col_res * self.col_cap / 2.0
        delay, _ = stage(tau * np.log(vdd / (vdd - swing / 2.0)), ramp)
        return Cost.of(self.row_cap * vdd**2, delay)

    @action
    def read_transposed(self, ramp: Real) -> Cost:
        """Drive a column line until the row lines differ by the sense voltage."""
        vdd, swing = self.tech.vdd, self.tech.sram.sense_voltage
        tau = self.read_res * (self.access_drain + self.row_cap) + self.row_res * self.row_cap / 2.0
        delay, _ = stage(tau * np.log(vdd / (vdd - swing / 2.0)), ramp)
        return Cost.of(self.col_cap * vdd**2, delay)

    @action
    def write(self, ramp: Real, flipped: Real = 0.5) -> Cost:
        """Open a row and flip a share of its cells."""
        sram, feature, vdd = self.tech.sram, self.tech.feature, self.tech.vdd
        res = nfet_res(self.tech, sram.pulldown * feature) + pfet_res(
            self.tech, sram.pullup * feature
        )
        delay, _ = stage(res / 2.0 * self.node_cap, ramp)
        nodes = flipped * self.cols * self.node_cap * vdd**2
        return Cost.of(self.row_cap * vdd**2 + nodes, delay)
