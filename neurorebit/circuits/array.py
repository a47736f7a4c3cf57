"""Arrays of cells: capacitance and resistance of their lines, energy of reads and writes.

See docs/models/arrays.md and docs/models/memory.md. The access line and the input line run along a
row, the column line along a column. The capacitance of a line includes that of the transistors
connected to it.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import Gate, cell_edges, gate_cap, nfet_res, pfet_res, stage
from neurorebit.circuits.resistive import ResistiveArray
from neurorebit.circuits.shared import shared
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class ReramArray(ResistiveArray):
    """1T1R cells; a row has an access line for the access transistors and an input line.

    The resistance of the access transistor is ``device.cell.access_share`` of r_on. The transistor
    is at least one feature size wide; the array is nan where it does not fit the cell.
    """

    tech: Technology
    device: Device
    rows: Positive = 128.0
    cols: Positive = 128.0
    _: KW_ONLY
    name: str = "array"

    @property
    def pitch(self) -> Real:
        return self.tech.feature

    @property
    def access_res(self) -> Real:
        """Resistance [ohm] of the access transistor."""
        share = self.device.cell.access_share
        assert share is not None
        return share * self.device.r_on

    @property
    def series_res(self) -> Real:
        return self.access_res

    @property
    def isolates_zeros(self) -> bool:
        return True

    @cached_property
    def drawn_width(self) -> Real:
        """Width [m] that the access transistor is to have, whether or not it fits the cell."""
        narrow = self.tech.layout.min_width * self.tech.feature
        opened = nfet_res(self.tech, narrow, self.device.cell.access_voltage)
        needed = self.tech.switch.linear * opened * narrow / self.access_res
        return np.maximum(needed, self.tech.feature)

    @cached_property
    def access_width(self) -> Real:
        """Drawn width [m] of the access transistor; nan where it does not fit the cell."""
        room = self.device.cell.width * self.tech.feature
        return np.where(self.drawn_width <= room, self.drawn_width, np.nan)

    @cached_property
    def access_cap(self) -> Real:
        """Capacitance [F] of a row's access line with its gates."""
        return self.tech.wire.cap * self.row_length + self.cols * gate_cap(
            self.tech, self.access_width
        )

    @cached_property
    def drain_cap(self) -> Real:
        """Capacitance [F] of a cell at its column line: the drain of the access transistor."""
        room = np.maximum(self.device.cell.width * self.tech.feature, cell_edges(self.tech))
        return shared(Gate, self.tech, self.access_width, 0.0, cell_height=room).output_cap

    @property
    def body(self) -> Footprint:
        """The area of the cells; nan where the access transistor does not fit."""
        return Footprint.of(self.row_length * self.col_length + 0.0 * self.access_width)

    @action
    def read(self, active_rows: Real, columns: Real) -> Cost:
        """Charge the access and input lines of the active rows, and ``columns`` columns."""
        cell = self.device.cell
        row = self.access_cap * cell.access_voltage**2 + self.row_cap * cell.read_voltage**2
        col = self.col_cap * cell.read_voltage**2
        return Cost.of(active_rows * row + columns * col, 0.0)

    @action
    def read_transposed(self, columns: Real, sensed: Real, row_cap: Real) -> Cost:
        """Charge ``columns`` columns, and the input and access lines of ``sensed`` rows."""
        cell = self.device.cell
        col = self.col_cap * cell.read_voltage**2
        row = row_cap * cell.read_voltage**2 + self.access_cap * cell.access_voltage**2
        return Cost.of(columns * col + sensed * row, 0.0)

    @action
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one set pulse in ``cells`` cells of each of ``rows`` rows.

        The other columns inhibit their cells.
        """
        row = self.access_cap * self.device.cell.access_voltage**2 + self.row_cap * voltage**2
        return Cost.of(rows * row + (self.cols - cells) * self.col_cap * voltage**2, 0.0)

    @action
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one reset pulse in ``cells`` cells of each of ``rows`` rows.

        The other rows inhibit their cells.
        """
        row = rows * self.access_cap * self.device.cell.access_voltage**2
        row = row + (self.rows - rows) * self.row_cap * voltage**2
        return Cost.of(row + cells * self.col_cap * voltage**2, 0.0)


@dataclass(frozen=True, eq=False)
class FefetArray(ReramArray):
    """Ferroelectric FETs, each with a transistor that connects its gate to the column line.

    The current of a read flows through the channel alone. A train of pulses switches the
    polarization from minus to plus the remanent one, each pulse an equal part of it, without an
    erase in between.
    """

    @property
    def series_res(self) -> Real:
        return 0.0

    @cached_property
    def drawn_width(self) -> Real:
        """Width [m] of the access transistor: the feature size."""
        return self.tech.feature

    def written(
        self, share: Real, voltage: Real, width: Real, pulses: Real, *, series: Real = 0.0
    ) -> Real:
        gate = self.device.ferroelectric
        assert gate is not None
        return 2.0 * gate.polarization * gate.area * self.tech.feature**2 / pulses * voltage

    def _pulse(self, cells: Real, voltage: Real, rows: Real) -> Cost:
        """Open ``rows`` rows; charge ``cells`` columns and the gates of the cells."""
        gate = self.device.ferroelectric
        assert gate is not None
        opened = rows * self.access_cap * self.device.cell.access_voltage**2
        column = self.col_cap + rows * gate.gate_cap
        return Cost.of(opened + cells * column * voltage**2, 0.0)

    @action
    def pulse_set(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one set pulse in ``cells`` cells of each of ``rows`` rows."""
        return self._pulse(cells, voltage, rows)

    @action
    def pulse_reset(self, cells: Real, voltage: Real, width: Real, rows: Real = 1.0) -> Cost:
        """Charge the lines for one reset pulse in ``cells`` cells of each of ``rows`` rows."""
        return self._pulse(cells, voltage, rows)


def device_array(
    tech: Technology, device: Device, rows: Real, cols: Real, *, name: str = "array"
) -> ReramArray:
    """An array of ``rows`` by ``cols`` cells of a device: ferroelectric FETs or 1T1R cells."""
    kind = ReramArray if device.ferroelectric is None else FefetArray
    return kind(tech, device, rows, cols, name=name)


@dataclass(frozen=True, eq=False)
class SramArray(Block):
    """6T cells; in a read, one bitline of each pair falls by the sense voltage."""

    abuts = True

    tech: Technology
    rows: Positive = 128.0
    cols: Positive = 128.0
    _: KW_ONLY
    name: str = "array"

    @property
    def row_length(self) -> Real:
        """Length [m] of a wordline."""
        return self.cols * self.tech.sram.width * self.tech.feature

    @property
    def col_length(self) -> Real:
        """Length [m] of a bitline."""
        return self.rows * self.tech.sram.height * self.tech.feature

    def _drain(self, nfet: Real, pfet: Real) -> Real:
        """Drain capacitance [F] of a transistor in the cell; widths in feature sizes."""
        room = self.tech.sram.width * self.tech.feature
        feature = self.tech.feature
        drawn = shared(Gate, self.tech, nfet * feature, pfet * feature, cell_height=room)
        return drawn.output_cap

    @cached_property
    def row_cap(self) -> Real:
        """Capacitance [F] of a wordline: its wire and two access gates per cell."""
        access = gate_cap(self.tech, self.tech.sram.access * self.tech.feature)
        return self.tech.wire.cap * self.row_length + 2.0 * self.cols * access

    @cached_property
    def col_cap(self) -> Real:
        """Capacitance [F] of a bitline: its wire and one access drain per cell."""
        return self.tech.wire.cap * self.col_length + self.rows * self.access_drain

    @property
    def access_drain(self) -> Real:
        """Drain capacitance [F] of an access transistor."""
        return self._drain(self.tech.sram.access, 0.0)

    @cached_property
    def node_cap(self) -> Real:
        """Capacitance [F] of a storage node."""
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
        """Resistance [ohm] of a wordline."""
        return wire_res(self.tech) * self.row_length

    @cached_property
    def col_res(self) -> Real:
        """Resistance [ohm] of a bitline."""
        return wire_res(self.tech) * self.col_length

    @property
    def body(self) -> Footprint:
        """Area and leakage of the cells.

        In each cell one transistor per side, pull-down or pull-up, is off, and an access transistor
        leaks on one side.
        """
        sram, tech = self.tech.sram, self.tech.of_cells
        pair = shared(Gate, tech, sram.pulldown * tech.feature, sram.pullup * tech.feature)
        access = shared(Gate, tech, sram.access * tech.feature, 0.0)
        cell = 2.0 * pair.leakage_power + 2.0 * access.leakage_power
        return Footprint.of(self.row_length * self.col_length, self.rows * self.cols * cell)

    @property
    def read_res(self) -> Real:
        """Resistance [ohm] through which a cell pulls its bitline down."""
        sram, tech = self.tech.sram, self.tech.of_cells
        feature = tech.feature
        return nfet_res(tech, sram.access * feature) + nfet_res(tech, sram.pulldown * feature)

    @property
    def _fall(self) -> Real:
        """Time constants in which a line falls by the sense voltage.

        One line of a pair falls and the other one stays, so the fall is the difference.
        """
        vdd, swing = self.tech.vdd, self.tech.sram.sense_voltage
        return np.log(vdd / (vdd - swing))

    @action
    def read(self, ramp: Real) -> Cost:
        """Open a row until its bitlines differ by the sense voltage.

        See docs/models/memory.md#reading-and-writing-a-row. ``ramp`` [1/s] is that of the wordline.
        The energy of the bitlines is billed to the precharger, which charges them again.
        """
        tau = self.read_res * (self.access_drain + self.col_cap) + self.col_res * self.col_cap / 2.0
        delay, _ = stage(tau * self._fall, ramp)
        return Cost.of(self.row_cap * self.tech.vdd**2, delay)

    @action
    def conduct(self, cells: Real, voltage: Real, time: Real) -> Cost:
        """Let ``cells`` cells pull lines that are held at ``voltage`` [V], for a time [s]."""
        return Cost.of(cells * voltage**2 / self.read_res * time).under("current")

    @action
    def read_transposed(self, ramp: Real) -> Cost:
        """Drive a column line until the row lines differ by the sense voltage.

        ``ramp`` [1/s] is that of the column line.
        """
        tau = self.read_res * (self.access_drain + self.row_cap) + self.row_res * self.row_cap / 2.0
        delay, _ = stage(tau * self._fall, ramp)
        return Cost.of(self.col_cap * self.tech.vdd**2, delay)

    @action
    def write(self, ramp: Real, flipped: Real = 0.5) -> Cost:
        """Open a row and flip the share ``flipped`` of its cells; ``ramp`` [1/s] as in ``read``."""
        sram, feature, vdd = self.tech.sram, self.tech.feature, self.tech.vdd
        res = nfet_res(self.tech, sram.pulldown * feature) + pfet_res(
            self.tech, sram.pullup * feature
        )
        delay, _ = stage(res / 2.0 * self.node_cap, ramp)
        nodes = flipped * self.cols * self.node_cap * vdd**2
        return Cost.of(self.row_cap * vdd**2 + nodes, delay)
