"""Netlists in a technology: what their parts measure, switch and take.

See docs/models/adder_trees.md#gates-that-settle.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cell_edges, cell_height, cells, gate_pitch
from neurorebit.circuits.register import Register
from neurorebit.circuits.settling.netlist import SLOPE, Caps, Part
from neurorebit.circuits.sizing import Buffers
from neurorebit.schema.technology import Technology

NET = 4.0  # gate pitches that a wire to an input runs along its cell, and half of its height
SCATTERED = 0.7124  # length of the shortest path through points, over sqrt(number times area)


Values = tuple[Real, Real, Real, Real]


def capacitances(tech: Technology, side: Real, drive: Real = 1.0) -> Values:
    """Capacitance [F] of what ``Caps`` counts; ``side`` [m] is that of an operand's square.

    ``drive`` is the width of the transistors in minimum ones.
    """
    cell = cells(tech).inverter
    inside = NET * gate_pitch(tech) + cell_height(tech) / 2.0
    wire = tech.wire.cap
    return drive * cell.input_cap, drive * cell.output_cap, wire * inside, wire * side


def ratios_of(values: Values) -> Caps:
    """Capacitances over that of a gate."""
    return Caps(*(float(value / values[0]) for value in values))


def time_constant(tech: Technology) -> Real:
    """R C [s] of a minimum inverter that drives another one."""
    cell = cells(tech).inverter
    return (cell.nfet_res + cell.pfet_res) / 2.0 * cell.input_cap


def gates_area(tech: Technology, pitches: Real, drive: Real = 1.0) -> Real:
    """Area [m^2] of gates that are so many gate pitches wide.

    Transistors of the width ``drive``, in minimum ones, are folded where a cell has no room.
    """
    room = cell_height(tech) - tech.layout.pn_gap * tech.feature - cell_edges(tech)
    widest = room / (tech.layout.min_width * tech.feature * (1.0 + tech.pn_ratio))
    folds = np.maximum(drive / np.maximum(widest, 1.0), 1.0)
    return folds * pitches * gate_pitch(tech) * cell_height(tech)


def flop_delay(tech: Technology) -> Real:
    """Time [s] from the clock to a flip-flop's output, and before the next edge at its input.

    Two inverters and two pass gates each, every one of which drives another inverter.
    """
    cell = cells(tech).inverter
    loaded: Real = 1.0 + 2.0 * cell.output_cap / cell.input_cap
    delay: Real = 4.0 * SLOPE * loaded * time_constant(tech)
    return delay


def charge_of(caps: Caps, values: tuple[Real, Real, Real, Real]) -> Real:
    """Capacitance [F] that ``caps`` count."""
    total: Real = sum((a * b for a, b in zip(caps, values, strict=True)), 0.0)
    return total


@dataclass(frozen=True, eq=False)
class Logic(Block):
    """``count`` copies of a part of a netlist; an operand takes a square of ``side`` [m].

    ``drive`` is the width of its transistors in minimum ones.
    The clock of its flip-flops is not included: see ``ClockNet``.
    """

    tech: Technology
    part: Part
    count: Real = 1.0
    _: KW_ONLY
    side: Real = 0.0
    drive: Positive = 1.0
    name: str = "logic"

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.count * self.part.flip_flops)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.register),) if np.any(np.asarray(self.part.flip_flops) > 0.0) else ()

    @property
    def body(self) -> Footprint:
        area = gates_area(self.tech, self.part.width, self.drive)
        leakage = self.drive * self.part.leaking * cells(self.tech).inverter.leakage_power
        return Footprint.of(self.count * area, self.count * leakage)

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of a cycle of one copy."""
        charge = charge_of(self.part.switched, capacitances(self.tech, self.side, self.drive))
        return self.tech.vdd**2 * charge + self.part.stored * self.register.data_energy

    @action
    def settle(self, active: Real = 1.0) -> Cost:
        """A cycle of the share ``active`` of the copies."""
        return Cost.of(active * self.count * self.energy)


@dataclass(frozen=True, eq=False)
class ClockNet(Block):
    """The clock of ``flip_flops`` that are scattered over ``area`` [m^2].

    The wire is as long as the shortest path through so many points (J. Beardwood, J. Halton,
    J. Hammersley, 1959), and is driven by a tree of inverters, each ``fanout`` times as large as
    the one before, so that they add 1 / (fanout - 1) of the load.
    """

    tech: Technology
    flip_flops: Real
    area: Real
    _: KW_ONLY
    fanout: Real = 4.0
    name: str = "clock"

    @cached_property
    def wire_cap(self) -> Real:
        """Capacitance [F] of the wire."""
        length = SCATTERED * np.sqrt(self.flip_flops * self.area)
        return length * self.tech.wire.cap

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of a cycle in which all flip-flops are clocked."""
        flops = self.flip_flops * Register(self.tech).clock_energy
        wire = self.tech.vdd**2 * self.wire_cap
        gates = self.tech.vdd**2 * self._buffers
        return flops + wire + gates

    @property
    def _buffers(self) -> Real:
        """Capacitance [F] of the inverters: in and out."""
        cell = cells(self.tech).inverter
        load = self.flip_flops * 2.0 * cell.input_cap + self.wire_cap
        return load / (self.fanout - 1.0) * (1.0 + cell.output_cap / cell.input_cap)

    @property
    def body(self) -> Footprint:
        """The inverters of the tree."""
        cell = cells(self.tech).inverter
        sizes = self._buffers / (cell.input_cap + cell.output_cap)
        return Footprint.of(sizes * cell.area / 2.0, sizes * cell.leakage_power)

    @action
    def tick(self, cycles: Real = 1.0, clocked: Real = 1.0) -> Cost:
        """Clock the share ``clocked`` of the flip-flops for ``cycles`` cycles."""
        return Cost.of(cycles * clocked * self.energy)


@dataclass(frozen=True, eq=False)
class InputLines(Block):
    """``count`` lines of ``length`` [m] across an array, each with the gates that it drives.

    ``load`` [F] is that of the gates of a line. A chain of inverters sized to line and gates drives
    it from a flip-flop.
    """

    tech: Technology
    count: Real
    length: Real
    load: Real
    _: KW_ONLY
    res: Real = 0.0
    name: str = "input_lines"

    @cached_property
    def line_cap(self) -> Real:
        """Capacitance [F] of a line with its gates."""
        return self.load + self.length * self.tech.wire.cap

    @cached_property
    def buffers(self) -> Buffers:
        return Buffers(self.tech, self.line_cap, False, self.res * self.length)

    @property
    def body(self) -> Footprint:
        buffers = self.buffers
        return Footprint.of(self.count * buffers.area, self.count * buffers.leakage_power)

    @cached_property
    def delay(self) -> Real:
        """Time [s] from the flip-flop to the far end of a line."""
        return self.buffers.path(STEP)[0]

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of a line that rises and falls."""
        return self.tech.vdd**2 * (self.line_cap + self.buffers.switched)

    @action
    def drive(self, toggles: Real = 0.5, active: Real = 1.0) -> Cost:
        """A cycle in which a line toggles ``toggles`` times, of the share ``active`` of them."""
        return Cost.of(active * self.count * toggles / 2.0 * self.energy, self.delay)
