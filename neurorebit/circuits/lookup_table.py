"""Tables of coefficients that lanes look functions up in."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.sram import SramBank
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class LookupTable(Block):
    """``count`` tables of ``rows`` words of ``cols`` bits, each an SRAM with a port of its own.

    They are written once, with the network: which functions they hold follows from its layers.
    """

    tech: Technology
    rows: Positive = 64.0
    cols: Positive = 36.0
    count: Real = 1.0
    _: KW_ONLY
    name: str = "table"

    @cached_property
    def bank(self) -> SramBank:
        """One table."""
        return SramBank(self.tech, self.rows, self.cols)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((self.count, self.bank),)

    @action
    def look_up(self, active: Real = 1.0) -> Cost:
        """Read a word in the share ``active`` of the tables at once."""
        return self.bank.read().across(active * self.count)
