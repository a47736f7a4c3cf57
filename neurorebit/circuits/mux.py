"""Column multiplexers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import PassGate, Switch, gate_pitch, switch
from neurorebit.circuits.layout import Placed, folded_width
from neurorebit.schema.technology import Technology

SETTLED = 2.3  # time constants to settle to 90 %: ln(10)


@dataclass(frozen=True, eq=False)
class AnalogMux(Placed):
    """Pass gates that connect one of ``ways`` columns to each of ``outputs`` outputs.

    ``driven_res`` [ohm] is the resistance of the path, of which the pass gate takes the share
    ``tech.switch.drop``; ``load`` [F] is the capacitance at an output. While an output settles only
    one transistor of a pass gate conducts. With one way there is no multiplexer and nothing to bill
    (docs/models/selection.md#multiplexers). A given height is a minimum: that of the decoder next
    to the multiplexer.
    """

    tech: Technology
    outputs: Real = 16.0
    ways: Real = 8.0
    driven_res: Positive = 1e3
    _: KW_ONLY
    load: Real = 0.0
    read_voltage: Real = 0.5
    name: str = "mux"

    @cached_property
    def switch(self) -> Switch:
        """The pass gate of one column."""
        return switch(self.tech, self.driven_res, self.tech.switch.linear)

    @cached_property
    def _row(self) -> tuple[Real, Real, Real]:
        """Width [m], number of rows of pass gates, number of folds of a pass gate."""
        pitch, gates = gate_pitch(self.tech), self.outputs * self.ways
        side = 2.0 * gates * pitch if self.fit_width is None else self.fit_width
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
        return width, height if self.fit_height is None else np.maximum(height, self.fit_height)

    @property
    def body(self) -> Footprint:
        """The pass gates, which do not leak: both of their sides are at the same voltage."""
        return Footprint.of(self.area)

    @property
    def control_load(self) -> tuple[Real, Real]:
        """Gate capacitance [F] of the NFETs and of the PFETs that one decoder line switches."""
        return self.outputs * self.gate.nfet_cap, self.outputs * self.gate.pfet_cap

    @action
    def select(self, active: Real = 1.0) -> Cost:
        """Connect another column to the share ``active`` of the outputs."""
        gate, exists = self.gate, np.where(np.asarray(self.ways) > 1.0, 1.0, 0.0)
        settling = gate.drain_cap + 0.5 * gate.control_cap + self.load
        latency = SETTLED * 2.0 * self.switch.res * settling
        switched = gate.control_cap * self.tech.vdd**2
        switched = switched + 2.0 * gate.drain_cap * self.read_voltage**2
        return Cost.of(exists * active * self.outputs * switched, exists * latency)
