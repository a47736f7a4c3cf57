"""Floating-point arithmetic of any format, built of multipliers, adders and shifters.

A product has the product of the significands and the sum of the exponents. An addition takes the
smaller number's significand to the larger one's exponent (a difference of exponents, a shifter),
adds or subtracts, counts the zeros that are left in front, takes the sum back by as many (another
shifter) and rounds it. Multiplication, addition and what follows it are three stages of a pipeline.

See docs/models/logic.md#floating-point-lanes.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property

import numpy as np

from neurorebit.circuits.arithmetic import Multiplier, Products
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.prefix import FASTEST, PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.shifting import BarrelShifter, LeadingZeros
from neurorebit.circuits.signs import Complements
from neurorebit.circuits.switching import RANDOM, Operand
from neurorebit.schema.technology import Technology

GUARD = 3.0  # bits behind a significand: guard, round, and sticky, into which others are merged
RARE = Operand(ones=0.25, toggles=0.25)  # of rounding: a number, and a one at its end or none


@dataclass(frozen=True, eq=False)
class FloatAdder(Block):
    """``count`` adders of numbers with significands of so many bits and exponents of so many."""

    tech: Technology
    significand: Real = 24.0
    exponent: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    name: str = "adder"

    @property
    def _width(self) -> Real:
        """Bits of the significands as they are added."""
        return self.significand + GUARD

    def _prefix(self, bits: Real, name: str, operand: Operand = RANDOM) -> PrefixAdder:
        made = PrefixAdder(self.tech, bits, self.count, network=FASTEST, operand=operand)
        return replace(made, name=name)

    @cached_property
    def distance(self) -> PrefixAdder:
        """The difference of the exponents, whose sign says which number is the larger."""
        return self._prefix(self.exponent + 1.0, "exponents")

    @cached_property
    def align(self) -> BarrelShifter:
        return BarrelShifter(self.tech, self._width, self.count, name="align")

    @cached_property
    def complements(self) -> Complements:
        return Complements(self.tech, self._width, self.count)

    @cached_property
    def adder(self) -> PrefixAdder:
        return self._prefix(self._width + 1.0, "significands")

    @cached_property
    def zeros(self) -> LeadingZeros:
        return LeadingZeros(self.tech, self._width + 1.0, self.count)

    @cached_property
    def normalise(self) -> BarrelShifter:
        return BarrelShifter(self.tech, self._width + 1.0, self.count, name="normalise")

    @cached_property
    def rounding(self) -> PrefixAdder:
        return self._prefix(self.significand, "rounding", RARE)

    @cached_property
    def pipeline(self) -> Register:
        """Between the addition and what follows it: the sum, its exponent and its sign."""
        bits = self._width + self.exponent + 2.0
        return Register(self.tech, bits * self.count, name="pipeline")

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (2.0, self.distance),  # of the exponents, and of exponent and zeros
            (1.0, self.align),
            (1.0, self.complements),
            (1.0, self.adder),
            (1.0, self.zeros),
            (1.0, self.normalise),
            (1.0, self.rounding),
            (1.0, self.pipeline),
        )

    @property
    def stages(self) -> tuple[Real, Real]:
        """Delays [s] of the two stages: to the sum, and from there to the rounded number."""
        first = self.distance.delay + self.align.delay + self.complements.delay + self.adder.delay
        second = self.zeros.delay + self.normalise.delay + self.rounding.delay
        return first, second

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one addition in one adder."""
        bits = self.pipeline.bits / np.maximum(self.count, 1e-30)
        latched = bits * (self.pipeline.clock_energy + self.pipeline.data_energy / 2.0)
        shifters = self.align.energy + self.normalise.energy + self.zeros.energy
        adders = 2.0 * self.distance.energy + self.adder.energy + self.rounding.energy
        return latched + shifters + adders + self.complements.energy

    @action
    def add(self, active: Real = 1.0) -> Cost:
        """One addition in the share ``active`` of the adders."""
        return Cost.of(active * self.count * self.energy, sum(self.stages, 0.0 * self.count))


@dataclass(frozen=True, eq=False)
class FloatMac(Block):
    """``count`` lanes that multiply ``bits`` by ``by`` bits of significands and add the product.

    A whole number is a significand of all its bits. The sum, to which products are cut, has a
    significand of ``sum_bits`` and an exponent of ``exponent`` bits: narrower exponents of the
    operands are biased on the way.
    """

    tech: Technology
    count: Real = 1.0
    _: KW_ONLY
    bits: Real = 24.0
    by: Real = 24.0
    exponent: Real = 8.0
    sum_bits: Real = 24.0
    name: str = "mac"

    @cached_property
    def multiplier(self) -> Multiplier:
        wide, narrow = np.maximum(self.bits, self.by), np.minimum(self.bits, self.by)
        return Multiplier(self.tech, wide, narrow, self.count, name="products")

    @property
    def products(self) -> Products:
        """The multiplier, down to two rows."""
        return self.multiplier.products

    @cached_property
    def exponents(self) -> PrefixAdder:
        """The sum of the exponents."""
        bits = self.exponent + 1.0
        return PrefixAdder(self.tech, bits, self.count, network=FASTEST, name="exponents")

    @cached_property
    def adder(self) -> FloatAdder:
        return FloatAdder(self.tech, self.sum_bits, self.exponent, self.count)

    @property
    def word(self) -> Real:
        """Bits of a sum, with its sign."""
        return self.sum_bits + self.exponent

    @property
    def held(self) -> float:
        """Rows that a sum is kept in: it is one number."""
        return 1.0

    @cached_property
    def register(self) -> Register:
        """The sum of each lane."""
        return Register(self.tech, self.count * self.word)

    @cached_property
    def pipeline(self) -> Register:
        """The product, as wide as the sum takes it, its exponent and its sign."""
        bits = np.minimum(self.bits + self.by, self.sum_bits + GUARD) + self.exponent + 2.0
        return Register(self.tech, self.count * bits, name="pipeline")

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (1.0, self.multiplier),
            (1.0, self.exponents),
            (1.0, self.adder),
            (1.0, self.pipeline),
            (1.0, self.register),
        )

    @property
    def step_time(self) -> Real:
        """Time [s] of a step: the longest of the three stages."""
        multiplied = self.multiplier.products.delay() + self.multiplier.adder.delay
        multiplied = np.maximum(multiplied, self.exponents.delay)
        first, second = self.adder.stages
        return np.maximum(np.maximum(multiplied, first), second)

    @property
    def energy(self) -> Real:
        """Energy [J] of one multiplication and one addition in one lane, without registers."""
        return self.multiplier.energy + self.exponents.energy + self.adder.energy

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in the share ``active`` of the lanes; half of the bits of registers change."""
        lanes = active * self.count
        product = Cost.of(lanes * (self.multiplier.energy + self.exponents.energy), self.step_time)
        kept = self.pipeline.store(active / 2.0, active) + self.register.store(active / 2.0, active)
        summed = Cost.of(lanes * self.adder.energy).under("adder")
        return product.under("products") + summed + Cost(kept.energy)

    @action
    def resolve(self, active: Real = 1.0) -> Cost:
        """Sums are numbers already."""
        return Cost.of(0.0 * active)
