"""Switch matrices: per line, a flip-flop and pass gates that connect the line to a voltage.

See docs/models/selection.md#switch-matrices. Both outputs of a flip-flop drive the gates of the
pass gates, where these are wide through a chain of inverters each (``sizing.Buffers``). Of a pass
gate one side is on the line and swings with it, the other one rests at its voltage. The energy of
the lines themselves is billed to the array.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import (
    STEP,
    Gate,
    PassGate,
    Switch,
    cell_height,
    gate_pitch,
    nfet_res,
    stage,
    switch,
)
from neurorebit.circuits.layout import Placed, folded_height, folded_width
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sizing import Buffers
from neurorebit.schema.technology import Technology

LEAST = 1e-300  # for shares of nothing


def toggled(ones: Real, driven: Real = 1.0) -> Real:
    """Share of the flip-flops that toggle from one plane to the next.

    Of the share ``driven`` that is in use as many as ``ones`` hold a one; planes follow each other
    independently, so that of d = ones / driven a share of 2 d (1 - d) changes.
    """
    share = np.minimum(ones / np.maximum(driven, LEAST), 1.0)
    return 2.0 * driven * share * (1.0 - share)


class _LineSwitches(Placed):
    """Flip-flops, one per line, and the pass gates that they switch through chains of inverters."""

    tech: Technology
    lines: Positive

    @property
    @abstractmethod
    def register(self) -> Register:
        """The flip-flops."""

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.register),)

    @property
    @abstractmethod
    def control_load(self) -> Real:
        """Gates [F] of the pass gates that one output of a flip-flop switches."""

    @cached_property
    def buffers(self) -> Buffers:
        """The chain behind one output of a flip-flop."""
        return shared(Buffers, self.tech, self.control_load)

    @property
    def buffer_area(self) -> Real:
        """Area [m^2] of all chains."""
        return 2.0 * self.lines * self.buffers.area

    @property
    def body(self) -> Footprint:
        """Pass gates and chains. Pass gates do not leak: both sides are at the same voltage."""
        leakage = 2.0 * self.lines * self.buffers.leakage_power
        return Footprint.of(self.area - self.register.area, leakage)

    @property
    @abstractmethod
    def _path(self) -> tuple[Real, Real]:
        """Delay [s] from the flip-flop to the far end of the line, and the ramp [1/s] there."""

    @property
    def delay(self) -> Real:
        """Delay [s] from the flip-flop to the far end of the line."""
        return self._path[0]

    @property
    def output_ramp(self) -> Real:
        """Ramp [1/s] at the far end of the line."""
        return self._path[1]

    def _switch(self, drains: Real, changed: Real) -> Cost:
        """Toggle the share ``changed`` of the flip-flops; ``drains`` [J] swing with the lines.

        One of the two chains of a line charges when its flip-flop toggles, with the gates behind
        it, and the other one discharges.
        """
        toggle = (self.control_load + self.buffers.switched) * self.tech.vdd**2
        energy = drains + changed * self.lines * toggle
        return self.register.store(changed) + Cost.of(energy, self.delay)

    def _alone(self, rows: Real) -> Real:
        """Share of the flip-flops that toggle where rows are selected in turn, ``rows`` at once.

        Each of them is switched on and off.
        """
        return 2.0 * rows / self.lines

    def _connected(self, tau: Real, ramp: Real) -> tuple[Real, Real]:
        """Delay [s] through a chain and a pass gate with a line, and the ramp [1/s] of the line."""
        delay, ramp = self.buffers.path(ramp)
        added, ramp = stage(tau, ramp)
        return delay + added, ramp


class _Beside(_LineSwitches):
    """A switch matrix beside an array: pass gates in standard cells, stacked along the height."""

    @cached_property
    def _stack(self) -> tuple[Real, Real, Real]:
        """Height [m], number of columns of pass gates, height [m] of a pass gate."""
        side = self.fit_height
        if side is None:
            side = self.lines * cell_height(self.tech)
        return side, *folded_height(side, self.lines, cell_height(self.tech))

    @property
    @abstractmethod
    def gate(self) -> Gate:
        """A pass gate in its cell."""

    @property
    @abstractmethod
    def gates_width(self) -> Real:
        """Width [m] of the pass gates of a line."""

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.lines, fit_height=self._stack[0])

    @cached_property
    def size(self) -> tuple[Real, Real]:
        height, cols, _ = self._stack
        switches = self.gates_width * cols + self.register.width
        return switches + self.buffer_area / height, height


@dataclass(frozen=True, eq=False)
class _SwitchMatrix(_LineSwitches):
    """Two pass gates per line, whose voltage drop is a small share of that over the line.

    ``driven_res`` [ohm] is the resistance of the cells of a line, ``load`` [F] and ``line_res``
    [ohm] are those of the line itself; ``ramp`` [1/s] is that of the flip-flops.
    """

    tech: Technology
    lines: Positive = 128.0
    driven_res: Positive = 1e5
    _: KW_ONLY
    load: Real = 0.0
    line_res: Real = 0.0
    read_voltage: Real = 0.5
    write_voltage: Real = 2.0
    ramp: Positive = STEP
    name: str = "switch_matrix"

    @cached_property
    def switch(self) -> Switch:
        """The pass gate between a line and a voltage."""
        return switch(self.tech, self.driven_res, self.tech.switch.linear)

    @property
    @abstractmethod
    def drain_cap(self) -> Real:
        """Capacitance [F] of one side of a pass gate."""

    @property
    @abstractmethod
    def control_cap(self) -> Real:
        """Gate capacitance [F] of a pass gate."""

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        tau = self.switch.res * (2.0 * self.drain_cap + self.load)
        return self._connected(tau + self.line_res * self.load / 2.0, self.ramp)

    @property
    def control_load(self) -> Real:
        """An NFET of one pass gate and a PFET of the other."""
        return self.control_cap

    @action
    def drive(self, density: Real = 0.5, driven: Real = 1.0) -> Cost:
        """Connect the share ``density`` of the lines to the read voltage.

        They are any of the share ``driven`` that is in use.
        """
        line = 2.0 * self.drain_cap * self.read_voltage**2
        return self._switch(density * self.lines * line, toggled(density, driven))

    @action
    def drive_one(self) -> Cost:
        """Connect a line to the read voltage, and the one before to its rest."""
        return self._switch(2.0 * self.drain_cap * self.read_voltage**2, self._alone(1.0))


@dataclass(frozen=True, eq=False)
class RowSwitchMatrix(_Beside, _SwitchMatrix):
    """A switch matrix of the rows, beside the array."""

    @property
    def gates_width(self) -> Real:
        return 2.0 * self.gate.width

    @cached_property
    def gate(self) -> Gate:
        """A pass gate in its cell."""
        drawn = self.switch
        return Gate(self.tech, drawn.nfet, drawn.pfet, cell_height=self._stack[2])

    @property
    def drain_cap(self) -> Real:
        return self.gate.output_cap

    @property
    def control_cap(self) -> Real:
        return self.gate.input_cap

    @action
    def write(self, rows: Real = 1.0) -> Cost:
        """Select ``rows`` word lines of SRAM at once to be written, which go to the supply."""
        line = 2.0 * self.drain_cap * self.tech.vdd**2
        return self._switch(rows * line, self._alone(rows))

    @action
    def write_half_selected(self, rows: Real = 1.0) -> Cost:
        """Select ``rows`` rows of a crosspoint array; the others go to half the write voltage."""
        line = 2.0 * self.drain_cap * self.write_voltage**2
        swung = rows + (self.lines - rows) / 4.0
        return self._switch(line * swung, self._alone(rows))


@dataclass(frozen=True, eq=False)
class ColSwitchMatrix(_SwitchMatrix):
    """A switch matrix of the columns, below the array: pass gates folded to the columns' pitch."""

    @cached_property
    def _row(self) -> tuple[Real, Real, Real]:
        """Width [m], number of rows of pass gates, number of folds of a pass gate."""
        pitch = gate_pitch(self.tech)
        side = 4.0 * self.lines * pitch if self.fit_width is None else self.fit_width
        return side, *folded_width(side, self.lines, 2.0, pitch)

    @cached_property
    def gate(self) -> PassGate:
        """A pass gate, folded to its share of the width."""
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
        height = self.gate.height * gate_rows + self.register.height
        return width, height + self.buffer_area / width

    @action
    def write(self, written: Real = 0.5, pulses: Real = 1.0) -> Cost:
        """Program the share ``written`` of a row's cells, half of them set and half reset.

        A cell takes ``pulses`` pulses; the other columns inhibit.
        """
        cells = written * self.lines
        swings = pulses * cells + self.lines - cells / 2.0
        line = 2.0 * self.drain_cap * self.write_voltage**2
        return self._switch(line * swings, toggled(written))

    @action
    def write_half_selected(self, written: Real = 0.5, pulses: Real = 1.0) -> Cost:
        """Program the share ``written`` of a row of a crosspoint array.

        All columns go to half the write voltage, those programmed to the full voltage in each of
        ``pulses`` pulses.
        """
        swings = pulses * written * self.lines + self.lines / 4.0
        line = 2.0 * self.drain_cap * self.write_voltage**2
        return self._switch(line * swings, toggled(written))


@dataclass(frozen=True, eq=False)
class AccessSwitchMatrix(_Beside):
    """A switch matrix of 1T1R arrays: a flip-flop switches a row's access line and input line.

    A row has two pass gates for its access line, of ``drive_strength`` times the minimum size
    (docs/models/selection.md#access-switches), and two for its input line. These carry the current
    of all cells of the row that are read at once and take a small share of the voltage over them,
    of ``driven_res`` [ohm] together; they are as small as the others where it is not given.
    ``load`` [F] and ``line_res`` [ohm] are those of the access line with its gates, ``input_load``
    [F] that of the input line.
    """

    tech: Technology
    lines: Positive = 128.0
    load: Real = 0.0
    line_res: Real = 0.0
    _: KW_ONLY
    driven_res: Positive | None = None
    input_load: Real = 0.0
    read_voltage: Real = 0.5
    access_voltage: Real = 1.1
    drive_strength: Real = 1.0
    ramp: Positive = STEP
    name: str = "switch_matrix"

    @cached_property
    def gate(self) -> Gate:
        """A pass gate in its cell."""
        narrow = self.drive_strength * self.tech.layout.min_width * self.tech.feature
        return Gate(self.tech, narrow, narrow * self.tech.pn_ratio, cell_height=self._stack[2])

    @cached_property
    def input_switch(self) -> Switch:
        """A pass gate of the input line."""
        if self.driven_res is None:
            return Switch(self.gate.nfet, self.gate.pfet, self.switch_res)
        return switch(self.tech, self.driven_res, self.tech.switch.linear)

    @cached_property
    def input_gate(self) -> Gate:
        """A pass gate of the input line in its cell."""
        drawn = self.input_switch
        return Gate(self.tech, drawn.nfet, drawn.pfet, cell_height=self._stack[2])

    @property
    def gates_width(self) -> Real:
        return 2.0 * self.gate.width + 2.0 * self.input_gate.width

    @property
    def switch_res(self) -> Real:
        """Resistance [ohm] of a pass gate of the access line."""
        return self.tech.switch.linear * nfet_res(self.tech, self.gate.nfet)

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        """The slower of the access line and the input line."""
        access = self.switch_res * (2.0 * self.gate.output_cap + self.load)
        access = access + self.line_res * self.load / 2.0
        given = self.input_switch.res * (2.0 * self.input_gate.output_cap + self.input_load)
        return self._connected(np.maximum(access, given), self.ramp)

    @property
    def control_load(self) -> Real:
        """An NFET or a PFET of each of four pass gates."""
        return self.gate.input_cap + self.input_gate.input_cap

    @property
    def _row(self) -> Real:
        """Energy [J] of the drains on the lines of a row that opens for a read."""
        access = 2.0 * self.gate.output_cap * self.access_voltage**2
        return access + 2.0 * self.input_gate.output_cap * self.read_voltage**2

    @action
    def drive(self, density: Real = 0.5, driven: Real = 1.0) -> Cost:
        """Open the share ``density`` of the rows and connect them to the read voltage.

        They are any of the share ``driven`` that is in use.
        """
        return self._switch(density * self.lines * self._row, toggled(density, driven))

    @action
    def drive_one(self) -> Cost:
        """Open a row and connect it to the read voltage, and close the one before."""
        return self._switch(self._row, self._alone(1.0))

    @action
    def write(self, rows: Real = 1.0) -> Cost:
        """Open ``rows`` rows at once for programming."""
        row = 2.0 * self.gate.output_cap * self.access_voltage**2
        return self._switch(rows * row, self._alone(rows))
