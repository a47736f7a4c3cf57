"""Transistors and gates: the size, capacitance, resistance, leakage and delay of every cell.

Planar and FinFET technologies, docs/models/technology.md and docs/models/gates.md. A gate is a
value, not a block: a circuit is composed of gates and includes their area and leakage in its own
footprint.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.cost import Real
from neurorebit.circuits.shared import shared
from neurorebit.schema.conduction import Conduction
from neurorebit.schema.technology import Technology

STEP = 1e20  # input ramp of an ideal step [1/s]
GUARD = 1e-9  # relative tolerance of a quotient of lengths: cells often fill a side exactly


def log2_up(count: Real) -> Real:
    """Bits that number ``count`` items, at least one item: ceil(log2(count))."""
    return np.ceil(np.log2(np.maximum(count, 1.0)) - 1e-9)


def whole_up(x: Real) -> Real:
    """Ceiling of a quotient of lengths, tolerant of rounding errors."""
    return np.ceil(x * (1.0 - GUARD))


def whole_down(x: Real) -> Real:
    """Floor of a quotient of lengths, tolerant of rounding errors."""
    return np.floor(x * (1.0 + GUARD))


def stage(tau: Real, ramp: Real) -> tuple[Real, Real]:
    """Delay [s] and output ramp [1/s] of a stage with time constant ``tau`` [s].

    ``ramp`` [1/s] is the slope of its input over the supply (M. Horowitz, 1983;
    docs/models/gates.md#delay-of-a-stage).
    """
    delay = np.sqrt((np.log(2.0) * tau) ** 2 + 0.5 * tau / ramp)
    return delay, 0.5 / delay


def chain(ramp: Real, *taus: Real) -> tuple[Real, Real]:
    """Delay [s] and output ramp [1/s] of stages in series, from their time constants [s]."""
    total: Real = 0.0
    for tau in taus:
        delay, ramp = stage(tau, ramp)
        total = total + delay
    return total, ramp


def gate_pitch(tech: Technology) -> Real:
    """Distance [m] between neighbouring gates."""
    return (tech.layout.gate_width + tech.layout.gate_gap) * tech.feature


def cell_height(tech: Technology) -> Real:
    """Height [m] of a standard cell."""
    return tech.layout.cell_height * tech.feature


def cell_edges(tech: Technology) -> Real:
    """Height [m] that a cell keeps free at its edges; a cell of this height still holds one fin."""
    layout = tech.layout
    return 2.0 * (layout.poly_extension + layout.field_poly_gap / 2.0) * tech.feature


def fins(tech: Technology, width: Real) -> Real:
    """Number of fins of a transistor of the drawn width [m]; the minimum width is one fin."""
    return whole_up(width / (tech.layout.min_width * tech.feature))


def electrical_width(tech: Technology, width: Real) -> Real:
    """Width [m] that carries current in a transistor of the drawn width [m]."""
    if tech.fin is None:
        return width
    around = 2.0 * tech.fin.height + tech.fin.width
    return np.where(tech.finfet, fins(tech, width) * around, width)


def gate_cap(tech: Technology, width: Real) -> Real:
    """Gate capacitance [F] of a transistor of the drawn width [m]."""
    per_width = tech.gate_cap.intrinsic + tech.gate_cap.overlap + tech.gate_cap.fringe
    return per_width * electrical_width(tech, width)


def nfet_res(tech: Technology, width: Real, gate: Real | None = None) -> Real:
    """Switching resistance [ohm] of an NFET of the drawn width [m].

    The voltage of its gate is the supply, or ``gate`` [V], from a line with a level of its own.
    """
    volts, current = (tech.vdd, tech.on_n) if gate is None else (gate, tech.on_n_at(gate))
    return tech.drive.resistance_multiplier * volts / (current * electrical_width(tech, width))


def pfet_res(tech: Technology, width: Real) -> Real:
    """Switching resistance [ohm] of a PFET of the drawn width [m]."""
    strength = tech.on_p * electrical_width(tech, width)
    return tech.drive.resistance_multiplier * tech.vdd / strength


def _transconductance(tech: Technology, current: Real, law: Conduction, width: Real) -> Real:
    """Slope [A/V] of ``current`` [A/m] over the gate voltage, for this width [m].

    At nominal supply that of a square law through it; elsewhere in the proportion of the slopes of
    the law of the currents (docs/models/technology.md#transconductance).
    """
    share, nominal = tech.drive.overdrive_share, tech.nominal_vdd
    over = share * np.asarray(nominal) - tech.threshold
    square = 2.0 * current / np.where(np.greater(over, 0.0), over, np.nan)
    ratio = law.transconductance(share * tech.vdd, tech.vdd)
    ratio = ratio / law.transconductance(share * nominal, nominal)
    return square * ratio * electrical_width(tech, width)


def nfet_gm(tech: Technology, width: Real) -> Real:
    """Transconductance [A/V] of an NFET with its gate at ``drive.overdrive_share`` times vdd."""
    return _transconductance(tech, tech.drive.overdrive_n, tech.conduction_n, width)


def pfet_gm(tech: Technology, width: Real) -> Real:
    """Transconductance [A/V] of a PFET with its gate at ``drive.overdrive_share`` times vdd."""
    return _transconductance(tech, tech.drive.overdrive_p, tech.conduction_p, width)


class Strip(NamedTuple):
    """Diffusion of one transistor type in a gate: number of folds and height [m] of a fold."""

    present: NDArray[np.bool_]
    folds: Real
    height: Real


def _fins_high(tech: Technology, fins_in_fold: Real) -> Real:
    """Height [m] of fins side by side; without FinFETs the value is finite and unused."""
    if tech.fin is None:
        return fins_in_fold
    return (fins_in_fold - 1.0) * tech.fin.pitch + tech.fin.width


def _fold(tech: Technology, width: Real, room: Real) -> Strip:
    """Fold a transistor of the drawn width [m] into the height ``room`` [m] of its type."""
    present = np.asarray(width) > 0.0
    fits = np.greater(room, 0.0) | (tech.finfet & np.greater(room, -GUARD * tech.feature))
    room = np.where(present, np.where(fits, np.maximum(room, GUARD * tech.feature), np.nan), 1.0)
    folds = np.maximum(whole_up(width / room), 1.0)
    height = np.where(folds > 1.0, room, width)
    if tech.fin is not None:
        count, capacity = fins(tech, width), whole_down(room / tech.fin.pitch) + 1.0
        fin_folds = np.maximum(whole_up(count / capacity), 1.0)
        fin_height = _fins_high(tech, np.where(fin_folds > 1.0, capacity, count))
        folds = np.where(tech.finfet, fin_folds, folds)
        height = np.where(tech.finfet, fin_height, height)
    return Strip(present, folds, height)


class _Drain(NamedTuple):
    """Drain diffusion: area [m^2], perimeter [m] without gate edges, number of gate edges."""

    area: Real
    perimeter: Real
    gate_edges: Real


def over_swing(tech: Technology, grading: Real) -> Real:
    """Mean capacitance of a junction from no bias to the supply, over that without bias."""
    bias, rest = tech.vdd / tech.junction.built_in, 1.0 - np.asarray(grading)
    return ((1.0 + bias) ** rest - 1.0) / (rest * bias)


def _drain_cap(tech: Technology, strip: Strip, drain: _Drain) -> Real:
    """Junction capacitance [F] of a drain (docs/models/technology.md#junction-capacitance)."""
    junction = tech.junction
    bottom = junction.bottom * over_swing(tech, junction.grading_bottom)
    sidewall = junction.sidewall * over_swing(tech, junction.grading_sidewall)
    gate_edge = junction.gate_edge * over_swing(tech, junction.grading_gate_edge)
    cap = drain.area * bottom + drain.perimeter * sidewall
    cap = cap + drain.gate_edges * strip.height * gate_edge
    return np.where(strip.present, cap, 0.0)


@dataclass(frozen=True, eq=False)
class Gate:
    """A static gate of equal NFETs and equal PFETs in a cell.

    ``nfet`` and ``pfet`` are the drawn widths [m]; 0 omits the type, which leaves a single
    transistor. ``series`` names the type in series: "n" for a NAND, "p" for a NOR; for an inverter
    of one input it has no effect. ``cell_height`` [m] is that of the standard cell unless given.
    The size is nan where the cell is too low for its transistors.
    """

    tech: Technology
    nfet: Real
    pfet: Real
    inputs: Real = 1.0
    _: KW_ONLY
    series: Literal["n", "p"] = "n"
    cell_height: Real | None = None

    @property
    def height(self) -> Real:
        """Height [m] of the cell."""
        return cell_height(self.tech) if self.cell_height is None else self.cell_height

    @cached_property
    def strips(self) -> tuple[Strip, Strip]:
        """Diffusion of the NFETs and of the PFETs."""
        n, p = np.asarray(self.nfet) > 0.0, np.asarray(self.pfet) > 0.0
        gap = np.where(n & p, self.tech.layout.pn_gap * self.tech.feature, 0.0)
        room = self.height - gap - cell_edges(self.tech)
        share = self.pfet / np.where(n | p, self.nfet + self.pfet, 1.0)
        return (
            _fold(self.tech, self.nfet, (1.0 - share) * room),
            _fold(self.tech, self.pfet, share * room),
        )

    @cached_property
    def folded(self) -> NDArray[np.bool_]:
        """Whether the NFETs or the PFETs are folded."""
        n, p = self.strips
        return (n.present & np.greater(n.folds, 1.0)) | (p.present & np.greater(p.folds, 1.0))

    @cached_property
    def width(self) -> Real:
        """Width [m] of the cell."""
        n, p = self.strips
        folds = np.maximum(n.present * (n.folds + 1.0), p.present * (p.folds + 1.0))
        single = self.inputs + 1.0 + 0.0 * folds  # nan where the transistors do not fit
        units: Real = np.where(self.folded, self.inputs * folds, single)
        return units * gate_pitch(self.tech)

    @property
    def area(self) -> Real:
        """Area [m^2] of the cell."""
        return self.width * self.height

    @cached_property
    def nfet_cap(self) -> Real:
        """Gate capacitance [F] of one NFET."""
        return gate_cap(self.tech, self.nfet)

    @cached_property
    def pfet_cap(self) -> Real:
        """Gate capacitance [F] of one PFET."""
        return gate_cap(self.tech, self.pfet)

    @property
    def input_cap(self) -> Real:
        """Capacitance [F] of one input."""
        return self.nfet_cap + self.pfet_cap

    @cached_property
    def output_cap(self) -> Real:
        """Capacitance [F] of the diffusion at the output."""
        n, p = self.strips
        series, parallel = (n, p) if self.series == "n" else (p, n)
        return self._series_cap(series) + self._parallel_cap(parallel)

    def _series_cap(self, strip: Strip) -> Real:
        gap, inputs, y = self.tech.layout.gate_gap * self.tech.feature, self.inputs, strip.height
        drain, source, odd = _shares(strip.folds)
        folded = inputs * drain + (inputs - 1.0) * source
        length = np.where(self.folded, folded, inputs * drain) * gap
        sides = np.where(self.folded, inputs * (2.0 - odd) + (inputs - 1.0) * odd, 1.0)
        drawn = _Drain(length * y, 2.0 * length + y * sides, strip.folds)
        return _drain_cap(self.tech, strip, drawn)

    def _parallel_cap(self, strip: Strip) -> Real:
        gap, inputs, y = self.tech.layout.gate_gap * self.tech.feature, self.inputs, strip.height
        drain, _, odd = _shares(strip.folds)
        shared = np.floor((inputs + 1.0) / 2.0)
        length = np.where(self.folded, inputs * drain, shared * drain) * gap
        sides = np.where(self.folded, inputs * (2.0 - odd), inputs % 2.0)
        perimeter = 2.0 * length + y * sides
        return _drain_cap(self.tech, strip, _Drain(length * y, perimeter, inputs * strip.folds))

    @cached_property
    def leakage(self) -> Real:
        """Leakage current [A], averaged over the input states."""
        n = electrical_width(self.tech, self.nfet) * self.tech.off_n
        p = electrical_width(self.tech, self.pfet) * self.tech.off_p
        ratios = self.tech.leakage
        two, more, parallel = (
            (ratios.nand2, ratios.nand3, p) if self.series == "n" else (ratios.nor2, ratios.nor3, n)
        )
        stacked = np.where(np.asarray(self.inputs) > 2.0, more, two) * parallel
        return np.where(np.asarray(self.inputs) > 1.0, stacked, (n + p) / 2.0)

    @property
    def leakage_power(self) -> Real:
        """Leakage power [W], averaged over the input states."""
        return self.tech.vdd * self.leakage

    @cached_property
    def nfet_res(self) -> Real:
        """Switching resistance [ohm] of one NFET."""
        return nfet_res(self.tech, self.nfet)

    @cached_property
    def pfet_res(self) -> Real:
        """Switching resistance [ohm] of one PFET."""
        return pfet_res(self.tech, self.pfet)

    @property
    def through_res(self) -> Real:
        """Resistance [ohm] of both transistors in parallel, as in a pass gate."""
        return self.nfet_res * self.pfet_res / (self.nfet_res + self.pfet_res)


def _shares(folds: Real) -> tuple[Real, Real, Real]:
    """Number of drain strips, number of source strips, and 1 if the number of folds is odd."""
    single = np.asarray(folds) == 1.0
    drain = np.where(single, 1.0, np.ceil((folds + 1.0) / 2.0))
    source = np.where(single, 1.0, np.floor((folds + 1.0) / 2.0))
    return drain, source, np.where(folds % 2.0 == 1.0, 1.0, 0.0)


def inverter(tech: Technology, nfet: Real = 2.0, pfet: Real = 2.0) -> Gate:
    """An inverter; widths in units of the feature size, the PFET's times the P/N ratio."""
    return shared(Gate, tech, nfet * tech.feature, pfet * tech.pn_ratio * tech.feature)


def nand(tech: Technology, inputs: Real, nfet: Real, pfet: Real = 2.0) -> Gate:
    """A NAND; widths in units of the feature size, the PFETs' times the P/N ratio."""
    n, p = nfet * tech.feature, pfet * tech.pn_ratio * tech.feature
    return shared(Gate, tech, n, p, inputs)


def nor(tech: Technology, inputs: Real, nfet: Real, pfet: Real) -> Gate:
    """A NOR; widths in units of the feature size, the PFETs' times the P/N ratio."""
    n, p = nfet * tech.feature, pfet * tech.pn_ratio * tech.feature
    return shared(Gate, tech, n, p, inputs, series="p")


def lone_nfet(tech: Technology, width: Real = 2.0, height: Real | None = None) -> Gate:
    """A single NFET; ``width`` in units of the feature size, ``height`` of its cell in metres."""
    return shared(Gate, tech, width * tech.feature, 0.0, cell_height=height)


def lone_pfet(tech: Technology, width: Real = 2.0, height: Real | None = None) -> Gate:
    """A single PFET; ``width`` in units of the feature size, ``height`` of its cell in metres."""
    return shared(Gate, tech, 0.0, width * tech.feature, cell_height=height)


@dataclass(frozen=True, eq=False)
class PassGate:
    """An analog switch of one NFET and one PFET in parallel, each with ``folds`` folds.

    ``nfet`` and ``pfet`` are drawn widths [m]; the height follows from them and the folds.
    """

    tech: Technology
    nfet: Real
    pfet: Real
    folds: Real = 1.0

    @cached_property
    def strips(self) -> tuple[Strip, Strip]:
        """Diffusion of the NFET and of the PFET."""
        return self._strip(self.nfet), self._strip(self.pfet)

    def _strip(self, width: Real) -> Strip:
        fin_height = _fins_high(self.tech, whole_up(fins(self.tech, width) / self.folds))
        height = np.where(self.tech.finfet, fin_height, width / self.folds)
        return Strip(np.asarray(width) > 0.0, self.folds, height)

    @property
    def width(self) -> Real:
        """Width [m]."""
        return (self.folds + 1.0) * gate_pitch(self.tech)

    @cached_property
    def height(self) -> Real:
        """Height [m]."""
        n, p = self.strips
        gap = self.tech.layout.pn_gap * self.tech.feature
        return n.height + p.height + gap + cell_edges(self.tech)

    @cached_property
    def drain_cap(self) -> Real:
        """Capacitance [F] of the diffusion on one side."""
        gap = self.tech.layout.gate_gap * self.tech.feature
        total: Real = 0.0
        for strip in self.strips:
            drain, _, odd = _shares(strip.folds)
            length = drain * gap
            perimeter = 2.0 * length + strip.height * (2.0 - odd)
            area = length * strip.height
            drawn = _Drain(area, perimeter, strip.folds)
            total = total + _drain_cap(self.tech, strip, drawn)
        return total

    @cached_property
    def nfet_cap(self) -> Real:
        """Gate capacitance [F] of the NFET."""
        return gate_cap(self.tech, self.nfet)

    @cached_property
    def pfet_cap(self) -> Real:
        """Gate capacitance [F] of the PFET."""
        return gate_cap(self.tech, self.pfet)

    @property
    def control_cap(self) -> Real:
        """Capacitance [F] of both gates."""
        return self.nfet_cap + self.pfet_cap


@dataclass(frozen=True, eq=False)
class Cells:
    """The standard cells of one technology, each evaluated once."""

    tech: Technology

    @cached_property
    def inverter(self) -> Gate:
        """The minimum inverter; the minimum pass gate has the same transistors."""
        return inverter(self.tech)

    @cached_property
    def nand(self) -> Gate:
        """The NAND of two inputs."""
        return nand(self.tech, 2.0, 4.0)

    @cached_property
    def nand3(self) -> Gate:
        """The NAND of three inputs."""
        return nand(self.tech, 3.0, 6.0)

    @cached_property
    def nor(self) -> Gate:
        """The NOR of two inputs."""
        return nor(self.tech, 2.0, 2.0, 4.0)

    @cached_property
    def nfet(self) -> Gate:
        """A single minimum NFET."""
        return lone_nfet(self.tech)

    @cached_property
    def pfet(self) -> Gate:
        """A single minimum PFET."""
        return lone_pfet(self.tech, 2.0 * self.tech.pn_ratio)


def cells(tech: Technology) -> Cells:
    """The standard cells of a technology, shared by all circuits in it."""
    return shared(Cells, tech)


class Switch(NamedTuple):
    """Drawn widths [m] of the transistors of an analog switch, and its resistance [ohm]."""

    nfet: Real
    pfet: Real
    res: Real


def switch(tech: Technology, driven_res: Real, linear: Real) -> Switch:
    """Size an analog switch so that it takes a small share of the voltage over its load.

    Its resistance is ``tech.switch.drop`` times ``driven_res`` [ohm], the resistance of the load,
    with both transistors on. ``linear`` is the resistance of a transistor in its operating region
    over its switching resistance. The resistance is lower where a transistor would be narrower than
    the feature size or where the number of fins is rounded up
    (docs/models/gates.md#analog-switches).
    """
    narrow = tech.layout.min_width * tech.feature
    res = tech.switch.drop * driven_res
    nfet = linear * nfet_res(tech, narrow) * narrow / (2.0 * res)
    pfet = linear * pfet_res(tech, narrow) * narrow / (2.0 * res)
    nfet, pfet = np.maximum(nfet, tech.feature), np.maximum(pfet, tech.feature)
    conductance = 1.0 / nfet_res(tech, nfet) + 1.0 / pfet_res(tech, pfet)
    return Switch(nfet, pfet, linear / conductance)
