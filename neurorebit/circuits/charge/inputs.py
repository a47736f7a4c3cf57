"""Converters of input codes to voltages, and followers that drive a voltage on.

See docs/models/charge.md#input-converters.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.block import Positive
from neurorebit.circuits.charge.ladder import WIDEST, at_bits
from neurorebit.circuits.converters.comparator import LN2, fan_out_delay
from neurorebit.circuits.converters.converter import MATCHED
from neurorebit.circuits.converters.sar import SarSection
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells, gate_cap, lone_nfet
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.schema.technology import Technology

MATCHING = 1e-8  # of polysilicon resistors: relative spread times the root of the area [m]


def ladder_conductances(bits: int) -> NDArray[np.float64]:
    """Current [bits, bits] into each leg per volt on each, of an R-2R ladder, in units of 1 / R.

    The least significant leg comes first; a leg has 2 R, the first node 2 R more to ground, and
    nothing is drawn from the last node, the output.
    """
    nodes = np.zeros((bits, bits))
    for i in range(bits):
        nodes[i, i] = 0.5 + (0.5 if i == 0 else 1.0) + (0.0 if i == bits - 1 else 1.0)
        if i:
            nodes[i, i - 1] = nodes[i - 1, i] = -1.0
    return 0.5 * np.eye(bits) - 0.25 * np.linalg.inv(nodes)


@cache
def _sums() -> NDArray[np.float64]:
    """Of ladders of 0 .. ``WIDEST`` bits: the sum of the legs' own conductances, and of all."""
    found = np.zeros((WIDEST + 1, 2))
    for bits in range(1, WIDEST + 1):
        conductances = ladder_conductances(bits)
        found[bits] = np.trace(conductances), conductances.sum()
    return found


def code_moments(bits: Real, ones: Real) -> tuple[Real, Real]:
    """Mean of codes of ``bits`` bits over 2^bits, and of their squares, of so many ``ones``."""
    mean = ones * (1.0 - 2.0**-bits)
    return mean, mean**2 + ones * (1.0 - ones) * (1.0 - 4.0**-bits) / 3.0


@dataclass(frozen=True, eq=False)
class ResistorDac(Placed):
    """``count`` R-2R ladders of ``bits`` bits between the supply and 0 V, without a buffer.

    Their resistance R drives ``load`` [F] and settles to half a step in ``time`` [s], half a clock
    period unless given; as long the legs conduct, after it they rest at 0 V. Units are as large as
    matching asks for: the most significant leg errs by a sixth of a step.
    """

    tech: Technology
    bits: Positive = 8.0
    count: Real = 1.0
    load: Positive = 1e-13
    _: KW_ONLY
    time: Positive | None = None
    name: str = "dac"

    @property
    def settling(self) -> Real:
        """Time [s] in which the output settles."""
        return 0.5 / self.tech.clock if self.time is None else self.time

    @cached_property
    def res(self) -> Real:
        """The resistance R [ohm], that of the output."""
        return self.settling / ((self.bits + 1.0) * LN2 * self.load)

    @cached_property
    def switch(self) -> Real:
        """Inverters that drive the legs, in minimum ones; of the share ``switch.drop`` of a leg."""
        gate = cells(self.tech).inverter
        res = (gate.nfet_res + gate.pfet_res) / 2.0
        return np.maximum(res / (2.0 * self.res * self.tech.switch.drop), 1.0)

    @cached_property
    def unit_area(self) -> Real:
        """Area [m^2] of a resistor R; two of them are a leg."""
        spread = 2.0**0.5 * MATCHED / 2.0 ** (self.bits - 1.0)
        area: Real = (MATCHING / spread) ** 2
        return area

    @cached_property
    def size(self) -> tuple[Real, Real]:
        inverters = self.bits * self.switch * cells(self.tech).inverter.area
        area = self.count * ((3.0 * self.bits + 1.0) * self.unit_area + inverters)
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        leaking = self.bits * self.switch * cells(self.tech).inverter.leakage_power
        return Footprint.of(self.area, self.count * leaking)

    def power(self, ones: Real = 0.5) -> Real:
        """Power [W] of a ladder while its legs conduct, of codes with so many ones."""
        alone, every = (at_bits(_sums()[:, i], self.bits) for i in range(2))
        return self.tech.vdd**2 / self.res * (ones * alone + ones**2 * (every - alone))

    @action
    def convert(self, ones: Real = 0.5, active: Real = 1.0) -> Cost:
        """Codes of a share ``active`` of the ladders, of whose bits so many are ``ones``.

        What the load takes is billed with it.
        """
        gate = cells(self.tech).inverter
        driven = self.bits * ones * self.switch * (gate.input_cap + gate.output_cap)
        each = self.power(ones) * self.settling + driven * self.tech.vdd**2
        return Cost.of(active * self.count * each, self.settling)


@dataclass(frozen=True, eq=False)
class Follower(Placed):
    """``count`` source followers that lead the voltage of a column to ``load`` [F].

    They settle to half a step of ``bits`` bits in ``time`` [s], half a clock period unless given,
    and are off between two values. The transconductance over the current is that of the reference
    buffer of a converter.
    """

    tech: Technology
    bits: Real = 8.0
    count: Real = 1.0
    load: Real = 5e-14
    _: KW_ONLY
    time: Positive | None = None
    name: str = "follower"

    @property
    def settling(self) -> Real:
        """Time [s] in which the output settles."""
        return 0.5 / self.tech.clock if self.time is None else self.time

    @cached_property
    def transconductance(self) -> Real:
        """Transconductance [A/V] for a time constant of the load."""
        return self.load * (self.bits + 1.0) * LN2 / self.settling

    @property
    def bias(self) -> Real:
        """Current [A]."""
        return self.transconductance / self.tech.section(SarSection).buffer_gm_over_id

    @cached_property
    def input_cap(self) -> Real:
        """Gate [F] of the transistor, of which a follower's input sees a tenth: it moves along."""
        width = self.transconductance * fan_out_delay(self.tech)
        return 0.1 * np.maximum(width, gate_cap(self.tech, lone_nfet(self.tech).nfet))

    @cached_property
    def size(self) -> tuple[Real, Real]:
        unit = lone_nfet(self.tech)
        width = np.maximum(10.0 * self.input_cap / unit.nfet_cap, 1.0)
        area = 2.0 * self.count * width * unit.area  # the transistor, and the one of its current
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        leaking = self.count * lone_nfet(self.tech).leakage_power
        return Footprint.of(self.area, leaking)

    @action
    def drive(self, used: Real = 1.0) -> Cost:
        """One value in a share of the followers."""
        energy = self.tech.vdd * self.bias * self.settling
        return Cost.of(used * self.count * energy, self.settling)
