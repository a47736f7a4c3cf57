"""Encoders from the thermometer code of a flash converter to binary."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, Gate, cells, chain, nand, whole_down, whole_up
from neurorebit.circuits.layout import Placed, fitted
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Encoder(Placed):
    """``count`` encoders to ``bits`` bits.

    Each level has two inverters and a NAND; each bit has a NAND of half the levels and an inverter
    (docs/models/logic.md#encoders-of-flash-converters). ``load`` [F] is the capacitance at each
    bit.

    Codes follow each other independently, each as likely as any other. Of L levels the thermometer
    code then changes in a third, (L^2 - 1) / 3L: the mean distance of two codes. The NAND of the
    old code and that of the new one toggle where they differ, each into the wide NANDs of half of
    the bits, and half of the bits toggle. A net that toggles t times takes t C V^2 / 2.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    name: str = "encoder"

    @property
    def levels(self) -> Real:
        """Number of levels of the thermometer code."""
        return 2.0**self.bits

    @cached_property
    def wide(self) -> Gate:
        """The NAND of one output bit, which half of the levels set."""
        return nand(self.tech, np.maximum(np.floor(self.levels / 2.0), 1.0), 4.0)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech)
        width = 2.0 * cell.inverter.width + cell.nand.width + self.wide.width
        height = (self.levels - 1.0) * cell.inverter.height

        def height_for(side: Real) -> Real:
            per_row = np.clip(whole_down(side / width), 1.0, self.count)
            return height * whole_up(self.count / per_row)

        def width_for(side: Real) -> Real:
            per_col = np.clip(whole_down(side / height), 1.0, self.count)
            return width * whole_up(self.count / per_col)

        w, h = fitted(self, (width * self.count, height), height_for, width_for)
        return np.maximum(w, width), np.maximum(h, height)

    @property
    def pairs(self) -> Real:
        """Number of pairs of an inverter and a NAND in one encoder."""
        return self.levels + self.bits

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        pair = cell.inverter.leakage_power + cell.nand.leakage_power
        leakage = self.pairs * pair + self.bits * self.wide.leakage_power
        return Footprint.of(self.area, self.count * leakage)

    @cached_property
    def delay(self) -> Real:
        """Delay [s] from the comparators to the bits."""
        inv, nand2, wide = cells(self.tech).inverter, cells(self.tech).nand, self.wide
        return chain(
            STEP,
            inv.nfet_res * (inv.output_cap + 2.0 * nand2.input_cap),
            nand2.pfet_res * (nand2.output_cap + wide.inputs * wide.input_cap),
            wide.inputs * wide.nfet_res * (wide.output_cap + inv.input_cap),
            inv.pfet_res * (inv.output_cap + self.load),
        )[0]

    @property
    def toggles(self) -> tuple[Real, Real, Real]:
        """Toggles in a conversion: of the thermometer code, of the NANDs of levels, of the bits."""
        levels = self.levels
        return (levels**2 - 1.0) / (3.0 * levels), 2.0 * (1.0 - 1.0 / levels), self.bits / 2.0

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of a conversion in one encoder."""
        inv, nand2, wide = cells(self.tech).inverter, cells(self.tech).nand, self.wide
        code, levels, bits = self.toggles
        level = 2.0 * (inv.input_cap + inv.output_cap + nand2.input_cap)
        chosen = nand2.output_cap + self.bits / 2.0 * wide.input_cap
        bit = wide.output_cap + inv.input_cap + inv.output_cap
        return (code * level + levels * chosen + bits * bit) / 2.0 * self.tech.vdd**2

    @action
    def encode(self) -> Cost:
        """One conversion in each encoder."""
        return Cost.of(self.count * self.energy, self.delay)
