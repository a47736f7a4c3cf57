"""Drivers between a decoder and the lines of an array (circuits.md 4.4 to 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import (
    STEP,
    Gate,
    Switch,
    cell_height,
    cells,
    chain,
    or_else,
    stage,
    switch,
    whole_down,
    whole_up,
)
from neurorebit.circuits.layout import Placed, folded_height
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class _Follower(Placed):
    """Gates beside each row that open it as the decoder says.

    ``ramp`` is the decoder's at its output [1/s].
    """

    tech: Technology
    lines: Real = 128.0
    load: Real = 0.0  # of a row [F]
    line_res: Real = 0.0
    read_voltage: Real = 0.5
    write_voltage: Real = 2.0
    access_voltage: Real = 1.1
    ramp: Real = STEP
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "row_driver"

    @property
    def _side(self) -> Real:
        return or_else(self.fit_height, self.lines * cell_height(self.tech))

    @cached_property
    def gate(self) -> Gate:
        """The minimum pass gate, at the height that as many rows as a cell is high share."""
        share = self._side / self.lines
        cols = np.maximum(whole_up(cell_height(self.tech) / share), 1.0)
        narrow = self.tech.layout.min_width * self.tech.feature
        height = self._side / whole_up(self.lines / cols)
        return Gate(self.tech, narrow, narrow * self.tech.pn_ratio, cell_height=height)

    @property
    def _unit_width(self) -> Real:
        """Width [m] of the gates of one row."""
        raise NotImplementedError

    @cached_property
    def size(self) -> tuple[Real, Real]:
        unit = np.maximum(cell_height(self.tech), self.gate.height)
        fitting = whole_down(self._side / unit)
        cols = whole_up(self.lines / np.where(fitting >= 1.0, fitting, np.nan))
        return self._unit_width * cols, self._side


@dataclass(frozen=True, eq=False)
class RowFollower(_Follower):
    """Three NANDs, an inverter and two minimum pass gates a row, for decoded 1T1R arrays."""

    @property
    def _unit_width(self) -> Real:
        cell = cells(self.tech)
        return 3.0 * cell.nand.width + cell.inverter.width + 2.0 * self.gate.width

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        leakage = 3.0 * cell.nand.leakage_power + cell.inverter.leakage_power
        return Footprint.of(self.area, self.lines * leakage)

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        inv, nand, gate = cells(self.tech).inverter, cells(self.tech).nand, self.gate
        line = gate.through_res * (2.0 * gate.output_cap + self.load)
        return chain(
            self.ramp,
            2.0 * nand.nfet_res * (nand.output_cap + inv.input_cap),
            nand.pfet_res * (inv.output_cap + 2.0 * nand.input_cap),
            2.0 * nand.nfet_res * (nand.output_cap + gate.input_cap),
            line + self.line_res * self.load / 2.0,
        )

    @property
    def delay(self) -> Real:
        """Time [s] from the decoder to the far end of the row."""
        return self._path[0]

    @property
    def output_ramp(self) -> Real:
        """Ramp [1/s] at the far end of the row."""
        return self._path[1]

    def _energy(self, voltage: Real) -> Real:
        inv, nand, gate = cells(self.tech).inverter, cells(self.tech).nand, self.gate
        switched = nand.input_cap + inv.output_cap + nand.output_cap
        switched = switched + gate.nfet_cap + gate.input_cap
        return self.tech.vdd**2 * switched + gate.output_cap * voltage**2

    @action
    def read(self) -> Cost:
        """Open one row to the read voltage."""
        return Cost.of(self._energy(self.read_voltage), self.delay)

    @action
    def write(self) -> Cost:
        """Open one row to the write voltage."""
        return Cost.of(self._energy(self.write_voltage), self.delay)


@dataclass(frozen=True, eq=False)
class OpenRowFollower(_Follower):
    """A NOR, an inverter, a pass gate and an NFET a row: all rows open at once, or one."""

    @property
    def _unit_width(self) -> Real:
        cell = cells(self.tech)
        return cell.nor.width + cell.inverter.width + self.gate.width + cell.nfet.width

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        leakage = cell.nor.leakage_power + cell.inverter.leakage_power + cell.nfet.leakage_power
        return Footprint.of(self.area, self.lines * leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] from the decoder to the far end of the row."""
        cell, gate = cells(self.tech), self.gate
        driven = cell.nor.output_cap + cell.inverter.input_cap + gate.pfet_cap + cell.nfet.nfet_cap
        line = gate.through_res * (gate.output_cap + cell.nfet.output_cap + self.load)
        return chain(
            self.ramp,
            2.0 * cell.nor.pfet_res * driven,
            line + self.line_res * self.load / 2.0,
        )[0]

    def _energy(self, inputs: Real, opened: Real) -> Real:
        cell, gate, vdd = cells(self.tech), self.gate, self.tech.vdd
        row = (cell.inverter.output_cap + gate.nfet_cap) * vdd**2
        row = row + gate.output_cap * self.access_voltage**2
        return inputs * cell.nor.input_cap * vdd**2 + opened * row

    @action
    def read(self) -> Cost:
        """Open all rows; the one that the decoder selects was open."""
        return Cost.of(self._energy(self.lines, self.lines - 1.0), self.delay)

    @action
    def write(self) -> Cost:
        """Open one row."""
        return Cost.of(self._energy(1.0, 1.0), self.delay)


@dataclass(frozen=True, eq=False)
class LineDriver(Placed):
    """An inverter and two pass gates a row of a decoded crosspoint array (circuits.md 4.6).

    ``driven_res`` is the resistance [ohm] the line presents with all its cells on.
    """

    tech: Technology
    lines: Real = 128.0
    driven_res: Real = 1e3
    load: Real = 1e-14  # of a line [F]
    line_res: Real = 0.0
    read_voltage: Real = 0.5
    write_voltage: Real = 2.0
    ramp: Real = STEP
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "line_driver"

    @cached_property
    def switch(self) -> Switch:
        """The pass gate between a line and a voltage, at full swing."""
        return switch(self.tech, self.driven_res, 1.0)

    @property
    def _side(self) -> Real:
        return or_else(self.fit_height, self.lines * cell_height(self.tech))

    @cached_property
    def gate(self) -> Gate:
        """A pass gate as laid out."""
        _, height = folded_height(self._side, self.lines, cell_height(self.tech))
        return Gate(self.tech, self.switch.nfet, self.switch.pfet, cell_height=height)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        unit = np.maximum(cell_height(self.tech), self.gate.height)
        fitting = np.minimum(whole_down(self._side / unit), self.lines)
        cols = whole_up(self.lines / np.where(fitting >= 1.0, fitting, np.nan))
        width = cells(self.tech).inverter.width + 2.0 * self.gate.width
        return width * cols, self._side

    @property
    def body(self) -> Footprint:
        leakage = self.lines * cells(self.tech).inverter.leakage_power
        return Footprint.of(self.area, leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] from the decoder to the far end of the line."""
        line = self.switch.res * (2.0 * self.gate.output_cap + self.load)
        return stage(line + self.line_res * self.load / 2.0, self.ramp)[0]

    @property
    def _control(self) -> Real:
        """Energy [J] to switch the gates of one line."""
        inv = cells(self.tech).inverter
        switched = inv.input_cap + inv.output_cap + 2.0 * self.gate.input_cap
        return switched * self.tech.vdd**2

    @action
    def read(self, active: Real = 1.0) -> Cost:
        """Read so many lines; the others are held at the read voltage."""
        held = 2.0 * self.gate.output_cap * self.read_voltage**2
        return Cost.of(active * self._control + (self.lines - active) * held, self.delay)

    @action
    def write(self, active: Real = 1.0) -> Cost:
        """Program so many lines; the others go to half the write voltage."""
        full = 2.0 * self.gate.output_cap * self.write_voltage**2
        energy = active * (self._control + full) + (self.lines - active) * full / 4.0
        return Cost.of(energy, self.delay)
