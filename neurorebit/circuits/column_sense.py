"""Sense amplifiers for the columns of non-volatile memories.

See docs/models/arrays.md#sense-amplifiers-of-single-columns.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells, nand
from neurorebit.circuits.layout import Placed
from neurorebit.schema.technology import Technology


def slender(block: Placed, area: Real, count: Real, aspect: Real) -> tuple[Real, Real]:
    """Width and height [m] of ``count`` units in a row, each of ``area`` [m^2].

    A unit has the ratio ``aspect`` of height to width, or is narrower where the given width asks
    for it.
    """
    width = np.sqrt(area / aspect)
    if block.fit_width is not None:
        width = np.minimum(block.fit_width / count, width)
    return width * count, area / width


@dataclass(frozen=True, eq=False)
class VoltageSenseAmp(Placed):
    """An amplifier per column that waits until the column has charged by the voltage it resolves.

    ``res_on`` and ``res_off`` [ohm] include the access transistor; ``load`` [F] is of a column.
    ``swing`` [V] is the voltage that an amplifier resolves, by default the sense voltage of the
    technology's SRAM. In a read, ``nfets`` NFETs and ``pfets`` PFETs of minimum width switch once.
    ``aspect`` is the height of an amplifier over its width.
    """

    tech: Technology
    cols: Positive = 1.0
    load: Real = 1e-14
    _: KW_ONLY
    res_on: Real = 1.25e5
    res_off: Real = 1.025e6
    read_voltage: Real = 0.5
    swing: Real | None = None
    nfets: Real = 6.0
    pfets: Real = 5.0
    aspect: Real = 5.0
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
        """Time [s] to precharge and to charge the column, and two clock cycles."""
        n, p = cells(self.tech).nfet, cells(self.tech).pfet
        node = n.nfet_cap + n.output_cap + p.output_cap
        current = self.read_voltage / self.res_on - self.read_voltage / self.res_off
        current = np.where(np.greater(current, 0.0), current, np.nan)
        swing = self.tech.sram.sense_voltage if self.swing is None else self.swing
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
        """Sense all columns."""
        return Cost.of(self.cols * self.energy, self.delay)
