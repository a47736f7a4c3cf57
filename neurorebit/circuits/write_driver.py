"""Write drivers of SRAM arrays."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, Gate, cells, chain, inverter
from neurorebit.circuits.layout import Placed, bank
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class WriteDriver(Placed):
    """Three inverters per column: one complements the bit, one drives each bitline.

    ``load`` [F] and ``line_res`` [ohm] are those of a bitline. ``drive_strength`` is the size of
    the drivers in minimum inverters; by default both stages have the same effort. The energy of the
    bitlines is billed to the precharger (docs/models/memory.md#write-drivers).
    """

    tech: Technology
    cols: Positive = 128.0
    load: Real = 1e-14
    line_res: Real = 0.0
    _: KW_ONLY
    drive_strength: Real | None = None
    name: str = "write_driver"

    @cached_property
    def driver(self) -> Gate:
        """The inverter that drives a bitline."""
        strength = self.drive_strength
        if strength is None:
            strength = np.maximum(np.sqrt(self.load / cells(self.tech).inverter.input_cap), 1.0)
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
        """Delay [s] until a bitline has fallen."""
        first, driver = cells(self.tech).inverter, self.driver
        line = driver.nfet_res * (driver.output_cap + self.load) + self.line_res * self.load / 2.0
        return chain(STEP, first.pfet_res * (driver.input_cap + first.output_cap), line)[0]

    @action
    def write(self, written: Real = 0.5) -> Cost:
        """Drive the bitlines of the share ``written`` of the columns."""
        switched = self.driver.input_cap + self.driver.output_cap
        return Cost.of(written * self.cols * switched * self.tech.vdd**2, self.delay)
