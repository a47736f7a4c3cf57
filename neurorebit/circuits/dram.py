"""Off-chip memory.

See docs/models/memory.md#dram.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Dram(Block):
    """Off-chip memory: ``stacks`` of a given ``bandwidth`` [bit/s] each, ``energy`` [J] per bit.

    Words are spread evenly over the stacks, so that bits take bits / (stacks bandwidth), and their
    energy is the same in any of them. Latency of an access is hidden, as all traffic is streamed.
    The defaults are one stack of HBM2: 1024 pins of 2 Gbit/s (JEDEC JESD235A), and 3.9 pJ/bit for
    activation, movement and interface (M. O'Connor et al., MICRO 2017). It has no area on the chip.
    """

    tech: Technology
    _: KW_ONLY
    bandwidth: Positive = 2.048e12
    energy: Real = 3.9e-12
    stacks: Positive = 1.0
    name: str = "dram"

    @action
    def transfer(self, bits: Real = 1.0) -> Cost:
        """Read or write ``bits`` bits."""
        return Cost.of(bits * self.energy, bits / (self.stacks * self.bandwidth))
