"""The front end of a converter: from the current of a line to a voltage.

An amplifier with a feedback resistor holds the line at the read voltage and gives a voltage in
proportion to the line's current, less that of its reference line, to the sampling capacitors of the
converter (a transimpedance amplifier). The current of the cells themselves is the array's.

See docs/models/converters.md#front-end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.converters.comparator import LN2, fan_out_delay
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import gate_cap, lone_nfet
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, Multiple, Technology


@dataclass(frozen=True, eq=False, kw_only=True)
class FrontEndSection(CircuitSection):
    """Constants of the front end.

    ``swing``: largest voltage at the converter over the supply, on each of its two inputs.
    ``gm_over_id``: transconductance of the amplifier over the current of one branch. ``branches``:
    branches of that current. ``time_constant``: of the closed loop, in FO4 delays. ``gain``: of
    the open loop. ``difference``: mean difference between the currents of a line and of its
    reference, over the full scale. ``load``: wires and switches at an output. ``feedback_area``: of
    the feedback resistors.
    """

    key: ClassVar[str] = "front_end"
    source: str
    swing: Annotated[Real, quantity("", above=0, at_most=1)]
    gm_over_id: Annotated[Real, quantity("/V", above=0)]
    branches: Count
    time_constant: Multiple
    gain: Multiple
    difference: Annotated[Real, quantity("", at_least=0, at_most=1)]
    load: Annotated[Real, quantity("F", above=0)]
    feedback_area: Annotated[Real, quantity("m2", at_least=0)]


def full_swing(tech: Technology) -> Real:
    """Range [V] of a converter's differential input, from its lowest to its highest code."""
    return 2.0 * tech.section(FrontEndSection).swing * tech.vdd


@dataclass(frozen=True, eq=False)
class FrontEnd(Placed):
    """``count`` amplifiers that settle to half a step of converters of ``bits`` bits.

    ``load`` [F] is the sampling capacitance of a converter at each of its two inputs,
    ``full_scale`` [S] the conductance of a line at the end of the range, ``read_voltage`` [V] the
    voltage at which lines are held.

    The feedback resistor turns the full scale current into the full swing V_FS, so a line of the
    full scale conductance feeds back beta = 1 / (1 + V_FS / V_read) of the output. A closed loop of
    time constant tau needs g_m = (C_load + load) / (beta tau) and a current g_m / (g_m / I_D) in
    each branch. It settles to half a step in (bits + 1) ln 2 tau. The output stage is of class AB:
    above its bias it takes the mean difference current from the supply. Both flow while it settles,
    so energy hardly depends on tau. Between conversions the amplifier is off.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 1.0
    load: Real = 0.0
    full_scale: Positive = field(default=1.28e-3, kw_only=True)
    read_voltage: Positive = field(default=0.5, kw_only=True)
    name: str = field(default="front_end", kw_only=True)

    @property
    def constants(self) -> FrontEndSection:
        """The constants in the technology file."""
        return self.tech.section(FrontEndSection)

    @cached_property
    def time(self) -> Real:
        """Time [s] to settle to half a step of the range."""
        tau = self.constants.time_constant * fan_out_delay(self.tech)
        return (self.bits + 1.0) * LN2 * tau

    @property
    def input_res(self) -> Real:
        """Resistance [ohm] at which a line is held: that of the feedback over 1 + gain."""
        feedback = full_swing(self.tech) / (self.full_scale * self.read_voltage)
        return feedback / (1.0 + self.constants.gain)

    @cached_property
    def transconductance(self) -> Real:
        """Transconductance [A/V] of the amplifier."""
        own = self.constants
        beta = 1.0 / (1.0 + full_swing(self.tech) / self.read_voltage)
        tau = own.time_constant * fan_out_delay(self.tech)
        return (own.load + self.load) / (beta * tau)

    @property
    def bias(self) -> Real:
        """Bias current [A] of one amplifier, in all branches."""
        own = self.constants
        return own.branches * self.transconductance / own.gm_over_id

    @property
    def passed(self) -> Real:
        """Mean current [A] of the output stage above its bias: the difference to the reference."""
        return self.constants.difference * self.full_scale * self.read_voltage

    @cached_property
    def _one(self) -> Footprint:
        """Two transistors a branch, and the resistors.

        At g_m / I_D a transistor carries its current at a width of I / (g_m / (g_m / I_D)), taken
        from the transit frequency of the FO4 delay: g_m = C_gate / FO4 per width.
        """
        own, unit = self.constants, lone_nfet(self.tech)
        per_width = gate_cap(self.tech, unit.nfet) / fan_out_delay(self.tech)
        devices = 2.0 * own.branches * np.maximum(self.transconductance / per_width, 1.0)
        return Footprint.of(devices * unit.area + own.feedback_area, devices * unit.leakage_power)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.count * self._one.leakage.total)

    @action
    def sense(self) -> Cost:
        """Settle once in each amplifier."""
        energy = self.tech.vdd * (self.bias + self.passed) * self.time
        return Cost.of(self.count * energy, self.time)
