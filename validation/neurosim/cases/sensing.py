"""What our blocks say of a record: the SRAM periphery, sense amplifiers and converters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.circuits.column_sense import CurrentSenseAmp, VoltageSenseAmp
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
    occupied,
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


@module("CurrentSenseAmp")
def _current_sense_amp(i: Inputs, tech: Technology) -> Case:
    on, off = i["resistance_on_ohm"], i["resistance_off_ohm"]
    reference = (on + off) / 2.0
    res = columns(i, i["num_col"])
    block = CurrentSenseAmp(tech, i["num_col"], reference, i["read_voltage_V"])
    times = i["num_read"], i["num_read"] * i["num_col_muxed"]
    figures = spent("read", replace(block, cols=1.0), "sense", times, res=res)
    figures |= occupied(block) | valued(block, reference_resistance_ohm="reference")
    return Case(tech, i, figures, block, also={"res": res})


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
    """A group of converters keeps step with its slowest column."""
    full_scale = i.given("num_row_subarray", 1.0) / i["resistance_on_ohm"]
    shared = {
        "bits": np.log2(i["level_output"]),
        "count": i["num_adc"],
        "read_voltage": i["read_voltage_V"],
        "fit_width": i.optional("fixed_width_m"),
        "fit_height": i.optional("fixed_height_m"),
    }
    flash = FlashAdc(tech, **shared, full_scale=full_scale)
    block = flash if i["is_current_mode"] else VoltageFlashAdc(tech, **shared)
    res = columns(i, i["num_columns_in_energy_sum"])
    one = replace(block, count=1.0)
    times = i["num_read"], i["num_read"] * i["num_col_muxed"]
    figures = placed(block) | spent("read", one, "convert", times, res=res)
    slowest = i["num_read"] * np.sum(one.power(res)) * np.max(one.convert(res).latency.total)
    asked, alone = figures["read_energy_J"].asked, figures["read_energy_J"].number
    assert asked is not None
    waiting = replace(asked, factor=asked.factor * float(slowest / alone))
    figures["read_energy_J"] = Figure(slowest, waiting)
    for name, level in (("first", 1.0), ("last", flash.levels - 1.0)):
        reference = flash.reference(level)
        given = Asked(flash, "full_scale", float(reference / flash.full_scale))
        figures[f"ref_resistance_{name}_ohm"] = Figure(reference, given)
    return Case(tech, i, figures, block, also={"res": res})


@module("SarADC")
def _sar_adc(i: Inputs, tech: Technology) -> Case:
    block = SarAdc(
        tech,
        np.log2(i["level_output"]),
        i["num_adc"],
        i["read_voltage_V"],
        fit_width=i.optional("fixed_width_m"),
    )
    res = columns(i, i["num_columns_in_energy_sum"])
    times = i["num_read_energy"], i["num_read_latency"]
    figures = placed(block) | spent("read", replace(block, count=1.0), "convert", times, res=res)
    return Case(tech, i, figures, block)
