"""Flash converters of voltages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.converters.comparator import LN2, ClockedComparator
from neurorebit.circuits.converters.converter import MATCHED, NOISE
from neurorebit.circuits.converters.parallel import FlashConverter, FlashSection
from neurorebit.circuits.cost import Real
from neurorebit.schema import quantity


@dataclass(frozen=True, eq=False, kw_only=True)
class VoltageFlashSection(FlashSection):
    """Constants of a voltage flash converter; ``resistor_area``: of a ladder's resistor."""

    key: ClassVar[str] = "flash_voltage"
    resistor_area: Annotated[Real, quantity("m2", at_least=0)]


@dataclass(frozen=True, eq=False)
class VoltageFlashAdc(FlashConverter):
    """Comparators of the front end's voltage with the taps of a resistor ladder.

    The ladder carries the reference V_ref = ``swing`` x V_DD on each side. It is loaded by the
    input capacitance C of all comparators, and recovers from their kickback to half a step between
    two conversions: with the time constant R C / pi^2 of a line held at both of its ends, its
    current V_ref / R takes V_DD V_ref C (bits + 1) ln 2 / pi^2 from the supply in a conversion,
    however long it takes.
    """

    section = VoltageFlashSection

    @property
    def load(self) -> Real:
        return self.comparators * self.comparator.input_cap

    @cached_property
    def comparator(self) -> ClockedComparator:
        step, trim = self.step_voltage, self.constants.trim
        noise = np.sqrt(NOISE * step**2 / 12.0)
        return ClockedComparator(self.tech, noise=noise, offset=trim * MATCHED * step)

    @property
    def decided(self) -> Real:
        return self.step_voltage / 2.0

    @property
    def reference_energy(self) -> Real:
        side = self.step_voltage * self.levels / 2.0
        settled = (self.bits + 1.0) * LN2
        return 2.0 * self.tech.vdd * side * self.load * settled / np.pi**2

    @property
    def further_area(self) -> Real:
        constants = self.tech.section(VoltageFlashSection)
        return 2.0 * self.levels * constants.resistor_area
