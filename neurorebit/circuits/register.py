"""Registers of flip-flops."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells
from neurorebit.circuits.layout import Placed, bank
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Register(Placed):
    """``bits`` master-slave flip-flops of pass gates (docs/models/logic.md#flip-flops).

    A flip-flop is two latches of four inverters and two pass gates: as wide as twelve minimum
    inverters, it leaks as much as eight.
    """

    tech: Technology
    bits: Real = 32.0
    _: KW_ONLY
    name: str = "register"

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech).inverter
        unit = 12.0 * cell.width, cell.height
        return bank(self, self.bits, unit, unit)

    @property
    def body(self) -> Footprint:
        leakage = 8.0 * self.bits * cells(self.tech).inverter.leakage_power
        return Footprint.of(self.area, leakage)

    @property
    def input_cap(self) -> Real:
        """Input capacitance [F] of one flip-flop."""
        return cells(self.tech).inverter.output_cap

    @cached_property
    def clock_energy(self) -> Real:
        """Energy [J] of one clock cycle of one flip-flop."""
        cell = cells(self.tech).inverter
        switched = 4.0 * (cell.input_cap + cell.output_cap) + 2.0 * cell.input_cap
        return self.tech.vdd**2 * switched

    @cached_property
    def data_energy(self) -> Real:
        """Energy [J] of one flip-flop whose bit changes, without the clock.

        Every node of its two latches toggles once: half of them rise, and take C V^2, so that the
        supply gives C V^2 of the nodes of one latch.
        """
        cell = cells(self.tech).inverter
        inverters = 2.0 * (cell.input_cap + cell.output_cap)
        pass_gates = 4.0 * cell.output_cap  # both sides of two
        return self.tech.vdd**2 * (inverters + pass_gates)

    @action
    def store(self, active: Real = 1.0, clocked: Real = 1.0) -> Cost:
        """Store new bits in half a clock cycle.

        ``active`` is the share of the bits that change, ``clocked`` the share that is clocked.
        """
        energy = self.bits * (clocked * self.clock_energy + active * self.data_energy)
        return Cost.of(energy, 0.5 / self.tech.clock)
