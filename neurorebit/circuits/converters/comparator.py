"""Clocked comparators, as all converters use them, and the gate delay of a technology.

A comparator takes no current at rest. A pair of input transistors discharges two nodes at rates
that differ by the input; a latch then regenerates the difference to a logic level. Its size follows
from the noise and the offset that the converter allows:

- **noise**: while a node of capacitance C falls by ``discharge`` x V_DD, the pair integrates its
  noise 4 kT gamma g_m for t = C dV / I_D. Referred to the input, its variance is
  4 kT gamma / (g_m t) = 4 kT gamma / ((g_m / I_D) C dV), so C is proportional to 1 / sigma^2, which
  is 4^bits (M. van Elzakker et al., IEEE JSSC 45(5):1007, 2010).
- **offset**: a pair of area W L has a spread of its threshold of ``matching`` / sqrt(W L) (M.
  Pelgrom et al., IEEE JSSC 24(5):1433, 1989), so the gate area is proportional to 1 / sigma^2.

A decision charges both nodes anew from the supply, and switches the latch.

See docs/models/converters.md#clocked-comparators.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.cost import Footprint, Real
from neurorebit.circuits.gates import cells, lone_nfet
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, Multiple, Technology

BOLTZMANN = 1.380649e-23  # J/K
LN2 = math.log(2.0)


def fan_out_delay(tech: Technology) -> Real:
    """Delay [s] of a minimum inverter that drives four like it (FO4).

    ln 2 times the mean resistance of its two transistors times its load.
    """
    gate = cells(tech).inverter
    res = (gate.nfet_res + gate.pfet_res) / 2.0
    return LN2 * res * (4.0 * gate.input_cap + gate.output_cap)


def paced(tech: Technology, derived: Real) -> Real:
    """Time [s] of one decision: ``sensing.cycle`` where a technology gives it, else ``derived``."""
    given = tech.sensing.cycle
    return derived if given is None else np.where(np.isnan(given), derived, given)


@dataclass(frozen=True, eq=False, kw_only=True)
class ComparatorSection(CircuitSection):
    """Constants of clocked comparators.

    ``gm_over_id``: transconductance of the input pair over its current. ``noise_factor``: gamma of
    its channel noise. ``discharge``: fall of the integrating nodes over the supply. ``matching``:
    spread of a threshold times the root of the gate area; ``gate_density``: capacitance of a gate
    per area. ``nfets``, ``pfets``: transistors of the
    latch and its output gates, each ``drive`` times the minimum. ``integration``,
    ``regeneration``: time to integrate, and time constant of the latch, in FO4 delays.
    """

    key: ClassVar[str] = "comparator"
    source: str
    gm_over_id: Annotated[Real, quantity("/V", above=0)]
    noise_factor: Multiple
    discharge: Annotated[Real, quantity("", above=0, at_most=1)]
    matching: Annotated[Real, quantity("V*m", above=0)]
    gate_density: Annotated[Real, quantity("F/m2", above=0)]
    nfets: Count
    pfets: Count
    drive: Multiple
    integration: Multiple
    regeneration: Multiple


@dataclass(frozen=True, eq=False)
class ClockedComparator:
    """A comparator whose noise and offset are within ``noise`` and ``offset`` [V rms].

    Without a bound (None) the transistors have the size of the latch. A value, not a block: its
    footprint and energy are part of the converter's.
    """

    tech: Technology
    noise: Real | None = None
    offset: Real | None = None
    gm_over_id: Real | None = None  # of the input pair, where the file's does not hold [/V]

    @property
    def constants(self) -> ComparatorSection:
        """The constants in the technology file."""
        return self.tech.section(ComparatorSection)

    @cached_property
    def noise_cap(self) -> Real:
        """Capacitance [F] of an integrating node that the noise asks for."""
        if self.noise is None:
            return 0.0
        own, tech = self.constants, self.tech
        density = 4.0 * BOLTZMANN * tech.temperature * own.noise_factor
        pair = own.gm_over_id if self.gm_over_id is None else self.gm_over_id
        return density / (pair * own.discharge * tech.vdd * self.noise**2)

    @cached_property
    def input_cap(self) -> Real:
        """Gate capacitance [F] of one input transistor.

        Its gate area is the larger of what the offset asks for and of a transistor of the latch.
        """
        own = self.constants
        least = own.drive * cells(self.tech).nfet.nfet_cap
        if self.offset is None:
            return least
        area = (own.matching / self.offset) ** 2
        return np.maximum(own.gate_density * area, least)

    @cached_property
    def latch_cap(self) -> Real:
        """Capacitance [F] of all nodes of the latch and its output gates."""
        own, n, p = self.constants, cells(self.tech).nfet, cells(self.tech).pfet
        switched = own.nfets * (n.nfet_cap + n.output_cap) + own.pfets * (p.pfet_cap + p.output_cap)
        return own.drive * switched

    @cached_property
    def node_cap(self) -> Real:
        """Capacitance [F] of an integrating node.

        The drain of the input transistor and the gates that sense the node, each taken as large as
        the input gate, or what the noise asks for.
        """
        return np.maximum(2.0 * self.input_cap, self.noise_cap)

    @property
    def energy(self) -> Real:
        """Energy [J] of one decision: two nodes and the latch are charged from the supply."""
        return (2.0 * self.node_cap + self.latch_cap) * self.tech.vdd**2

    def time(self, signal: Real) -> Real:
        """Time [s] to decide an input of ``signal`` [V]: to integrate and to regenerate it."""
        own = self.constants
        folds = np.log(np.maximum(self.tech.vdd / signal, 1.0))
        return fan_out_delay(self.tech) * (own.integration + own.regeneration * folds)

    @property
    def footprint(self) -> Footprint:
        """Area [m^2] and leakage [W]: the latch, and devices in proportion to the input gates."""
        own, n, p = self.constants, cells(self.tech).nfet, cells(self.tech).pfet
        area = own.drive * (own.nfets * n.area + own.pfets * p.area)
        leakage = own.drive * (own.nfets * n.leakage_power + own.pfets * p.leakage_power)
        unit = lone_nfet(self.tech)
        pairs = 2.0 * self.node_cap / (unit.nfet_cap + unit.output_cap)
        return Footprint.of(area + pairs * unit.area, leakage + pairs * unit.leakage_power)
