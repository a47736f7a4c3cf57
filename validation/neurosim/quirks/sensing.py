"""DNN+NeuroSim V2.1's SRAM periphery, sense amplifiers and converters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sensing import at_fit_voltage, column_power, within
from neurorebit.schema.technology import Technology
from validation.neurosim.cases import Case
from validation.neurosim.quirks.quirk import Quirk


def precharge_energy(block: Precharger) -> Any:
    """Its energy [J] of one read: both lines, all of the supply, without the devices on them."""
    right = block.line_cap * block.read_swing
    return block.precharge().energy.total * 2.0 * block.load * block.tech.vdd / right


def correct_precharge_read(case: Case, quantity: str, ours: float) -> Any:
    return ours * precharge_energy(case.block) / case.block.precharge().energy.total


def correct_precharge_write(case: Case, quantity: str, ours: float) -> Any:
    return ours * case.block.load / case.block.line_cap


def correct_half(case: Case, quantity: str, ours: float) -> Any:
    return ours / 2.0


def correct_vdd_twice(case: Case, quantity: str, ours: float) -> Any:
    return ours * float(case.tech.vdd)


def correct_one_of(case: Case, quantity: str, ours: float) -> Any:
    return ours / float(case.block.cols)


def correct_constant_energy(case: Case, quantity: str, ours: float) -> Any:
    return ours * 9.845e-15 * (case.tech.vdd / 1.1) ** 2 / case.block.energy


def correct_nothing(case: Case, quantity: str, ours: float) -> Any:
    return 0.0 * ours


def sense_times(tech: Technology, res: Any, references: Any) -> Any:
    """Its times [s]: where the two are within 10 % the polynomial, not the plateau."""
    fit, ratio = tech.sensing.current_latency.fit, references / res[..., None]
    constant = np.full(ratio.shape, tech.sensing.current_latency.time)
    if fit is None:
        return constant
    longest = (fit.max_log * np.log(res / fit.unit_res) + fit.max_const)[..., None]
    (low, high), edge = fit.far, fit.near[0]
    below = np.polyval(fit.below, np.clip(ratio, low, edge))
    above = np.polyval(fit.above, np.clip(ratio, edge, high))
    times = longest * np.where(ratio <= edge, below, above)
    return np.where((ratio >= high) | (ratio <= low), constant, times)


def correct_current_sense(case: Case, quantity: str, ours: float) -> Any:
    block = case.block
    res = at_fit_voltage(block.tech, case.also["res"], block.read_voltage)
    times = sense_times(block.tech, res, np.asarray([block.reference]))[..., 0]
    one = replace(block, cols=1.0).sense(case.also["res"])
    if quantity == "read_latency_s":
        slowest = np.max(within(block.tech, times, "single"))
        return ours * slowest / np.max(one.latency.total)
    power = column_power(block.tech, block.tech.sensing.single_current, 0.0, res)
    return ours * np.sum(power * times) / np.sum(one.energy.total)


def flash_references(levels: float, on: float, off: float, rows_read: float) -> Any:
    """Its references [ohm]: uniform in resistance from on to on + off."""
    return (on + np.arange(1.0, levels) * off / levels) / rows_read


def flash_time(block: Any, res: Any, references: Any) -> Any:
    """Its times [s] of a flash converter: the comparators but the first."""
    resistances = at_fit_voltage(block.tech, res, block.read_voltage)
    times = np.max(sense_times(block.tech, resistances, references[1:]), axis=-1)
    return within(block.tech, times, "slowest")


def correct_flash_references(case: Case, quantity: str, ours: float) -> Any:
    i = case.inputs
    on, off, levels = i["resistance_on_ohm"], i["resistance_off_ohm"], i["level_output"]
    level = 1.0 if quantity == "ref_resistance_first_ohm" else levels - 1.0
    return ours * (on + level * off / levels) / (on * levels / level)


def correct_flash_time(case: Case, quantity: str, ours: float) -> Any:
    i = case.inputs
    if not i["is_current_mode"]:
        return ours
    references = flash_references(
        i["level_output"], i["resistance_on_ohm"], i["resistance_off_ohm"], i["num_row_subarray"]
    )
    right = np.max(replace(case.block, count=1.0).convert(case.also["res"]).latency.total)
    return ours * np.max(flash_time(case.block, case.also["res"], references)) / right


QUIRKS = (
    Quirk(
        "Precharger",
        ("read_energy_J",),
        tool="both lines lose all of the supply in a read; the devices on them are left out",
        right="a line falls by the sense voltage",
        correct=correct_precharge_read,
    ),
    Quirk(
        "Precharger",
        ("write_energy_J",),
        tool="the precharge devices on the line are left out",
        right="they load it",
        correct=correct_precharge_write,
    ),
    Quirk(
        "Precharger",
        ("leakage_W",),
        tool="one of the two precharge devices leaks",
        right="both do",
        correct=correct_half,
    ),
    Quirk(
        "SenseAmp",
        ("leakage_W",),
        tool="current times supply squared",
        right="current times supply",
        correct=correct_vdd_twice,
    ),
    Quirk(
        "CurrentSenseAmp",
        ("read_latency_s", "read_energy_J"),
        tool="within 10 % of the reference the polynomial, not the plateau (a chained comparison)",
        right="the plateau",
        correct=correct_current_sense,
    ),
    Quirk(
        "CurrentSenseAmp",
        ("leakage_W",),
        tool="no leakage",
        right="every transistor leaks",
        correct=correct_nothing,
    ),
    Quirk(
        "VoltageSenseAmp",
        ("leakage_W",),
        tool="one amplifier leaks, whatever their number",
        right="all do",
        correct=correct_one_of,
    ),
    Quirk(
        "VoltageSenseAmp",
        ("read_energy_J",),
        tool="9.845 fJ (V / 1.1 V)^2 an amplifier at every node, a constant of a 65 nm circuit",
        right="the switched capacitance of the node; the expected ratio is of these two",
        correct=correct_constant_energy,
    ),
    Quirk(
        "MultilevelSenseAmp",
        ("ref_resistance_*",),
        tool="references uniform in resistance from Ron to Ron + Roff",
        right="uniform in conductance, as the codes are",
        correct=correct_flash_references,
    ),
    Quirk(
        "MultilevelSenseAmp",
        ("read_latency_s", "read_energy_J"),
        tool="LSTP, 32 nm and up: those references, without the first, and no plateau",
        right="references uniform in conductance, all of them",
        correct=correct_flash_time,
    ),
    Quirk(
        "MultilevelSenseAmp",
        ("leakage_W",),
        tool="no leakage",
        right="every transistor leaks",
        correct=correct_nothing,
    ),
    Quirk(
        "SarADC",
        ("leakage_W",),
        tool="no leakage",
        right="every transistor leaks",
        correct=correct_nothing,
    ),
)
