"""Converters of inputs to voltages: ladders of resistors and arrays of capacitors.

See docs/models/converters.md#input-converters.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.converters.comparator import BOLTZMANN, LN2
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Multiple, Technology

MATCHED = 1.0 / 6.0  # spread over a step: three standard deviations are half of one


@dataclass(frozen=True, eq=False, kw_only=True)
class InputDacSection(CircuitSection):
    """Constants of converters of inputs.

    ``load``: capacitance at the output, of wires and of the buffer. ``resistance``: the largest of
    a ladder's resistors. ``resistor_area``: of one. ``least_cap``: the smallest unit capacitor that
    is drawn. ``matched_cap``: a capacitor of relative spread ``mismatch``, which falls with the
    root of the capacitance. ``cap_density``: of the capacitors, per area. ``drive``: size of the
    switches and flip-flops over the minimum. ``fill``: share of the outline that devices take.
    """

    key: ClassVar[str] = "input_dac"
    source: str
    load: Annotated[Real, quantity("F", above=0)]
    resistance: Annotated[Real, quantity("ohm", above=0)]
    resistor_area: Annotated[Real, quantity("m2", above=0)]
    least_cap: Annotated[Real, quantity("F", above=0)]
    matched_cap: Annotated[Real, quantity("F", above=0)]
    mismatch: Annotated[Real, quantity("", above=0)]
    cap_density: Annotated[Real, quantity("F/m2", above=0)]
    drive: Multiple
    fill: Annotated[Real, quantity("", above=0, at_most=1)]


@dataclass(frozen=True, eq=False)
class InputDac(Placed):
    """``lines`` converters of ``bits`` bits, with a range of ``swing`` [V].

    Each settles to half a step within ``settling`` [s] and holds its voltage for ``held`` [s]. A
    bit has a flip-flop and a pair of switches.
    """

    tech: Technology
    lines: Positive = 128.0
    bits: Positive = 4.0
    _: KW_ONLY
    swing: Positive = 0.3
    settling: Positive = 5e-9
    held: Positive = 20e-9
    load: Real = 0.0
    name: str = "dac"

    section: ClassVar[type[CircuitSection]] = InputDacSection

    @property
    def constants(self) -> InputDacSection:
        """The constants in the technology file."""
        return self.tech.section(InputDacSection)

    @property
    @abstractmethod
    def analog_energy(self) -> Real:
        """Energy [J] of resistors or capacitors in a conversion."""

    @property
    @abstractmethod
    def analog_area(self) -> Real:
        """Area [m^2] of resistors or capacitors."""

    @property
    def output_cap(self) -> Real:
        """Capacitance [F] that the output drives."""
        return self.constants.load + self.load

    @property
    def settled(self) -> Real:
        """Time constants to settle to half a step."""
        return (self.bits + 1.0) * LN2

    @cached_property
    def _flip_flop(self) -> Register:
        return shared(Register, self.tech, 1.0)

    @property
    def logic_energy(self) -> Real:
        """Energy [J] of flip-flops and switches of which half change."""
        own, one, gate = self.constants, self._flip_flop, cells(self.tech).inverter
        switches = 0.5 * 2.0 * (gate.input_cap + gate.output_cap) * self.tech.vdd**2
        return own.drive * self.bits * (one.clock_energy + 0.5 * one.data_energy + switches)

    @action
    def convert(self) -> Cost:
        """One conversion in each converter."""
        energy = self.analog_energy + self.logic_energy
        return Cost.of(self.lines * energy, self.settling)

    @cached_property
    def _one(self) -> Footprint:
        own, one, gate = self.constants, self._flip_flop, cells(self.tech).inverter
        logic = own.drive * self.bits * (one.area + 2.0 * gate.area)
        leakage = own.drive * self.bits * (one.body.leakage.total + 2.0 * gate.leakage_power)
        return Footprint.of((logic + self.analog_area) / own.fill, leakage)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.lines * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.lines * self._one.leakage.total)


@dataclass(frozen=True, eq=False)
class LadderDac(InputDac):
    """An R-2R ladder between the ends of the range, whose output resistance is R.

    R is the largest that settles, and at most ``resistance``. A leg of 2R that carries a one gives
    half of the time, and against the legs beside it, so that the mean current of all codes is
    ``swing`` / (12 R) a bit, and two thirds of that for the ends of the ladder. It flows as long as
    the output is held.
    """

    @property
    def res(self) -> Real:
        """The ladder's R [ohm]."""
        quick = self.settling / (self.settled * self.output_cap)
        return np.minimum(quick, self.constants.resistance)

    @property
    def analog_energy(self) -> Real:
        legs = self.bits + 2.0 / 3.0
        return self.tech.vdd * legs * self.swing / (12.0 * self.res) * self.held

    @property
    def analog_area(self) -> Real:
        return 3.0 * self.bits * self.constants.resistor_area


@dataclass(frozen=True, eq=False)
class CapacitorDac(InputDac):
    """2^bits unit capacitors that share their charge, a binary share of which goes to the range.

    The unit is the largest of what can be drawn, of what matching at mid scale asks for, and of
    what leaves a noise of kT / C within that of quantisation. Of all codes half of the capacitors
    are charged anew; the charge comes from the supply.
    """

    @cached_property
    def unit_cap(self) -> Real:
        """Unit capacitor [F]."""
        own, units = self.constants, 2.0**self.bits
        spread = MATCHED / np.sqrt(units / 2.0)
        matched = own.matched_cap * (own.mismatch / spread) ** 2
        step = self.swing / units
        noise = 12.0 * BOLTZMANN * self.tech.temperature / step**2 / units
        return np.maximum(np.maximum(own.least_cap, matched), noise)

    @property
    def analog_energy(self) -> Real:
        charged = 0.5 * 2.0**self.bits * self.unit_cap + self.output_cap / 2.0
        return charged * self.swing * self.tech.vdd

    @property
    def analog_area(self) -> Real:
        return 2.0**self.bits * self.unit_cap / self.constants.cap_density


DACS: dict[str, type[InputDac]] = {"r2r": LadderDac, "capacitive": CapacitorDac}
