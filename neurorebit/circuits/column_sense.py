"""Sense amplifiers of single columns of non-volatile memories (circuits.md 5.2, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells, nand, or_else
from neurorebit.circuits.layout import Placed
from neurorebit.circuits.sensing import (
    column_power,
    current_sense_times,
    seen,
    transistors,
    widened,
    within,
)
from neurorebit.schema.technology import Technology


def slender(block: Placed, area: Real, count: Real, aspect: Real) -> tuple[Real, Real]:
    """Width and height of units in a row, as wide as the width leaves, none wider than needed."""
    width = np.sqrt(area / aspect)
    given = np.asarray(block.fit_width) > 0.0
    width = np.where(given, np.minimum(block.fit_width / count, width), width)
    return width * count, area / width


@dataclass(frozen=True, eq=False)
class CurrentSenseAmp(Placed):
    """One amplifier a column compares its current with that of a reference.

    Time and power are fits of circuit simulations, held by the technology file. ``reference`` is a
    resistance [ohm] between the two states.
    """

    tech: Technology
    cols: Real = 1.0
    reference: Real = 5.5e5
    read_voltage: Real = 0.5
    aspect: Real = 5.0  # height over width of one
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "sense_amp"

    @cached_property
    def _one(self) -> Footprint:
        fit = self.tech.sensing.single_current
        return transistors(self.tech, fit.nmos, fit.pmos)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        return slender(self, self._one.area.total, self.cols, self.aspect)

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.cols * self._one.leakage.total)

    @action
    def sense(self, res: Real = 1e5) -> Cost:
        """Compare columns of this resistance [ohm] with the reference."""
        tech, found = self.tech, seen(self.tech, res, self.read_voltage)
        times = current_sense_times(tech, found, widened(self.reference))
        time: Real = np.max(times, axis=-1)
        power = column_power(tech, tech.sensing.single_current, 0.0, found)
        return Cost.of(self.cols * power * time, within(tech, time, "single"))


@dataclass(frozen=True, eq=False)
class VoltageSenseAmp(Placed):
    """One amplifier a column waits for the column to charge by what it resolves.

    Resistances [ohm] include the access transistor. Six NFETs and five PFETs of minimum width
    switch once in a read; the published energy of one is that of a 65 nm circuit.
    """

    tech: Technology
    cols: Real = 1.0
    load: Real = 1e-14  # of a column [F]
    res_on: Real = 1.25e5
    res_off: Real = 1.025e6
    read_voltage: Real = 0.5
    swing: Real = 0.0  # voltage it resolves [V]; 0: as much as the technology's SRAM cells give
    nfets: Real = 6.0
    pfets: Real = 5.0
    aspect: Real = 5.0  # height over width of one
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "sense_amp"

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell = cells(self.tech)
        area = self.nfets * cell.nfet.area + self.pfets * cell.pfet.area
        return slender(self, area, self.cols, self.aspect)

    @property
    def body(self) -> Footprint:
        leakage = 2.0 * nand(self.tech, 2.0, 2.0).leakage_power
        return Footprint.of(self.area, self.cols * leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] to precharge, to charge the column, and two clock cycles."""
        n, p = cells(self.tech).nfet, cells(self.tech).pfet
        node = n.nfet_cap + n.output_cap + p.output_cap
        current = self.read_voltage / self.res_on - self.read_voltage / self.res_off
        current = np.where(np.greater(current, 0.0), current, np.nan)
        swing = or_else(self.swing, self.tech.sram.sense_voltage)
        charging = swing * (node + n.output_cap + self.load) / current
        return 2.3 * p.pfet_res * node + charging + 2.0 / self.tech.clock

    @property
    def energy(self) -> Real:
        """Energy [J] of one amplifier in a read."""
        n, p = cells(self.tech).nfet, cells(self.tech).pfet
        switched = self.nfets * (n.nfet_cap + n.output_cap)
        switched = switched + self.pfets * (p.pfet_cap + p.output_cap)
        return switched * self.tech.vdd**2

    @action
    def sense(self) -> Cost:
        """Read all columns."""
        return Cost.of(self.cols * self.energy, self.delay)
