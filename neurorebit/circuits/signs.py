"""Gates that let signed inputs through: complements before an adder, and gates on rows.

See docs/models/logic.md#complements-and-row-gates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import nands_energy
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.layout import Placed, bank
from neurorebit.circuits.switching import RANDOM, STEPS, Net, exclusive_or
from neurorebit.schema.technology import Technology

NANDS = 4.0  # of an XOR
HELD = Net(np.float64(0.5), np.zeros(STEPS))  # a control line that stays as it is


@dataclass(frozen=True, eq=False)
class Complements(Placed):
    """``count`` rows of ``bits`` XORs of four NANDs: a number, or its complement to subtract it.

    The carry into the adder behind them makes the complement a negative number.
    """

    tech: Technology
    bits: Real = 8.0
    count: Real = 1.0
    name: str = "complements"

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech).nand
        unit = NANDS * cell.width, cell.height
        return bank(self, self.bits * self.count, unit, unit)

    @property
    def body(self) -> Footprint:
        gates = NANDS * self.bits * self.count
        return Footprint.of(self.area, gates * cells(self.tech).nand.leakage_power)

    @cached_property
    def delay(self) -> Real:
        """Time [s] through the three NANDs on the way of a bit."""
        cell = cells(self.tech).nand
        down, up = 2.0 * cell.nfet_res, cell.pfet_res
        first = down * (cell.output_cap + 2.0 * cell.input_cap)
        second = up * (cell.output_cap + cell.input_cap)
        return chain(STEP, first, second, down * cell.output_cap)[0]

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one number through one row of them."""
        switched, _ = exclusive_or(RANDOM.net, HELD)
        return self.bits * nands_energy(self.tech, switched)

    @action
    def take(self, numbers: Real = 1.0, active: Real = 1.0) -> Cost:
        """Numbers one after the other, in a share of the rows; all but the last overlap."""
        return Cost.of(numbers * active * self.count * self.energy, self.delay)


@dataclass(frozen=True, eq=False)
class RowGates(Placed):
    """``count`` gates that let a row's bit through if the input's sign is that of the phase.

    An XOR of four NANDs compares the sign with the phase, a NAND and an inverter pass the bit.
    """

    tech: Technology
    count: Real = 1.0
    name: str = "row_gates"

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech)
        unit = (NANDS + 1.0) * cell.nand.width + cell.inverter.width, cell.nand.height
        return bank(self, self.count, unit, unit)

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        leakage = (NANDS + 1.0) * cell.nand.leakage_power + cell.inverter.leakage_power
        return Footprint.of(self.area, self.count * leakage)

    @action
    def let(self, ones: Real) -> Cost:
        """Pass a plane in which a share ``ones`` of the rows has a one; their gates rise and fall.

        They switch while the rows do, and add no time to theirs.
        """
        cell = cells(self.tech)
        cap = cell.nand.input_cap + cell.nand.output_cap
        cap = cap + cell.inverter.input_cap + cell.inverter.output_cap
        return Cost.of(ones * self.count * cap * self.tech.vdd**2)
