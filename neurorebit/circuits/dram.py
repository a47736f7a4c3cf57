"""Memory off the chip."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Dram(Block):
    """Off-chip memory as a bandwidth and an energy per bit (system.md 8).

    By default HBM2 (M. O'Connor et al., MICRO 2017); it takes no area of the chip.
    """

    tech: Technology
    bandwidth: Real = 15.2e12  # [bit/s]
    energy: Real = 3.9e-12  # per bit [J]
    name: str = "dram"

    @action
    def transfer(self, bits: Real = 1.0) -> Cost:
        """Read or write so many bits."""
        return Cost.of(bits * self.energy, bits / self.bandwidth)
