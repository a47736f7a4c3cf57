"""Drivers of input lines by pulses: each connects its line to one of several voltages.

See docs/models/selection.md#drivers-of-pulses.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, Switch, gate_cap, lone_nfet, stage, switch
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sizing import Buffers
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class PulseDriver(Placed):
    """Pass gates between each of ``lines`` and ``levels`` voltages, and flip-flops that choose one.

    Two levels make a pulse or none; three a pulse up, down or none, so that the sign of an input
    takes no time of its own. A pass gate takes a small share of the voltage over the cells of a
    line, of ``driven_res`` [ohm] together; both of its gates have a chain of inverters. ``load``
    [F] and ``line_res`` [ohm] are those of a line, which a pulse moves by ``voltage`` [V]. The
    levels are regulated from the supply, so that a charge Q takes Q V_DD.
    """

    tech: Technology
    lines: Positive = 128.0
    load: Real = 50e-15
    line_res: Real = 0.0
    _: KW_ONLY
    driven_res: Positive = 1e4
    levels: Positive = 3.0
    voltage: Real = 0.5
    name: str = "pulse_driver"

    @cached_property
    def switch(self) -> Switch:
        """A pass gate."""
        return switch(self.tech, self.driven_res, self.tech.switch.linear)

    @cached_property
    def register(self) -> Register:
        """The digit of each line: a flip-flop, and one for its sign."""
        digits = np.ceil(np.log2(self.levels) - 1e-9)
        return Register(self.tech, digits * self.lines, fit_height=self.fit_height)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.register),)

    @property
    def control_cap(self) -> Real:
        """Capacitance [F] of the gates of a pass gate."""
        return gate_cap(self.tech, self.switch.nfet) + gate_cap(self.tech, self.switch.pfet)

    @cached_property
    def chains(self) -> tuple[Buffers, Buffers]:
        """What drives the NFET and the PFET of a pass gate."""
        return (
            shared(Buffers, self.tech, gate_cap(self.tech, self.switch.nfet), False),
            shared(Buffers, self.tech, gate_cap(self.tech, self.switch.pfet), True),
        )

    @cached_property
    def _drain(self) -> tuple[Real, Real]:
        """Drain capacitance [F] of a pass gate, and its area [m^2]."""
        unit = lone_nfet(self.tech)
        units = (self.switch.nfet + self.switch.pfet) / unit.nfet
        return units * unit.output_cap, units * unit.area

    @cached_property
    def _switches(self) -> Footprint:
        """Pass gates and chains of all lines; pass gates do not leak."""
        count = self.levels * self.lines
        chains = sum((chain.area for chain in self.chains), 0.0)
        leakage = sum((chain.leakage_power for chain in self.chains), 0.0)
        return Footprint.of(count * (self._drain[1] + chains), count * leakage)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self._switches.area.total + self.register.area
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return self._switches

    @property
    def own_energy(self) -> Real:
        """Energy [J] of the gates of a line in a pulse: one pass gate closes, another opens."""
        chains = sum((chain.switched for chain in self.chains), 0.0)
        return 2.0 * (self.control_cap + chains) * self.tech.vdd**2

    @property
    def line_energy(self) -> Real:
        """Energy [J] of a line in a pulse, with the drains of its pass gates."""
        drains = self.levels * self._drain[0]
        return (self.load + drains) * self.voltage * self.tech.vdd

    @cached_property
    def delay(self) -> Real:
        """Delay [s] from a flip-flop to the far end of a line."""
        before, ramp = self.chains[0].path(STEP)
        tau = self.switch.res * (self.load + self.levels * self._drain[0])
        added, _ = stage(tau + self.line_res * self.load / 2.0, ramp)
        return before + added

    @action
    def pulse(self, pulsed: Real = 0.5, used: Real = 1.0) -> Cost:
        """Take a digit in the share ``used`` of the lines, and send a pulse in a share of those.

        Of each line whose flip-flops are clocked half of the bits change.
        """
        stored = self.register.store(0.5 * used, used)
        lines = used * self.lines * pulsed
        return stored + Cost.of(lines * (self.own_energy + self.line_energy), self.delay)
