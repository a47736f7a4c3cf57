"""DNN+NeuroSim V2.1's switch matrices and multiplexers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.cost import Cost, action
from neurorebit.circuits.gates import PassGate, Switch, nfet_res, pfet_res, stage
from neurorebit.circuits.layout import folded_width
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.register import Register
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix
from neurorebit.schema.technology import Technology
from validation.neurosim.cases import Case
from validation.neurosim.quirks.gates import (
    CHOICES,
    PLANAR_PITCH,
    drain_cap,
    nearest,
    pass_gate_height,
    redrawn,
)
from validation.neurosim.quirks.quirk import Quirk


def narrow(tech: Technology, driven_res: Any) -> Switch:
    """Its switch: as narrow as the resistance asks for, below the feature size as well."""
    res, linear = tech.switch.drop * driven_res, tech.switch.linear
    nfet = linear * nfet_res(tech, tech.feature) * tech.feature / (2.0 * res)
    pfet = linear * pfet_res(tech, tech.feature) * tech.feature / (2.0 * res)
    return Switch(nfet, pfet, res)


DRAINS = 3.0  # on a line, of its two pass gates


class Undriven:
    """Flip-flops drive the pass gates, however wide; all of them toggle each time."""

    tech: Technology
    register: Register
    delay: Any

    @cached_property
    def buffers(self) -> Buffers:
        return Buffers(self.tech, 0.0)

    def billed(self, energy: Any) -> Cost:
        """All flip-flops, and the switches of the lines."""
        return self.register.store() + Cost.of(energy, self.delay)


class _Narrow(Undriven):
    """Three drains on a line; gates of pass gates are charged with the lines that are driven."""

    @cached_property
    def _path(self: Any) -> tuple[Any, Any]:
        tau = self.switch.res * (DRAINS * self.drain_cap + self.load)
        delay, ramp = self.buffers.path(self.ramp)
        added, ramp = stage(tau + self.line_res * self.load / 2.0, ramp)
        return delay + added, ramp

    @action
    def drive(self: Any, density: Any = 0.5, driven: Any = 1.0) -> Cost:
        """Drains and gates of the lines that are driven."""
        line = DRAINS * self.drain_cap * self.read_voltage**2
        line = line + self.control_cap * self.tech.vdd**2
        billed: Cost = self.billed(density * self.lines * line)
        return billed


@dataclass(frozen=True, eq=False)
class NarrowRowSwitches(_Narrow, RowSwitchMatrix):
    """Switches of any width."""

    @cached_property
    def switch(self) -> Switch:
        return narrow(self.tech, self.driven_res)

    @action
    def write(self, rows: Any = 1.0) -> Cost:
        """The gates of two pass gates a row."""
        return self.billed(rows * 2.0 * self.control_cap * self.tech.vdd**2)


@dataclass(frozen=True, eq=False)
class NarrowColSwitches(_Narrow, ColSwitchMatrix):
    """Switches of any width, with a drain capacitance that rounding chose."""

    choice: tuple[int, int] = (0, 0)

    @cached_property
    def switch(self) -> Switch:
        return narrow(self.tech, self.driven_res)

    @property
    def drain_cap(self) -> Any:
        return drain_cap(self.gate, self.choice)

    @cached_property
    def _row(self) -> tuple[Any, Any, Any]:
        width, _, _ = super()._row
        return width, *folded_width(width, self.lines, 2.0, PLANAR_PITCH * self.tech.feature)

    @cached_property
    def size(self) -> tuple[Any, Any]:
        width, gate_rows, _ = self._row
        return width, pass_gate_height(self.gate) * gate_rows + self.register.height

    @action
    def drive(self, density: Any = 0.5, driven: Any = 1.0) -> Cost:
        """Without the energy of the switches."""
        return self.billed(0.0)

    @action
    def drive_one(self) -> Cost:
        """All flip-flops toggle for one line as well."""
        return self.drive()

    @action
    def write(self, written: Any = 0.5, pulses: Any = 1.0) -> Cost:
        """With the gates of all lines."""
        cells = written * self.lines
        swings = pulses * cells + self.lines - cells / 2.0
        line = DRAINS * self.drain_cap * self.write_voltage**2
        return self.billed(line * swings + self.lines * self.control_cap * self.tech.vdd**2)


@dataclass(frozen=True, eq=False)
class ToolAccessSwitches(Undriven, AccessSwitchMatrix):
    """Drains of both lines' pass gates on the access line; one and a half, two and a half gates."""

    @cached_property
    def _path(self) -> tuple[Any, Any]:
        near, far = 2.0 * self.gate.output_cap, DRAINS * self.input_gate.output_cap
        access = self.switch_res * (near + far + self.load) + self.line_res * self.load / 2.0
        given = self.input_switch.res * (far + self.input_load)
        delay, ramp = self.buffers.path(self.ramp)
        added, ramp = stage(np.maximum(access, given), ramp)
        return delay + added, ramp

    @action
    def drive(self, density: Any = 0.5, driven: Any = 1.0) -> Cost:
        """Drains of the access line at the read voltage, too."""
        row = 2.0 * self.gate.output_cap * (self.access_voltage**2 + self.read_voltage**2)
        row = row + DRAINS * self.input_gate.output_cap * self.read_voltage**2
        row = row + 1.5 * self.control_load * self.tech.vdd**2
        return self.billed(density * self.lines * row)

    @action
    def write(self, rows: Any = 1.0) -> Cost:
        """For programming."""
        row = 2.0 * self.gate.output_cap * self.access_voltage**2
        return self.billed(rows * (row + 2.5 * self.control_load * self.tech.vdd**2))


@dataclass(frozen=True, eq=False)
class ChosenGate(PassGate):
    """A pass gate whose drain capacitance rounding chose."""

    choice: tuple[int, int] = (0, 0)

    @cached_property
    def drain_cap(self) -> Any:
        return drain_cap(PassGate(self.tech, self.nfet, self.pfet, self.folds), self.choice)


@dataclass(frozen=True, eq=False)
class NarrowMux(AnalogMux):
    """Switches of any width, with a drain capacitance that rounding chose.

    ``unfolded``: of gates in one fold, as the tool has it once it has forced the size.
    """

    choice: tuple[int, int] = (0, 0)
    unfolded: bool = False

    @cached_property
    def switch(self) -> Switch:
        return narrow(self.tech, self.driven_res)

    @cached_property
    def gate(self) -> PassGate:
        folds = 1.0 if self.unfolded else self._row[2]
        return ChosenGate(self.tech, self.switch.nfet, self.switch.pfet, folds, self.choice)

    @cached_property
    def _row(self) -> tuple[Any, Any, Any]:
        width, pitch = super()._row[0], PLANAR_PITCH * self.tech.feature
        return width, *folded_width(width, self.outputs * self.ways, 1.0, pitch)

    @cached_property
    def size(self) -> tuple[Any, Any]:
        """Of the folded gates, even if their capacitance is that of unfolded ones."""
        width, gate_rows, folds = self._row
        folded = PassGate(self.tech, self.switch.nfet, self.switch.pfet, folds)
        height = pass_gate_height(folded)
        height = np.where(np.asarray(self.ways) > 1.0, height * gate_rows, 0.0)
        return width, height if self.fit_height is None else np.maximum(height, self.fit_height)

    @action
    def select(self, active: Any = 1.0) -> Cost:
        """With the gates of the NFETs only."""
        right = AnalogMux.select(self, active)
        gates = active * self.outputs * self.gate.pfet_cap * self.tech.vdd**2
        return Cost.of(right.energy.total - gates, right.latency.total)


def row_switches(block: RowSwitchMatrix) -> RowSwitchMatrix:
    """The row switch matrix with its switches."""
    drawn: RowSwitchMatrix = redrawn(block, NarrowRowSwitches)
    return drawn


def _switch_figures(block: RowSwitchMatrix | ColSwitchMatrix, case: Case) -> dict[str, Any]:
    """Its figures of a switch matrix: a write holds the flip-flops of the reads."""
    i = case.inputs
    store, reads, writes = block.register.store(), i["num_read"], i["num_write"]
    if isinstance(block, ColSwitchMatrix):
        cells_written = min(
            i["num_write_cell_per_op_neuro"], i["num_output"] * i["activity_col_write"]
        )
        write = block.write(cells_written / block.lines, i["num_write_pulse"])
    else:
        write = block.write()
    read = block.drive(i["activity_row_read"])
    return {
        "area_m2": block.area,
        "width_m": block.width,
        "height_m": block.height,
        "leakage_W": block.footprint.leakage.total,
        "tg_resistance_ohm": block.switch.res,
        "width_tg_nmos_m": block.switch.nfet,
        "width_tg_pmos_m": block.switch.pfet,
        "cap_tg_drain_F": block.drain_cap,
        "ramp_output_per_s": block.output_ramp,
        "read_latency_s": reads * read.latency.total,
        "read_energy_J": reads * read.energy.total,
        "write_latency_s": writes * block.delay + reads * store.latency.total,
        "write_energy_J": writes * (write.energy.total - store.energy.total)
        + reads * store.energy.total,
    }


def correct_switch_matrix(case: Case, quantity: str, ours: float) -> Any:
    if isinstance(case.block, RowSwitchMatrix):
        return float(_switch_figures(row_switches(case.block), case)[quantity])
    drawn = (redrawn(case.block, NarrowColSwitches, choice=choice) for choice in CHOICES)
    return nearest(case.theirs[quantity], (_switch_figures(d, case)[quantity] for d in drawn))


def correct_access_switches(case: Case, quantity: str, ours: float) -> Any:
    """Its figures; a write holds the flip-flops of the reads."""
    i, block = case.inputs, redrawn(case.block, ToolAccessSwitches)
    store, reads, writes = block.register.store(), i["num_read"], i["num_write"]
    read, write = block.drive(i["activity_row_read"]), block.write()
    figures: dict[str, Any] = {
        "ramp_output_per_s": block.output_ramp,
        "read_latency_s": reads * read.latency.total,
        "read_energy_J": reads * read.energy.total,
        "write_latency_s": writes * block.delay + reads * store.latency.total,
        "write_energy_J": writes * (write.energy.total - store.energy.total)
        + reads * store.energy.total,
    }
    return figures[quantity]


def muxes(block: AnalogMux, unfolded: bool = False) -> list[NarrowMux]:
    """The multiplexer with its switches, for each capacitance that rounding may choose."""
    return [redrawn(block, NarrowMux, choice=c, unfolded=unfolded) for c in CHOICES]


def correct_mux(case: Case, quantity: str, ours: float) -> Any:
    reads = case.inputs["num_read"]
    figures: dict[str, Callable[[NarrowMux], Any]] = {
        "area_m2": lambda m: m.area,
        "height_m": lambda m: m.height,
        "tg_resistance_ohm": lambda m: m.switch.res,
        "width_tg_nmos_m": lambda m: m.switch.nfet,
        "width_tg_pmos_m": lambda m: m.switch.pfet,
        "cap_tg_gate_n_F": lambda m: m.gate.nfet_cap,
        "cap_tg_gate_p_F": lambda m: m.gate.pfet_cap,
        "cap_tg_drain_F": lambda m: m.gate.drain_cap,
        "read_latency_s": lambda m: reads * m.select().latency.total,
        "read_energy_J": lambda m: reads * m.select().energy.total,
    }
    return nearest(case.theirs[quantity], (figures[quantity](m) for m in muxes(case.block)))


QUIRKS = (
    Quirk(
        "SwitchMatrix",
        (
            "area_m2",
            "width_m",
            "height_m",
            "leakage_W",
            "tg_resistance_ohm",
            "width_tg_*",
            "cap_tg_drain_F",
            "ramp_output_per_s",
            "read_*",
            "write_*",
        ),
        tool="switches narrower than a feature, however wide driven by flip-flops; three drains of "
        "two pass gates on a line; all flip-flops toggle, and gates with the lines; folds of "
        "column switches chosen by rounding noise (the nearest of four); writes take the "
        "flip-flops of the reads; column reads take no switches",
        right="a feature at least; chains of inverters drive wide switches; a drain of each pass "
        "gate; gates switch with their flip-flops, those of random planes or of selected rows; "
        "the folds drawn; a write stores once; a read switches",
        correct=correct_switch_matrix,
    ),
    Quirk(
        "NewSwitchMatrix",
        ("read_*", "write_*", "ramp_output_per_s"),
        tool="drains of the input line's pass gates on the access line, three of two; all "
        "flip-flops toggle, with 1.5 gates for a read and 2.5 for a write; writes take the "
        "flip-flops of the reads",
        right="a drain of each pass gate on its own line; a gate of each line for a toggle, those "
        "of random planes or of selected rows; a write stores once",
        correct=correct_access_switches,
    ),
    Quirk(
        "Mux",
        (
            "area_m2",
            "height_m",
            "tg_resistance_ohm",
            "width_tg_*",
            "cap_tg_*",
            "read_latency_s",
            "read_energy_J",
        ),
        tool="switches narrower than a feature; folds chosen by rounding noise (the nearest of "
        "four); only the NFET's gate takes energy",
        right="a feature at least; the folds drawn; both gates",
        correct=correct_mux,
    ),
)
