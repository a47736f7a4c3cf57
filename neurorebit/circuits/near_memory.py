"""Digital arithmetic behind the converters of a macro: shift, add up, scale.

See docs/models/charge.md#near-memory-datapath.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.accumulator import PrefixAccumulator
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells, chain, log2_up
from neurorebit.circuits.prefix import CHEAPEST, PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.switching import RANDOM
from neurorebit.schema.technology import Technology

NANDS = 3.0  # of a selector of two bits, with the inverter that its lines share


@dataclass(frozen=True, eq=False)
class BarrelShifter(Block):
    """``count`` shifters that move a word of ``bits`` bits by any number of places at once."""

    tech: Technology
    bits: Real = 32.0
    count: Real = 1.0
    _: KW_ONLY
    name: str = "shifter"

    @property
    def selectors(self) -> Real:
        """Selectors of one shifter: a row of them for each bit of the number of places."""
        return self.bits * log2_up(self.bits)

    @property
    def body(self) -> Footprint:
        nand, gates = cells(self.tech).nand, NANDS * self.count * self.selectors
        return Footprint.of(gates * nand.area, gates * nand.leakage_power)

    @action
    def shift(self, active: Real = 1.0) -> Cost:
        """Move the words in a share of the shifters; random bits, of which every fourth rises."""
        nand = cells(self.tech).nand
        moved = RANDOM.net.rate / 2.0 * NANDS * (nand.input_cap + nand.output_cap)
        row = chain(
            STEP,
            2.0 * nand.nfet_res * (nand.output_cap + nand.input_cap),
            nand.pfet_res * (nand.output_cap + 2.0 * nand.input_cap),
        )[0]
        energy = active * self.count * self.selectors * moved * self.tech.vdd**2
        return Cost.of(energy, log2_up(self.bits) * row)


@dataclass(frozen=True, eq=False)
class Datapath(Block):
    """``count`` lanes with words of ``bits`` bits behind converters.

    A code is shifted to its place and added to a sum. A result passes a multiplier by a scale of
    ``scale_bits`` bits and an adder of an offset (none where there are no such bits), and waits in
    a register for who fetches it.
    """

    tech: Technology
    bits: Real = 24.0
    count: Real = 1.0
    _: KW_ONLY
    scale_bits: Real = 8.0
    name: str = "datapath"

    @cached_property
    def shifter(self) -> BarrelShifter:
        return BarrelShifter(self.tech, self.bits, self.count)

    @cached_property
    def accumulator(self) -> PrefixAccumulator:
        return PrefixAccumulator(self.tech, self.bits, self.count)

    @cached_property
    def scale(self) -> Multiplier:
        return Multiplier(self.tech, self.bits, np.maximum(self.scale_bits, 1.0), self.count)

    @cached_property
    def offset(self) -> PrefixAdder:
        return PrefixAdder(self.tech, self.bits, self.count, network=CHEAPEST, name="offset")

    @cached_property
    def register(self) -> Register:
        """The result, its scale and its offset."""
        held = 2.0 * self.bits + self.scale_bits
        return Register(self.tech, self.count * held)

    @property
    def _scales(self) -> Real:
        return np.where(np.asarray(self.scale_bits) > 0.0, 1.0, 0.0)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (1.0, self.shifter),
            (1.0, self.accumulator),
            (self._scales, self.scale),
            (self._scales, self.offset),
            (1.0, self.register),
        )

    @action
    def take(self, active: Real = 1.0) -> Cost:
        """Shift a code and add it to its sum, in a share of the lanes."""
        return self.shifter.shift(active) + self.accumulator.add(active)

    @action
    def finish(self, active: Real = 1.0) -> Cost:
        """Scale and offset a sum, and store the result, in a share of the lanes.

        The registers of scale and offset are clocked and keep what they hold.
        """
        scaled = self._scales * (self.scale.multiply(active) + self.offset.add(active))
        changed = self.bits / (2.0 * self.bits + self.scale_bits) / 2.0
        return scaled + self.register.store(active * changed, active)
