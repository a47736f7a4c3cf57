"""Shift registers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.register import Register
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Shifter(Placed):
    """``count`` shift registers of ``bits`` bits, laid out in any shape.

    See docs/models/logic.md#shift-registers.
    """

    tech: Technology
    bits: Real = 8.0
    count: Real = 1.0
    _: KW_ONLY
    name: str = "shifter"

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, self.count * self.bits)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        return stretched(self, self.register.area, self.register.width)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.register),)

    @action
    def shift(self, active: Real = 1.0) -> Cost:
        """Shift all registers by one bit; ``active`` is the share of the bits that change."""
        return self.register.store(active)
