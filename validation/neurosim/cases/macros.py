"""What our macros say of a record: the module SubArray, and the weight-gradient unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.cost import Bill, Cost
from neurorebit.schema import Document, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import (
    Asked,
    Case,
    Figure,
    Figures,
    Named,
    Steps,
    accessed,
    module,
    occupied,
    valued,
)
from validation.neurosim.composition.gradient import GradientUnit
from validation.neurosim.composition.macro import Side
from validation.neurosim.composition.reram import ReramMacro, ReramParallelMacro, ReramRowMacro
from validation.neurosim.composition.sram import SramMacro, SramParallelMacro, SramRowMacro
from validation.neurosim.records.module import Inputs

AnyMacro = ReramParallelMacro | ReramRowMacro | SramParallelMacro | SramRowMacro
VARIANTS = ("RRAM_parallel", "RRAM_sequential", "SRAM_parallel", "SRAM_sequential")
DEVICE = "taox_hfox"  # whose every number that a macro reads is replaced
CONVERTING = ("converters", "precharger", "sense_amp")
ADDING = ("adder", "register", "weight_shift_add", "input_shift_add")


@cache
def any_device() -> Device:
    """The template of all devices."""
    return read_device(Document(paths.shipped("device", DEVICE)))


def device_of(i: Inputs) -> Device:
    """The device of a record."""
    shipped = any_device()
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


class Use(NamedTuple):
    """A block, and what it does in one plane."""

    block: Any
    action: str
    times: Any
    arguments: Mapping[str, Any] = MappingProxyType({})


def uses(m: AnyMacro, i: Inputs) -> dict[str, Use]:
    """The blocks of a macro by their names in a record."""
    used = _reram_uses(m, i) if isinstance(m, ReramMacro) else _sram_uses(m, i)
    row_by_row = isinstance(m, ReramRowMacro | SramRowMacro)
    for side in m.sides:
        cells, sums = m.terms_of(side)
        if np.all(m.joins_cells) and not side.back:
            joined = Use(side.weight_shift_add, "accumulate", 1.0, {"terms": cells})
            used["shift_add_weight"] = joined
        name = "bw_shift_add_input" if side.back else "shift_add_input"
        used[name] = Use(side.input_shift_add, "accumulate", 1.0, {"terms": sums})
    if row_by_row:
        accesses = i["activity_row_read"] * i["num_row"]
        accesses *= 1.0 if isinstance(m, SramRowMacro) else i["num_col_muxed"]
        used["adder"] = Use(m.front.adder, "add", accesses)
        used["dff"] = Use(m.front.register, "store", accesses)
    return used


def _prefix(side: Side) -> str:
    return "bw_" if side.back else ""


def _converted(side: Side, res: float, accesses: float) -> dict[str, Use]:
    converters, prefix = side.converters, _prefix(side)
    name = "sar_adc" if converters.kind == "sar" else "multilevel_sense_amp"
    fitted = getattr(converters, "fitted", None)  # the tool's own, to which the column matters
    use = Use(converters.adc, "convert", accesses)
    if fitted is not None:
        use = Use(fitted, "convert", accesses, {"res": res})
    used = {prefix + name: use}
    if converters.encoder is not None:
        used[prefix + "multilevel_encoder"] = Use(converters.encoder, "encode", accesses)
    return used


def _muxed(side: Side) -> dict[str, Use]:
    mux, decoder, prefix = side.mux, side.mux_decoder, _prefix(side)
    return {
        prefix + "mux": Use(mux, "select", mux.ways),
        prefix + "mux_decoder": Use(decoder, "select", mux.ways),
    }


def _driven(switches: Any, times: Any, density: Any) -> Use:
    return Use(switches, "drive", times, {"density": density})


def _reram_uses(m: ReramParallelMacro | ReramRowMacro, i: Inputs) -> dict[str, Use]:
    active, back = i["activity_row_read"], i.given("activity_backward_col_read", 0.5)
    res, ways = i["column_resistance_ohm"], i["num_col_muxed"]
    back_ways = i.given("num_row_muxed_backward", 8.0)
    used = _muxed(m.front)
    if isinstance(m, ReramParallelMacro):
        used["wl_new_switch_matrix"] = _driven(m.row_switches, ways, active)
        reads, back_reads, driven = ways, back_ways, back
    else:
        reads = ways * i["num_row"] * active
        back_reads, driven = back_ways * i["num_col"] * back, 1.0 / i["num_col"]
        used["wl_decoder"] = Use(m.decoder, "select", reads)
        used["wl_new_decoder_driver"] = Use(m.row_driver, "read", reads)
    used |= _converted(m.front, res, reads)
    switched = back_reads if m.transposed else 0.0
    used["sl_switch_matrix"] = _driven(m.col_switches, switched, driven)
    if m.transposed:
        used |= _muxed(m.behind) | _converted(m.behind, res, back_reads)
    return used


def _sram_uses(m: SramParallelMacro | SramRowMacro, i: Inputs) -> dict[str, Use]:
    active, back = i["activity_row_read"], i.given("activity_backward_col_read", 0.5)
    used = {"sram_write_driver": Use(m.front.write_driver, "write", 0.0)}
    if isinstance(m, SramParallelMacro):
        reads = i["num_col_muxed"]
        res = i["column_resistance_ohm"]
        used["wl_switch_matrix"] = _driven(m.row_switches, reads, active)
        used |= _muxed(m.front) | _converted(m.front, res, reads)
        if m.transposed:
            ways = i["num_row_muxed_backward"]
            used["bw_wl_switch_matrix"] = _driven(m.col_switches, ways, back)
            used |= _muxed(m.behind) | _converted(m.behind, res, ways)
    else:
        reads = active * i["num_row"]
        used["wl_decoder"] = Use(m.decoder, "select", reads)
        used["sense_amp"] = Use(m.front.sense_amp, "sense", reads)
    used["precharger"] = Use(m.front.precharger, "precharge", reads)
    return used


def by_part(bill: Bill) -> dict[str, Any]:
    """An amount by the macro's own parts; "array" is what is on its lines."""
    amounts: dict[str, Any] = {}
    for item, amount in bill.items.items():
        part = item.split("/")[1] if "/" in item else ""
        amounts[part] = amounts.get(part, 0.0) + amount
    return amounts


def split(bill: Bill, array: str) -> dict[str, Any]:
    """An amount by what it is for; ``array`` says where what is on its lines belongs."""
    amounts = dict.fromkeys(("adc", "accum", "other", "array"), 0.0)
    for part, amount in by_part(bill).items():
        plain = part.removeprefix("back_")
        if plain == "array":
            amounts[array] = amounts[array] + amount
        elif plain in CONVERTING:
            amounts["adc"] = amounts["adc"] + amount
        elif plain in ADDING:
            amounts["accum"] = amounts["accum"] + amount
        else:
            amounts["other"] = amounts["other"] + amount
    return amounts


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


def geometry(m: AnyMacro) -> Figures:
    """The array's lines."""
    array = m.array
    access = "access_cap" if isinstance(array, ReramArray) else "row_cap"
    return valued(
        array,
        length_row_m="row_length",
        length_col_m="col_length",
        res_row_ohm="row_res",
        res_col_ohm="col_res",
        cap_row1_F="row_cap",
        cap_row2_F=access,
        cap_col_F="col_cap",
    )


# The package's macros by variant, and the parts of theirs that a kind of amount is about.
OURS = dict(
    zip(
        VARIANTS,
        ("ParallelMacro", "RowByRowMacro", "SramParallelMacro", "SramRowMacro"),
        strict=True,
    )
)
ENDS = ("", "transposed_")  # of the names of what serves the columns, and the rows
OUR_CONVERTING = tuple(
    f"{end}{part}"
    for part in ("readout/converters", "readout/sense_amp", "precharger")
    for end in ENDS
)
OUR_ADDING = tuple(f"{end}readout/{part}" for part in ADDING for end in ENDS)
OUR_PARTS = {"adc": OUR_CONVERTING, "accum": OUR_ADDING, "array": (), "": ()}


@dataclass(frozen=True)
class Whole:
    """A macro of the package as records ask for it: whole, and by the kinds of its parts."""

    macro: Named
    read: Steps
    back: Steps
    write: tuple[Steps, Steps]  # actions that take energy, and actions that take time

    def asked(self, figure: str, kind: str = "", lines: str = "", steps: Steps = ()) -> Asked:
        """Of the parts of a kind; ``lines`` is the kind that the energy or time on the array's
        lines counts to.
        """
        inside = ("array",) if kind and kind == lines else ()
        if kind != "other":
            return Asked(self.macro, figure, 1.0, steps, parts=(*OUR_PARTS[kind], *inside))
        others = (*OUR_CONVERTING, *OUR_ADDING, *(() if inside else ("array",)))
        return Asked(self.macro, figure, 1.0, steps, parts=(), other_parts=others)


def whole(m: AnyMacro, i: Inputs) -> Whole:
    """The package's own macro at the design of a composed one."""
    sizes = {f.name: getattr(m, f.name) for f in fields(m) if f.name not in BESIDE}
    active, back = i["activity_row_read"], i.given("activity_backward_col_read", 0.5)
    res = {} if isinstance(m, SramRowMacro) else {"res": i["column_resistance_ohm"]}
    device = m.device if isinstance(m, ReramMacro) else None
    return Whole(
        Named(OURS[i.record.variant], m.tech, sizes, device),
        (("read", {"density": active} | res, 1.0),),
        (("read_transposed", {"density": back} | res, 1.0),) if m.transposed else (),
        _writes(m, i),
    )


def _writes(m: AnyMacro, i: Inputs) -> tuple[Steps, Steps]:
    """Steps of an update; rows and columns of resistive cells are switched at the same time."""
    rows, share = i["activity_row_write"] * i["num_row"], i["activity_col_write"]
    if not isinstance(m, ReramMacro):
        write: Steps = (("write", {"rows": rows, "written": share}, 1.0),)
        return write, write
    pulses = i["num_write_pulse_avg"]
    row: Steps = (("open_rows", {}, 2.0 * rows),)
    col: Steps = (("select_cols", {"written": share, "pulses": pulses}, 2.0 * rows),)
    taken = m.select_rows(1.0, share, pulses).latency.total
    slower = col if m.col_switches.write(share, pulses).latency.total >= taken else row
    return (*row, *col), slower


BESIDE = ("tech", "device", "name")  # fields that are no numbers of the design
NO_OUTLINE = "a macro of ours has an area, and no outline"


def figures(m: AnyMacro, i: Inputs) -> Figures:
    """Everything a record of module SubArray may ask of a macro."""
    named, ours = geometry(m), whole(m, i)
    width, height = m.outline
    areas = split(m.footprint.area, "array")
    for kind, area in areas.items():
        named[f"area_{kind}_m2"] = Figure(area, ours.asked("area_m2", kind, "array"))
    named |= {
        "area_m2": Figure(m.footprint.area.total, ours.asked("area_m2")),
        "leakage_W": Figure(m.footprint.leakage.total, ours.asked("leakage_W")),
        "width_m": Figure(width, None, NO_OUTLINE),
        "height_m": Figure(height, None, NO_OUTLINE),
        "bounding_box_area_m2": Figure(width * height, None, NO_OUTLINE),
    }
    read, back = reads(m, i)
    both = read + back
    sram = isinstance(m, SramMacro)
    lines = ("adc", "other") if sram else ("other", "adc")
    times, energies = split(both.latency, lines[0]), split(both.energy, lines[1])
    steps = (*ours.read, *ours.back)
    for kind in ("adc", "accum", "other"):
        named[f"latency_{kind}_fw_plus_bw_s"] = Figure(
            times[kind], ours.asked("latency_s", kind, lines[0], steps)
        )
        named[f"energy_{kind}_fw_plus_bw_J"] = Figure(
            energies[kind], ours.asked("energy_J", kind, lines[1], steps)
        )
    time, energy = written(m, i)
    pulsed = 0.0 if sram else i["total_num_write_pulse"] * i["write_pulse_width_s"]
    for end, cost, done in (("", read, ours.read), ("_backward", back, ours.back)):
        named[f"read_latency{end}_s"] = Figure(
            cost.latency.total, ours.asked("latency_s", steps=done)
        )
        named[f"read_energy{end}_J"] = Figure(cost.energy.total, ours.asked("energy_J", steps=done))
    asked = ours.asked("latency_s", steps=ours.write[1])
    asked = replace(asked, factor=float(time / (time - pulsed)))
    named["write_latency_s"] = Figure(time, asked)
    asked = ours.asked("energy_J", steps=ours.write[0])
    named["write_energy_periphery_J"] = Figure(energy, asked)
    for name, use in uses(m, i).items():
        named |= occupied(use.block, f"block_{name}_")
        kind = f"block_{name}_read"
        named |= accessed(kind, use.block, use.action, use.times, **use.arguments)
    return named


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
        rows=i["subarray_rows"],
        cols=i["subarray_cols"],
        cols_per_adc=i["num_row_muxed"],
        adc_bits=np.log2(i["level_output"]),
        error_bits=i["num_bit_input"],
        adc_kind=adc_kind(i),
    )
    return Case(tech, i, unit_figures(unit, i), unit)


def unit_figures(unit: GradientUnit, i: Inputs) -> Figures:
    """Everything a record of module WeightGradientUnit may ask of a unit."""
    sizes = {f.name: getattr(unit, f.name) for f in fields(unit) if f.name not in ("tech", "name")}
    ours = Named("GradientUnit", unit.tech, sizes)
    active, ones = i["activity_row_read"], i["activity_col_write"]
    read, rows = unit.read(active, ones), i["subarray_rows"] * i["activity_row_write"]
    write, array, times = unit.write(rows, ones), unit.array, i["num_read"]
    read_steps: Steps = (("read", {"density": active, "ones": ones}, 1.0),)
    write_steps: Steps = (("write", {"rows": rows, "written": ones}, 1.0),)
    return {
        "area_m2": Figure(unit.footprint.area.total, Asked(ours, "area_m2")),
        "leakage_W": Figure(unit.footprint.leakage.total, Asked(ours, "leakage_W")),
        "subarray_area_m2": Figure(
            array.footprint.area.total,
            Asked(ours, "area_m2", float(1.0 / unit.arrays), parts=("array",)),
        ),
        "array_only_area_m2": Figure(
            array.array.footprint.area.total, Asked(array.array, "area_m2")
        ),
        "num_array_in_row": Figure(unit.arrays_down, Asked(ours, "arrays_down")),
        "num_array_in_col": Figure(unit.arrays_across, Asked(ours, "arrays_across")),
        "out_precision_bit": Figure(unit.sum_bits, Asked(ours, "sum_bits")),
        "read_latency_s": Figure(
            times * read.latency.total, Asked(ours, "latency_s", times, read_steps)
        ),
        "read_energy_J": Figure(
            times * read.energy.total, Asked(ours, "energy_J", times, read_steps)
        ),
        "write_latency_s": Figure(write.latency.total, Asked(ours, "latency_s", 1.0, write_steps)),
        "write_energy_J": Figure(write.energy.total, Asked(ours, "energy_J", 1.0, write_steps)),
    }
