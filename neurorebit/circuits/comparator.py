"""Digital comparators: rippling from bit to bit, or a tree of groups of bits.

A number is the larger one where a carry runs out of the sum of it and the other's complement, so
the groups of bits that generate, propagate or kill a carry (``prefix``) are those that decide a
comparison: of two neighbours the higher one decides unless its bits are equal. Only the group of
all bits is asked for, which takes one cell less than bits, in log2 of them levels.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain, stage
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.prefix import DEEPEST, Level, cell_rates, ends_of
from neurorebit.circuits.switching import RANDOM, Operand
from neurorebit.schema.technology import Technology

INVERTERS, NANDS, NANDS3 = 4.0, 4.0, 3.0  # gates per bit of a ripple comparator


@dataclass(frozen=True, eq=False)
class Comparator(Placed):
    """``count`` comparators of ``bits`` bits that ripple from bit to bit.

    See docs/models/logic.md#comparators.

    ``load`` [F] is the capacitance at the result; ``activity`` the share of the gates that switch.
    """

    tech: Technology
    bits: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    activity: Real = 1.0
    name: str = "comparator"

    @cached_property
    def cell_area(self) -> Real:
        """Area [m^2] of one comparator."""
        cell = cells(self.tech)
        area = INVERTERS * cell.inverter.area + NANDS * cell.nand.area + NANDS3 * cell.nand3.area
        return self.bits * area

    @property
    def cell_leakage(self) -> Real:
        """Leakage [W] of one comparator."""
        cell = cells(self.tech)
        leakage = INVERTERS * cell.inverter.leakage_power + NANDS * cell.nand.leakage_power
        return self.bits * (leakage + NANDS3 * cell.nand3.leakage_power)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self.cell_area
        return stretched(self, area, area / cells(self.tech).inverter.height)

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.count * self.cell_leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] until the result is valid."""
        two, three = cells(self.tech).nand, cells(self.tech).nand3
        first = 2.0 * two.nfet_res * (two.output_cap + three.input_cap)
        inner = two.pfet_res * (three.output_cap + two.input_cap)
        outer = two.pfet_res * (three.output_cap + self.load)
        lowest, ramp = chain(STEP, first, inner)
        middle, ramp = chain(ramp, first, inner)
        highest, _ = chain(ramp, first, outer)
        alone, _ = chain(STEP, first, outer)
        rippled = lowest + np.maximum(self.bits - 2.0, 0.0) * middle + highest
        return np.where(np.asarray(self.bits) > 1.0, rippled, alone)

    @property
    def energy(self) -> Real:
        """Energy [J] of one comparison in one comparator."""
        cell = cells(self.tech)
        switched = INVERTERS * (cell.inverter.input_cap + cell.inverter.output_cap)
        switched = switched + NANDS * (cell.nand.input_cap + cell.nand.output_cap)
        switched = switched + NANDS3 * (cell.nand3.input_cap + cell.nand3.output_cap)
        return self.activity * self.bits * switched * self.tech.vdd**2

    @action
    def compare(self, active: Real = 1.0) -> Cost:
        """One comparison in the share ``active`` of the comparators."""
        return Cost.of(active * self.count * self.energy, self.delay)


@dataclass(frozen=True, eq=False)
class PrefixComparator(Placed):
    """``count`` comparators of ``bits`` bits that join groups of bits in a tree.

    ``load`` [F] is the capacitance at the result, ``operand`` says how the numbers switch; the
    complement of a number switches as the number does.
    """

    tech: Technology
    bits: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    operand: Operand = field(default=RANDOM)
    name: str = "comparator"

    @cached_property
    def levels(self) -> list[Level]:
        """The cells of each level; the group of the lowest bits needs no P."""
        groups, found = np.asarray(self.bits, float), list[Level]()
        while np.any(groups > 1.0) and len(found) < DEEPEST:
            joined, level = np.floor(groups / 2.0), len(found)
            lowest = np.where(joined > 0.0, 1.0, 0.0)
            found.append(Level(joined, lowest, level, 2.0**level, 1.0, 2.0))
            groups = groups - joined
        return found

    @cached_property
    def gates(self) -> tuple[Real, Real]:
        """NANDs and inverters of one comparator."""
        joins = sum((level.cells for level in self.levels), 0.0 * self.bits)
        lowest = sum((level.lowest for level in self.levels), 0.0 * self.bits)
        nands = 4.0 * self.bits + 2.0 * joins + (joins - lowest)
        return nands, 2.0 * self.bits + joins + (joins - lowest)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        (nands, inverters), cell = self.gates, cells(self.tech)
        area = self.count * (nands * cell.nand.area + inverters * cell.inverter.area)
        return stretched(self, area, area / cell.inverter.height)

    @property
    def body(self) -> Footprint:
        (nands, inverters), cell = self.gates, cells(self.tech)
        leakage = nands * cell.nand.leakage_power + inverters * cell.inverter.leakage_power
        return Footprint.of(self.area, self.count * leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] until the result is valid: complement, XOR, and every level of the tree."""
        nand, inv = cells(self.tech).nand, cells(self.tech).inverter
        down, up, own, gate = 2.0 * nand.nfet_res, nand.pfet_res, nand.output_cap, nand.input_cap
        delay, ramp = chain(
            STEP,
            inv.pfet_res * (inv.output_cap + 3.0 * gate),
            down * (own + 2.0 * gate + inv.input_cap),
            up * (own + gate),
            down * (own + 3.0 * gate),
        )
        for level in self.levels:
            last = np.asarray(self.bits) <= 2.0 ** (level.group + 1)
            inner, slope = stage(down * (own + gate), ramp)
            driven = np.where(last, self.load, gate + inv.input_cap)
            outer, slope = stage(up * (own + driven), slope)
            there = np.asarray(level.cells) > 0.0
            delay = delay + np.where(there, inner + outer, 0.0)
            ramp = np.where(there, slope, ramp)
        return delay

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one comparison in one comparator."""
        nand, inv = cells(self.tech).nand, cells(self.tech).inverter
        out, into, flip = nand.output_cap, nand.input_cap, inv.input_cap + inv.output_cap
        net, ends = self.operand.net, ends_of(self.operand)
        once = ends.front.inputs * into + ends.front.outputs * out
        once = once + ends.generate * flip + net.rate / 2.0 * flip
        switched = self.bits * once
        for level in self.levels:
            rate = cell_rates(self.operand, level.group, False)
            made = rate.higher * into + rate.kill * (flip + into) + rate.lower * into
            made = made + rate.inner * (out + into) + rate.made * out
            passed = (rate.higher + rate.lower_all) * into + rate.passed * (out + flip)
            switched = switched + level.cells * made + (level.cells - level.lowest) * passed
        return self.tech.vdd**2 * switched

    @action
    def compare(self, active: Real = 1.0) -> Cost:
        """One comparison in the share ``active`` of the comparators."""
        return Cost.of(active * self.count * self.energy, self.delay)
