"""Flash converters of currents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.converters.comparator import ClockedComparator, ComparatorSection
from neurorebit.circuits.converters.converter import MATCHED, NOISE
from neurorebit.circuits.converters.parallel import FlashConverter, FlashSection
from neurorebit.circuits.cost import Real
from neurorebit.circuits.gates import lone_nfet
from neurorebit.schema import quantity


@dataclass(frozen=True, eq=False, kw_only=True)
class CurrentFlashSection(FlashSection):
    """Constants of a current flash converter; ``gm_over_id`` is of the mirror transistors."""

    key: ClassVar[str] = "flash_current"
    gm_over_id: Annotated[Real, quantity("/V", above=0)]


@dataclass(frozen=True, eq=False)
class FlashAdc(FlashConverter):
    """Comparators of copies of the line's current with reference currents.

    The front end holds the gates of a mirror transistor in each comparator. A copy and a reference
    current discharge the two nodes of a latch, as the input pair of a voltage comparator does; they
    flow for no longer, so they are billed with the nodes that are charged again.

    - **Mirrors** of a copy and of its reference: a threshold that is off by dV changes a current by
      (g_m / I_D) dV of itself. At full scale three standard deviations of both are half a step.
    - **Latch**: half a step of the current separates the nodes by ``discharge`` x V_DD / (2 levels)
      while they fall, which three standard deviations of the latch's own offset may not exceed.

    Thus the gates, which the front end drives, grow as 2^bits x 4^bits.
    """

    section = CurrentFlashSection

    @cached_property
    def _gate_step(self) -> Real:
        """Voltage [V] at the mirrors' gates that one step is at full scale."""
        return 1.0 / (self.levels * self.tech.section(CurrentFlashSection).gm_over_id)

    @cached_property
    def mirror(self) -> ClockedComparator:
        """The pair of mirror transistors of a copy and of its reference."""
        offset = self.constants.trim * MATCHED * self._gate_step
        noise = np.sqrt(NOISE / 12.0) * self._gate_step
        pair = self.tech.section(CurrentFlashSection).gm_over_id
        return ClockedComparator(self.tech, noise=noise, offset=offset, gm_over_id=pair)

    @property
    def _latch_step(self) -> Real:
        """Voltage [V] between the nodes of the latch that one step is at full scale."""
        return self.tech.section(ComparatorSection).discharge * self.tech.vdd / self.levels

    @cached_property
    def comparator(self) -> ClockedComparator:
        offset = self.constants.trim * MATCHED * self._latch_step
        return ClockedComparator(self.tech, offset=offset)

    @property
    def load(self) -> Real:
        return self.comparators * self.mirror.input_cap

    @property
    def decided(self) -> Real:
        return self._latch_step / 2.0

    @property
    def reference_energy(self) -> Real:
        """Energy [J] of the drains of the mirrors, as large as their gates, and of their noise."""
        added = np.maximum(self.mirror.input_cap, self.mirror.noise_cap)
        return self.comparators * 2.0 * added * self.tech.vdd**2

    @property
    def further_area(self) -> Real:
        unit = lone_nfet(self.tech)
        pairs = 2.0 * self.mirror.input_cap / unit.nfet_cap
        return self.comparators * pairs * unit.area
