"""Off-chip memory."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Dram(Block):
    """Off-chip memory of a given ``bandwidth`` [bit/s] and ``energy`` [J] per bit (system.md 8).

    The defaults are those of HBM2 (M. O'Connor et al., MICRO 2017). It has no area on the chip.
    """

    tech: Technology
    _: KW_ONLY
    bandwidth: Positive = 15.2e12
    energy: Real = 3.9e-12
    name: str = "dram"

    @action
    def transfer(self, bits: Real = 1.0) -> Cost:
        """Read or write ``bits`` bits."""
        return Cost.of(bits * self.energy, bits / self.bandwidth)
