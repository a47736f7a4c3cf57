"""What our blocks say of a record: the SRAM periphery, sense amplifiers and converters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.circuits.column_sense import VoltageSenseAmp
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.converters.flash_voltage import VoltageFlashAdc
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import (
    Asked,
    Case,
    Figure,
    accessed,
    module,
    placed,
    spent,
    valued,
)
from validation.neurosim.records.module import Inputs


def columns(i: Inputs, count: float) -> Any:
    """Resistances [ohm] of the columns, evenly from first to last."""
    first, last = i["column_resistance_first_ohm"], i["column_resistance_last_ohm"]
    return np.linspace(first, last, int(count))


@module("Precharger")
def _precharger(i: Inputs, tech: Technology) -> Case:
    cols = i["num_col"]
    block = Precharger(
        tech,
        cols,
        i["cap_load_F"],
        i["res_load_ohm"],
        swing=i.optional("sense_voltage_V"),
        fit_width=i.optional("fixed_width_m"),
    )
    active = min(i.given("num_read_cell_per_op", cols), cols) / cols
    cells = min(i.given("num_write_cell_per_op", cols), cols * i["activity_col_write"])
    figures = placed(block) | accessed("read", block, "precharge", i["num_read"], active=active)
    figures |= accessed("write", block, "precharge_written", i["num_write"], written=cells / cols)
    return Case(tech, i, figures, block)


@module("SRAMWriteDriver")
def _write_driver(i: Inputs, tech: Technology) -> Case:
    cols = i["num_col"]
    block = WriteDriver(
        tech,
        cols,
        i["cap_load_F"],
        i["res_load_ohm"],
        drive_strength=i.optional("drive_strength"),
        fit_width=i.optional("fixed_width_m"),
    )
    cells = min(i.given("num_write_cell_per_op", cols), cols * i["activity_col_write"])
    figures = placed(block) | accessed(
        "write", block, "write", i["num_write"], written=cells / cols
    )
    idle = Figure(0.0, None, "a write driver does nothing in a read")
    figures |= {"read_energy_J": idle, "read_latency_s": idle}
    return Case(tech, i, figures, block)


@module("SenseAmp")
def _sense_amp(i: Inputs, tech: Technology) -> Case:
    cols = i["num_col"]
    block = SenseAmp(
        tech,
        cols,
        pitch=i["pitch_m"],
        swing=i["sense_voltage_V"],
        fit_width=i.optional("fixed_width_m"),
    )
    active = min(i.given("num_read_cell_per_op", cols), cols) / cols
    figures = placed(block) | accessed("read", block, "sense", i["num_read"], active=active)
    return Case(tech, i, figures | valued(block, cap_load_F="node_cap"), block)


@module("VoltageSenseAmp")
def _voltage_sense_amp(i: Inputs, tech: Technology) -> Case:
    cols = i["num_read_col"]
    block = VoltageSenseAmp(
        tech,
        cols,
        i["cap_input_load_F"],
        res_on=i["cell_res_on_ohm"],
        res_off=i["cell_res_off_ohm"],
        read_voltage=i["read_voltage_V"],
        fit_width=i["layout_width_m"] * cols,
    )
    return Case(tech, i, placed(block) | accessed("read", block, "sense", i["num_read"]), block)


@module("MultilevelSenseAmp")
def _flash_adc(i: Inputs, tech: Technology) -> Case:
    full_scale = i.given("num_row_subarray", 1.0) / i["resistance_on_ohm"]
    kind = FlashAdc if i["is_current_mode"] else VoltageFlashAdc
    block = kind(tech, **_converters(i), full_scale=full_scale)
    times = i["num_read"], i["num_read"] * i["num_col_muxed"]
    case = _converted(i, block, times)
    for name, level in (("first", 1.0), ("last", block.levels - 1.0)):
        reference = block.reference(level)
        given = Asked(block, "full_scale", float(reference / block.full_scale))
        case.figures[f"ref_resistance_{name}_ohm"] = Figure(reference, given)
    return case


@module("SarADC")
def _sar_adc(i: Inputs, tech: Technology) -> Case:
    block = SarAdc(tech, **_converters(i))
    return _converted(i, block, (i["num_read_energy"], i["num_read_latency"]))


def _converters(i: Inputs) -> dict[str, Any]:
    """Fields of converters of any kind."""
    return {
        "bits": np.log2(i["level_output"]),
        "count": i["num_adc"],
        "read_voltage": i["read_voltage_V"],
        "fit_width": i.optional("fixed_width_m"),
        "fit_height": i.optional("fixed_height_m"),
    }


def _converted(i: Inputs, block: Converter, times: tuple[float, float]) -> Case:
    """One converter for each of the columns; ``times`` are the reads in energy and in time."""
    res = columns(i, i["num_columns_in_energy_sum"])
    together = replace(block, count=float(len(res)))
    figures = placed(block) | spent("read", together, "convert", times)
    return Case(block.tech, i, figures, block, also={"res": res})
