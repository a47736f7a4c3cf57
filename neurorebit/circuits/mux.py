"""Multiplexers of columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import PassGate, Switch, gate_pitch, or_else, switch
from neurorebit.circuits.layout import Placed, folded_width
from neurorebit.schema.technology import Technology

SETTLED = 2.3  # time constants until 90 % of the swing


@dataclass(frozen=True, eq=False)
class AnalogMux(Placed):
    """Pass gates that lead one of ``ways`` columns to each output (circuits.md 4.7).

    ``driven_res`` is the resistance [ohm] of the path, of which a pass gate is a share.
    While it settles only one type conducts. One way is no multiplexer.
    """

    tech: Technology
    outputs: Real = 16.0
    ways: Real = 8.0
    driven_res: Real = 1e3
    load: Real = 0.0  # of an output [F]
    read_voltage: Real = 0.5
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "mux"

    @cached_property
    def switch(self) -> Switch:
        """The pass gate of one column."""
        return switch(self.tech, self.driven_res, self.tech.switch.linear)

    @cached_property
    def _row(self) -> tuple[Real, Real, Real]:
        """Width [m], rows of pass gates, folds of a pass gate."""
        pitch, gates = gate_pitch(self.tech), self.outputs * self.ways
        side = or_else(self.fit_width, 2.0 * gates * pitch)
        return side, *folded_width(side, gates, 1.0, pitch)

    @cached_property
    def gate(self) -> PassGate:
        """A pass gate as laid out."""
        drawn = self.switch
        return PassGate(self.tech, drawn.nfet, drawn.pfet, self._row[2])

    @cached_property
    def size(self) -> tuple[Real, Real]:
        width, gate_rows, _ = self._row
        height = np.where(np.asarray(self.ways) > 1.0, self.gate.height * gate_rows, 0.0)
        return width, np.maximum(height, self.fit_height)

    @property
    def body(self) -> Footprint:
        """The pass gates, which do not leak: both sides rest at the same voltage."""
        return Footprint.of(self.area)

    @property
    def control_load(self) -> tuple[Real, Real]:
        """NFET and PFET gates [F] that one line of the decoder switches."""
        return self.outputs * self.gate.nfet_cap, self.outputs * self.gate.pfet_cap

    @action
    def select(self, active: Real = 1.0) -> Cost:
        """Lead another column to a share of the outputs."""
        gate, exists = self.gate, np.where(np.asarray(self.ways) > 1.0, 1.0, 0.0)
        settling = gate.drain_cap + 0.5 * gate.control_cap + self.load
        latency = SETTLED * 2.0 * self.switch.res * settling
        switched = gate.control_cap * self.tech.vdd**2
        switched = switched + 2.0 * gate.drain_cap * self.read_voltage**2
        return Cost.of(exists * active * self.outputs * switched, exists * latency)
