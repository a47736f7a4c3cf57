"""DNN+NeuroSim V2.1's gates and pass gates."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.gates import (
    Gate,
    PassGate,
    Strip,
    fins,
    gate_cap,
    over_swing,
    whole_up,
)
from neurorebit.schema.technology import Technology
from validation.neurosim.cases import Case
from validation.neurosim.quirks.quirk import Quirk


def odd(folds: Any) -> Any:
    return np.where(np.asarray(folds) % 2.0 == 1.0, 1.0, 0.0)


def sidewall(tech: Technology) -> Any:
    """Sidewall capacitance of a junction [F/m]."""
    return tech.junction.sidewall * over_swing(tech, tech.junction.grading_sidewall)


def gate_edge(tech: Technology) -> Any:
    """Gate-edge capacitance of a junction [F/m]."""
    return tech.junction.gate_edge * over_swing(tech, tech.junction.grading_gate_edge)


class FloorFolds(Gate):
    """A gate whose FinFETs are folded as often as their fins fill a strip, rounded down."""

    @cached_property
    def strips(self) -> tuple[Strip, Strip]:
        n, p = Gate.strips.func(self)  # type: ignore[attr-defined]
        return self._floored(n, self.nfet), self._floored(p, self.pfet)

    def _floored(self, strip: Strip, width: Any) -> Strip:
        if self.tech.fin is None or not self.tech.finfet or strip.folds <= 1.0:
            return strip
        capacity = (strip.height - self.tech.fin.width) / self.tech.fin.pitch + 1.0
        folds = np.floor(fins(self.tech, width) / np.round(capacity) + 1e-9)
        return Strip(strip.present, folds, strip.height)


def redrawn(block: Any, kind: type, **changed: Any) -> Any:
    """A block as another kind of block, with the fields that both have but for those given."""
    own = {field.name for field in dataclasses.fields(kind)}
    same = {f.name: getattr(block, f.name) for f in dataclasses.fields(block) if f.name in own}
    return kind(**(same | changed))


def output_cap(gate: Gate) -> Any:
    """Its output capacitance: edges counted once a gate, the PFET's folds for both types."""
    gate = redrawn(gate, FloorFolds)
    n, p = gate.strips
    parallel = p if gate.series == "n" else n
    edges = (np.asarray(gate.inputs) - 1.0) * parallel.folds * parallel.height
    extra = np.where(parallel.present, edges * gate_edge(gate.tech), 0.0)
    folds = np.where(p.present, p.folds, 1.0)
    turned = n.height * (odd(n.folds) - odd(folds)) * sidewall(gate.tech)
    single = n.present & (np.asarray(gate.inputs) == 1.0)
    return gate.output_cap - extra + np.where(single, turned, 0.0)


def correct_output_cap(case: Case, quantity: str, ours: float) -> Any:
    return ours * output_cap(case.block) / case.block.output_cap


def correct_fin_folds(case: Case, quantity: str, ours: float) -> Any:
    return ours * redrawn(case.block, FloorFolds).width / case.block.width


def input_cap(gate: Gate) -> Any:
    """Its input capacitance: a FinFET's width times fin pitch over 2 F first."""
    tech = gate.tech
    if tech.fin is None or not tech.finfet:
        return gate.input_cap
    more = tech.fin.pitch / (tech.layout.min_width * tech.feature)
    return gate_cap(tech, gate.nfet * more) + gate_cap(tech, gate.pfet * more)


def correct_input_cap(case: Case, quantity: str, ours: float) -> Any:
    return ours * input_cap(case.block) / case.block.input_cap


def leakage(gate: Gate) -> Any:
    """Its leakage [W]: the value of three inputs for any number of them, times the inputs."""
    wide = np.maximum(np.asarray(gate.inputs), 3.0) / 3.0
    return gate.leakage_power * wide


def correct_gate_leakage(case: Case, quantity: str, ours: float) -> Any:
    gate: Gate = case.block
    if gate.inputs == 1.0 and case.variant in ("NAND", "NOR"):
        one = replace(gate, inputs=3.0).leakage
        return ours * one / 3.0 / gate.leakage
    return ours * leakage(gate) / gate.leakage_power


CHOICES = ((0, 0), (0, 1), (1, 0), (1, 1))


PLANAR_PITCH = 3.8  # of gates, of the feature size; taken for FinFETs as well


def pass_gate_height(gate: PassGate) -> Any:
    """Its height [m] of a pass gate; the fins of a FinFET from its width over an electrical one."""
    tech, fin = gate.tech, gate.tech.fin
    if fin is None or not tech.finfet:
        return gate.height
    more = fin.pitch / (tech.layout.min_width * tech.feature)
    around = 2.0 * fin.height + fin.width
    high: Any = (tech.layout.pn_gap + 3.6) * tech.feature
    for width in (gate.nfet, gate.pfet):
        count = whole_up(whole_up(width * more / around) / gate.folds)
        high = high + (count - 1.0) * fin.pitch + fin.width
    return high


def correct_pass_gate(case: Case, quantity: str, ours: float) -> Any:
    return ours * pass_gate_height(case.block) / case.block.height


def drain_cap(gate: PassGate, choice: tuple[int, int]) -> Any:
    """Its drain capacitance [F] of a pass gate.

    Strips fill their region exactly, so rounding decides whether a type counts a fold more; NFETs
    and PFETs each (``choice``), and the PFETs' count decides on the sides of both.
    """
    tech, total = gate.tech, np.zeros(())
    if tech.finfet:
        height = pass_gate_height(gate)
        return output_cap(Gate(tech, gate.nfet, gate.pfet, cell_height=height))
    bottom = tech.junction.bottom * over_swing(tech, tech.junction.grading_bottom)
    gap = tech.layout.gate_gap * tech.feature
    folds = [gate.folds + more for more in choice]
    sides = 2.0 - odd(folds[1])
    for width, count in zip((gate.nfet, gate.pfet), folds, strict=True):
        height = width / gate.folds
        length = np.where(np.asarray(count) == 1.0, 1.0, np.ceil((count + 1.0) / 2.0)) * gap
        total = total + length * height * bottom
        total = total + (2.0 * length + height * sides) * sidewall(tech)
        total = total + count * height * gate_edge(tech)
    return total


def nearest(theirs: float, choices: Iterator[Any]) -> Any:
    """Of several values the one nearest to theirs."""
    return min((float(value) for value in choices), key=lambda value: abs(value - theirs))


QUIRKS = (
    Quirk(
        "formula.drain_cap",
        ("cap_F",),
        tool="an NFET's sidewalls follow the PFET's fold count (one where there is none)",
        right="its own fold count",
        correct=correct_output_cap,
    ),
    Quirk(
        "formula.gate",
        ("cap_output_F",),
        tool="gate edges once a gate, whatever its inputs; an inverter's sidewalls follow the "
        "PFET's folds",
        right="an edge for every device on the output; own folds",
        correct=correct_output_cap,
    ),
    Quirk(
        "formula.gate",
        ("width_m", "area_m2"),
        tool="FinFETs are folded as often as fins fill a strip, rounded down",
        right="rounded up: all fins have to fit",
        correct=correct_fin_folds,
    ),
    Quirk(
        "formula.gate",
        ("cap_input_F",),
        tool="FinFET widths are multiplied by fin pitch over 2 F before fins are counted",
        right="a minimum device is one fin",
        correct=correct_input_cap,
    ),
    Quirk(
        "formula.gate",
        ("leakage_current_A",),
        tool="the stack factor of three inputs for any other number of inputs than two",
        right="more inputs make the all-off state as much rarer as they add devices",
        correct=correct_gate_leakage,
    ),
    Quirk(
        "formula.pass_gate_area",
        ("height_m", "area_m2"),
        tool="a FinFET's fins are its width over an electrical one",
        right="over a drawn one",
        correct=correct_pass_gate,
    ),
)
