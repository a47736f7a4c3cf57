"""What our macros say of a record: the module SubArray, and the weight-gradient unit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Bill, Cost
from neurorebit.schema import Document, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import Case, module
from validation.neurosim.composition.gradient import GradientUnit
from validation.neurosim.composition.macro import Side
from validation.neurosim.composition.reram import ReramMacro, ReramParallelMacro, ReramRowMacro
from validation.neurosim.composition.sram import SramMacro, SramParallelMacro, SramRowMacro
from validation.neurosim.records.module import Inputs

AnyMacro = ReramParallelMacro | ReramRowMacro | SramParallelMacro | SramRowMacro
VARIANTS = ("RRAM_parallel", "RRAM_sequential", "SRAM_parallel", "SRAM_sequential")
CONVERTING = ("converters", "precharger", "sense_amp")
ADDING = ("adder", "register", "weight_shift_add", "input_shift_add")


@cache
def _any_device() -> Device:
    """A device whose every number that a macro reads is replaced."""
    return read_device(Document(paths.shipped("device", "taox_hfox")))


def device_of(i: Inputs) -> Device:
    """The device of a record."""
    shipped = _any_device()
    on = i["resistance_on_ohm"]
    cell = replace(
        shipped.cell,
        height=i.given("cell_height_F", 4.0),
        width=i.given("cell_width_F", 4.0),
        read_voltage=i["read_voltage_V"],
        access_voltage=i.given("access_voltage_V", 1.1),
        access_share=i.given("access_share", 0.25),
    )
    assert shipped.pulses is not None
    write = i.given("write_voltage_effective_V", i.given("write_voltage_V", 2.0))
    width = i.given("write_pulse_width_s", 50e-9)
    pulses = replace(
        shipped.pulses, voltage_ltp=write, voltage_ltd=write, width_ltp=width, width_ltd=width
    )
    ratio = i["resistance_off_ohm"] / on
    return replace(shipped, r_on=on, on_off_ratio=ratio, cell=cell, pulses=pulses)


def adc_kind(i: Inputs) -> str:
    if i["is_sar_adc"]:
        return "sar"
    return "flash" if i["is_current_mode"] else "flash_voltage"


def macro_of(i: Inputs, tech: Technology) -> AnyMacro:
    """The macro of a record of module SubArray."""
    variant = i.record.variant
    sizes: dict[str, Any] = {
        "rows": i["num_row"],
        "cols": i["num_col"],
        "cols_per_adc": i["num_col_muxed"],
        "rows_per_adc": i.given("num_row_muxed_backward", 8.0),
        "adc_bits": np.log2(i["level_output"]),
        "back_adc_bits": np.log2(i.given("level_output_backward", i["level_output"])),
        "input_bits": i["num_read_pulse"],
        "error_bits": i.given("num_read_pulse_backward", 8.0),
        "cells_per_weight": i["num_cell_per_synapse"],
        "adc_kind": adc_kind(i),
        "transposed": bool(i["training"]),
    }
    if variant == "RRAM_parallel":
        return ReramParallelMacro(tech, device_of(i), **sizes)
    if variant == "RRAM_sequential":
        return ReramRowMacro(tech, device_of(i), cell_bits=i["cell_bit"], **sizes)
    sram = replace(
        tech.sram,
        height=i.given("cell_height_F", float(tech.sram.height)),
        width=i.given("cell_width_F", float(tech.sram.width)),
    )
    tech = replace(tech, sram=sram) if sram_differs(tech, sram) else tech
    if variant == "SRAM_parallel":
        return SramParallelMacro(tech, **sizes)
    if variant == "SRAM_sequential":
        return SramRowMacro(tech, **sizes)
    raise i.record.error(f"variant: expected one of {', '.join(VARIANTS)}, got '{variant}'")


def sram_differs(tech: Technology, sram: Any) -> bool:
    return bool(sram.height != tech.sram.height or sram.width != tech.sram.width)


Use = tuple[Block, Cost]  # a block, and what it does in one plane


def uses(m: AnyMacro, i: Inputs) -> dict[str, Use]:
    """The blocks of a macro by their names in a record."""
    found = _reram_uses(m, i) if isinstance(m, ReramMacro) else _sram_uses(m, i)
    row_by_row = isinstance(m, ReramRowMacro | SramRowMacro)
    for side in m.sides:
        cells, sums = m.terms_of(side)
        if np.all(m.joins_cells) and not side.back:
            joined = side.weight_shift_add.accumulate(cells)
            found["shift_add_weight"] = side.weight_shift_add, joined
        name = "bw_shift_add_input" if side.back else "shift_add_input"
        found[name] = side.input_shift_add, side.input_shift_add.accumulate(sums)
    if row_by_row:
        accesses = i["activity_row_read"] * i["num_row"]
        accesses *= 1.0 if isinstance(m, SramRowMacro) else i["num_col_muxed"]
        adder, register = m.front.adder, m.front.register
        found["adder"] = adder, accesses * adder.add()
        found["dff"] = register, accesses * register.store()
    return found


def _prefix(side: Side) -> str:
    return "bw_" if side.back else ""


def _converted(side: Side, res: float, accesses: float) -> dict[str, Use]:
    converters, prefix = side.converters, _prefix(side)
    name = "sar_adc" if converters.kind == "sar" else "multilevel_sense_amp"
    found: dict[str, Use] = {
        prefix + name: (converters.adc, accesses * converters.adc.convert(res))
    }
    if converters.encoder is not None:
        encoded = accesses * converters.encoder.encode()
        found[prefix + "multilevel_encoder"] = converters.encoder, encoded
    return found


def _muxed(side: Side) -> dict[str, Use]:
    mux, decoder, prefix = side.mux, side.mux_decoder, _prefix(side)
    return {
        prefix + "mux": (mux, mux.ways * mux.select()),
        prefix + "mux_decoder": (decoder, mux.ways * decoder.select()),
    }


def _reram_uses(m: ReramParallelMacro | ReramRowMacro, i: Inputs) -> dict[str, Use]:
    active, back = i["activity_row_read"], i.given("activity_backward_col_read", 0.5)
    res, ways = i["column_resistance_ohm"], i["num_col_muxed"]
    back_ways = i.given("num_row_muxed_backward", 8.0)
    found = _muxed(m.front)
    if isinstance(m, ReramParallelMacro):
        found["wl_new_switch_matrix"] = m.row_switches, ways * m.row_switches.drive(active)
        reads, back_reads, driven = ways, back_ways, back
    else:
        reads = ways * i["num_row"] * active
        back_reads, driven = back_ways * i["num_col"] * back, 1.0 / i["num_col"]
        found["wl_decoder"] = m.decoder, reads * m.decoder.select()
        found["wl_new_decoder_driver"] = m.row_driver, reads * m.row_driver.read()
    found |= _converted(m.front, res, reads)
    switched = back_reads if m.transposed else 0.0
    found["sl_switch_matrix"] = m.col_switches, switched * m.col_switches.drive(driven)
    if m.transposed:
        found |= _muxed(m.behind) | _converted(m.behind, res, back_reads)
    return found


def _sram_uses(m: SramParallelMacro | SramRowMacro, i: Inputs) -> dict[str, Use]:
    active, back = i["activity_row_read"], i.given("activity_backward_col_read", 0.5)
    found: dict[str, Use] = {"sram_write_driver": (m.front.write_driver, 0.0 * Cost.of(0.0, 0.0))}
    if isinstance(m, SramParallelMacro):
        reads = i["num_col_muxed"]
        res = i["column_resistance_ohm"]
        found["wl_switch_matrix"] = m.row_switches, reads * m.row_switches.drive(active)
        found |= _muxed(m.front) | _converted(m.front, res, reads)
        if m.transposed:
            ways = i["num_row_muxed_backward"]
            found["bw_wl_switch_matrix"] = m.col_switches, ways * m.col_switches.drive(back)
            found |= _muxed(m.behind) | _converted(m.behind, res, ways)
    else:
        reads = active * i["num_row"]
        found["wl_decoder"] = m.decoder, reads * m.decoder.select()
        found["sense_amp"] = m.front.sense_amp, reads * m.front.sense_amp.sense()
    found["precharger"] = m.front.precharger, reads * m.front.precharger.precharge()
    return found


def by_part(bill: Bill) -> dict[str, Any]:
    """An amount by the macro's own parts; "array" is what is on its lines."""
    found: dict[str, Any] = {}
    for item, amount in bill.items.items():
        part = item.split("/")[1] if "/" in item else ""
        found[part] = found.get(part, 0.0) + amount
    return found


def split(bill: Bill, array: str) -> dict[str, Any]:
    """An amount by what it is for; ``array`` says where what is on its lines belongs."""
    found = dict.fromkeys(("adc", "accum", "other", "array"), 0.0)
    for part, amount in by_part(bill).items():
        plain = part.removeprefix("back_")
        if plain == "array":
            found[array] = found[array] + amount
        elif plain in CONVERTING:
            found["adc"] = found["adc"] + amount
        elif plain in ADDING:
            found["accum"] = found["accum"] + amount
        else:
            found["other"] = found["other"] + amount
    return found


def reads(m: AnyMacro, i: Inputs) -> tuple[Cost, Cost]:
    """A plane forward, and a plane back (nothing without transposed blocks)."""
    active, back = i["activity_row_read"], i.given("activity_backward_col_read", 0.5)
    res = 0.0 if isinstance(m, SramRowMacro) else i["column_resistance_ohm"]
    there = m.read(active, res=res)
    return there, m.read_transposed(back, res=res) if m.transposed else Cost()


def written(m: AnyMacro, i: Inputs) -> tuple[Any, Any]:
    """Time [s] and energy [J] of an update; of resistive cells without array and cells."""
    rows_written = i["activity_row_write"] * i["num_row"]
    if isinstance(m, ReramMacro):
        cost = m.select_rows(2.0 * rows_written, i["activity_col_write"], i["num_write_pulse_avg"])
        pulses = i["total_num_write_pulse"] * i["write_pulse_width_s"]
        return cost.latency.total + pulses, cost.energy.total
    cost = m.write(rows_written, i["activity_col_write"])
    return cost.latency.total, cost.energy.total


def geometry(m: AnyMacro) -> dict[str, Any]:
    """The array's lines."""
    array = m.array
    access = array.access_cap if isinstance(array, ReramArray) else array.row_cap
    return {
        "length_row_m": array.row_length,
        "length_col_m": array.col_length,
        "res_row_ohm": array.row_res,
        "res_col_ohm": array.col_res,
        "cap_row1_F": array.row_cap,
        "cap_row2_F": access,
        "cap_col_F": array.col_cap,
    }


def figures(m: AnyMacro, i: Inputs) -> dict[str, Any]:
    """Everything a record of module SubArray may ask of a macro."""
    found = geometry(m)
    width, height = m.outline
    areas = split(m.footprint.area, "array")
    found |= {f"area_{kind}_m2": area for kind, area in areas.items()}
    found |= {
        "area_m2": m.footprint.area.total,
        "leakage_W": m.footprint.leakage.total,
        "width_m": width,
        "height_m": height,
        "bounding_box_area_m2": width * height,
    }
    read, back = reads(m, i)
    both = read + back
    sram = isinstance(m, SramMacro)
    times = split(both.latency, "adc" if sram else "other")
    energies = split(both.energy, "other" if sram else "adc")
    for kind in ("adc", "accum", "other"):
        found[f"latency_{kind}_fw_plus_bw_s"] = times[kind]
        found[f"energy_{kind}_fw_plus_bw_J"] = energies[kind]
    found |= {
        "read_latency_s": read.latency.total,
        "read_energy_J": read.energy.total,
        "read_latency_backward_s": back.latency.total,
        "read_energy_backward_J": back.energy.total,
    }
    time, energy = written(m, i)
    found |= {"write_latency_s": time, "write_energy_periphery_J": energy}
    for name, (block, cost) in uses(m, i).items():
        found[f"block_{name}_area_m2"] = block.footprint.area.total
        found[f"block_{name}_leakage_W"] = block.footprint.leakage.total
        found[f"block_{name}_read_latency_s"] = cost.latency.total
        found[f"block_{name}_read_energy_J"] = cost.energy.total
    return found


@module("SubArray")
def _sub_array(i: Inputs, tech: Technology) -> Case:
    macro = macro_of(i, tech)
    return Case(tech, i, figures(macro, i), macro)


@module("WeightGradientUnit")
def _gradient_unit(i: Inputs, tech: Technology) -> Case:
    unit = GradientUnit(
        tech,
        i["num_mem_row"],
        i["num_mem_col"],
        i["subarray_rows"],
        i["subarray_cols"],
        i["num_row_muxed"],
        np.log2(i["level_output"]),
        i["num_bit_input"],
        adc_kind(i),
    )
    return Case(tech, i, unit_figures(unit, i), unit)


def unit_figures(unit: GradientUnit, i: Inputs) -> dict[str, Any]:
    """Everything a record of module WeightGradientUnit may ask of a unit."""
    read = unit.read(i["activity_row_read"], i["activity_col_write"])
    rows_written = i["subarray_rows"] * i["activity_row_write"]
    write = unit.write(rows_written, i["activity_col_write"])
    array = unit.array
    return {
        "area_m2": unit.footprint.area.total,
        "subarray_area_m2": array.footprint.area.total,
        "array_only_area_m2": array.array.footprint.area.total,
        "num_array_in_row": unit.arrays_down,
        "num_array_in_col": unit.arrays_across,
        "out_precision_bit": unit.sum_bits,
        "read_latency_s": i["num_read"] * read.latency.total,
        "read_energy_J": i["num_read"] * read.energy.total,
        "write_latency_s": write.latency.total,
        "write_energy_J": write.energy.total,
        "leakage_W": unit.footprint.leakage.total,
    }
