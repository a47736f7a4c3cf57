"""Vector unit and control (system.md 13.5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.block import Block
from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.register import Register
from neurorebit.schema.technology import Technology

WORD = 32.0
RANDOM_BITS = 16.0  # of a lane's linear feedback shift register
COUNTERS = 4.0  # of a sequencer
COUNTER_BITS = 16.0


@dataclass(frozen=True, eq=False)
class VectorUnit(Block):
    """Lanes for batch norm, ReLU, pooling and the quantisers.

    A lane has a multiplier of two stored values, a 40-bit adder, four 32-bit registers, a source of
    random bits and a comparator. Work on whole channels (means, roots) is neglected: one in
    ``vectors`` elements.
    """

    tech: Technology
    lanes: Real = 64.0
    stored_bits: Real = 16.0
    error_bits: Real = 8.0
    input_bits: Real = 8.0
    name: str = "vector"

    @cached_property
    def multiplier(self) -> Multiplier:
        return Multiplier(self.tech, self.stored_bits, self.stored_bits, self.lanes)

    @cached_property
    def adder(self) -> Adder:
        return self._adder(40.0)

    def _adder(self, bits: Real) -> Adder:
        activity = self.tech.arithmetic.add_activity
        return Adder(self.tech, bits, self.lanes, activity=activity)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, (4.0 * WORD + RANDOM_BITS) * self.lanes)

    @cached_property
    def comparator(self) -> Comparator:
        return Comparator(self.tech, self.stored_bits, self.lanes)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (1.0, self.multiplier),
            (1.0, self.adder),
            (1.0, self.register),
            (1.0, self.comparator),
        )

    def _work(
        self,
        elements: Real,
        cycles: float,
        adds: tuple[tuple[float, Real], ...] = (),
        products: tuple[tuple[float, Real], ...] = (),
        words: float = 0.0,
    ) -> Cost:
        """Counted additions and products of so many bits for each element, and stored words."""
        added = sum((n * self._adder(bits).energy for n, bits in adds), 0.0)
        multiplied: Real = 0.0
        for n, bits in products:
            multiplied = multiplied + n * Multiplier(self.tech, self.stored_bits, bits).energy
        register = self.register
        stored = words * WORD * (register.clock_energy + register.data_energy / 2.0)
        return (
            Cost.of(elements * added, elements * cycles / (self.lanes * self.tech.clock)).under(
                "adder"
            )
            + Cost.of(elements * multiplied, 0.0).under("multiplier")
            + Cost.of(elements * stored, 0.0).under("register")
        )

    @action
    def normalise(self, elements: Real) -> Cost:
        """Batch norm, ReLU and rounding: sums and sums of squares, then scale and shift."""
        stored = self.stored_bits
        sums = self._work(elements, 2.0, ((1, WORD), (1, 40.0)), ((1, stored),), 1.0)
        return sums + self._work(elements, 2.0, ((1, WORD), (2, 16.0)), ((1, stored),), 1.0)

    @action
    def rectify(self, elements: Real) -> Cost:
        """ReLU and rounding without a norm."""
        return self._work(elements, 1.0, ((2, 16.0),))

    @action
    def add(self, elements: Real) -> Cost:
        """Residual connections: two maps, or the errors of two branches, as one."""
        return self._work(elements, 1.0, ((1, self.stored_bits),))

    @action
    def pool(self, elements: Real, window: Real = 4.0) -> Cost:
        """Largest or mean of a window, for so many outputs."""
        return self._work(elements * (window - 1.0) / 3.0, 1.0, ((3, self.input_bits),))

    @action
    def normalise_back(self, elements: Real) -> Cost:
        """Batch norm backwards: two sums, then a combination of error and stored value."""
        error, stored = self.error_bits, self.stored_bits
        sums = self._work(elements, 2.0, ((2, WORD),), ((1, error),), 1.0)
        return sums + self._work(elements, 2.0, ((2, WORD),), ((1, error), (1, stored)), 1.0)

    @action
    def round_errors(self, elements: Real) -> Cost:
        """Bring summed errors back to their bits, up or down by chance: a random word is added."""
        return self._work(elements, 1.0, ((2, 16.0),), words=RANDOM_BITS / WORD)


@dataclass(frozen=True, eq=False)
class Sequencer(Block):
    """Control of a tile or of the chip: four counters step through rows, planes and positions."""

    tech: Technology
    name: str = "control"

    @cached_property
    def adder(self) -> Adder:
        activity = self.tech.arithmetic.add_activity
        return Adder(self.tech, COUNTER_BITS, COUNTERS, activity=activity)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, COUNTERS * COUNTER_BITS)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.adder), (1.0, self.register)

    @action
    def step(self, steps: Real) -> Cost:
        """So many steps; they run beside what they control."""
        return Cost((steps * (self.adder.add() + self.register.store(0.5))).energy)
