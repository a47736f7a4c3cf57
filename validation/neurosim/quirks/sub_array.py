"""DNN+NeuroSim V2.1's figures of a sub-array: module SubArray."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorebit.circuits.cost import Cost
from neurorebit.circuits.gates import STEP, stage
from validation.neurosim.cases import Case
from validation.neurosim.cases.macros import AnyMacro, by_part, figures, reads
from validation.neurosim.composition.reram import ReramMacro, ReramParallelMacro, ReramRowMacro
from validation.neurosim.composition.sram import SramParallelMacro, SramRowMacro
from validation.neurosim.quirks import gates
from validation.neurosim.quirks.macros import (
    ToolReramParallel,
    ToolReramRow,
    ToolSramParallel,
    ToolSramRow,
)
from validation.neurosim.quirks.parts import vars_of
from validation.neurosim.quirks.quirk import Quirk
from validation.neurosim.records.module import Inputs


def drawn(m: AnyMacro, i: Inputs, choice: tuple[int, int]) -> AnyMacro:
    """A macro of ours with the tool's parts."""
    kinds: tuple[tuple[type, type], ...] = (
        (ReramParallelMacro, ToolReramParallel),
        (ReramRowMacro, ToolReramRow),
        (SramParallelMacro, ToolSramParallel),
        (SramRowMacro, ToolSramRow),
    )
    tool = next(tool for ours, tool in kinds if type(m) is ours)
    macro: AnyMacro = tool(**vars_of(m), i=i, choice=choice)
    return macro


def tool_figures(m: AnyMacro, i: Inputs, choice: tuple[int, int]) -> dict[str, Any]:
    """The tool's figures of a record of module SubArray."""
    tool: Any = drawn(m, i, choice)
    named = {name: figure.value for name, figure in figures(tool, i).items()}
    named["leakage_W"] = named["leakage_W"] + _miscounted(tool)
    if isinstance(tool, ReramRowMacro) and tool.adc_kind != "sar":
        read, _ = reads(tool, i)
        named["read_energy_J"] = read.energy.total - by_part(read.energy)["converters"]
    write = reram_written if isinstance(tool, ReramMacro) else sram_written
    named["write_latency_s"], named["write_energy_periphery_J"] = write(tool, i)
    return named


def _switched(block: Any, write: Cost, writes: float, stored: float) -> tuple[Any, Any]:
    """Time [s] and energy [J] of a switch matrix, whose writes hold the flip-flops of reads."""
    store = block.register.store()
    energy = writes * (write.energy.total - store.energy.total) + stored * store.energy.total
    return writes * block.delay + stored * store.latency.total, energy


def reram_written(m: Any, i: Inputs) -> tuple[Any, Any]:
    """Time [s] and energy [J] of an update, without array and cells."""
    writes = 2.0 * i["num_row"] * i["activity_row_write"]
    write = m.col_switches.write(i["activity_col_write"], i["num_write_pulse_avg"])
    back = i["num_row_muxed_backward"] if m.transposed else 0.0
    if isinstance(m, ReramRowMacro):
        back *= i["num_col"] * i["activity_backward_col_read"]
        row = writes * (m.decoder.select() + m.row_driver.write())
        row_time, row_energy = row.latency.total, row.energy.total
    else:
        row_time, row_energy = _switched(
            m.row_switches, m.row_switches.write(), writes, i["num_col_muxed"]
        )
    col_time, _ = _switched(m.col_switches, write, writes, 0.0)
    _, col_energy = _switched(m.col_switches, write, writes, back)
    pulses = i["total_num_write_pulse"] * i["write_pulse_width_s"]
    return np.maximum(row_time, col_time) + pulses, row_energy + col_energy


def sram_written(m: Any, i: Inputs) -> tuple[Any, Any]:
    """Time [s] and energy [J] of an update."""
    rows, array = i["num_row"] * i["activity_row_write"], m.array
    if isinstance(m, SramRowMacro):
        row = rows * m.decoder.select()
        time, energy = row.latency.total, row.energy.total
    else:
        select = m.row_switches.write()
        time, energy = _switched(m.row_switches, select, 2.0 * rows, i["num_col_muxed"])
    line = m.front.precharger.precharge_written(i["activity_col_write"])
    line = rows * (line + m.front.write_driver.write(i["activity_col_write"]))
    flip, _ = stage(array.cell_tau, STEP)
    cells = 2.0 * array.node_cap * array.tech.vdd**2 * i["num_col"] * i["activity_col_write"]
    time = time + line.latency.total + rows * flip
    return time, energy + line.energy.total + rows * cells


def _miscounted(m: Any) -> Any:
    """Leakage [W] that its sum counts twice, less what it leaves out."""
    if isinstance(m, ReramMacro):
        return m.col_switches.footprint.leakage.total if m.transposed else 0.0
    left_out = m.behind.write_driver.footprint.leakage.total if m.transposed else 0.0
    if isinstance(m, SramParallelMacro):
        left_out = left_out + m.front.mux_decoder.footprint.leakage.total
    return -left_out


def _choices(m: AnyMacro) -> tuple[tuple[int, int], ...]:
    return gates.CHOICES[:1] if isinstance(m, SramRowMacro) else gates.CHOICES


def correct_macro(case: Case, quantity: str, ours: float) -> Any:
    """The figure of the macro drawn with the tool's parts."""
    if "tool" not in case.also:
        m, i = case.block, case.inputs
        case.also["tool"] = [tool_figures(m, i, choice) for choice in _choices(m)]
    return gates.nearest(case.theirs[quantity], (named[quantity] for named in case.also["tool"]))


QUIRKS = (
    Quirk(
        "SubArray",
        ("cap_row?_F", "cap_col_F"),
        tool="lines without the loads of cells",
        right="two access gates a cell on a wordline, an access drain on a bitline",
        correct=correct_macro,
        variant="SRAM",
    ),
    Quirk(
        "SubArray",
        ("cap_row2_F", "cap_col_F", "block_wl_new_switch_matrix_read_*"),
        tool="access transistors narrower than a feature, which load lines less; minimum pass "
        "gates to input lines",
        right="a feature at least; pass gates for the current of the cells that are read",
        correct=correct_macro,
        variant="RRAM",
    ),
    Quirk(
        "SubArray",
        (
            "width_m",
            "height_m",
            "bounding_box_area_m2",
            "area_m2",
            "area_adc_m2",
            "area_other_m2",
            "block_bw_mux_area_m2",
            "block_bw_wl_switch_matrix_area_m2",
        ),
        tool="transposed multiplexers, drivers and prechargers in one row, not folded; minimum "
        "write drivers; encoders as in their own module",
        right="folded to the array's sides; drivers sized for the bitline",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_*mux_read_latency_s", "block_*mux_read_energy_J"),
        tool="as Mux; drain capacitance of unfolded gates",
        right="of the gates as folded",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "block_*decoder_area_m2",
            "block_*decoder_leakage_W",
            "block_*decoder_read_latency_s",
            "block_*decoder_read_energy_J",
        ),
        tool="as RowDecoder; SRAM word- and bitlines without loads of cells",
        right="see RowDecoder",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "block_wl_new_decoder_driver_read_latency_s",
            "block_wl_new_decoder_driver_read_energy_J",
            "block_wl_new_decoder_driver_leakage_W",
        ),
        tool="as WLNewDecoderDriver, minimum pass gates",
        right="see WLNewDecoderDriver; pass gates for the current of the cells that are read",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_*sense_amp_leakage_W",),
        tool="latches have the supply twice",
        right="current times supply",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_*sar_adc_*", "block_*multilevel_sense_amp_*"),
        tool="as SarADC and MultilevelSenseAmp; no front end",
        right="see there; a front end holds the line and drives the converter",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_multilevel_encoder_*",),
        tool="as MultilevelSAEncoder",
        right="see MultilevelSAEncoder",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "block_*shift_add_*_read_latency_s",
            "block_*shift_add_*_read_energy_J",
            "latency_accum_fw_plus_bw_s",
            "energy_accum_fw_plus_bw_J",
        ),
        tool="10 ns between terms whatever the converter; in the transposed read one pass sums the "
        "cells of a weight unweighted",
        right="the converters' own beat; a pass for each place in a weight",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "area_accum_m2",
            "block_adder_*",
            "block_dff_*",
            "block_*shift_add_*_area_m2",
            "block_*shift_add_*_leakage_W",
        ),
        tool="weights of several cells: an adder for each weight, as narrow as for single cells; "
        "as many for the rows of the transposed read",
        right="adders as wide as whole weights; one for each row, of the cells at one place",
        correct=correct_macro,
        variant="SRAM_sequential",
    ),
    Quirk(
        "SubArray",
        ("block_*switch_matrix_area_m2", "block_*switch_matrix_leakage_W"),
        tool="flip-flops drive the pass gates, however wide",
        right="chains of inverters where they are wide",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_adder_read_energy_J",),
        tool="every gate of the carry path switches in every addition",
        right="random operands, and the glitches of the carry",
        correct=correct_macro,
        variant="RRAM",
    ),
    Quirk(
        "SubArray",
        ("block_sl_switch_matrix_read_*",),
        tool="as SwitchMatrix, narrow switches; in the transposed read without their energy",
        right="a feature at least; a read switches",
        correct=correct_macro,
        variant="RRAM",
    ),
    Quirk(
        "SubArray",
        (
            "block_wl_switch_matrix_read_*",
            "block_bw_wl_switch_matrix_read_*",
            "block_precharger_read_*",
            "block_precharger_leakage_W",
            "block_sram_write_driver_leakage_W",
        ),
        tool="lines without the loads of cells; wordlines at the read voltage; transposed drivers "
        "with the forward activity; minimum write drivers; as Precharger",
        right="loaded lines at the supply; the transposed activity; drivers sized for the bitline",
        correct=correct_macro,
        variant="SRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_latency_s",
            "read_latency_backward_s",
            "latency_adc_fw_plus_bw_s",
            "latency_other_fw_plus_bw_s",
        ),
        tool="lines settle to 20 % of a mean cell, once for all planes (row by row: for all rows); "
        "a share of a multiplexer's time in every plane, in the transposed read none; parts as in "
        "their own modules",
        right="to half a converter step beside the multiplexer, at every conversion, for the "
        "slowest input; multiplexers move with the first plane",
        correct=correct_macro,
        variant="RRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_energy_J",
            "read_energy_backward_J",
            "energy_adc_fw_plus_bw_J",
            "energy_other_fw_plus_bw_J",
        ),
        tool="column lines as bare wires, access lines at the supply; transposed with forward "
        "lines; row by row without flash and encoder; a third of the cells' current, in the "
        "converters; parts as in their own modules",
        right="loaded lines, access lines at their voltage; the lines that are driven; all "
        "converters; V^2 G in the array, while lines settle and are converted",
        correct=correct_macro,
        variant="RRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_latency_s",
            "read_latency_backward_s",
            "latency_adc_fw_plus_bw_s",
            "latency_other_fw_plus_bw_s",
        ),
        tool="bitlines fall once, not at every conversion, and without loads of cells; row by row "
        "sensing and adding do not overlap; a share of a multiplexer's time in every plane, in the "
        "transposed read none",
        right="at every conversion, loaded; a row is added while the next is read; multiplexers "
        "move with the first plane",
        correct=correct_macro,
        variant="SRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_energy_J",
            "read_energy_backward_J",
            "energy_adc_fw_plus_bw_J",
            "energy_other_fw_plus_bw_J",
        ),
        tool="wordlines take no energy; bitlines lose all of the supply in a read; a part of the "
        "cells' current, in the converters; parts as in their own modules",
        right="a wordline's charge for each open row; the sense voltage; V^2 G in the array",
        correct=correct_macro,
        variant="SRAM",
    ),
    Quirk(
        "SubArray",
        ("write_latency_s", "write_energy_periphery_J"),
        tool="switches as in SwitchMatrix; flip-flops of reads in the writes; SRAM: rows selected "
        "twice, both nodes of a cell charged, lines without loads",
        right="a write stores once; SRAM: once a row, one node rises",
        correct=correct_macro,
    ),
    Quirk(
        "SubArray",
        ("leakage_W",),
        tool="RRAM: column switches twice, converters none; SRAM: cells without access "
        "transistors, transposed write drivers and the multiplexer's decoder left out",
        right="everything once",
        correct=correct_macro,
    ),
)
