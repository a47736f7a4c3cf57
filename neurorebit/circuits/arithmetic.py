"""Multipliers and multiply-accumulate lanes (system.md 13.2).

The energy of integer arithmetic follows from the gates of circuits.md 3.2 and the switching
activities of the technology file. The energy of floating-point arithmetic is published and scaled.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import NANDS, Adder
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.register import Register
from neurorebit.schema.technology import Technology

# Largest number of rows that a Dadda tree reduces to two in 0, 1, 2, ... levels
DADDA = np.array([2.0, 3, 4, 6, 9, 13, 19, 28, 42, 63, 94, 141])


def dadda_depth(rows: Real) -> Real:
    """Levels of full adders that reduce ``rows`` partial products to two; nan above 141 rows."""
    depth: Real = np.sum(np.asarray(rows, dtype=np.float64)[..., None] > DADDA, axis=-1) + 0.0
    return np.where(np.asarray(rows) <= DADDA[-1], depth, np.nan)


@dataclass(frozen=True, eq=False)
class Multiplier(Block):
    """``count`` array multipliers of ``bits`` by ``by`` bits, where bits >= by."""

    tech: Technology
    bits: Real = 32.0
    by: Positive = 8.0
    count: Real = 1.0
    _: KW_ONLY
    name: str = "multiplier"

    @cached_property
    def _adder(self) -> Adder:
        return Adder(self.tech)

    @property
    def full_adders(self) -> Real:
        """Number of full adders of one multiplier."""
        return (self.by - 1.0) * self.bits

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        nands, products = NANDS * self.full_adders, self.bits * self.by
        area = (nands + products) * cell.nand.area + products * cell.inverter.area
        leakage = (nands + products) * cell.nand.leakage_power
        leakage = leakage + products * cell.inverter.leakage_power
        return Footprint.of(self.count * area, self.count * leakage)

    @property
    def product_energy(self) -> Real:
        """Energy [J] of one AND of two bits: a partial product."""
        inv, nand = cells(self.tech).inverter, cells(self.tech).nand
        switched = 2.0 * nand.input_cap + nand.output_cap + inv.input_cap + inv.output_cap
        return self.tech.vdd**2 * switched

    @cached_property
    def product_delay(self) -> Real:
        """Delay [s] of one AND of two bits that drives a full adder."""
        inv, nand = cells(self.tech).inverter, cells(self.tech).nand
        return chain(
            STEP,
            2.0 * nand.nfet_res * (nand.output_cap + inv.input_cap),
            inv.pfet_res * (inv.output_cap + 2.0 * nand.input_cap),
        )[0]

    @property
    def reduction_delay(self) -> Real:
        """Delay [s] from the operands to the two rows whose sum is the product."""
        return self.product_delay + 2.0 * dadda_depth(self.by) * self._adder.carry_delay

    @property
    def energy(self) -> Real:
        """Energy [J] of one multiplication in one multiplier."""
        adders = self.full_adders * self._adder.full_adder_energy
        products = self.bits * self.by * self.product_energy
        return self.tech.arithmetic.multiply_activity * (adders + products)

    @action
    def multiply(self, active: Real = 1.0) -> Cost:
        """One multiplication in the share ``active`` of the multipliers.

        A ripple-carry adder adds the last two rows.
        """
        adder = Adder(self.tech, self.bits + self.by)
        latency = self.reduction_delay + adder.delay
        return Cost.of(active * self.count * self.energy, latency)


@dataclass(frozen=True, eq=False)
class _Mac(Block):
    """``count`` lanes that multiply ``bits`` by ``by`` bits and accumulate ``sum_bits`` bits."""

    tech: Technology
    bits: Real = 32.0
    by: Positive = 8.0
    sum_bits: Real = 48.0
    _: KW_ONLY
    count: Real = 1.0
    name: str = "mac"

    @cached_property
    def multiplier(self) -> Multiplier:
        return Multiplier(self.tech, self.bits, self.by, self.count)

    @cached_property
    def adder(self) -> Adder:
        activity = self.tech.arithmetic.add_activity
        return Adder(self.tech, self.sum_bits, self.count, activity=activity)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.count * self.sum_bits)


@dataclass(frozen=True, eq=False)
class Mac(_Mac):
    """Lanes in which a ripple-carry adder adds each product to the accumulator."""

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.multiplier), (1.0, self.adder), (1.0, self.register)

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in the share ``active`` of the lanes; half of the accumulator's bits change."""
        multiplied = active * self.count * self.multiplier.energy
        product = Cost.of(multiplied, self.multiplier.reduction_delay).under("multiplier")
        stored = Cost(self.register.store(active / 2.0, active).energy)
        return product + self.adder.add(active) + stored


@dataclass(frozen=True, eq=False)
class CarrySaveMac(_Mac):
    """Lanes that store sum and carry separately.

    No step waits for a carry to ripple, which is faster and switches more gates.
    """

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.multiplier), (2.0, self.adder), (2.0, self.register)

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in the share ``active`` of the lanes; half of the accumulator's bits change."""
        multiplied = active * self.count * self.multiplier.energy
        latency = self.multiplier.reduction_delay + 4.0 * self.adder.carry_delay
        product = Cost.of(multiplied, latency).under("multiplier")
        added = Cost(2.0 * self.adder.add(active).energy)
        return product + added + Cost(2.0 * self.register.store(active / 2.0, active).energy)


@dataclass(frozen=True, eq=False)
class FloatMac(Block):
    """``count`` lanes that multiply and accumulate 32-bit floating-point numbers.

    The energy of an addition and a multiplication is published (M. Horowitz, ISSCC 2014); it is
    scaled by the feature size and by the square of the supply. Area, leakage and delay are those of
    a multiplier of the significands and of three adders of twice their width (align, add,
    normalise). ``significand`` and ``word`` are widths in bits.
    """

    tech: Technology
    count: Real = 1.0
    _: KW_ONLY
    significand: Real = 24.0
    word: Real = 32.0
    name: str = "mac"

    @cached_property
    def multiplier(self) -> Multiplier:
        return Multiplier(self.tech, self.significand, self.significand, self.count)

    @cached_property
    def adder(self) -> Adder:
        return Adder(self.tech, 2.0 * self.significand, self.count)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.count * self.word)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.multiplier), (3.0, self.adder), (1.0, self.register)

    @property
    def energy(self) -> Real:
        """Energy [J] of one multiplication and one addition in one lane."""
        published = self.tech.arithmetic.float_add + self.tech.arithmetic.float_multiply
        scale = self.tech.feature / self.tech.arithmetic.float_feature
        return published * scale * self.tech.supply_ratio**2

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in the share ``active`` of the lanes; half of the accumulator's bits change."""
        latency = self.multiplier.reduction_delay + 3.0 * self.adder.delay
        computed = Cost.of(active * self.count * self.energy, latency)
        return computed + Cost(self.register.store(active / 2.0, active).energy)
