"""DNN+NeuroSim V2.1's SRAM periphery, sense amplifiers and converters."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.precharger import Precharger
from validation.neurosim.cases import Case
from validation.neurosim.composition.fits import (
    FITTED,
    FittedConverter,
    FittedFlash,
    FittedSar,
)
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


def flash_references(levels: float, on: float, off: float, rows_read: float) -> Any:
    """Its references [ohm]: uniform in resistance from on to on + off."""
    return (on + np.arange(1.0, levels) * off / levels) / rows_read


def correct_flash_references(case: Case, quantity: str, ours: float) -> Any:
    i = case.inputs
    on, off, levels = i["resistance_on_ohm"], i["resistance_off_ohm"], i["level_output"]
    level = 1.0 if quantity == "ref_resistance_first_ohm" else levels - 1.0
    return ours * (on + level * off / levels) / (on * levels / level)


def fitted(case: Case) -> FittedConverter:
    """The tool's converters at the design of ours."""
    i, block = case.inputs, case.block
    kind = next(word for word, ours in CONVERTERS.items() if type(block) is ours)
    names = ("tech", "bits", "count", "read_voltage", "full_scale", "fit_width", "fit_height")
    given = {name: getattr(block, name) for name in names}
    if FITTED[kind] is FittedFlash:
        ends = i["resistance_on_ohm"], i["resistance_off_ohm"], i["num_row_subarray"]
        given["references"] = flash_references(i["level_output"], *ends)
    return FITTED[kind](**given)


def correct_converter(case: Case, quantity: str, ours: float) -> Any:
    """Its figure: that of a fit, of converters that do not leak."""
    i, block, res = case.inputs, fitted(case), case.also["res"]
    placed = {"area_m2": "area", "width_m": "width", "height_m": "height"}
    if quantity in placed:
        return getattr(block, placed[quantity])
    if quantity == "leakage_W":
        return 0.0 * ours
    sar = isinstance(block, FittedSar)
    waited = np.max(block.time(res))  # a group of converters keeps step with its slowest column
    if quantity == "read_latency_s":
        return waited * (i["num_read_latency"] if sar else i["num_read"] * i["num_col_muxed"])
    return np.sum(block.power(res) * waited) * i["num_read_energy" if sar else "num_read"]


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
    *(
        Quirk(
            module,
            ("area_m2", "height_m", "width_m", "leakage_W", "read_latency_s", "read_energy_J"),
            tool="a power fit linear in bits or comparators that includes the column's current, a "
            "nanosecond a step (or that of a current sense amplifier), minimum transistors, no "
            "leakage",
            right="capacitors, comparators and logic sized by noise and matching, in gate delays; "
            "every transistor leaks; the array bills the column's current",
            correct=correct_converter,
        )
        for module in ("MultilevelSenseAmp", "SarADC")
    ),
)
