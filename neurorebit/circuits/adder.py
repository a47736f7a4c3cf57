"""Ripple-carry adders and trees of them.

Nothing is smaller, and where a sum is short or its time is hidden behind that of an array nothing
is better; elsewhere see ``prefix`` and ``carry_save``.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain, log2_up, stage
from neurorebit.circuits.layout import Placed, bank, stretched
from neurorebit.circuits.switching import RANDOM, Operand, Switched, rippled
from neurorebit.schema.technology import Technology

NANDS = 9.0  # NAND2 gates of a full adder
WIDE = 64  # bits; those of wider adders switch like the last of these
LEVELS = np.arange(24.0)  # levels of a tree; with more, which no chip has, the result is nan


@dataclass(frozen=True, eq=False)
class Adder(Placed):
    """``count`` ripple-carry adders of ``bits`` bits, nine NAND gates per bit.

    See docs/models/logic.md#ripple-adders. ``load`` [F] is the capacitance at each sum bit,
    ``ramp`` [1/s] that of the inputs. The energy follows from how the bits of the operands switch
    (``operand``) and from the glitches of the carry chain (``switching.rippled``); it has the
    inputs and not the load.
    """

    tech: Technology
    bits: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    ramp: Positive = STEP
    operand: Operand = field(default=RANDOM)
    name: str = "adder"

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech).nand
        width = NANDS * cell.width
        return bank(
            self, self.count, (width, self.bits * cell.height), (self.bits * width, cell.height)
        )

    @property
    def body(self) -> Footprint:
        gates = NANDS * self.bits * self.count
        return Footprint.of(self.area, gates * cells(self.tech).nand.leakage_power)

    @cached_property
    def _stages(self) -> tuple[Real, Real, Real]:
        """Delay [s] of the first and last bits, delay [s] of a middle bit, output ramp [1/s]."""
        cell = cells(self.tech).nand
        down, up = 2.0 * cell.nfet_res, cell.pfet_res
        own, gate = cell.output_cap, cell.input_cap
        first, ramp = stage(down * (own + 3.0 * gate), self.ramp)
        second, ramp = stage(up * (own + 2.0 * gate), ramp)
        third, ramp = stage(down * (own + 3.0 * gate), ramp)
        fourth, ramp = stage(up * (own + 2.0 * gate), ramp)
        fifth, ramp = stage(down * (own + 3.0 * gate), ramp)
        sixth, ramp = stage(up * (own + gate), ramp)
        last, ramp = stage(down * (own + self.load), ramp)
        return first + second + fifth + sixth + last, third + fourth, ramp

    @property
    def end_delay(self) -> Real:
        """Delay [s] of the lowest and the highest bit together."""
        return self._stages[0]

    @property
    def carry_delay(self) -> Real:
        """Delay [s] of the carry through one bit."""
        return self._stages[1]

    @property
    def output_ramp(self) -> Real:
        """Ramp [1/s] of the highest sum bit."""
        return self._stages[2]

    @property
    def delay(self) -> Real:
        """Time [s] until the highest bit is valid."""
        return self.end_delay + np.maximum(self.bits - 2.0, 0.0) * self.carry_delay

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one addition in one adder."""
        return rippled_energy(self.tech, rippled(1, WIDE, self.operand)[0], self.bits)

    @action
    def add(self, active: Real = 1.0) -> Cost:
        """One addition in the share ``active`` of the adders."""
        return Cost.of(active * self.count * self.energy, self.delay)


@dataclass(frozen=True, eq=False)
class AdderTree(Placed):
    """``count`` trees that add ``operands`` numbers of ``bits`` bits each.

    Each level is one bit wider than the one below. An odd operand moves up a level, so a tree has
    operands - 1 adders. All adders leak; only those in use switch. The carries of all levels ripple
    at the same time: a level starts when the level below has its lowest sum bit, so each level adds
    two carry delays, one for itself and one for its wider sum (docs/models/logic.md#adder-trees).
    ``load`` [F] is the capacitance at each bit of the result. ``operand`` is as for ``Adder``; the
    glitches of a level's sums add to those of the next.
    """

    tech: Technology
    operands: Real = 8.0
    bits: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    operand: Operand = field(default=RANDOM)
    name: str = "adder_tree"

    def _adders(self, operands: Real) -> NDArray[np.float64]:
        """Adders of each level of a tree of ``operands`` operands, on the last axis."""
        left = np.ceil(np.asarray(operands, dtype=np.float64)[..., None] / 2.0**LEVELS)
        within = np.asarray(operands)[..., None] <= 2.0**LEVELS.size
        return np.where(within, np.floor(left / 2.0), np.nan)

    def _level_bits(self, operands: Real) -> Real:
        """Full adders of a tree of ``operands`` operands."""
        adders = self._adders(operands)
        bits: Real = np.sum(adders, axis=-1) * self.bits + np.sum(adders * LEVELS, axis=-1)
        return bits

    @cached_property
    def adder_bits(self) -> Real:
        """Number of full adders of one tree."""
        return self._level_bits(self.operands)

    @cached_property
    def _adder(self) -> Adder:
        return Adder(self.tech, load=self.load)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        full_adders = np.maximum(self.count * self.adder_bits, 1.0)
        cell = cells(self.tech).nand
        return stretched(
            self, self.count * self.adder_bits * NANDS * cell.area, full_adders * NANDS * cell.width
        )

    @property
    def body(self) -> Footprint:
        gates = NANDS * self.count * self.adder_bits
        return Footprint.of(self.area, gates * cells(self.tech).nand.leakage_power)

    def levels(self, operands: Real) -> Real:
        """Number of levels of a tree of ``operands`` operands."""
        return log2_up(operands)

    @property
    def sum_bits(self) -> Real:
        """Bits of the result."""
        return self.bits + self.levels(self.operands)

    @action
    def add(self, operands: Real | None = None, active: Real = 1.0) -> Cost:
        """One sum of ``operands`` operands (default: all) in the share ``active`` of the trees."""
        used = self.operands if operands is None else operands
        adder = self._adder
        levels, adders, energy = self.levels(used), self._adders(used), 0.0 * self.bits
        deepest = int(np.max(np.clip(np.nan_to_num(levels), 0.0, LEVELS.size)))
        for level, table in enumerate(rippled(deepest, WIDE, self.operand)):
            each = rippled_energy(self.tech, table, self.bits + level)
            energy = energy + adders[..., level] * each
        steps = np.maximum(self.bits + 2.0 * (levels - 1.0) - 2.0, 0.0)
        latency = np.where(levels > 0.0, adder.end_delay + steps * adder.carry_delay, 0.0)
        return Cost.of(active * self.count * energy, latency)


def full_adder_delay(tech: Technology) -> Real:
    """Delay [s] of a full adder, from its slowest input to the sum, which drives another one."""
    cell = cells(tech).nand
    down, up = 2.0 * cell.nfet_res, cell.pfet_res
    loads = 3.0, 1.0, 2.0, 3.0, 1.0, 2.0
    taus = (
        (up if place % 2 else down) * (cell.output_cap + load * cell.input_cap)
        for place, load in enumerate(loads)
    )
    return chain(STEP, *taus)[0]


def nands_energy(tech: Technology, switched: Switched) -> Real:
    """Energy [J] of NANDs whose inputs and outputs switch."""
    cell = cells(tech).nand
    caps = switched.inputs * cell.input_cap + switched.outputs * cell.output_cap
    return tech.vdd**2 * caps


def rippled_energy(tech: Technology, table: NDArray[np.float64], bits: Real) -> Real:
    """Energy [J] of an addition in one ripple adder of ``bits`` bits, of which ``table`` says what
    the first n bits switch.
    """
    return nands_energy(tech, Switched(_at(table[:, 0], bits), _at(table[:, 1], bits)))


def _at(table: NDArray[np.float64], bits: Real) -> Real:
    """A sum over bits at any number of them."""
    within: Real = np.interp(bits, np.arange(table.size), table)
    last = float(table[-1] - table[-2])
    return within + np.maximum(bits - (table.size - 1.0), 0.0) * last
