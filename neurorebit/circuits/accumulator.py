"""Accumulators: sums in registers, and what adds one or two numbers to each.

A carry-propagate accumulator holds a sum as one number. One number is added by an adder. Two rows,
such as a multiplier leaves, are reduced together with the sum by full adders to two rows again,
which a pipeline register keeps for the adder: it stops the glitches of the multiplier, and a step
takes the longer of the two stages. (The sum is needed again a few steps later, since a lane takes
turns on several sums.) A carry-save accumulator holds two numbers whose sum is meant: a step takes
full adders alone, twice the flip-flops, and one addition after the last step.

See docs/models/logic.md#accumulators.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, partial
from typing import ClassVar

import numpy as np

from neurorebit.circuits.adder import NANDS, Adder, full_adder_delay, nands_energy
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells
from neurorebit.circuits.prefix import CHEAPEST, FASTEST, NETWORKS, PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.switching import RANDOM, Operand, Switched, full_adder
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
    """``count`` sums of ``bits`` bits, to each of which a number or a ``pair`` is added at once.

    Each of a pair has ``row_bits`` bits, by default as many as the sum; a sign is extended by a
    constant. ``operand`` says how the bits of the rows switch; those of the sums are random, and
    half of them change in a step.
    """

    held: ClassVar[float]  # rows that a sum is kept in

    tech: Technology
    bits: Real = 40.0
    count: Real = 1.0
    _: KW_ONLY
    pair: bool = False
    row_bits: Real | None = None
    operand: Operand = field(default=RANDOM)
    name: str = "accumulator"

    @property
    def rows(self) -> float:
        """Numbers that are added at once."""
        return 2.0 if self.pair else 1.0

    @cached_property
    def compressors(self) -> Compressors:
        """Rows and sum down to two rows."""
        levels = self.rows + self.held - 2.0
        return Compressors(self.tech, levels * self._width * self.count)

    @property
    def _width(self) -> Real:
        """Bits of a row."""
        return self.bits if self.row_bits is None else self.row_bits

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

    @cached_property
    def _compressed(self) -> Switched:
        """What the full adders of one column of bits switch."""
        rows = [self.operand.net] * int(self.rows) + [RANDOM.net] * int(self.held)
        switched = Switched(0.0, 0.0)
        while len(rows) > 2:  # what arrives last takes the fast input
            here, total, carry = full_adder(rows[-1], rows[-2], rows[-3])
            switched, rows = switched.plus(here), [total, carry, *rows[:-3]]
        return switched

    @property
    @abstractmethod
    def step_energy(self) -> Real:
        """Energy [J] of a step of one sum."""

    @property
    def _flip(self) -> Real:
        """Energy [J] of a flip-flop in a step: it is clocked, and changes in every second."""
        return self.register.clock_energy + self.register.data_energy / 2.0

    @abstractmethod
    def step_time(self, reduced: Real) -> Real:
        """Time [s] of a step where rows and sum are reduced to two rows in ``reduced`` [s]."""

    @action
    def add(self, active: Real = 1.0) -> Cost:
        """One step in the share ``active`` of the sums."""
        levels = self.rows + self.held - 2.0
        time = self.step_time(levels * full_adder_delay(self.tech))
        return Cost.of(active * self.count * self.step_energy, time)

    @action
    @abstractmethod
    def resolve(self, active: Real = 1.0) -> Cost:
        """One number out of each sum, after the last step."""


@dataclass(frozen=True, eq=False)
class _Propagate(Accumulator):
    """An adder propagates the carries of each step."""

    held = 1.0

    @cached_property
    def pipeline(self) -> Register:
        """The two rows that full adders leave; where nothing is reduced there is none."""
        bits = self.bits + self._width if self.pair else 0.0 * self.bits
        return Register(self.tech, bits * self.count, name="pipeline")

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return *super().parts, (1.0, self.pipeline)

    @cached_property
    def step_energy(self) -> Real:
        kept = self.bits * self._flip
        if not self.pair:
            return self._adder(self.operand).energy + kept
        compressed = self._width * nands_energy(self.tech, self._compressed)
        latched = (self.bits + self._width) * self._flip
        return compressed + latched + self.adder.energy + kept

    def step_time(self, reduced: Real) -> Real:
        return np.maximum(reduced, self.adder.delay)

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
        return PrefixAdder(self.tech, self.bits, self.count, network=self.network, operand=operand)


@dataclass(frozen=True, eq=False)
class CarrySaveAccumulator(Accumulator):
    """Sum and carry are kept apart; a prefix adder joins them after the last step."""

    held = 2.0

    def _adder(self, operand: Operand) -> PrefixAdder:
        return PrefixAdder(self.tech, self.bits, self.count, network=CHEAPEST, operand=operand)

    @cached_property
    def step_energy(self) -> Real:
        compressed = self._width * nands_energy(self.tech, self._compressed)
        return compressed + self.held * self.bits * self._flip

    def step_time(self, reduced: Real) -> Real:
        return reduced

    @action
    def resolve(self, active: Real = 1.0) -> Cost:
        """Add sum and carry, in the share ``active`` of the sums."""
        return self.adder.add(active)


ACCUMULATORS: dict[str, Callable[..., Accumulator]] = {
    "ripple": RippleAccumulator,
    **{network: partial(PrefixAccumulator, network=network) for network in NETWORKS},
    "carry_save": CarrySaveAccumulator,
}
DEFAULT = FASTEST  # as little energy as carry-save sums, as fast, and half of their flip-flops
