"""Registers that cut the arithmetic of a lane into stages of a clock each.

See docs/models/logic.md#pipelined-lanes.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import full_adder_delay
from neurorebit.circuits.arithmetic import DADDA, Multiplier, dadda_depth
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.schema.technology import Technology

CARRIED = 3.0  # bits of a bit within a prefix adder: its half sum, and whether its group generates
# or propagates a carry


@dataclass(frozen=True, eq=False)
class Pipeline(Block):
    """Registers within a multiplier and an adder of each lane, where these are slower than a clock.

    Either is cut into the fewest stages of equal time that fit into a cycle of the lane: that of
    the clock, or the time of a full adder where it is longer. There are none where it is faster.
    """

    tech: Technology
    multiplier: Multiplier
    adder: PrefixAdder
    _: KW_ONLY
    name: str = "pipeline"

    @cached_property
    def cycle(self) -> Real:
        """Time [s] of a cycle of the lanes."""
        return np.maximum(1.0 / self.tech.clock, full_adder_delay(self.tech))

    def _stages(self, delay: Real) -> Real:
        return np.maximum(np.ceil(delay / self.cycle * (1.0 - 1e-12)), 1.0)

    @cached_property
    def product_stages(self) -> Real:
        """Cycles that a product takes."""
        return self._stages(self.multiplier.products.delay() + self.multiplier.adder.delay)

    @cached_property
    def addition_stages(self) -> Real:
        """Cycles that an addition takes."""
        return self._stages(self.adder.delay)

    @cached_property
    def product_bits(self) -> Real:
        """Flip-flops of a multiplier: as many at each cut as there are bits at that time."""
        products, adder = self.multiplier.products, self.multiplier.adder
        reduced = products.delay()
        whole, bits = reduced + adder.delay, products.bits + products.by
        depth = dadda_depth(products.by)
        total: Real = 0.0 * whole
        for cut in range(1, int(np.max(np.nan_to_num(self.product_stages)))):
            at = cut / self.product_stages * whole
            done = np.floor((at - products.product_delay) / full_adder_delay(self.tech))
            left = np.clip(np.nan_to_num(depth - np.maximum(done, 0.0)), 0, len(DADDA) - 1)
            rows = np.where(done < 1.0, products.by, DADDA[left.astype(int)])
            held = np.where(at < reduced, rows * (bits - rows), CARRIED * bits)
            total = total + np.where(cut < self.product_stages, held, 0.0)
        return total + 0.0 * whole

    @property
    def addition_bits(self) -> Real:
        """Flip-flops of an adder."""
        return (self.addition_stages - 1.0) * CARRIED * self.adder.bits

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, (self.product_bits + self.addition_bits) * self.adder.count)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.register),)

    def _clocked(self, bits: Real) -> Cost:
        """So many flip-flops of all lanes are clocked, and half of them change."""
        flip = self.register.clock_energy + self.register.data_energy / 2.0
        return Cost.of(bits * self.adder.count * flip).under("register")

    @action
    def multiply(self) -> Cost:
        """A product in each lane passes all of its registers."""
        return self._clocked(self.product_bits)

    @action
    def add(self, bits: Real) -> Cost:
        """A sum of so many bits in each lane passes its part of the adder's registers."""
        return self._clocked(self.addition_bits * np.minimum(bits / self.adder.bits, 1.0))
