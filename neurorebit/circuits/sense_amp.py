"""Latch-type sense amplifiers of SRAM arrays."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import (
    Gate,
    gate_cap,
    lone_nfet,
    lone_pfet,
    nfet_gm,
    pfet_gm,
)
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class SenseAmp(Placed):
    """A latch per column that resolves a small voltage between two bitlines.

    See docs/models/memory.md#latches. ``pitch`` [m] is that of the columns, by default of the
    technology's SRAM cells; ``swing`` [V] the voltage that a latch resolves, by default the sense
    voltage of the technology. Transistor widths are in units of the feature size.
    """

    tech: Technology
    cols: Positive = 128.0
    _: KW_ONLY
    pitch: Real | None = None
    swing: Real | None = None
    pull_down: Real = 3.75
    pull_up: Real = 7.5
    isolation: Real = 12.5
    enable: Real = 5.0
    column_switch: Real = 9.0
    name: str = "sense_amp"

    @property
    def _pitch(self) -> Real:
        """Width [m] of one amplifier; nan where the layout does not fit."""
        cell = self.tech.sram.width * self.tech.feature
        pitch = cell if self.pitch is None else self.pitch
        return np.where(pitch > 6.0 * self.tech.feature, pitch, np.nan)

    @cached_property
    def cell_area(self) -> Real:
        """Area [m^2] of one amplifier."""
        pair = lone_nfet(self.tech, self.pull_down, self._pitch).area
        pair = pair + lone_pfet(self.tech, self.pull_up, self._pitch).area
        area = 2.0 * pair + lone_pfet(self.tech, self.isolation, self._pitch).area
        return area + self._enable.area

    @cached_property
    def size(self) -> tuple[Real, Real]:
        return stretched(self, self.cols * self.cell_area, self.cols * self._pitch)

    @property
    def _enable(self) -> Gate:
        return lone_nfet(self.tech, self.enable, self._pitch)

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.cols * self._enable.leakage_power)

    @cached_property
    def node_cap(self) -> Real:
        """Capacitance [F] of an internal node."""
        tech, feature, pitch = self.tech, self.tech.feature, self._pitch
        gates = gate_cap(tech, self.pull_down * feature) + gate_cap(tech, self.pull_up * feature)
        drains = lone_nfet(tech, self.pull_down, pitch).output_cap
        drains = drains + lone_pfet(tech, self.pull_up, pitch).output_cap
        drains = drains + lone_pfet(tech, self.isolation, pitch).output_cap
        return gates + drains + lone_nfet(tech, self.column_switch, pitch).output_cap

    @action
    def sense(self, active: Real = 1.0) -> Cost:
        """Resolve the share ``active`` of the columns and latch them in a clock cycle."""
        tech, feature = self.tech, self.tech.feature
        gm = nfet_gm(tech, self.pull_down * feature) + pfet_gm(tech, self.pull_up * feature)
        swing = tech.sram.sense_voltage if self.swing is None else self.swing
        latency = self.node_cap / gm * np.log(tech.vdd / swing) + 1.0 / tech.clock
        return Cost.of(active * self.cols * self.node_cap * tech.vdd**2, latency)
