"""SRAM write drivers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, Gate, cells, chain, inverter, or_else
from neurorebit.circuits.layout import Placed, bank
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class WriteDriver(Placed):
    """Three inverters a column: one complements the bit, one pulls each line (circuits.md 4.10).

    ``drive_strength`` is the drivers' size in minimum inverters; 0 sizes them for the load, with
    the same effort in both stages. The energy of the bitlines is billed where they are charged.
    """

    tech: Technology
    cols: Real = 128.0
    load: Real = 1e-14  # of a bitline [F]
    line_res: Real = 0.0
    drive_strength: Real = 0.0
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "write_driver"

    @cached_property
    def driver(self) -> Gate:
        """The inverter on a bitline."""
        effort = np.sqrt(self.load / cells(self.tech).inverter.input_cap)
        strength = or_else(self.drive_strength, np.maximum(effort, 1.0))
        return inverter(self.tech, 2.0 * strength, 2.0 * strength)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        unit = self.driver.width, 3.0 * self.driver.height
        return bank(self, self.cols, unit, unit)

    @property
    def body(self) -> Footprint:
        leakage = cells(self.tech).inverter.leakage_power + 2.0 * self.driver.leakage_power
        return Footprint.of(self.area, self.cols * leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] until a bitline is down."""
        first, driver = cells(self.tech).inverter, self.driver
        line = driver.nfet_res * (driver.output_cap + self.load) + self.line_res * self.load / 2.0
        return chain(STEP, first.pfet_res * (driver.input_cap + first.output_cap), line)[0]

    @action
    def write(self, written: Real = 0.5) -> Cost:
        """Pull the lines of a share of the columns."""
        switched = self.driver.input_cap + self.driver.output_cap
        return Cost.of(written * self.cols * switched * self.tech.vdd**2, self.delay)
