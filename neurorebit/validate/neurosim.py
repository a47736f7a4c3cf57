"""DNN+NeuroSim V2.1: how it draws a technology, and the table of its quirks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.technology import Technology, WireClass
from neurorebit.validate import neurosim_circuits as fix
from neurorebit.validate import neurosim_macros as macros
from neurorebit.validate.cases import CASES, Case
from neurorebit.validate.quirks import Quirk, Tool


def as_drawn(tech: Technology) -> Technology:
    """A technology in the tool's layout: a 28 F cell at every node and a 160 F2 SRAM cell."""
    finfet = bool(tech.finfet)
    layout = replace(
        tech.layout,
        cell_height=28.0,
        min_width=2.0,
        pn_gap=3.5,
        poly_extension=1.0,
        field_poly_gap=1.6,
        gate_width=1.4 if finfet else 1.0,
        gate_gap=3.9 if finfet else 2.8,
        metal2_pitch=3.2,
        metal3_pitch=2.8,
    )
    sram = replace(tech.sram, height=8.0, width=20.0, pulldown=2.08, pullup=1.23, access=1.31)
    tech = replace(
        tech, layout=layout, sram=sram, arithmetic=replace(tech.arithmetic, add_activity=1.0)
    )
    return suspect(tech)


def suspect(tech: Technology) -> Technology:
    """A technology with the tool's two suspect entries: 90 nm LSTP gates, 10 nm HP leakage."""
    leaky = bool(tech.drive.off_n[0] > 1e-3)
    if np.isclose(tech.feature, 90e-9, atol=0.0) and not leaky:
        caps = replace(tech.gate_cap, intrinsic=1.5413e-10, overlap=3.0826e-11)
        return replace(tech, gate_cap=caps)
    if np.isclose(tech.feature, 10e-9, atol=0.0) and leaky:
        off_p = tech.drive.off_p.copy()
        off_p[0] = 0.0016268
        return replace(tech, drive=replace(tech.drive, off_p=off_p))
    return tech


HIDDEN = {  # settings of all its module records
    "write_voltage_V": 4.0 * np.sqrt(2.0),
    "access_voltage_V": 1.1,
    "read_pulse_width_s": 10e-9,
    "activity": 1.0,  # of adders: every addition is the worst one
    "drive_strength": 1.0,  # of write drivers: minimum inverters, whatever the load
    "access_share": 0.25,
}


def correct_suspect(case: Case, quantity: str, ours: float) -> Any:
    there = CASES["Technology"](case.inputs, suspect(case.tech))
    return float(np.asarray(there.figures[quantity]))


def correct_wire_of_10nm(case: Case, quantity: str, ours: float) -> Any:
    """Its comments disagree on the local wire of 10 nm: 14 nm or 22 nm wide, as its record says."""
    width = case.theirs.get("wire_width_nm", 0.0) * 1e-9
    if not np.isclose(case.tech.feature, 10e-9, atol=0.0) or np.isclose(
        width, case.tech.wire.width, atol=0.0
    ):
        return ours
    fitting = (k for k in case.tech.wire.classes if width >= float(k.min_width) * (1.0 - 1e-9))
    kind: WireClass = next(fitting)
    wire = case.tech.wire
    res = float(kind.resistivity) / (float(kind.aspect_ratio) * width**2)
    ours_res = float(wire.resistivity) / (float(wire.aspect_ratio) * float(wire.width) ** 2)
    return {
        "wire_width_nm": ours * width / float(wire.width),
        "wire_aspect_ratio": float(kind.aspect_ratio),
        "wire_resistivity_ohm_m": float(kind.resistivity),
        "sense_unit_wire_resistance_ohm_per_m": ours * res / ours_res,
    }[quantity]


LOGIC = (  # what has gates in the path of its latency or energy
    *("Adder", "AdderTree", "ShiftAdd", "DFF", "BitShifter", "Comparator", "MaxPooling", "Buffer"),
    *("MultilevelSAEncoder", "RowDecoder", "WLNewDecoderDriver", "SRAMWriteDriver", "Bus", "HTree"),
    *("SwitchMatrix", "NewSwitchMatrix", "SubArray", "WeightGradientUnit"),
)

ALL_NODES = (
    Quirk(
        "Technology",
        ("cap_ideal_gate_F_per_m", "cap_overlap_F_per_m", "ioff_pmos_300K_A_per_m"),
        "90 nm LSTP: gate capacitance a tenth; 10 nm HP: PFET leakage at 300 K breaks the trend",
        "the values of its later release, in the technology files",
        correct_suspect,
    ),
    Quirk(
        "Technology",
        ("wire_*", "sense_unit_wire_resistance_ohm_per_m"),
        "10 nm: local wires of 14 nm or of 22 nm, its comments disagree",
        "14 nm, as its users are told",
        correct_wire_of_10nm,
    ),
    Quirk(
        "formula.drain_cap",
        ("cap_F",),
        "an NFET's sidewalls follow the PFET's fold count (one where there is none)",
        "its own fold count",
        fix.correct_output_cap,
    ),
    Quirk(
        "formula.gate",
        ("cap_output_F",),
        "gate edges once a gate, whatever its inputs; an inverter's sidewalls follow the PFET's "
        "folds",
        "an edge for every device on the output; own folds",
        fix.correct_output_cap,
    ),
    Quirk(
        "formula.gate",
        ("width_m", "area_m2"),
        "FinFETs are folded as often as fins fill a strip, rounded down",
        "rounded up: all fins have to fit",
        fix.correct_fin_folds,
    ),
    Quirk(
        "formula.gate",
        ("cap_input_F",),
        "FinFET widths are multiplied by fin pitch over 2 F before fins are counted",
        "a minimum device is one fin",
        fix.correct_input_cap,
    ),
    Quirk(
        "formula.gate",
        ("leakage_current_A",),
        "the stack factor of three inputs for any other number of inputs than two",
        "more inputs make the all-off state as much rarer as they add devices",
        fix.correct_gate_leakage,
    ),
    Quirk(
        "formula.pass_gate_area",
        ("height_m", "area_m2"),
        "a FinFET's fins are its width over an electrical one",
        "over a drawn one",
        fix.correct_pass_gate,
    ),
    Quirk(
        "AdderTree",
        ("area_m2", "height_m", "read_energy_J", "leakage_W", "read_latency_s"),
        "an odd operand is dropped; a row counts in full; unused adders do not leak; every level "
        "ripples from the start",
        "operands - 1 adders, all leaking; levels overlap as bits arrive",
        fix.correct_tree,
    ),
    Quirk(
        "MaxPooling",
        ("area_m2", "height_m", "read_energy_J", "leakage_W", "read_latency_s"),
        "NORs drawn like NANDs; a stage too many; a one-bit comparator less a middle bit; one "
        "inverter a comparator leaks",
        "PFETs in series are widened; ceil(log2 w) stages; one bit; all gates leak",
        fix.correct_pool,
    ),
    Quirk(
        "MultilevelSAEncoder",
        ("area_m2", "height_m", "read_energy_J", "leakage_W", "read_latency_s"),
        "the last two stages take no time; as many abreast as fit, rounded up; wide NANDs leak by "
        "the factor of three inputs, with one gate edge",
        "all four stages; rounded down; see formula.gate",
        fix.correct_encoder,
    ),
    Quirk(
        "RowDecoder",
        ("read_latency_s", "write_latency_s"),
        "a NOR resists like two devices in series, the enable NAND like one; the NOR drives a "
        "minimum inverter; no ramp into the output stage up to two bits",
        "as many as are in series; the driver's own gate; ramps are passed on",
        fix.correct_decoder_latency,
    ),
    Quirk(
        "RowDecoder",
        ("ramp_output_per_s",),
        "the ramp before the last stage",
        "the ramp of the line",
        fix.correct_decoder_ramp,
    ),
    Quirk(
        "RowDecoder",
        ("area_m2", "width_m"),
        "up to two bits no output stage on a given side, and a NOR of one input on none",
        "an output stage a line, no NOR",
        fix.correct_decoder_area,
    ),
    Quirk(
        "RowDecoder",
        ("leakage_W",),
        "up to two bits no output stage; wide NORs by the factor of three inputs",
        "an output stage a line; see formula.gate",
        fix.correct_decoder_leakage,
    ),
    Quirk(
        "SwitchMatrix",
        (
            "area_m2",
            "width_m",
            "height_m",
            "tg_resistance_ohm",
            "width_tg_*",
            "cap_tg_drain_F",
            "ramp_output_per_s",
            "read_*",
            "write_*",
        ),
        "switches narrower than a feature; folds of column switches chosen by rounding noise (the "
        "nearest of four); writes take the flip-flops of the reads; column reads take no switches",
        "a feature at least; the folds drawn; a write stores once; a read switches",
        fix.correct_switch_matrix,
    ),
    Quirk(
        "NewSwitchMatrix",
        ("write_latency_s", "write_energy_J"),
        "writes take the flip-flops of the reads",
        "a write stores once",
        fix.correct_writes_hold_reads,
    ),
    Quirk(
        "WLNewDecoderDriver",
        ("read_latency_s", "write_latency_s"),
        "each stage gets the decoder's ramp, the last one a step",
        "ramps are passed on",
        fix.correct_follower_latency,
    ),
    Quirk(
        "WLNewDecoderDriver",
        ("ramp_output_per_s",),
        "the last stage gets a step",
        "ramps are passed on",
        fix.correct_follower_ramp,
    ),
    Quirk(
        "WLNewDecoderDriver",
        ("leakage_W",),
        "two NANDs and two inverters a row leak, three and one are drawn",
        "what is drawn leaks",
        fix.correct_follower_leakage,
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
        "switches narrower than a feature; folds chosen by rounding noise (the nearest of four); "
        "only the NFET's gate takes energy",
        "a feature at least; the folds drawn; both gates",
        fix.correct_mux,
    ),
    Quirk(
        "Precharger",
        ("read_energy_J",),
        "both lines lose all of the supply in a read; the devices on them are left out",
        "a line falls by the sense voltage",
        fix.correct_precharge_read,
    ),
    Quirk(
        "Precharger",
        ("write_energy_J",),
        "the precharge devices on the line are left out",
        "they load it",
        fix.correct_precharge_write,
    ),
    Quirk(
        "Precharger",
        ("leakage_W",),
        "one of the two precharge devices leaks",
        "both do",
        fix.correct_half,
    ),
    Quirk(
        "SenseAmp",
        ("leakage_W",),
        "current times supply squared",
        "current times supply",
        fix.correct_vdd_twice,
    ),
    Quirk(
        "CurrentSenseAmp",
        ("read_latency_s", "read_energy_J"),
        "within 10 % of the reference the polynomial, not the plateau (a chained comparison)",
        "the plateau",
        fix.correct_current_sense,
    ),
    Quirk(
        "CurrentSenseAmp",
        ("leakage_W",),
        "no leakage",
        "every transistor leaks",
        fix.correct_nothing,
    ),
    Quirk(
        "VoltageSenseAmp",
        ("leakage_W",),
        "one amplifier leaks, whatever their number",
        "all do",
        fix.correct_one_of,
    ),
    Quirk(
        "VoltageSenseAmp",
        ("read_energy_J",),
        "9.845 fJ (V / 1.1 V)^2 an amplifier at every node, a constant of a 65 nm circuit",
        "the switched capacitance of the node; the expected ratio is of these two",
        fix.correct_constant_energy,
    ),
    Quirk(
        "MultilevelSenseAmp",
        ("ref_resistance_*",),
        "references uniform in resistance from Ron to Ron + Roff",
        "uniform in conductance, as the codes are",
        fix.correct_flash_references,
    ),
    Quirk(
        "MultilevelSenseAmp",
        ("read_latency_s", "read_energy_J"),
        "LSTP, 32 nm and up: those references, without the first, and no plateau",
        "references uniform in conductance, all of them",
        fix.correct_flash_time,
    ),
    Quirk(
        "MultilevelSenseAmp",
        ("leakage_W",),
        "no leakage",
        "every transistor leaks",
        fix.correct_nothing,
    ),
    Quirk("SarADC", ("leakage_W",), "no leakage", "every transistor leaks", fix.correct_nothing),
    Quirk(
        "Bus",
        (
            "repeater_*",
            "num_repeater",
            "latency_per_length*",
            "energy_per_length*",
            "read_*",
            "area_m2",
            "leakage_W",
        ),
        "inverters resist like both transistors in series; the search stops one step late; area "
        "counts rows, leakage rows and columns",
        "an edge goes through one transistor; the cheapest design that is fast enough",
        fix.correct_bus,
    ),
    Quirk(
        "HTree",
        (
            "repeater_*",
            "energy_per_length*",
            "read_energy_J",
            "total_wire_length_m",
            "read_latency_with*",
            "area_m2",
            "leakage_W",
        ),
        "repeaters as in Bus; the path in time is twice the path in energy; tracks grow with each "
        "level; one path leaks",
        "one path for both; tracks of constant width; all branches leak",
        fix.correct_htree,
    ),
    Quirk(
        "HTree",
        ("*_as_shipped_undefined_*",),
        "depends on memory that was never set",
        "-",
        None,
    ),
    Quirk(
        "Buffer",
        ("*_latency_s",),
        "an access takes one line whatever its bits; the decoder as in RowDecoder",
        "as many lines as bits need",
        fix.correct_buffer_latency,
    ),
    Quirk(
        "Buffer",
        ("*_energy_J", "area_m2", "width_m", "leakage_W"),
        "SRAM: no sense amplifiers, no device loads on the lines, no leakage of cells; precharge, "
        "drivers and decoder as in their own modules",
        "what works is there, loads its lines and leaks",
        fix.correct_buffer_energy,
    ),
    Quirk(
        "SubArray",
        ("cap_row?_F", "cap_col_F"),
        "lines without the loads of cells",
        "two access gates a cell on a wordline, an access drain on a bitline",
        macros.correct_macro,
        "SRAM",
    ),
    Quirk(
        "SubArray",
        ("cap_row2_F", "cap_col_F", "block_wl_new_switch_matrix_read_latency_s"),
        "access transistors narrower than a feature, which load lines less",
        "a feature at least",
        macros.correct_macro,
        "RRAM",
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
        "transposed multiplexers, drivers and prechargers in one row, not folded; minimum write "
        "drivers; encoders as in their own module",
        "folded to the array's sides; drivers sized for the bitline",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_*mux_read_latency_s", "block_*mux_read_energy_J"),
        "as Mux; drain capacitance of unfolded gates",
        "of the gates as folded",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "block_*mux_decoder_area_m2",
            "block_*decoder_leakage_W",
            "block_*decoder_read_latency_s",
        ),
        "as RowDecoder; SRAM word- and bitlines without loads of cells",
        "see RowDecoder",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "block_wl_new_decoder_driver_read_latency_s",
            "block_wl_new_decoder_driver_leakage_W",
        ),
        "as WLNewDecoderDriver",
        "see WLNewDecoderDriver",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_*sar_adc_leakage_W", "block_*sense_amp_leakage_W"),
        "converters have no leakage; latches have the supply twice",
        "every transistor leaks, current times supply",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "block_*multilevel_sense_amp_read_latency_s",
            "block_*multilevel_sense_amp_read_energy_J",
        ),
        "as MultilevelSenseAmp",
        "see MultilevelSenseAmp",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        ("block_multilevel_encoder_*",),
        "as MultilevelSAEncoder",
        "see MultilevelSAEncoder",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        (
            "block_*shift_add_*_read_latency_s",
            "block_*shift_add_*_read_energy_J",
            "latency_accum_fw_plus_bw_s",
            "energy_accum_fw_plus_bw_J",
        ),
        "10 ns between terms whatever the converter; in the transposed read one pass sums the "
        "cells of a weight unweighted",
        "the converters' own beat; a pass for each place in a weight",
        macros.correct_macro,
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
        "weights of several cells: an adder for each weight, as narrow as for single cells; as "
        "many for the rows of the transposed read",
        "adders as wide as whole weights; one for each row, of the cells at one place",
        macros.correct_macro,
        "SRAM_sequential",
    ),
    Quirk(
        "SubArray",
        ("block_sl_switch_matrix_read_*",),
        "as SwitchMatrix, narrow switches; in the transposed read without their energy",
        "a feature at least; a read switches",
        macros.correct_macro,
        "RRAM",
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
        "lines without the loads of cells; wordlines at the read voltage; transposed drivers with "
        "the forward activity; minimum write drivers; as Precharger",
        "loaded lines at the supply; the transposed activity; drivers sized for the bitline",
        macros.correct_macro,
        "SRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_latency_s",
            "read_latency_backward_s",
            "latency_adc_fw_plus_bw_s",
            "latency_other_fw_plus_bw_s",
        ),
        "lines settle to 20 % of a mean cell, once for all planes (row by row: for all rows); in "
        "the transposed read multiplexers take no time; parts as in their own modules",
        "to half a converter step through the column itself, at every conversion",
        macros.correct_macro,
        "RRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_energy_J",
            "read_energy_backward_J",
            "energy_adc_fw_plus_bw_J",
            "energy_other_fw_plus_bw_J",
        ),
        "column lines as bare wires, access lines at the supply; transposed with forward lines; "
        "row by row without flash and encoder; parts as in their own modules",
        "loaded lines, access lines at their voltage; the lines that are driven; all converters",
        macros.correct_macro,
        "RRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_latency_s",
            "read_latency_backward_s",
            "latency_adc_fw_plus_bw_s",
            "latency_other_fw_plus_bw_s",
        ),
        "bitlines fall once, not at every conversion, and without loads of cells; row by row "
        "sensing and adding do not overlap; in the transposed read multiplexers take no time",
        "at every conversion, loaded; a row is added while the next is read",
        macros.correct_macro,
        "SRAM",
    ),
    Quirk(
        "SubArray",
        (
            "read_energy_J",
            "read_energy_backward_J",
            "energy_adc_fw_plus_bw_J",
            "energy_other_fw_plus_bw_J",
        ),
        "wordlines take no energy; bitlines lose all of the supply in a read; parts as in their "
        "own modules",
        "a wordline's charge for each open row; the sense voltage",
        macros.correct_macro,
        "SRAM",
    ),
    Quirk(
        "SubArray",
        ("write_latency_s", "write_energy_periphery_J"),
        "switches as in SwitchMatrix; flip-flops of reads in the writes; SRAM: rows selected "
        "twice, both nodes of a cell charged, lines without loads",
        "a write stores once; SRAM: once a row, one node rises",
        macros.correct_macro,
    ),
    Quirk(
        "SubArray",
        ("leakage_W",),
        "RRAM: column switches twice, converters none; SRAM: cells without access transistors, "
        "transposed write drivers and the multiplexer's decoder left out",
        "everything once",
        macros.correct_macro,
    ),
    Quirk(
        "WeightGradientUnit",
        ("num_array_in_row", "num_array_in_col", "out_precision_bit"),
        "arrays that would not be full are left out",
        "as many as hold everything, at least one",
        macros.correct_unit,
    ),
    Quirk(
        "WeightGradientUnit",
        ("area_m2", "subarray_area_m2", "leakage_W"),
        "arrays left out; a tree's row in full; decoders and trees do not leak; as SRAM_parallel",
        "all that is there, once",
        macros.correct_unit,
    ),
    Quirk(
        "WeightGradientUnit",
        ("read_latency_s", "read_energy_J"),
        "every column converted at every conversion of any; one sum of the tree a vector; arrays "
        "left out; as SRAM_parallel and AdderTree",
        "each column once a plane; a sum for each column of a converter",
        macros.correct_unit,
    ),
    Quirk(
        "WeightGradientUnit",
        ("write_latency_s", "write_energy_J"),
        "as SRAM_parallel, flip-flops of all reads",
        "see SRAM_parallel",
        macros.correct_unit,
    ),
)

QUIRKS = (
    *(
        Quirk(
            name,
            ("*_energy_*", "*latency_*", "ramp_*", "energy_*", "repeater_*"),
            "FinFET gates: an input counts the fins of a width times fin pitch over 2 F, a minimum "
            "one twice; to undo it every gate of the block would have to be drawn wrongly",
            "a minimum device is one fin",
            None,
            finfet=True,
        )
        for name in LOGIC
    ),
    *ALL_NODES,
)
NEUROSIM = Tool("DNN+NeuroSim V2.1", as_drawn, HIDDEN, QUIRKS)
