"""DNN+NeuroSim V2.1's switch matrices and multiplexers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.cost import Cost, action
from neurorebit.circuits.gates import PassGate, Switch, nfet_res, pfet_res
from neurorebit.circuits.layout import folded_width
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.switch_matrix import ColSwitchMatrix, RowSwitchMatrix
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


class Undriven:
    """Flip-flops drive the pass gates, however wide."""

    tech: Technology

    @cached_property
    def buffers(self) -> Buffers:
        return Buffers(self.tech, 0.0)


@dataclass(frozen=True, eq=False)
class NarrowRowSwitches(Undriven, RowSwitchMatrix):
    """Switches of any width."""

    @cached_property
    def switch(self) -> Switch:
        return narrow(self.tech, self.driven_res)


@dataclass(frozen=True, eq=False)
class NarrowColSwitches(Undriven, ColSwitchMatrix):
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
    def drive(self, density: Any = 0.5, changed: Any = 1.0) -> Cost:
        """Without the energy of the switches."""
        return self.register.store(changed) + Cost.of(0.0, self.delay)


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


def correct_writes_hold_reads(case: Case, quantity: str, ours: float) -> Any:
    store, i = case.block.register.store(), case.inputs
    own = store.latency if quantity == "write_latency_s" else store.energy
    return ours + (i["num_read"] - i["num_write"]) * float(own.total)


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
        tool="switches narrower than a feature, however wide driven by flip-flops; folds of column "
        "switches chosen by rounding noise (the nearest of four); writes take the flip-flops of "
        "the reads; column reads take no switches",
        right="a feature at least; chains of inverters drive wide switches; the folds drawn; a "
        "write stores once; a read switches",
        correct=correct_switch_matrix,
    ),
    Quirk(
        "NewSwitchMatrix",
        ("write_latency_s", "write_energy_J"),
        tool="writes take the flip-flops of the reads",
        right="a write stores once",
        correct=correct_writes_hold_reads,
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
