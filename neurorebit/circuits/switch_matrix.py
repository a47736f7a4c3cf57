"""Switch matrices: a flip-flop a line, and pass gates that put the line at one voltage or another.

Circuits.md 4.2 and 4.3. What the lines themselves are charged with is the array's to bill.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import (
    STEP,
    Gate,
    PassGate,
    Switch,
    cell_height,
    gate_pitch,
    nfet_res,
    or_else,
    stage,
    switch,
)
from neurorebit.circuits.layout import Placed, folded_height, folded_width
from neurorebit.circuits.register import Register
from neurorebit.schema.technology import Technology


class _LineSwitches(Placed):
    """Flip-flops, and the pass gates that they switch."""

    tech: Technology
    lines: Real

    @property
    def register(self) -> Register:
        """A flip-flop a line."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.register),)

    @property
    def body(self) -> Footprint:
        """The pass gates, which do not leak: both sides rest at the same voltage."""
        return Footprint.of(self.area - self.register.area)

    @property
    def _path(self) -> tuple[Real, Real]:
        raise NotImplementedError

    @property
    def delay(self) -> Real:
        """Time [s] from the flip-flop to the far end of the line."""
        return self._path[0]

    @property
    def output_ramp(self) -> Real:
        """Ramp [1/s] at the far end of the line."""
        return self._path[1]

    def _switched(self, energy: Real, changed: Real) -> Cost:
        return self.register.store(changed) + Cost.of(energy, self.delay)


class _Beside(_LineSwitches):
    """Beside an array: pass gates in standard cells, stacked along the height."""

    GATES: ClassVar[float]  # pass gates a line

    @cached_property
    def _stack(self) -> tuple[Real, Real, Real]:
        """Height [m], columns of pass gates, height of a pass gate [m]."""
        side = or_else(self.fit_height, self.lines * cell_height(self.tech))
        return side, *folded_height(side, self.lines, cell_height(self.tech))

    @property
    def gate(self) -> Gate:
        """A pass gate as laid out."""
        raise NotImplementedError

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.lines, fit_height=self._stack[0])

    @cached_property
    def size(self) -> tuple[Real, Real]:
        height, cols, _ = self._stack
        return self.GATES * self.gate.width * cols + self.register.width, height


@dataclass(frozen=True, eq=False)
class _SwitchMatrix(_LineSwitches):
    """Two pass gates a line, which take a small share of the voltage over what they drive.

    ``driven_res`` is the resistance [ohm] the line presents, ``load`` and ``line_res`` the line's
    own capacitance [F] and resistance [ohm].
    """

    tech: Technology
    lines: Real = 128.0
    driven_res: Real = 1e5
    load: Real = 0.0
    line_res: Real = 0.0
    read_voltage: Real = 0.5
    write_voltage: Real = 2.0
    ramp: Real = STEP
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "switch_matrix"

    @cached_property
    def switch(self) -> Switch:
        """The pass gate between a line and a voltage."""
        return switch(self.tech, self.driven_res, self.tech.switch.linear)

    @property
    def drain_cap(self) -> Real:
        """Capacitance [F] of one side of a pass gate."""
        raise NotImplementedError

    @property
    def control_cap(self) -> Real:
        """Capacitance [F] of the gates of a pass gate."""
        raise NotImplementedError

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        tau = self.switch.res * (3.0 * self.drain_cap + self.load)
        return stage(tau + self.line_res * self.load / 2.0, self.ramp)

    @action
    def drive(self, density: Real = 0.5, changed: Real = 1.0) -> Cost:
        """Put a share of the lines at the read voltage; ``changed`` of the flip-flops toggle."""
        a_line = 3.0 * self.drain_cap * self.read_voltage**2
        a_line = a_line + self.control_cap * self.tech.vdd**2
        return self._switched(density * self.lines * a_line, changed)


@dataclass(frozen=True, eq=False)
class RowSwitchMatrix(_Beside, _SwitchMatrix):
    """Beside an array, two pass gates a row."""

    GATES = 2.0

    @cached_property
    def gate(self) -> Gate:
        """A pass gate as laid out."""
        drawn = self.switch
        return Gate(self.tech, drawn.nfet, drawn.pfet, cell_height=self._stack[2])

    @property
    def drain_cap(self) -> Real:
        return self.gate.output_cap

    @property
    def control_cap(self) -> Real:
        return self.gate.input_cap

    @action
    def write(self, changed: Real = 1.0, rows: Real = 1.0) -> Cost:
        """Select rows of an array with access transistors for programming."""
        return self._switched(rows * 2.0 * self.control_cap * self.tech.vdd**2, changed)

    @action
    def write_half_selected(self, changed: Real = 1.0, rows: Real = 1.0) -> Cost:
        """Select rows of a crosspoint array: the other lines go to half the write voltage."""
        line = 3.0 * self.drain_cap * self.write_voltage**2
        energy = line * (rows + (self.lines - rows) / 4.0)
        energy = energy + self.lines * self.control_cap * self.tech.vdd**2
        return self._switched(energy, changed)


@dataclass(frozen=True, eq=False)
class ColSwitchMatrix(_SwitchMatrix):
    """Below an array: pass gates folded to the pitch of the columns."""

    @cached_property
    def _row(self) -> tuple[Real, Real, Real]:
        """Width [m], rows of pass gates, folds of a pass gate."""
        pitch = gate_pitch(self.tech)
        side = or_else(self.fit_width, 4.0 * self.lines * pitch)
        return side, *folded_width(side, self.lines, 2.0, pitch)

    @cached_property
    def gate(self) -> PassGate:
        """A pass gate as laid out."""
        drawn = self.switch
        return PassGate(self.tech, drawn.nfet, drawn.pfet, self._row[2])

    @property
    def drain_cap(self) -> Real:
        return self.gate.drain_cap

    @property
    def control_cap(self) -> Real:
        return self.gate.control_cap

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.lines, fit_width=self._row[0])

    @cached_property
    def size(self) -> tuple[Real, Real]:
        width, gate_rows, _ = self._row
        return width, self.gate.height * gate_rows + self.register.height

    @action
    def write(self, written: Real = 0.5, pulses: Real = 1.0, changed: Real = 1.0) -> Cost:
        """Program a share of one row's cells, half up and half down; the other lines inhibit."""
        cells = written * self.lines
        toggles = pulses * cells + self.lines - cells / 2.0
        energy = 3.0 * self.drain_cap * self.write_voltage**2 * toggles
        energy = energy + self.lines * self.control_cap * self.tech.vdd**2
        return self._switched(energy, changed)

    @action
    def write_half_selected(
        self, written: Real = 0.5, pulses: Real = 1.0, changed: Real = 1.0
    ) -> Cost:
        """Program a share of one row of a crosspoint array: all lines go to half the voltage."""
        toggles = pulses * written * self.lines + self.lines / 4.0
        energy = 3.0 * self.drain_cap * self.write_voltage**2 * toggles
        energy = energy + self.lines * self.control_cap * self.tech.vdd**2
        return self._switched(energy, changed)


@dataclass(frozen=True, eq=False)
class AccessSwitchMatrix(_Beside):
    """For 1T1R arrays: a flip-flop drives a row's access gates and its input line alike.

    Four pass gates a row of ``drive`` times the minimum (circuits.md 4.3).
    """

    GATES = 4.0

    tech: Technology
    lines: Real = 128.0
    load: Real = 0.0  # of the access gates and their line [F]
    line_res: Real = 0.0
    read_voltage: Real = 0.5
    access_voltage: Real = 1.1
    drive_strength: Real = 1.0
    ramp: Real = STEP
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "switch_matrix"

    @cached_property
    def gate(self) -> Gate:
        """A pass gate as laid out."""
        narrow = self.drive_strength * self.tech.layout.min_width * self.tech.feature
        return Gate(self.tech, narrow, narrow * self.tech.pn_ratio, cell_height=self._stack[2])

    @property
    def switch_res(self) -> Real:
        """Resistance [ohm] of a pass gate."""
        return self.tech.switch.linear * nfet_res(self.tech, self.gate.nfet)

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        tau = self.switch_res * (5.0 * self.gate.output_cap + self.load)
        return stage(tau + self.line_res * self.load / 2.0, self.ramp)

    @action
    def drive(self, density: Real = 0.5, changed: Real = 1.0) -> Cost:
        """Open a share of the rows to the read voltage; ``changed`` of the flip-flops toggle."""
        drain, control = self.gate.output_cap, self.gate.input_cap
        row = drain * (2.0 * self.access_voltage**2 + 5.0 * self.read_voltage**2)
        row = row + 3.0 * control * self.tech.vdd**2
        return self._switched(density * self.lines * row, changed)

    @action
    def write(self, changed: Real = 1.0, rows: Real = 1.0) -> Cost:
        """Open rows for programming."""
        row = 2.0 * self.gate.output_cap * self.access_voltage**2
        row = row + 5.0 * self.gate.input_cap * self.tech.vdd**2
        return self._switched(rows * row, changed)
