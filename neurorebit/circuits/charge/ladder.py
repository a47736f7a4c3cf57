"""C-2C ladders in an SRAM array, which weight the bits of a word by charge.

See docs/models/charge.md#c-2c-ladders.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.charge.columns import HALF, SETTLED, cell_area, mismatch, plate_cap
from neurorebit.circuits.converters.comparator import BOLTZMANN, LN2
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.technology import Technology

WIDEST = 16  # bits of a ladder
SWITCHES = 7.0  # transistors of a bit beside its memory


def ladder_charges(bits: int) -> NDArray[np.float64]:
    """Charge [bits, bits] into each branch per volt on each, over the unit, at a held output.

    The least significant branch comes first. A node has a branch of one unit, two units to each
    neighbour, and the first one unit more to ground; the last node is the output.
    """
    inner = bits - 1
    nodes = np.zeros((inner, inner))
    for i in range(inner):
        nodes[i, i] = 1.0 + 2.0 + (1.0 if i == 0 else 2.0)
        if i:
            nodes[i, i - 1] = nodes[i - 1, i] = -2.0
    charges = np.eye(bits)
    charges[:inner, :inner] -= np.linalg.inv(nodes) if inner else 0.0
    return charges


@cache
def _sums() -> NDArray[np.float64]:
    """Of ladders of 0 .. ``WIDEST`` bits: the sum of the branches' own charges, and of all."""
    found = np.zeros((WIDEST + 1, 2))
    for bits in range(1, WIDEST + 1):
        charges = ladder_charges(bits)
        found[bits] = np.trace(charges), charges.sum()
    return found


def at_bits(table: NDArray[np.float64], bits: Real) -> Real:
    """Entries of a table at whole numbers of bits; nan for others and beyond its end."""
    number = np.asarray(bits, dtype=np.float64)
    known = np.isfinite(number) & (number % 1.0 == 0.0) & (number >= 1.0) & (number < len(table))
    found: Real = np.where(known, table[np.where(known, number, 0.0).astype(np.int64)], np.nan)
    return found


@dataclass(frozen=True, eq=False)
class CapacitorLadders(Block):
    """``rows`` by ``cols`` ladders of ``bits`` bits, whose outputs share a column of ladders.

    Each bit of a word drives a branch to the row's input voltage or to 0 V. ``words`` of memory
    share a ladder, one at a time; ``cap`` [F] is the unit, ``load`` [F] what hangs on a column.
    A bit has ``transistors`` beside its memory: a pass gate and a transistor to 0 V with their
    inverter, and two that reset the nodes of the ladder. A word is read onto lines of its ladder,
    which are precharged before.
    """

    tech: Technology
    rows: Positive = 64.0
    cols: Positive = 16.0
    bits: Positive = 8.0
    _: KW_ONLY
    load: Real = 0.0
    words: Positive = 8.0
    cap: Positive = 2e-15
    transistors: Real = SWITCHES
    logic_rules: bool = True
    name: str = "ladders"

    abuts = True

    @cached_property
    def ladder_area(self) -> Real:
        """Area [m^2] of a ladder with its words: memory and transistors, below the capacitors."""
        memory = cell_area(self.tech, 0.0, 0.0, logic_rules=self.logic_rules)
        switched = self.transistors * cells(self.tech).inverter.area / 2.0
        beneath = self.bits * (self.words * memory + switched)
        units = 3.0 * self.bits  # a branch of one, two to the next node; one to ground at the end
        return np.maximum(beneath, cell_area(self.tech, 0.0, units * self.cap, logic_rules=False))

    @property
    def _drains(self) -> Real:
        """Capacitance [F] of the drains of a pass gate on one side."""
        return cells(self.tech).inverter.output_cap

    @cached_property
    def line_cap(self) -> Real:
        """Capacitance [F] of an input line: its wire, and a pass gate a bit of each ladder."""
        wire = self.tech.wire.cap * self._side
        return self.cols * (wire + self.bits * self._drains)

    @cached_property
    def input_load(self) -> Real:
        """Capacitance [F] that a row's input drives, with words of random bits.

        Inner nodes rise with their neighbours, so that it is far less than that of all branches.
        """
        branches = self.cap * self._held(0.5) + 0.5 * self.bits * self.node_cap
        return self.line_cap + self.cols * branches

    def _held(self, ones: Real) -> Real:
        """Capacitance of a ladder of random words at a held output, in units."""
        alone, every = (at_bits(_sums()[:, i], self.bits) for i in range(2))
        return ones * alone + ones**2 * (every - alone)

    @property
    def _side(self) -> Real:
        """Pitch [m] of ladders, which are square."""
        return np.sqrt(self.ladder_area)

    @property
    def node_cap(self) -> Real:
        """Capacitance [F] of a branch's lower plate to ground, with the drains of its switches."""
        drains = self._drains + cells(self.tech).nfet.output_cap
        return drains + plate_cap(self.tech, self.cap)

    @cached_property
    def column_cap(self) -> Real:
        """Capacitance [F] of a column: two units for each ladder, its wire, and the load."""
        wire = self.tech.wire.cap * self._side
        return self.rows * (2.0 * self.cap + wire) + self.load

    @property
    def gain(self) -> Real:
        """Voltage of a column over the mean of what its ladders give."""
        return self.rows * 2.0 * self.cap / self.column_cap

    @property
    def column_bits(self) -> Real:
        """Bits of a converter whose rounding is as large as noise and mismatch of a column.

        A ladder errs most at mid scale, by the spread of its most significant branch.
        """
        swing = self.gain * self.tech.vdd
        noise = BOLTZMANN * self.tech.temperature / self.column_cap
        spread = swing * mismatch(self.tech, self.cap) / 2.0 / np.sqrt(self.rows)
        return np.log2(swing / np.sqrt(HALF * (noise + spread**2)))

    @property
    def body(self) -> Footprint:
        """Memory, switches and capacitors."""
        bits = self.rows * self.cols * self.bits
        unit = cells(self.tech).inverter.leakage_power
        leaking = bits * (1.5 * self.words + self.transistors / 2.0) * unit
        pairs, area = 2.0 * self.rows, self.rows * self.cols * self.ladder_area
        leaking = leaking + pairs * (self.access.leakage_power + self.reset.leakage_power)
        return Footprint.of(area + pairs * (self.access.area + self.reset.area), leaking)

    def drawn(self, ones: Real, mean: Real, square: Real) -> Real:
        """Energy [J] that a ladder draws on the mean; arguments as those of ``multiply``."""
        held = square * self._held(ones)
        reach = 1.0 - 2.0**-self.bits  # of the largest word
        risen = 2.0 * (reach * ones * mean) ** 2 * self.gain  # the column takes back
        return self.cap * self.tech.vdd**2 * (held - risen)

    @property
    def read_line_cap(self) -> Real:
        """Capacitance [F] of one of the two lines on which a bit is read: drains and wire."""
        high = self.words * self.tech.sram.height * self.tech.feature
        drains = self.words * cells(self.tech).nfet.output_cap + cells(self.tech).pfet.output_cap
        return drains + self.tech.wire.cap * high

    @property
    def switch_cap(self) -> Real:
        """Capacitance [F] of what a one of a word raises: a pass gate and its inverter."""
        gate = cells(self.tech).inverter
        return 2.0 * gate.input_cap + gate.output_cap + cells(self.tech).nfet.nfet_cap

    def _control(self, gates: Real) -> Buffers:
        """A control line along a row with its driver: so many gates a bit, and its wire."""
        load = self.cols * self.bits * gates * cells(self.tech).nfet.nfet_cap
        load = load + self.cols * self.tech.wire.cap * self._side
        return Buffers(self.tech, load, line_res=wire_res(self.tech) * self.cols * self._side)

    @cached_property
    def access(self) -> Buffers:
        """A word line, or that of its prechargers: two transistors a bit."""
        return self._control(2.0)

    @cached_property
    def reset(self) -> Buffers:
        """A line that resets one of the two nodes of a bit."""
        return self._control(1.0)

    @action
    def read_words(self, ones: Real = 0.5, active: Real = 1.0, used: Real = 1.0) -> Cost:
        """Read a word of each ladder in a share of the rows and columns.

        One of the two lines of each bit falls and is precharged again; the word line and that of
        the prechargers rise.
        """
        bits = used * self.cols * self.bits
        switched = bits * (self.read_line_cap + ones * self.switch_cap) * self.tech.vdd**2
        gate, driven = cells(self.tech).nfet, self.access.path(STEP)[0]
        fallen = 2.0 * LN2 * gate.nfet_res * (self.read_line_cap + self.switch_cap)
        lines = 2.0 * (self.access.load + self.access.switched) * self.tech.vdd**2
        return Cost.of(active * self.rows * (switched + lines), driven + fallen)

    @action
    def multiply(
        self,
        ones: Real = 0.5,
        mean: Real = 0.5,
        square: Real = 1.0 / 3.0,
        *,
        active: Real = 1.0,
        used: Real = 1.0,
    ) -> Cost:
        """Inputs of a share ``active`` of the rows times words of a share ``used`` of the columns.

        ``ones`` is the share of ones of the words' bits, ``mean`` and ``square`` are those of the
        inputs over the supply and of their squares. Between two products lines fall back to 0 V,
        and the nodes of all ladders are reset.
        """
        rows, cols, volts = active * self.rows, used * self.cols, self.tech.vdd**2
        each = self.drawn(ones, mean, square)
        each = each + self.bits * ones * self.node_cap * square * volts
        resets = 2.0 * (self.reset.load + self.reset.switched) * volts
        energy = rows * (cols * each + self.line_cap * square * volts + resets)
        tau = wire_res(self.tech) * self.cols * self._side / 2.0 * self.input_load
        tau = tau + cells(self.tech).inverter.through_res * (self.cap + self.node_cap)
        return Cost.of(energy, SETTLED * LN2 * tau)
