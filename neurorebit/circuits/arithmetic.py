"""Multiply-accumulate lanes (system.md 13.2).

Energies follow from the gates of circuits.md 3.2 and the share of them that switch, held by the
technology file; a floating-point operation is a published energy, scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import NANDS, Adder
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.register import Register
from neurorebit.schema.technology import Technology

# Most rows that a Dadda tree brings down to two in one level, two levels, …
DADDA = np.array([2.0, 3, 4, 6, 9, 13, 19, 28, 42, 63, 94, 141])


def dadda_depth(rows: Real) -> Real:
    """Levels of full adders that bring so many partial products down to two; nan beyond 141."""
    depth: Real = np.sum(np.asarray(rows, dtype=np.float64)[..., None] > DADDA, axis=-1) + 0.0
    return np.where(np.asarray(rows) <= DADDA[-1], depth, np.nan)


@dataclass(frozen=True, eq=False)
class Multiplier(Block):
    """Array multipliers of ``bits`` by ``by`` bits, the first being the wider."""

    tech: Technology
    bits: Real = 32.0
    by: Real = 8.0
    count: Real = 1.0
    name: str = "multiplier"

    @cached_property
    def _adder(self) -> Adder:
        return Adder(self.tech)

    @property
    def full_adders(self) -> Real:
        """Full adders of one multiplier."""
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
        """Energy [J] of one AND of two bits."""
        inv, nand = cells(self.tech).inverter, cells(self.tech).nand
        switched = 2.0 * nand.input_cap + nand.output_cap + inv.input_cap + inv.output_cap
        return self.tech.vdd**2 * switched

    @cached_property
    def product_delay(self) -> Real:
        """Time [s] of one AND of two bits, into a full adder."""
        inv, nand = cells(self.tech).inverter, cells(self.tech).nand
        return chain(
            STEP,
            2.0 * nand.nfet_res * (nand.output_cap + inv.input_cap),
            inv.pfet_res * (inv.output_cap + 2.0 * nand.input_cap),
        )[0]

    @property
    def reduction_delay(self) -> Real:
        """Time [s] from the factors to the two rows whose sum is the product."""
        return self.product_delay + 2.0 * dadda_depth(self.by) * self._adder.carry_delay

    @property
    def energy(self) -> Real:
        """Energy [J] of one multiplication."""
        adders = self.full_adders * self._adder.full_adder_energy
        products = self.bits * self.by * self.product_energy
        return self.tech.arithmetic.multiply_activity * (adders + products)

    @action
    def multiply(self, active: Real = 1.0) -> Cost:
        """One multiplication in a share of the multipliers, the last sum rippled."""
        adder = Adder(self.tech, self.bits + self.by)
        latency = self.reduction_delay + adder.delay
        return Cost.of(active * self.count * self.energy, latency)


@dataclass(frozen=True, eq=False)
class _Mac(Block):
    """``count`` lanes that multiply and add to an accumulator of ``sum_bits``."""

    tech: Technology
    bits: Real = 32.0
    by: Real = 8.0
    sum_bits: Real = 48.0
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
    """The product is added by a ripple adder each time."""

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.multiplier), (1.0, self.adder), (1.0, self.register)

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in a share of the lanes; half of the accumulator's bits change."""
        multiplied = active * self.count * self.multiplier.energy
        product = Cost.of(multiplied, self.multiplier.reduction_delay).under("multiplier")
        stored = Cost(self.register.store(active / 2.0, active).energy)
        return product + self.adder.add(active) + stored


@dataclass(frozen=True, eq=False)
class CarrySaveMac(_Mac):
    """Sum and carry are kept apart, so a step waits for no carry: faster, and more to switch."""

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.multiplier), (2.0, self.adder), (2.0, self.register)

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in a share of the lanes; half of the accumulator's bits change."""
        multiplied = active * self.count * self.multiplier.energy
        latency = self.multiplier.reduction_delay + 4.0 * self.adder.carry_delay
        product = Cost.of(multiplied, latency).under("multiplier")
        added = Cost(2.0 * self.adder.add(active).energy)
        return product + added + Cost(2.0 * self.register.store(active / 2.0, active).energy)


@dataclass(frozen=True, eq=False)
class FloatMac(Block):
    """Lanes of 32-bit floating point.

    The energy of an addition and a multiplication is published (M. Horowitz, ISSCC 2014) and scales
    with the feature size, and with the supply squared. Area, leakage and time are those of the
    significands' multiplier and three adders of twice their width (align, add, normalise).
    """

    tech: Technology
    count: Real = 1.0
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
        """Energy [J] of one multiplication and one addition."""
        published = self.tech.arithmetic.float_add + self.tech.arithmetic.float_multiply
        scale = self.tech.feature / self.tech.arithmetic.float_feature
        return published * scale * self.tech.supply_ratio**2

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in a share of the lanes; half of the accumulator's bits change."""
        latency = self.multiplier.reduction_delay + 3.0 * self.adder.delay
        computed = Cost.of(active * self.count * self.energy, latency)
        return computed + Cost(self.register.store(active / 2.0, active).energy)
