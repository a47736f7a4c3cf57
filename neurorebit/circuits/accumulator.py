"""Accumulators: a sum in a register, and what adds one or two numbers to it.

A carry-propagate accumulator holds the sum as one number; full adders reduce the rows to two, which
an adder adds. A carry-save accumulator holds two numbers whose sum is meant: a step takes full
adders alone, twice the flip-flops, and one addition after the last step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, partial
from typing import ClassVar

from neurorebit.circuits.adder import NANDS, Adder, full_adder_delay, nands_energy
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells
from neurorebit.circuits.prefix import CHEAPEST, NETWORKS, PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.switching import RANDOM, Net, Operand, Switched, full_adder
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Compressors(Block):
    """``count`` full adders side by side: three rows in, two out."""

    tech: Technology
    count: Real = 40.0
    _: KW_ONLY
    name: str = "compressors"

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech).nand
        gates = NANDS * self.count
        return Footprint.of(gates * cell.area, gates * cell.leakage_power)


@dataclass(frozen=True, eq=False)
class Accumulator(Block, ABC):
    """``count`` sums of ``bits`` bits, to each of which ``rows`` numbers are added at once.

    ``operand`` says how the bits of the rows switch; those of the sums are random, and half of them
    change in a step.
    """

    held: ClassVar[float]  # rows that a sum is kept in

    tech: Technology
    bits: Real = 40.0
    count: Real = 1.0
    _: KW_ONLY
    rows: float = 1.0
    operand: Operand = field(default=RANDOM)
    name: str = "accumulator"

    @cached_property
    def compressors(self) -> Compressors:
        """Rows and sum down to two rows."""
        levels = self.rows + self.held - 2.0
        return Compressors(self.tech, levels * self.bits * self.count)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.held * self.bits * self.count)

    @cached_property
    def adder(self) -> Adder | PrefixAdder:
        """Makes one number of two rows."""
        return self._adder(RANDOM)

    @abstractmethod
    def _adder(self, operand: Operand) -> Adder | PrefixAdder:
        """The adder, of operands that switch like this."""

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.compressors), (1.0, self.adder), (1.0, self.register)

    def _compressed(self) -> tuple[Switched, Net]:
        """What the full adders of one column switch, and a bit of the two rows that they leave."""
        row, kept = self.operand.net, RANDOM.net
        rows = [row] * int(self.rows) + [kept] * int(self.held)
        switched = Switched(0.0, 0.0)
        while len(rows) > 2:  # what arrives last takes the fast input
            here, total, carry = full_adder(rows[-1], rows[-2], rows[-3])
            switched, rows = switched.plus(here), [total, carry, *rows[:-3]]
        one, other = rows
        mean = Net((one.ones + other.ones) / 2.0, (one.toggles + other.toggles) / 2.0)
        return switched, mean

    @property
    @abstractmethod
    def carry_delay(self) -> Real:
        """Time [s] of a step after the rows have been reduced to two."""

    @property
    @abstractmethod
    def step_energy(self) -> Real:
        """Energy [J] of a step of one sum."""

    @property
    def _stored(self) -> Real:
        """Energy [J] of the flip-flops of one sum in a step."""
        flip = self.register
        return self.held * self.bits * (flip.clock_energy + flip.data_energy / 2.0)

    @action
    def add(self, active: Real = 1.0) -> Cost:
        """One step in the share ``active`` of the sums."""
        levels = self.rows + self.held - 2.0
        time = levels * full_adder_delay(self.tech) + self.carry_delay
        return Cost.of(active * self.count * self.step_energy, time)

    @action
    @abstractmethod
    def resolve(self, active: Real = 1.0) -> Cost:
        """One number out of each sum, after the last step."""


@dataclass(frozen=True, eq=False)
class _Propagate(Accumulator):
    """An adder propagates the carries of each step."""

    held = 1.0

    @property
    def carry_delay(self) -> Real:
        return self.adder.delay

    @cached_property
    def step_energy(self) -> Real:
        switched, row = self._compressed()
        compressed = self.bits * nands_energy(self.tech, switched)
        return compressed + self._adder(Operand.of(row)).energy + self._stored

    @action
    def resolve(self, active: Real = 1.0) -> Cost:
        """A sum is one number already."""
        return Cost.of(0.0 * active)


@dataclass(frozen=True, eq=False)
class RippleAccumulator(_Propagate):
    """The carries ripple."""

    def _adder(self, operand: Operand) -> Adder:
        return Adder(self.tech, self.bits, self.count, operand=operand)


@dataclass(frozen=True, eq=False)
class PrefixAccumulator(_Propagate):
    """A parallel-prefix adder of a ``network`` of ``prefix.NETWORKS``."""

    network: str = field(default=CHEAPEST, kw_only=True)

    def _adder(self, operand: Operand) -> PrefixAdder:
        return PrefixAdder(
            self.tech, self.bits, self.count, network=self.network, operand=operand
        )


@dataclass(frozen=True, eq=False)
class CarrySaveAccumulator(Accumulator):
    """Sum and carry are kept apart; a prefix adder joins them after the last step."""

    held = 2.0

    def _adder(self, operand: Operand) -> PrefixAdder:
        return PrefixAdder(self.tech, self.bits, self.count, network=CHEAPEST, operand=operand)

    @property
    def carry_delay(self) -> Real:
        return 0.0

    @cached_property
    def step_energy(self) -> Real:
        switched, _ = self._compressed()
        return self.bits * nands_energy(self.tech, switched) + self._stored

    @action
    def resolve(self, active: Real = 1.0) -> Cost:
        """Add sum and carry, in the share ``active`` of the sums."""
        return self.adder.add(active)


ACCUMULATORS: dict[str, Callable[..., Accumulator]] = {
    "ripple": RippleAccumulator,
    **{network: partial(PrefixAccumulator, network=network) for network in NETWORKS},
    "carry_save": CarrySaveAccumulator,
}
