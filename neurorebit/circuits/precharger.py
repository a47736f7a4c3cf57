"""Prechargers of bitlines."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, Gate, lone_pfet, stage
from neurorebit.circuits.layout import Placed, bank
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Precharger(Placed):
    """Two precharge PFETs and an equaliser for each pair of bitlines.

    See docs/models/memory.md#precharge.

    In a read one bitline of a pair falls by ``swing`` [V], by default the sense voltage of the
    technology; in a write it falls by the whole supply. The precharger restores that charge.
    ``load`` [F] and ``line_res`` [ohm] are those of a bitline. ``charging`` and ``equalising`` are
    transistor widths in units of the feature size.
    """

    tech: Technology
    cols: Positive = 128.0
    load: Real = 0.0
    line_res: Real = 0.0
    _: KW_ONLY
    swing: Real | None = None
    charging: Positive = 6.0
    equalising: Real = 2.0
    name: str = "precharger"

    @cached_property
    def _devices(self) -> tuple[Gate, Gate]:
        """A precharge PFET and the equaliser."""
        return lone_pfet(self.tech, self.charging), lone_pfet(self.tech, self.equalising)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        charging, equalising = self._devices
        unit = np.maximum(charging.width, equalising.width), 3.0 * charging.height
        return bank(self, self.cols, unit, unit)

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, 2.0 * self.cols * self._devices[0].leakage_power)

    @cached_property
    def line_cap(self) -> Real:
        """Capacitance [F] of a bitline with the transistors of the precharger."""
        charging, equalising = self._devices
        return self.load + charging.output_cap + equalising.output_cap

    @cached_property
    def delay(self) -> Real:
        """Time [s] to charge a bitline."""
        tau = self._devices[0].pfet_res * self.line_cap + self.line_res * self.load / 2.0
        return stage(tau, STEP)[0]

    @property
    def read_swing(self) -> Real:
        """Voltage [V] by which a bitline falls in a read."""
        return self.tech.sram.sense_voltage if self.swing is None else self.swing

    @action
    def precharge(self, active: Real = 1.0) -> Cost:
        """Charge the bitlines after a read of the share ``active`` of the columns."""
        energy = self.line_cap * self.tech.vdd * self.read_swing
        return Cost.of(active * self.cols * energy, self.delay)

    @action
    def precharge_written(self, written: Real = 0.5) -> Cost:
        """Charge the bitlines after a write of the share ``written`` of the columns."""
        energy = self.line_cap * self.tech.vdd**2
        return Cost.of(written * self.cols * energy, self.delay)
