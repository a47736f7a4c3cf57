"""Vector unit and control (docs/models/chip.md#vector-unit)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, reduce

import numpy as np

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.comparator import PrefixComparator
from neurorebit.circuits.cost import Bill, Cost, Real, action
from neurorebit.circuits.lookup_table import LookupTable
from neurorebit.circuits.pipeline import Pipeline
from neurorebit.circuits.prefix import FASTEST, PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.switching import Operand
from neurorebit.layers.base import Bits, Operation, Value
from neurorebit.layers.tables import Table
from neurorebit.schema.technology import Technology

WORD = 32.0
WORDS = 4.0  # of a lane's registers
RANDOM_BITS = 16.0  # of a lane's linear feedback shift register
COUNTERS = 4.0  # of a sequencer
COUNTER_BITS = 16.0
# A counter's bits toggle in every step, every second, every fourth ...: two of them a step. The
# other operand, 1, never does.
COUNTED = Operand(toggles=1.0 / COUNTER_BITS)


@dataclass(frozen=True, eq=False)
class VectorUnit(Block):
    """Lanes of fixed-point arithmetic for elementwise work.

    A lane has a multiplier of two stored values, a 40-bit adder, four 32-bit registers and a
    comparator, and registers within multiplier and adder where these are slower than a clock;
    where errors of ``error_bits`` are rounded by chance, also a source of random bits. ``tables``:
    the functions that the network asks for, whose coefficients stand in a table of the lane, those
    of one function behind those of the other.
    """

    tech: Technology
    lanes: Real = 64.0
    stored_bits: Real = field(default=16.0, kw_only=True)
    error_bits: Real = field(default=8.0, kw_only=True)
    input_bits: Positive = field(default=8.0, kw_only=True)
    tables: tuple[Table, ...] = field(default=(), kw_only=True)
    name: str = field(default="vector", kw_only=True)

    def bits_of(self, value: Bits) -> Real:
        """Bits of a value."""
        match value:
            case Value.INPUT:
                return self.input_bits
            case Value.ERROR:
                return self.error_bits
            case Value.STORED:
                return self.stored_bits
            case _:
                return value

    @cached_property
    def _additions(self) -> dict[Bits, Bill]:
        """What an addition in all lanes takes, by its bits; kept, for it is asked for often."""
        return {}

    @cached_property
    def _products(self) -> dict[Bits, Bill]:
        """What a product in all lanes takes, by the bits of the second operand."""
        return {}

    def _multiplier(self, bits: Real) -> Multiplier:
        return Multiplier(self.tech, self.stored_bits, bits, self.lanes)

    def _adder(self, bits: Real) -> PrefixAdder:
        return PrefixAdder(self.tech, bits, self.lanes, network=FASTEST)

    @cached_property
    def multiplier(self) -> Multiplier:
        return self._multiplier(self.stored_bits)

    @cached_property
    def adder(self) -> PrefixAdder:
        return self._adder(40.0)

    @cached_property
    def pipeline(self) -> Pipeline:
        """What cuts multiplier and adder into stages of a clock."""
        return Pipeline(self.tech, self.multiplier, self.adder)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self._lane_bits * self.lanes)

    @property
    def _lane_bits(self) -> Real:
        """Bits of a lane's registers; where there are no errors, nothing is rounded by chance."""
        random = np.where(np.asarray(self.error_bits) > 0.0, RANDOM_BITS, 0.0)
        bits: Real = WORDS * WORD + random
        return bits

    @cached_property
    def comparator(self) -> PrefixComparator:
        return PrefixComparator(self.tech, self.stored_bits, self.lanes)

    @cached_property
    def lookup_table(self) -> LookupTable | None:
        """Coefficients of all functions, as wide as the widest; None where none is asked for."""
        if not self.tables:
            return None
        rows = sum((table.segments(self.stored_bits) for table in self.tables), 0.0)
        cols = reduce(np.maximum, (table.width(self.stored_bits) for table in self.tables))
        return LookupTable(self.tech, rows, cols, self.lanes)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        blocks: list[Block] = [self.multiplier, self.adder, self.pipeline]
        blocks += [self.register, self.comparator]
        if self.lookup_table is not None:
            blocks.append(self.lookup_table)
        return tuple((1.0, block) for block in blocks)

    @action
    def execute(self, operation: Operation, elements: Real) -> Cost:
        """Execute an operation on ``elements`` elements, each in one lane.

        Adders and multipliers switch as far as the bits of an operand ask for; half of the bits of
        a word that is written to the registers change. A lane starts an operation in every cycle,
        whatever stages it then passes.
        """
        rounds = elements / self.lanes
        one = Bill()
        for count, bits in operation.additions:
            if bits not in self._additions:
                wide, passed = self.bits_of(bits), self.pipeline.add(self.bits_of(bits))
                self._additions[bits] = (self._adder(wide).add() + passed).energy
            one = one + count * self._additions[bits]
        for count, bits in operation.products:
            if bits not in self._products:
                product = self._multiplier(self.bits_of(bits)).multiply()
                self._products[bits] = (product + self.pipeline.multiply()).energy
            one = one + count * self._products[bits]
        if operation.words:
            share = operation.words * WORD / self._lane_bits
            one = one + self.register.store(share / 2.0, share).energy
        for count, table in operation.lookups:
            assert self.lookup_table is not None, f"no table of {table.name}"
            one = one + count * self.lookup_table.look_up().energy
        time = rounds * operation.cycles * self.pipeline.cycle
        return Cost(rounds * one, Bill({"": time}))


@dataclass(frozen=True, eq=False)
class Sequencer(Block):
    """Control of a tile or of the chip: four counters step through rows, planes and positions."""

    tech: Technology
    name: str = "control"

    @cached_property
    def adder(self) -> Adder:
        return Adder(self.tech, COUNTER_BITS, COUNTERS, operand=COUNTED)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, COUNTERS * COUNTER_BITS)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.adder), (1.0, self.register)

    @action
    def step(self, steps: Real) -> Cost:
        """Take ``steps`` steps. They overlap with what they control, so they add no time."""
        return Cost((steps * (self.adder.add() + self.register.store(0.5))).energy)
