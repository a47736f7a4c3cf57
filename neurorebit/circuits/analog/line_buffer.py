"""Unity-gain buffers that hold input lines at analog voltages.

See docs/models/converters.md#line-buffers.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.converters.comparator import LN2
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import electrical_width, lone_nfet
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, Multiple, Technology


@dataclass(frozen=True, eq=False, kw_only=True)
class LineBufferSection(CircuitSection):
    """Constants of line buffers.

    ``gm_over_id``: transconductance over current of the output stage. ``branches``: branches of its
    bias, with those of the stage before. ``gain``: of the stage before. ``peak``: largest current
    of the class AB output over its bias. ``fill``: share of the outline that devices take.
    """

    key: ClassVar[str] = "line_buffer"
    source: str
    gm_over_id: Annotated[Real, quantity("/V", above=0)]
    branches: Count
    gain: Multiple
    peak: Multiple
    fill: Annotated[Real, quantity("", above=0, at_most=1)]


@dataclass(frozen=True, eq=False)
class LineBuffer(Placed):
    """``lines`` buffers that settle to half a step of ``bits`` bits within ``settling`` [s].

    A line has ``load`` [F] and at most the conductance ``driven`` [S], which is also all of what
    pulls it away from its voltage. ``swing`` [V] is the range, ``mean`` [V] the mean voltage over
    the cells, and ``mean_driven`` [S] their mean conductance. The output stage needs

    - g_m = C (bits + 1) ln 2 / settling for the capacitance,
    - g_m = G 2^(bits + 1) / gain to hold the conductance G within half a step, and
    - a bias of the peak current G swing over ``peak``.

    Its bias is the largest of the three; on top of it the mean current of the cells comes from the
    supply. Both flow for ``held`` [s].
    """

    tech: Technology
    lines: Positive = 128.0
    bits: Positive = 4.0
    _: KW_ONLY
    load: Real = 100e-15
    driven: Real = 1e-3
    mean_driven: Real = 0.5e-3
    swing: Positive = 0.3
    mean: Real = 0.075
    settling: Positive = 5e-9
    held: Positive = 20e-9
    name: str = "buffer"

    section: ClassVar[type[CircuitSection]] = LineBufferSection

    @property
    def constants(self) -> LineBufferSection:
        """The constants in the technology file."""
        return self.tech.section(LineBufferSection)

    @cached_property
    def transconductance(self) -> Real:
        """Transconductance [A/V] of the output stage."""
        settled = self.load * (self.bits + 1.0) * LN2 / self.settling
        held = self.driven * 2.0 ** (self.bits + 1.0) / self.constants.gain
        return np.maximum(settled, held)

    @property
    def bias(self) -> Real:
        """Bias current [A] in all branches."""
        own = self.constants
        peak = self.driven * self.swing / own.peak
        return own.branches * np.maximum(self.transconductance / own.gm_over_id, peak)

    @property
    def passed(self) -> Real:
        """Mean current [A] of the cells of a line."""
        return self.mean_driven * self.mean

    @action
    def hold(self) -> Cost:
        """Settle and hold once in each buffer."""
        energy = self.tech.vdd * (self.bias + self.passed) * self.held
        return Cost.of(self.lines * energy, self.settling)

    @cached_property
    def _one(self) -> Footprint:
        """Two transistors a branch, with their gates at the threshold: in moderate inversion."""
        own, unit, law = self.constants, lone_nfet(self.tech), self.tech.conduction_n
        vdd = self.tech.vdd
        share = law.current(law.threshold, law.nominal) / law.current(vdd, vdd)
        each = share * self.tech.on_n * electrical_width(self.tech, unit.nfet)
        devices = 2.0 * own.branches * np.maximum(self.bias / own.branches / each, 1.0)
        return Footprint.of(devices * unit.area / own.fill, devices * unit.leakage_power)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.lines * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.lines * self._one.leakage.total)
