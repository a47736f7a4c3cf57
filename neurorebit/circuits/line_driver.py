"""Drivers of lines between two levels, as word lines of access transistors are driven.

See docs/models/selection.md#drivers-between-two-levels.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sizing import Buffers
from neurorebit.schema.technology import Technology

SHIFTER = 4.0  # inverters' worth of a level shifter: two wide pull-downs, a cross-coupled pair


@dataclass(frozen=True, eq=False)
class LevelDriver(Placed):
    """A chain of inverters for each of ``lines``, behind a level shifter.

    ``load`` [F] and ``line_res`` [ohm] are those of a line, which goes from ``low`` to ``high``
    [V]; ``tech`` is that of the drivers, whose supply is the high level. The last stage stands
    between both levels. The charge C (high - low) comes from the high level and goes to the low
    one, from where it does not come back. ``shifted``: whether a level shifter translates from the
    logic's supply. ``driver_cap`` [F], where it is given, is that of a driver that switches with
    its line, in place of what the chain and the shifter take.
    """

    tech: Technology
    lines: Positive = 128.0
    load: Real = 100e-15
    line_res: Real = 0.0
    _: KW_ONLY
    low: Real = 0.0
    high: Positive = 1.0
    shifted: bool = True
    driver_cap: Real | None = None
    name: str = "line_driver"

    @cached_property
    def buffers(self) -> Buffers:
        """The chain of a line."""
        return shared(Buffers, self.tech, self.load, False, self.line_res)

    @property
    def _shifter(self) -> Real:
        """Minimum inverters' worth of a level shifter."""
        return SHIFTER if self.shifted else 0.0

    @cached_property
    def size(self) -> tuple[Real, Real]:
        each = self.buffers.area + self._shifter * cells(self.tech).inverter.area
        area = self.lines * each
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        gate = cells(self.tech).inverter
        each = self.buffers.leakage_power + self._shifter * gate.leakage_power
        return Footprint.of(self.area, self.lines * each)

    @property
    def own_energy(self) -> Real:
        """Energy [J] of a chain and its shifter, of a line that is opened and closed."""
        if self.driver_cap is not None:
            return 0.0
        gate = cells(self.tech).inverter
        shifter = self._shifter * (gate.input_cap + gate.output_cap)
        return (self.buffers.switched + shifter) * self.tech.vdd**2

    @property
    def line_energy(self) -> Real:
        """Energy [J] of a line itself, opened and closed."""
        load = self.load if self.driver_cap is None else self.load + self.driver_cap
        return load * np.maximum(self.high - self.low, 0.0) * self.high

    @cached_property
    def delay(self) -> Real:
        """Delay [s] from the shifter's input to the far end of a line."""
        gate = cells(self.tech).inverter
        first: Real = (
            np.log(2.0) * self._shifter * gate.nfet_res * (gate.output_cap + gate.input_cap)
        )
        delay: Real = first + self.buffers.path(STEP)[0]
        return delay

    @action
    def open(self, lines: Real = 1.0) -> Cost:
        """Open ``lines`` lines, and close them again while others work."""
        return Cost.of(lines * (self.own_energy + self.line_energy), self.delay)
