"""Ramp (single-slope) converters.

See docs/models/converters.md#ramp.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.converters.comparator import (
    BOLTZMANN,
    ClockedComparator,
    ComparatorSection,
    fan_out_delay,
    paced,
)
from neurorebit.circuits.converters.converter import MATCHED, NOISE, Converter, Errors
from neurorebit.circuits.converters.front_end import FrontEndSection
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import gate_cap, lone_nfet
from neurorebit.circuits.layout import stretched
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, Multiple

THIRDS = 1.0 / 3.0  # of the thermal noise: sampled, of the ramp, of the comparator


@dataclass(frozen=True, eq=False, kw_only=True)
class RampSection(CircuitSection):
    """Constants of a ramp converter.

    ``least_cap``: the smallest capacitor that is drawn. ``cap_density``: of the capacitors, per
    area. ``fill``: share of the outline that devices take. ``flip_flops``: of a line for each bit,
    which keep the count; ``control``: of a line, clocked until its comparator has turned.
    ``drive``: size of gates over the minimum. ``wire``: length of the shared lines (ramp, count and
    clock) for each converter. ``logic``: delay from a decision to the next, in FO4.
    ``source_gm_over_id``: of the current source that makes the ramp. ``buffer_gm_over_id``: of the
    followers that drive the ramp to all converters. ``buffer_branches``: branches of their current.
    """

    key: ClassVar[str] = "ramp"
    source: str
    least_cap: Annotated[Real, quantity("F", above=0)]
    cap_density: Annotated[Real, quantity("F/m2", above=0)]
    fill: Annotated[Real, quantity("", above=0, at_most=1)]
    flip_flops: Count
    control: Count
    drive: Multiple
    wire: Annotated[Real, quantity("m", at_least=0)]
    logic: Multiple
    source_gm_over_id: Annotated[Real, quantity("/V", above=0)]
    buffer_gm_over_id: Annotated[Real, quantity("/V", above=0)]
    buffer_branches: Count


@dataclass(frozen=True, eq=False)
class RampAdc(Converter):
    """A ramp and a counter for all converters of a bank; a comparator and latches in each.

    The ramp falls from the highest to the lowest code in 2^bits cycles, on one side of the
    differential input and rises on the other. The cycle in which a comparator turns is its code:
    its latches keep the count, and it is clocked no more. Of values as often above the middle of
    the range as below, (2^bits + 1) / 2 decisions are taken on average; the time is that of all.

    - **Sampling capacitors** and **ramp capacitors** have a third of the thermal noise each. A
      current source of g_m / I_D that charges a capacitor C through V has 2 gamma (g_m / I_D) V
      times the noise of a switch.
    - **Comparator**: the other third. Its offset shifts all codes of its line alike.
    - **Followers**, one a side, drive the inputs of all comparators and their wires with a time
      constant of a cycle, by which the ramp is late everywhere alike, and carry at least the
      current that charges the load along the ramp.
    - **Counter**: a Gray code, of which a line toggles in each cycle along all converters.
    """

    section = RampSection

    @classmethod
    def designed(cls) -> Errors:
        """One ramp has all codes in equal steps."""
        return Errors((NOISE / 12.0) ** 0.5, MATCHED, MATCHED, 0.0)

    @property
    def constants(self) -> RampSection:
        """The constants in the technology file."""
        return self.tech.section(RampSection)

    @property
    def _noise(self) -> Real:
        """Noise [V^2] that each of the three may have."""
        return THIRDS * NOISE * self.step_voltage**2 / 12.0

    @property
    def reach(self) -> Real:
        """Voltage [V] through which each side of the ramp goes."""
        return self.tech.section(FrontEndSection).swing * self.tech.vdd

    @cached_property
    def load(self) -> Real:
        sampled = 2.0 * BOLTZMANN * self.tech.temperature / self._noise
        return np.maximum(self.constants.least_cap, sampled)

    @cached_property
    def ramp_cap(self) -> Real:
        """Capacitor [F] that makes the ramp of one side."""
        own, gamma = self.constants, self.tech.section(ComparatorSection).noise_factor
        excess = 1.0 + 2.0 * gamma * own.source_gm_over_id * self.reach
        integrated = 2.0 * BOLTZMANN * self.tech.temperature * excess / self._noise
        return np.maximum(own.least_cap, integrated)

    @cached_property
    def comparator(self) -> ClockedComparator:
        """The comparator of a line."""
        return ClockedComparator(self.tech, noise=np.sqrt(self._noise))

    @cached_property
    def cycle(self) -> Real:
        """Time [s] for one code."""
        logic = self.constants.logic * fan_out_delay(self.tech)
        return paced(self.tech, self.comparator.time(self.step_voltage / 2.0) + logic)

    @property
    def beat(self) -> Real:
        return self.levels * self.cycle

    @property
    def decisions(self) -> Real:
        """Mean number of decisions of a comparator in a conversion."""
        return (self.levels + 1.0) / 2.0

    # -- energy of one conversion [J] --------------------------------------------------------------

    @property
    def decisions_energy(self) -> Real:
        """Energy [J] of a comparator in a conversion."""
        return self.decisions * self.comparator.energy

    @cached_property
    def _flip_flop(self) -> Register:
        return shared(Register, self.tech, 1.0)

    @property
    def _flip_flops(self) -> Real:
        """Flip-flops of a converter, each ``drive`` times the minimum."""
        return self.constants.flip_flops * self.bits + self.constants.control

    @property
    def latches_energy(self) -> Real:
        """Energy [J] of the latches and of the control of a line in a conversion."""
        own, one = self.constants, self._flip_flop
        kept = own.flip_flops * self.bits * (one.clock_energy + 0.5 * one.data_energy)
        turned = own.control * (self.decisions * one.clock_energy + one.data_energy)
        return own.drive * (kept + turned)

    @cached_property
    def ramp_load(self) -> Real:
        """Capacitance [F] that each follower drives: inputs of all comparators, and wires."""
        each = self.comparator.input_cap + self.constants.wire * self.tech.wire.cap
        return self.count * each

    @cached_property
    def _transconductance(self) -> Real:
        """Transconductance [A/V] of a follower."""
        return self.ramp_load / self.cycle

    @property
    def bias(self) -> Real:
        """Current [A] of a follower in all branches."""
        own = self.constants
        charged = self.ramp_load * self.reach / self.beat
        settled = self._transconductance / own.buffer_gm_over_id
        return own.buffer_branches * np.maximum(settled, charged)

    @property
    def ramp_energy(self) -> Real:
        """Energy [J] of the shared ramp in a conversion: both capacitors and both followers."""
        made = self.ramp_cap * self.reach
        return 2.0 * self.tech.vdd * (made + self.bias * self.beat)

    @property
    def counter_energy(self) -> Real:
        """Energy [J] of the shared counter in a conversion, with its lines and that of the clock.

        A line of the count toggles in each cycle, which charges it every other time.
        """
        own, one, tech = self.constants, self._flip_flop, self.tech
        wire = own.wire * tech.wire.cap
        line = self.count * (wire + own.flip_flops * own.drive * one.input_cap)
        clock = self.count * wire
        each = own.drive * (self.bits * one.clock_energy + one.data_energy)
        return self.levels * (each + (0.5 * line + clock) * tech.vdd**2)

    @action
    def convert(self) -> Cost:
        """One conversion in each converter."""
        each = self.decisions_energy + self.latches_energy
        return Cost.of(self.count * each + self.ramp_energy + self.counter_energy, self.beat)

    # -- footprint ---------------------------------------------------------------------------------

    @cached_property
    def _all(self) -> Footprint:
        """Footprint of all converters with their ramp and counter."""
        own, flip_flop = self.constants, self._flip_flop
        stored = (self.count * self._flip_flops + self.bits) * own.drive
        caps = 2.0 * (self.count * self.load + self.ramp_cap) / own.cap_density
        unit = lone_nfet(self.tech)
        per_width = gate_cap(self.tech, unit.nfet) / fan_out_delay(self.tech)
        devices = np.maximum(self._transconductance / per_width, 1.0)
        devices = 4.0 * own.buffer_branches * devices  # two a branch, on both sides
        area = caps + stored * flip_flop.area + devices * unit.area
        leakage = stored * flip_flop.body.leakage.total + devices * unit.leakage_power
        bare = Footprint.of(area, leakage) + self.count * self.comparator.footprint
        return Footprint.of(bare.area.total / own.fill, bare.leakage.total)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self._all.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self._all.leakage.total)
