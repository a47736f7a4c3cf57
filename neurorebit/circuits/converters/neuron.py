"""The base class of integrating neurons: charge is gathered, then taken away in steps.

See docs/models/converters.md#integrating-neurons.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.converters.comparator import (
    BOLTZMANN,
    LN2,
    ClockedComparator,
    ComparatorSection,
    fan_out_delay,
    paced,
)
from neurorebit.circuits.converters.converter import NOISE, Converter
from neurorebit.circuits.converters.front_end import FrontEndSection
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import gate_cap, lone_nfet
from neurorebit.circuits.layout import stretched
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, Multiple

THIRDS = 1.0 / 3.0  # of the thermal noise: gathered, of the steps, of the comparator


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronSection(CircuitSection):
    """Constants of an integrating neuron.

    ``least_cap``: the smallest capacitor that is drawn. ``cap_density``: of the capacitors, per
    area. ``fill``: share of the outline that devices take. ``gm_over_id``: of the integrating
    amplifier. ``branches``: branches of its current. ``time_constant``: of its closed loop, in FO4
    delays. ``load``: wires and switches at its output. ``buffer_gm_over_id``: of the follower of
    the reference that steps are taken from. ``buffer_branches``: branches of its current.
    ``flip_flops``: for each bit; ``control``: as many more, clocked in each step.
    ``drive``: size of gates over the minimum. ``wire``: length of wire that a step charges.
    ``logic``: delay from a decision to the next step, in FO4.
    """

    key: ClassVar[str] = "neuron"
    source: str
    least_cap: Annotated[Real, quantity("F", above=0)]
    cap_density: Annotated[Real, quantity("F/m2", above=0)]
    fill: Annotated[Real, quantity("", above=0, at_most=1)]
    gm_over_id: Annotated[Real, quantity("/V", above=0)]
    branches: Count
    time_constant: Multiple
    load: Annotated[Real, quantity("F", above=0)]
    buffer_gm_over_id: Annotated[Real, quantity("/V", above=0)]
    buffer_branches: Count
    flip_flops: Count
    control: Count
    drive: Multiple
    wire: Annotated[Real, quantity("m", at_least=0)]
    logic: Multiple


@dataclass(frozen=True, eq=False)
class NeuronConverter(Converter):
    """A capacitor that gathers ``samples`` of a line's voltage, and is emptied in steps.

    A value of several planes is gathered as it comes: the plane of weight 2^k is sampled 2^k times,
    so that n planes take 2^n - 1 ``samples`` and one conversion. ``integrate_time`` and
    ``step_time`` [s], where they are given, are the time of a sample and of a step; else both
    follow from the amplifier, which settles to half a step of the range.

    - **Capacitors**, on each of two sides: a sampling capacitor C_s, from which charge moves to
      C_i = ``samples`` x C_s, so that its range is that of the input. The mean of the samples has
      a noise of 2 kT (1 + gamma) / (``samples`` x C_s), of the switch and of the amplifier.
    - **Amplifier**: its loop feeds back C_i / (C_i + C_s). It is on while samples are gathered and
      until the line's own steps have ended.
    - **Comparator**: one decision before the first step, which gives the sign, and one a step.
    """

    integrate_time: Positive | None = field(default=None, kw_only=True)
    step_time: Positive | None = field(default=None, kw_only=True)
    samples: Positive = field(default=1.0, kw_only=True)
    used_bits: Positive | None = field(default=None, kw_only=True)
    used_samples: Positive | None = field(default=None, kw_only=True)

    section = NeuronSection

    @property
    def constants(self) -> NeuronSection:
        """The constants in the technology file."""
        return self.tech.section(NeuronSection)

    @property
    def converted(self) -> Real:
        """Bits of a conversion."""
        return self.bits if self.used_bits is None else self.used_bits

    @property
    def taken(self) -> Real:
        """Samples of a conversion."""
        return self.samples if self.used_samples is None else self.used_samples

    @property
    def gathered(self) -> Real:
        """Capacitance [F] of one side that the samples of a conversion charge."""
        return self.taken * self.load

    # -- what a kind of neuron says ----------------------------------------------------------------

    @property
    @abstractmethod
    def steps(self) -> Real:
        """Decisions of a conversion that takes the longest."""

    @property
    @abstractmethod
    def mean_steps(self) -> Real:
        """Mean number of decisions after which a line is done."""

    @property
    @abstractmethod
    def step_cap(self) -> Real:
        """Capacitor [F] of one side that a step charges to the reference."""

    @property
    @abstractmethod
    def least_gathered(self) -> Real:
        """Least capacitor C_i [F] that the steps allow: their noise, and what can be drawn."""

    @property
    @abstractmethod
    def moved(self) -> Real:
        """Mean charge [C] that the steps of a conversion take from the reference on one side."""

    # -- sizes -------------------------------------------------------------------------------------

    @property
    def noise(self) -> Real:
        """Noise [V^2] at the input that samples, steps and comparator may each have."""
        return THIRDS * NOISE * self.step_voltage**2 / 12.0

    @property
    def reference(self) -> Real:
        """Reference voltage [V] that steps are taken from."""
        return self.tech.section(FrontEndSection).swing * self.tech.vdd

    @cached_property
    def load(self) -> Real:
        gamma = self.tech.section(ComparatorSection).noise_factor
        gathered = 2.0 * BOLTZMANN * self.tech.temperature * (1.0 + gamma) / self.noise
        least = np.maximum(gathered, self.least_gathered) / self.samples
        return np.maximum(self.constants.least_cap, least)

    @property
    def gathering_cap(self) -> Real:
        """Capacitor C_i [F] of one side."""
        return self.samples * self.load

    @cached_property
    def comparator(self) -> ClockedComparator:
        """The comparator."""
        return ClockedComparator(self.tech, noise=np.sqrt(self.noise))

    # -- times [s] ---------------------------------------------------------------------------------

    @property
    def _settling(self) -> Real:
        """Time [s] of the amplifier to settle to half a step of the range."""
        tau = self.constants.time_constant * fan_out_delay(self.tech)
        return (self.bits + 1.0) * LN2 * tau

    @property
    def sample(self) -> Real:
        """Time [s] of a sample."""
        return self._settling if self.integrate_time is None else self.integrate_time

    @cached_property
    def step_of_time(self) -> Real:
        """Time [s] of a decision with the step that follows it."""
        if self.step_time is not None:
            return self.step_time
        decided = self.comparator.time(self.step_voltage / 2.0)
        logic = self.constants.logic * fan_out_delay(self.tech)
        return paced(self.tech, decided + logic + self._settling)

    @property
    def gathering(self) -> Real:
        """Time [s] to gather all samples."""
        return self.taken * self.sample

    @property
    def emptying(self) -> Real:
        """Time [s] of all steps."""
        return self.steps * self.step_of_time

    @property
    def beat(self) -> Real:
        return self.gathering + self.emptying

    # -- energy of one conversion [J] --------------------------------------------------------------

    @cached_property
    def transconductance(self) -> Real:
        """Transconductance [A/V] of the amplifier, which settles in a sample or a step."""
        beta = self.samples / (self.samples + 1.0)
        cap = self.constants.load + beta * self.load  # C_s and C_i in series
        quickest = np.minimum(self.sample, self.step_of_time)
        return cap / beta * (self.bits + 1.0) * LN2 / quickest

    @property
    def bias(self) -> Real:
        """Current [A] of the amplifier in all branches."""
        return self.constants.branches * self.transconductance / self.constants.gm_over_id

    @property
    def amplifier_energy(self) -> Real:
        """Energy [J] of the amplifier in a conversion."""
        on = self.gathering + self.mean_steps * self.step_of_time
        return self.tech.vdd * self.bias * on

    @property
    def steps_energy(self) -> Real:
        """Energy [J] of the charge of the steps, and of the follower that settles in each."""
        own, tech = self.constants, self.tech
        settled = own.buffer_branches * self.step_cap * (self.bits + 1.0) * LN2
        follower = self.mean_steps * settled / own.buffer_gm_over_id
        return 2.0 * tech.vdd * (self.moved + follower)

    @property
    def decisions_energy(self) -> Real:
        """Energy [J] of the comparator in a conversion."""
        return self.mean_steps * self.comparator.energy

    @cached_property
    def _flip_flop(self) -> Register:
        return shared(Register, self.tech, 1.0)

    @property
    def _flip_flops(self) -> Real:
        """Flip-flops of a neuron, each ``drive`` times the minimum."""
        return self.constants.flip_flops * self.bits + self.constants.control

    @property
    def logic_energy(self) -> Real:
        """Energy [J] of the logic: the control in each sample and step, two of the bits a step."""
        own, one, tech = self.constants, self._flip_flop, self.tech
        wire = own.wire * tech.wire.cap * tech.vdd**2
        events = self.taken + self.mean_steps
        control = events * (own.control * own.drive * one.clock_energy + wire)
        changed = 2.0 * own.drive * (one.clock_energy + one.data_energy)
        return control + self.mean_steps * changed

    @action
    def convert(self) -> Cost:
        """Gather all samples and convert them once, in each converter."""
        energy = self.amplifier_energy + self.steps_energy
        energy = energy + self.decisions_energy + self.logic_energy
        return Cost.of(self.count * energy, self.beat)

    # -- footprint ---------------------------------------------------------------------------------

    @cached_property
    def _one(self) -> Footprint:
        """Footprint of one converter."""
        own, flip_flop = self.constants, self._flip_flop
        caps = 2.0 * (self.load + self.gathering_cap + self.step_cap) / own.cap_density
        stored = self._flip_flops * own.drive
        unit = lone_nfet(self.tech)
        per_width = gate_cap(self.tech, unit.nfet) / fan_out_delay(self.tech)
        devices = 2.0 * own.branches * np.maximum(self.transconductance / per_width, 1.0)
        area = caps + stored * flip_flop.area + devices * unit.area
        leakage = stored * flip_flop.body.leakage.total + devices * unit.leakage_power
        bare = Footprint.of(area, leakage) + self.comparator.footprint
        return Footprint.of(bare.area.total / own.fill, bare.leakage.total)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.count * self._one.leakage.total)
