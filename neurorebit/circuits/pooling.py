"""Max pooling units: trees of comparators and selectors."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from neurorebit.circuits.block import Positive
from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, Gate, cells, chain, log2_up, nor, stage
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class MaxPool(Placed):
    """``count`` units that select the largest of ``window`` numbers of ``bits`` bits.

    A unit is a tree of window - 1 comparators, each with gates that pass the larger number on. On
    average a comparison is decided after half of the bits (docs/models/logic.md#max-pooling).
    ``load`` [F] is the capacitance at each bit of the result.
    """

    tech: Technology
    bits: Real = 8.0
    window: Positive = 4.0
    count: Real = 1.0
    _: KW_ONLY
    load: Real = 0.0
    name: str = "max_pool"

    @property
    def comparators(self) -> Real:
        """Number of comparators of one unit."""
        return self.window - 1.0

    @property
    def levels(self) -> Real:
        """Number of levels of the tree."""
        return log2_up(self.window)

    @cached_property
    def _bit(self) -> Comparator:
        return Comparator(self.tech, 1.0, load=2.0 * cells(self.tech).inverter.output_cap)

    @cached_property
    def _wide(self) -> Gate:
        """The NOR that joins the bits."""
        return nor(self.tech, self.bits, 2.0, 2.0 * self.bits)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech)
        chosen = 7.0 * cell.inverter.area + cell.nand.area + cell.nor.area + self._wide.area
        a_bit = self._bit.cell_area + 5.0 * cell.inverter.area
        area = self.count * self.comparators * (self.bits * a_bit + chosen)
        return stretched(self, area, area / cell.inverter.height)

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        leakage = (5.0 * self.bits + 7.0) * cell.inverter.leakage_power
        leakage = leakage + cell.nand.leakage_power + cell.nor.leakage_power
        leakage = leakage + self._wide.leakage_power + self.bits * self._bit.cell_leakage
        return Footprint.of(self.area, self.count * self.comparators * leakage)

    @cached_property
    def delay(self) -> Real:
        """Delay [s] of one comparison and of the gates that pass the larger number on."""
        inv, wide = cells(self.tech).inverter, self._wide
        joined = wide.inputs * wide.pfet_res * (2.0 * inv.input_cap + self.bits * inv.output_cap)
        chosen = 2.0 * inv.nfet_res * (inv.input_cap + wide.output_cap)
        passed = 2.0 * inv.nfet_res * (2.0 * inv.input_cap + self.load)
        compared = self.bits / 2.0 * self._bit.delay
        return compared + stage(joined, STEP)[0] + chain(STEP, chosen, passed)[0]

    @property
    def energy(self) -> Real:
        """Energy [J] of one window in one unit."""
        cell, wide = cells(self.tech), self._wide
        switched = cell.nand.input_cap + cell.nor.input_cap + wide.input_cap
        switched = switched + 2.0 * cell.inverter.input_cap + 5.0 * cell.inverter.output_cap
        chosen = switched * self.tech.vdd**2
        return self.comparators * (chosen + self.bits / 2.0 * self._bit.energy)

    @action
    def pool(self, active: Real = 1.0) -> Cost:
        """One window in the share ``active`` of the units."""
        return Cost.of(active * self.count * self.energy, self.levels * self.delay)
