"""Successive-approximation converters.

See docs/models/converters.md#successive-approximation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np

from neurorebit.circuits.converters.comparator import (
    BOLTZMANN,
    LN2,
    ClockedComparator,
    fan_out_delay,
    paced,
)
from neurorebit.circuits.converters.converter import MATCHED, NOISE, Converter
from neurorebit.circuits.converters.front_end import FrontEndSection
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells
from neurorebit.circuits.layout import stretched
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, Multiple

HALVES = 0.5  # of the thermal noise: sampled, and of the comparator


@dataclass(frozen=True, eq=False, kw_only=True)
class SarSection(CircuitSection):
    """Constants of a successive-approximation converter.

    ``least_cap``: the smallest unit capacitor that is drawn. ``matched_cap`` and ``mismatch``: a
    capacitor and its relative spread, which falls with the root of the capacitance.
    ``cap_density``: of the capacitors, per area. ``fill``: share of the outline that devices take;
    the rest is wires, wells and decoupling. ``flip_flops``: for each bit; ``control``: as many
    more for sampling, sequence and output, whatever the bits. ``drive``: size of gates over the
    minimum. ``wire``: length of wire that a flip-flop charges in a cycle, its share of clock,
    decisions and control lines along the capacitors, which hardly shrink with the feature size.
    ``logic``: delay from a
    decision to the switches of the capacitors, in FO4. ``time_constant``: of the capacitors with
    their switches, in FO4. ``buffer_gm_over_id``, ``buffer_branches``: of the reference buffer, as
    of the front end.
    """

    key: ClassVar[str] = "sar"
    source: str
    least_cap: Annotated[Real, quantity("F", above=0)]
    matched_cap: Annotated[Real, quantity("F", above=0)]
    mismatch: Annotated[Real, quantity("", above=0)]
    cap_density: Annotated[Real, quantity("F/m2", above=0)]
    fill: Annotated[Real, quantity("", above=0, at_most=1)]
    flip_flops: Count
    control: Count
    drive: Multiple
    wire: Annotated[Real, quantity("m", at_least=0)]
    logic: Multiple
    time_constant: Multiple
    buffer_gm_over_id: Annotated[Real, quantity("/V", above=0)]
    buffer_branches: Count


@dataclass(frozen=True, eq=False)
class SarAdc(Converter):
    """A differential converter of binary weighted capacitors, one comparison per bit.

    - **Capacitors.** Each side has 2^(bits - 1) unit capacitors and a reference of
      ``swing`` x V_DD. The unit is the largest of what can be drawn, what the matching asks for
      (the step at mid scale, of 2^(bits - 1) units, within half a step at three standard
      deviations) and what sampling noise asks for (2 kT / C of the two sides within half of the
      thermal noise).
    - **Switching** is monotonic: the first comparison needs none, after each one the larger side
      goes down. The mean energy of all codes is sum over i = 1 .. bits - 1 of 2^(bits - 2 - i) =
      2^(bits - 2) - 1/2 units of C V_ref^2 (C.-C. Liu et al., IEEE JSSC 45(4):731, 2010). It comes
      from the supply through the reference buffer, so times V_DD / V_ref. To go back to the
      reference for the next sample takes nothing on average but from the front end.
    - **Reference buffer.** A follower that settles to half a step in each bit cycle, loaded by the
      largest capacitor in series with the rest of its side, C_side / 4.
    - **Comparator**: limited by its noise, the other half of the thermal noise. Its offset shifts
      all codes alike and does not matter.
    - **Logic**: flip-flops with their wires, clocked in each of bits + 1 cycles, each of which
      takes two new values in a conversion; and the switches of the capacitors, whose gates are in
      proportion to the capacitance for one time constant. One of the two of each bit switches.
    - **Cycle**: decision of half a step, logic, settling to half a step.

    ``column_cap`` [F], where it is given, is that of a charge-domain column whose cells, in binary
    groups, are the capacitors: nothing is sampled and nothing drawn beside the column; a second one
    is the reference side (docs/models/charge.md#a-column-as-its-converter).
    """

    column_cap: Real | None = field(default=None, kw_only=True)

    section = SarSection
    takes_column = True

    @classmethod
    def deviations(cls, draws: Any) -> Any:
        """Of a code the sum over its ones of what their capacitors deviate by.

        That of the largest one is a standard deviation, and half of the units deviate by the root
        of a half of it.
        """
        codes = np.arange(draws.shape[-1])
        bits = max(int(codes[-1]).bit_length(), 1)
        spread = np.sqrt(2.0 ** (np.arange(bits) - (bits - 1.0)))
        ones = codes >> np.arange(bits)[:, None] & 1
        return (spread * draws[..., :bits]) @ ones

    @property
    def constants(self) -> SarSection:
        """The constants in the technology file."""
        return self.tech.section(SarSection)

    @property
    def reference(self) -> Real:
        """Reference voltage [V] of the capacitors."""
        return self.tech.section(FrontEndSection).swing * self.tech.vdd

    @cached_property
    def unit_cap(self) -> Real:
        """Unit capacitor [F]."""
        if self.column_cap is not None:
            return self.column_cap / 2.0 ** (self.bits - 1.0)
        own, half = self.constants, 2.0 ** (self.bits - 1.0)
        spread = MATCHED / np.sqrt(half)  # over the unit, whose switching is one step
        matched = own.matched_cap * (own.mismatch / spread) ** 2
        noise = HALVES * NOISE * self.step_voltage**2 / 12.0
        sampled = 2.0 * BOLTZMANN * self.tech.temperature / noise / half
        return np.maximum(np.maximum(own.least_cap, matched), sampled)

    @property
    def load(self) -> Real:
        return 2.0 ** (self.bits - 1.0) * self.unit_cap

    @property
    def own_caps(self) -> Real:
        """Capacitance [F] that is drawn for the converter: both sides."""
        return 2.0 * self.load if self.column_cap is None else 0.0

    @cached_property
    def comparator(self) -> ClockedComparator:
        """The comparator."""
        noise = np.sqrt(HALVES * NOISE * self.step_voltage**2 / 12.0)
        return ClockedComparator(self.tech, noise=noise)

    @property
    def _settling(self) -> Real:
        """Time [s] of the capacitors to settle to half a step."""
        tau = self.constants.time_constant * fan_out_delay(self.tech)
        return (self.bits + 1.0) * LN2 * tau

    @cached_property
    def cycle(self) -> Real:
        """Time [s] for one bit."""
        decided = self.comparator.time(self.step_voltage / 2.0)
        moved = self.constants.logic * fan_out_delay(self.tech) + self._settling
        return paced(self.tech, decided + moved)

    @property
    def beat(self) -> Real:
        return self.bits * self.cycle

    # -- energy of one conversion [J] --------------------------------------------------------------

    @property
    def decisions_energy(self) -> Real:
        """Energy [J] of the comparator in a conversion."""
        return self.bits * self.comparator.energy

    @property
    def switching_energy(self) -> Real:
        """Energy [J] that the capacitors take from the supply in a conversion."""
        switched = 2.0 ** (self.bits - 2.0) - 0.5
        return switched * self.unit_cap * self.reference * self.tech.vdd

    @property
    def buffer_energy(self) -> Real:
        """Energy [J] of the reference buffer in a conversion."""
        own = self.constants
        rate = (self.bits + 1.0) * LN2 / self._settling
        bias = own.buffer_branches * self.load / 4.0 * rate / own.buffer_gm_over_id
        return self.tech.vdd * bias * self.beat

    @cached_property
    def _flip_flop(self) -> Register:
        return shared(Register, self.tech, 1.0)

    @property
    def _flip_flops(self) -> Real:
        """Number of flip-flops."""
        return self.constants.flip_flops * self.bits + self.constants.control

    @property
    def _switch_cap(self) -> Real:
        """Capacitance [F] of the gates of all switches of the capacitors, and of their drains."""
        gate, own = cells(self.tech).inverter, self.constants
        res = (gate.nfet_res + gate.pfet_res) / 2.0
        tau = own.time_constant * fan_out_delay(self.tech)
        least = 2.0 * self.bits * own.drive
        sizes = np.maximum(res * 2.0 * self.load / tau, least)
        return sizes * (gate.input_cap + gate.output_cap)

    @property
    def logic_energy(self) -> Real:
        """Energy [J] of flip-flops and switches in a conversion."""
        own, one, tech, cycles = self.constants, self._flip_flop, self.tech, self.bits + 1.0
        wire = own.wire * tech.wire.cap * tech.vdd**2
        each = cycles * (own.drive * one.clock_energy + wire) + 2.0 * own.drive * one.data_energy
        return self._flip_flops * each + 0.5 * self._switch_cap * tech.vdd**2

    @action
    def convert(self) -> Cost:
        """One conversion in each converter."""
        energy = self.decisions_energy + self.switching_energy
        energy = energy + self.buffer_energy + self.logic_energy
        return Cost.of(self.count * energy, self.beat)

    # -- footprint ---------------------------------------------------------------------------------

    @cached_property
    def _one(self) -> Footprint:
        """Footprint of one converter: capacitors beside logic, switches and comparator."""
        own, gate, flip_flop = self.constants, cells(self.tech).inverter, self._flip_flop
        logic = self._flip_flops * own.drive
        switches = self._switch_cap / (gate.input_cap + gate.output_cap)
        area = self.own_caps / own.cap_density
        area = area + logic * flip_flop.area + switches * gate.area
        leakage = logic * flip_flop.body.leakage.total + switches * gate.leakage_power
        bare = Footprint.of(area, leakage) + self.comparator.footprint
        return Footprint.of(bare.area.total / own.fill, bare.leakage.total)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.count * self._one.leakage.total)
