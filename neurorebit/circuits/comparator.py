"""Digital comparators."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.schema.technology import Technology

INVERTERS, NANDS, NANDS3 = 4.0, 4.0, 3.0  # gates per bit


@dataclass(frozen=True, eq=False)
class Comparator(Placed):
    """``count`` comparators of ``bits`` bits that ripple from bit to bit (circuits.md 3.6).

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
