"""Ripple-carry adders and adder trees."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, log2_up, stage
from neurorebit.circuits.layout import Placed, bank, stretched
from neurorebit.schema.technology import Technology

NANDS = 9.0  # NAND2 gates of a full adder
LEVELS = np.arange(24.0)  # levels of a tree; with more, which no chip has, the result is nan


@dataclass(frozen=True, eq=False)
class Adder(Placed):
    """``count`` ripple-carry adders of ``bits`` bits, nine NAND gates per bit (circuits.md 3.2).

    ``load`` [F] is the capacitance at each sum bit, ``ramp`` [1/s] that of the inputs. ``activity``
    is the switching activity relative to the worst case, in which every gate along the carry path
    switches; for typical data it is ``technology.arithmetic.add_activity``.
    """

    tech: Technology
    bits: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    ramp: Positive = STEP
    activity: Real = 1.0
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
    def full_adder_energy(self) -> Real:
        """Energy [J] of one full adder of which every gate switches."""
        cell = cells(self.tech).nand
        return self.tech.vdd**2 * (13.0 * cell.input_cap + 7.0 * cell.output_cap)

    @property
    def first_input_energy(self) -> Real:
        """Energy [J] of the additional gate input that the lowest bit switches."""
        return self.tech.vdd**2 * cells(self.tech).nand.input_cap

    @property
    def energy(self) -> Real:
        """Energy [J] of one addition in one adder."""
        return self.activity * (self.bits * self.full_adder_energy + self.first_input_energy)

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
    two carry delays, one for itself and one for its wider sum (circuits.md 3.3, system.md 5.5).
    ``load`` [F] is the capacitance at each bit of the result; ``activity`` as for ``Adder``.
    """

    tech: Technology
    operands: Real = 8.0
    bits: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    activity: Real = 1.0
    name: str = "adder_tree"

    def _level_bits(self, operands: Real) -> Real:
        """Full adders of a tree of ``operands`` operands."""
        left = np.ceil(np.asarray(operands, dtype=np.float64)[..., None] / 2.0**LEVELS)
        adders = np.floor(left / 2.0)
        bits: Real = np.sum(adders, axis=-1) * self.bits + np.sum(adders * LEVELS, axis=-1)
        return np.where(np.asarray(operands) <= 2.0**LEVELS.size, bits, np.nan)

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
        switched = self._level_bits(used) * adder.full_adder_energy
        switched = switched + np.maximum(used - 1.0, 0.0) * adder.first_input_energy
        levels = self.levels(used)
        steps = np.maximum(self.bits + 2.0 * (levels - 1.0) - 2.0, 0.0)
        latency = np.where(levels > 0.0, adder.end_delay + steps * adder.carry_delay, 0.0)
        return Cost.of(active * self.count * self.activity * switched, latency)
