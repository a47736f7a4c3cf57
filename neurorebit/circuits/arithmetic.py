"""Multipliers and multiply-accumulate lanes (docs/models/logic.md#multipliers).
Its energy follows from its gates and from how often they switch (``switching``); for arithmetic of
floating-point numbers see ``floating``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.accumulator import ACCUMULATORS, DEFAULT, Accumulator
from neurorebit.circuits.adder import NANDS, full_adder_delay, nands_energy
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.prefix import FASTEST, PrefixAdder
from neurorebit.circuits.switching import (
    RANDOM,
    Operand,
    Switched,
    Tree,
    conjunction,
    reduced,
)
from neurorebit.schema.technology import Technology

# Largest number of rows that a Dadda tree reduces to two in 0, 1, 2, ... levels
DADDA = np.array([2.0, 3, 4, 6, 9, 13, 19, 28, 42, 63, 94, 141])


def dadda_depth(rows: Real) -> Real:
    """Levels of full adders that reduce ``rows`` partial products to two; nan above 141 rows."""
    depth: Real = np.sum(np.asarray(rows, dtype=np.float64)[..., None] > DADDA, axis=-1) + 0.0
    return np.where(np.asarray(rows) <= DADDA[-1], depth, np.nan)


def dadda_heights(rows: float) -> tuple[float, ...]:
    """Rows before each level of a Dadda tree and at its end; of two rows and fewer no level."""
    return max(rows, 2.0), *(float(h) for h in DADDA[::-1] if h < rows)


def each(values: Real, of: Callable[[float], Real]) -> Real:
    """A function of one number for every number of an array."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim == 0:
        return of(float(numbers))
    found: NDArray[np.float64] = np.full(numbers.shape, np.nan)
    for value in np.unique(numbers):
        found = np.where(numbers == value, of(float(value)), found)
    return found


PRODUCT = Operand.of(conjunction(RANDOM.net, RANDOM.net))  # a partial product


def product_tree(rows: float) -> Tree:
    """The Dadda tree of ``rows`` rows of partial products of random operands, for each column."""
    if not rows <= DADDA[-1]:
        return Tree(Switched(np.nan, np.nan), PRODUCT.net)
    return reduced(dadda_heights(np.ceil(rows)), PRODUCT)


@dataclass(frozen=True, eq=False)
class Products(Block):
    """``count`` multipliers of ``bits`` by ``by`` bits, bits >= by, without their last addition.

    An AND for each two bits gives ``by`` rows, which a Dadda tree reduces to two (L. Dadda, Alta
    Frequenza 34:349, 1965) with (bits - 2) (by - 2) - 1 full adders and by - 1 half adders, of four
    NANDs and an inverter, which switch half as much. The sum of the two rows is the product.
    """

    tech: Technology
    bits: Real = 32.0
    by: Positive = 8.0
    count: Real = 1.0
    _: KW_ONLY
    name: str = "products"

    @property
    def full_adders(self) -> Real:
        """Number of full adders of one multiplier."""
        return np.maximum((self.bits - 2.0) * (self.by - 2.0) - 1.0, 0.0)

    @property
    def half_adders(self) -> Real:
        """Number of half adders of one multiplier; of two rows there is nothing to reduce."""
        return np.where(np.asarray(self.by) > 2.0, self.by - 1.0, 0.0)

    @property
    def body(self) -> Footprint:
        cell, products = cells(self.tech), self.bits * self.by
        nands = NANDS * self.full_adders + 4.0 * self.half_adders + products
        inverters = products + self.half_adders
        area = nands * cell.nand.area + inverters * cell.inverter.area
        leakage = nands * cell.nand.leakage_power + inverters * cell.inverter.leakage_power
        return Footprint.of(self.count * area, self.count * leakage)

    @property
    def product_energy(self) -> Real:
        """Energy [J] of one AND of two random bits: a partial product, without its load."""
        inv, nand = cells(self.tech).inverter, cells(self.tech).nand
        made = PRODUCT.net.rate / 2.0
        switched = RANDOM.net.rate * nand.input_cap
        switched = switched + made * (nand.output_cap + inv.input_cap + inv.output_cap)
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

    def delay(self, further: Real = 0.0) -> Real:
        """Delay [s] from the operands to two rows, with ``further`` rows that the tree adds."""
        levels = dadda_depth(self.by + further)
        return self.product_delay + levels * full_adder_delay(self.tech)

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one multiplication in one multiplier, down to two rows."""

        def of_a_full_adder(rows: float) -> Real:
            return nands_energy(self.tech, product_tree(rows).switched) / max(rows - 2.0, 1.0)

        adders = self.full_adders + self.half_adders / 2.0
        reduced = adders * each(self.by, of_a_full_adder)
        return reduced + self.bits * self.by * self.product_energy


@dataclass(frozen=True, eq=False)
class Multiplier(Block):
    """``count`` multipliers of ``bits`` by ``by`` bits: products, and a prefix adder."""

    tech: Technology
    bits: Real = 32.0
    by: Positive = 8.0
    count: Real = 1.0
    _: KW_ONLY
    name: str = "multiplier"

    @cached_property
    def products(self) -> Products:
        return Products(self.tech, self.bits, self.by, self.count)

    def _last(self, rows: float) -> PrefixAdder:
        """The adder of the two rows that a tree of ``rows`` rows leaves, with their glitches."""
        operand = Operand.of(product_tree(rows).row)
        bits = self.bits + self.by
        return PrefixAdder(self.tech, bits, self.count, network=FASTEST, operand=operand)

    @cached_property
    def adder(self) -> PrefixAdder:
        """As wide as the product."""
        return PrefixAdder(self.tech, self.bits + self.by, self.count, network=FASTEST)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.products), (1.0, self.adder)

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one multiplication in one multiplier."""
        return self.products.energy + each(self.by, lambda rows: self._last(rows).energy)

    @action
    def multiply(self, active: Real = 1.0) -> Cost:
        """One multiplication in the share ``active`` of the multipliers."""
        latency = self.products.delay() + self.adder.delay
        return Cost.of(active * self.count * self.energy, latency)


@dataclass(frozen=True, eq=False)
class Mac(Block):
    """``count`` lanes that multiply ``bits`` by ``by`` bits and accumulate ``sum_bits`` bits.

    ``style`` is a key of ``accumulator.ACCUMULATORS``: how the two rows of a product are added to
    the sum.
    """

    tech: Technology
    bits: Real = 32.0
    by: Positive = 8.0
    sum_bits: Real = 48.0
    _: KW_ONLY
    count: Real = 1.0
    style: str = DEFAULT
    name: str = "mac"

    @cached_property
    def products(self) -> Products:
        return Products(self.tech, self.bits, self.by, self.count)

    def _accumulator(self, rows: float | None = None) -> Accumulator:
        operand = RANDOM if rows is None else Operand.of(product_tree(rows).row)
        return ACCUMULATORS[self.style](
            self.tech,
            self.sum_bits,
            self.count,
            pair=True,
            row_bits=np.minimum(self.bits + self.by, self.sum_bits),
            operand=operand,
        )

    @cached_property
    def accumulator(self) -> Accumulator:
        """The sum of each lane, and what adds the two rows of a product to it."""
        return self._accumulator()

    @property
    def held(self) -> float:
        """Rows that a sum is kept in."""
        return self.accumulator.held

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.products), (1.0, self.accumulator)

    @action
    def accumulate(self, active: Real = 1.0) -> Cost:
        """One step in the share ``active`` of the lanes; half of the accumulator's bits change.

        The tree of the product has the rows of the sum as further rows.
        """
        multiplied = active * self.count * self.products.energy
        time = self.accumulator.step_time(self.products.delay(self.held))
        added = each(self.by, lambda rows: self._accumulator(rows).step_energy)
        product = Cost.of(multiplied, time).under("products")
        return product + Cost.of(active * self.count * added).under("accumulator")

    @action
    def resolve(self, active: Real = 1.0) -> Cost:
        """One number out of each sum, in the share ``active`` of the lanes."""
        return self.accumulator.resolve(active)
