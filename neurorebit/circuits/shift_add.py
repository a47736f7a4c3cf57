"""Shift-and-add units, which add numbers of increasing weight."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cell_height, cells
from neurorebit.circuits.layout import Placed, fitted
from neurorebit.circuits.register import Register
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class ShiftAdd(Placed):
    """``count`` units that add ``terms`` numbers of ``bits`` bits, each shifted by one bit.

    The least significant term comes first and the register shifts right, so a bit shifted out of
    the adder is final and the rest of the sum is at most (2^(bits+1) - 2) / 2 < 2^bits. An adder of
    ``bits`` bits with its carry is therefore exact; the register holds bits + terms bits
    (docs/models/logic.md#shift-and-add). ``beat`` is the time [s] from one term to the next; every
    step but the first overlaps with it.
    """

    tech: Technology
    bits: Real = 5.0
    terms: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    beat: Real = 0.0
    name: str = "shift_add"

    @property
    def sum_bits(self) -> Real:
        """Bits of the result."""
        return self.bits + self.terms

    @cached_property
    def register(self) -> Register:
        return Register(
            self.tech,
            self.count * self.sum_bits,
            fit_width=self.fit_width,
            fit_height=self.fit_height,
        )

    @cached_property
    def adder(self) -> Adder:
        return Adder(
            self.tech,
            self.bits,
            self.count,
            load=self.register.input_cap,
            fit_width=self.fit_width,
            fit_height=self.fit_height,
        )

    @cached_property
    def size(self) -> tuple[Real, Real]:
        adder, register, cell = self.adder, self.register, cells(self.tech)
        width = adder.width + cell.inverter.width + cell.nand.width + register.width
        stacked = adder.height + cell_height(self.tech) + register.height
        return fitted(self, (width, cell_height(self.tech)), lambda _: stacked, lambda _: width)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.adder), (1.0, self.register)

    @property
    def body(self) -> Footprint:
        """The area of the outline that the adder and the register leave."""
        return Footprint.of(self.area - self.adder.area - self.register.area)

    @action
    def accumulate(self, terms: Real = 1.0, active: Real = 1.0) -> Cost:
        """Add ``terms`` terms, one every ``beat``, in the share ``active`` of the units.

        Half of the bits of their registers change with each.
        """
        step = self.adder.add(active) + self.register.store(active / 2.0, active)
        hidden = (terms - 1.0) * np.minimum(self.beat, step.latency.total)
        exposed = (terms * step.latency.total - hidden) / step.latency.total
        return Cost(terms * step.energy, exposed * step.latency)
