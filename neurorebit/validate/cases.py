"""What our blocks say of a record: one function a module, which builds the block and asks it.

Figures carry the names of the record's outputs; nothing here knows what a tool gets wrong.
Energies and latencies are those of all accesses of a record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from neurorebit.circuits.adc import FlashAdc, SarAdc, VoltageFlashAdc
from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.column_sense import CurrentSenseAmp, VoltageSenseAmp
from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.crosspoint import selected_res
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import (
    Gate,
    PassGate,
    gate_cap,
    nfet_gm,
    nfet_res,
    pfet_gm,
    pfet_res,
    stage,
)
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.layout import Placed
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.pooling import MaxPool
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.shifter import Shifter
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix
from neurorebit.circuits.wire import Bus, RepeatedWire, wire_res
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.cost import Cost
from neurorebit.technology import Technology
from neurorebit.validate.records import Inputs


@dataclass
class Case:
    """A record's design as our block has it."""

    tech: Technology
    inputs: Inputs
    figures: dict[str, Any]
    block: Any = None
    also: dict[str, Any] = field(default_factory=dict)  # what a correction needs beside the block

    @property
    def variant(self) -> str:
        return self.inputs.record.variant

    @property
    def theirs(self) -> Mapping[str, float]:
        """The record's own figures."""
        return self.inputs.record.outputs


Build = Callable[[Inputs, Technology], Case]
CASES: dict[str, Build] = {}


def module(name: str) -> Callable[[Build], Build]:
    """Register the function that builds the cases of a module."""

    def keep(build: Build) -> Build:
        CASES[name] = build
        return build

    return keep


def placed(block: Placed) -> dict[str, Any]:
    """The outline and the footprint of a block."""
    return {
        "area_m2": block.footprint.area.total,
        "width_m": block.width,
        "height_m": block.height,
        "leakage_W": block.footprint.leakage.total,
    }


def accessed(kind: str, cost: Cost, times: float) -> dict[str, Any]:
    """Energy and latency of so many accesses in a row."""
    cost = times * cost
    return {f"{kind}_energy_J": cost.energy.total, f"{kind}_latency_s": cost.latency.total}


@module("Technology")
def _technology(i: Inputs, tech: Technology) -> Case:
    bias = 1.0 + tech.vdd / tech.junction.built_in
    junction, drive, wire = tech.junction, tech.drive, tech.wire
    found: dict[str, Any] = {
        "vdd_V": tech.vdd,
        "vth_V": tech.threshold,
        "feature_size_m": tech.feature,
        "phy_gate_length_m": tech.gate_length,
        "cap_ideal_gate_F_per_m": tech.gate_cap.intrinsic,
        "cap_overlap_F_per_m": tech.gate_cap.overlap,
        "cap_fringe_F_per_m": tech.gate_cap.fringe,
        "cap_polywire_F_per_m": 0.0,  # no gate has a wire of polysilicon
        "cap_junction_F_per_m2": junction.bottom / bias**junction.grading_bottom,
        "cap_sidewall_F_per_m": junction.sidewall / bias**junction.grading_sidewall,
        "cap_drain_to_channel_F_per_m": junction.gate_edge / bias**junction.grading_gate_edge,
        "built_in_potential_V": junction.built_in,
        "pn_size_ratio": tech.pn_ratio,
        "effective_resistance_multiplier": drive.resistance_multiplier,
        "gm_nmos_A_per_m_per_V": drive.overdrive_n,  # currents, whatever their unit says
        "gm_pmos_A_per_m_per_V": drive.overdrive_p,
        "wire_width_nm": wire.width / 1e-9,
        "wire_aspect_ratio": wire.aspect_ratio,
        "wire_resistivity_ohm_m": wire.resistivity,
        "sense_unit_wire_resistance_ohm_per_m": wire_res(tech),
    }
    for kelvin in (300, 320, 350, 385, 400):
        there = replace(tech, temperature=float(kelvin))
        found[f"ion_nmos_{kelvin}K_A_per_m"] = there.on_n
        found[f"ion_pmos_{kelvin}K_A_per_m"] = there.on_p
        found[f"ioff_nmos_{kelvin}K_A_per_m"] = there.off_n
        found[f"ioff_pmos_{kelvin}K_A_per_m"] = there.off_p
    if tech.fin is not None:
        found |= {
            "fin_height_m": tech.fin.height,
            "fin_width_m": tech.fin.width,
            "fin_pitch_m": tech.fin.pitch,
        }
    return Case(tech, i, found)


@module("formula.gate_cap")
def _gate_cap(i: Inputs, tech: Technology) -> Case:
    return Case(tech, i, {"cap_F": gate_cap(tech, i["width_m"])})


@module("formula.on_resistance")
def _on_resistance(i: Inputs, tech: Technology) -> Case:
    res = pfet_res if i["is_pmos"] else nfet_res
    return Case(tech, i, {"resistance_ohm": res(tech, i["width_m"])})


@module("formula.transconductance")
def _transconductance(i: Inputs, tech: Technology) -> Case:
    gm = pfet_gm if i["is_pmos"] else nfet_gm
    return Case(tech, i, {"gm_A_per_V": gm(tech, i["width_m"])})


@module("formula.drain_cap")
def _drain_cap(i: Inputs, tech: Technology) -> Case:
    widths = (0.0, i["width_m"]) if i["is_pmos"] else (i["width_m"], 0.0)
    gate = Gate(tech, *widths, cell_height=i["region_height_m"])
    return Case(tech, i, {"cap_F": gate.output_cap}, gate)


@module("formula.gate")
def _gate(i: Inputs, tech: Technology) -> Case:
    gate = Gate(
        tech,
        i["width_nmos_m"],
        i["width_pmos_m"],
        i["num_inputs"],
        "p" if i.record.variant == "NOR" else "n",
        i["region_height_m"],
    )
    found = {
        "area_m2": gate.area,
        "height_m": gate.height,
        "width_m": gate.width,
        "cap_input_F": gate.input_cap,
        "cap_output_F": gate.output_cap,
        "leakage_current_A": gate.leakage,
    }
    return Case(tech, i, found, gate)


@module("formula.pass_gate_area")
def _pass_gate_area(i: Inputs, tech: Technology) -> Case:
    gate = PassGate(tech, i["width_nmos_m"], i["width_pmos_m"], i["num_fold"])
    area = gate.width * gate.height
    found = {"area_m2": area, "width_m": gate.width, "height_m": gate.height}
    return Case(tech, i, found, gate)


@module("formula.horowitz")
def _horowitz(i: Inputs, tech: Technology) -> Case:
    delay, ramp = stage(i["tau_s"], i["ramp_input_per_s"])
    return Case(tech, i, {"delay_s": delay, "ramp_output_per_s": ramp})


@module("formula.nonlinear_resistance")
def _nonlinear_resistance(i: Inputs, tech: Technology) -> Case:
    res = selected_res(
        i["resistance_ohm"],
        i["voltage_V"],
        i["read_voltage_V"],
        i["write_voltage_V"],
        i["nonlinearity"],
    )
    return Case(tech, i, {"resistance_ohm": res})


@module("Adder")
def _adder(i: Inputs, tech: Technology) -> Case:
    count = i["num_adder"]
    block = Adder(
        tech,
        i["num_bit"],
        count,
        load=i["cap_load_F"],
        ramp=i.given("ramp_input_per_s", 1e20),
        activity=i.given("activity", 1.0),
        fit_width=i.given("fixed_width_m", 0.0),
        fit_height=i.given("fixed_height_m", 0.0),
    )
    cost = block.add(min(i.given("num_adder_per_op", count), count) / count)
    found = placed(block) | accessed("read", cost, i["num_read"])
    return Case(tech, i, found | {"ramp_output_per_s": block.output_ramp}, block)


@module("AdderTree")
def _adder_tree(i: Inputs, tech: Technology) -> Case:
    block = AdderTree(
        tech,
        i["num_subcore_row"],
        i["num_adder_bit"],
        i["num_adder_tree"],
        load=i.given("cap_load_F", 0.0),
        activity=i.given("activity", 1.0),
        fit_width=i.given("fixed_width_m", 0.0),
    )
    cost = block.add(i.given("num_unit_add", i["num_subcore_row"]))
    found = placed(block) | accessed("read", cost, i["num_read"])
    return Case(tech, i, found | {"num_stage": block.levels(block.operands)}, block)


@module("DFF")
def _register(i: Inputs, tech: Technology) -> Case:
    bits = i["num_dff"]
    block = Register(tech, bits, i.given("fixed_width_m", 0.0), i.given("fixed_height_m", 0.0))
    cost = block.store(min(i.given("num_dff_per_op", bits), bits) / bits)
    found = placed(block) | accessed("read", cost, i["num_read"])
    return Case(tech, i, found | {"cap_tg_drain_F": block.input_cap}, block)


@module("ShiftAdd")
def _shift_add(i: Inputs, tech: Technology) -> Case:
    block = ShiftAdd(
        tech,
        i["num_adder_bit"],
        i["num_read_pulse"],
        i["num_unit"],
        beat=i.given("read_pulse_width_s", 10e-9),
        adder_activity=i.given("activity", 1.0),
        fit_width=i.given("fixed_width_m", 0.0),
        fit_height=i.given("fixed_height_m", 0.0),
    )
    found = placed(block) | accessed("read", block.accumulate(i["num_read"]), 1.0)
    found |= {"num_adder": block.adder.count, "num_dff": block.register.bits}
    return Case(tech, i, found, block)


@module("BitShifter")
def _shifter(i: Inputs, tech: Technology) -> Case:
    block = Shifter(tech, i["num_bit"], i["num_unit"], fit_width=i.given("fixed_width_m", 0.0))
    return Case(tech, i, placed(block) | accessed("read", block.shift(), i["num_read"]), block)


@module("Comparator")
def _comparator(i: Inputs, tech: Technology) -> Case:
    count = i["num_comparator"]
    block = Comparator(
        tech,
        i["num_bit"],
        count,
        i.given("cap_load_F", 0.0),
        activity=i.given("activity", 1.0),
        fit_width=i.given("fixed_width_m", 0.0),
    )
    cost = block.compare(min(i.given("num_comparator_per_op", count), count) / count)
    return Case(tech, i, placed(block) | accessed("read", cost, i["num_read"]), block)


@module("MaxPooling")
def _max_pool(i: Inputs, tech: Technology) -> Case:
    block = MaxPool(
        tech,
        i["num_bit"],
        i["window"],
        i["num_max_pooling"],
        i.given("cap_load_F", 0.0),
        fit_width=i.given("fixed_width_m", 0.0),
    )
    return Case(tech, i, placed(block) | accessed("read", block.pool(), i["num_read"]), block)


@module("MultilevelSAEncoder")
def _encoder(i: Inputs, tech: Technology) -> Case:
    block = Encoder(
        tech,
        np.ceil(np.log2(i["num_level"]) - 1e-9),
        i["num_encoder"],
        activity=i.given("activity", 1.0),
        fit_width=i.given("fixed_width_m", 0.0),
        fit_height=i.given("fixed_height_m", 0.0),
    )
    return Case(tech, i, placed(block) | accessed("read", block.encode(), i["num_read"]), block)


@module("RowDecoder")
def _decoder(i: Inputs, tech: Technology) -> Case:
    shared: dict[str, Any] = {
        "ramp": i.given("ramp_input_per_s", 1e20),
        "activity": i.given("activity", 1.0),
        "fit_width": i.given("fixed_width_m", 0.0),
        "fit_height": i.given("fixed_height_m", 0.0),
    }
    bits, load = i["num_addr_bits"], i["cap_load1_F"]
    block: Decoder | MuxDecoder
    if i["is_mux_decoder"]:
        block = MuxDecoder(tech, bits, load_n=load, load_p=i["cap_load2_F"], **shared)
    else:
        block = Decoder(tech, bits, load=load, **shared)
    found = placed(block) | {"ramp_output_per_s": block.output_ramp}
    found |= accessed("read", block.select(), i["num_read"])
    return Case(tech, i, found | accessed("write", block.select(), i["num_write"]), block)


@module("SwitchMatrix")
def _switch_matrix(i: Inputs, tech: Technology) -> Case:
    lines, side = i["num_output"], i.given("fixed_dimension_m", 0.0)
    shared: dict[str, Any] = {
        "lines": lines,
        "driven_res": i["target_tg_resistance_ohm"],
        "load": i["cap_load_F"],
        "line_res": i["res_load_ohm"],
        "read_voltage": i.given("read_voltage_V", 0.5),
        "write_voltage": i.given("write_voltage_V", 2.0),
        "ramp": i.given("ramp_input_per_s", 1e20),
    }
    block: RowSwitchMatrix | ColSwitchMatrix
    if i["is_col_mode"]:
        block = ColSwitchMatrix(tech, fit_width=side, **shared)
        cells = lines * i["activity_col_write"]
        cells = min(i.given("num_write_cell_per_op_neuro", lines), cells)
        write = block.write(cells / lines, i["num_write_pulse"])
    else:
        block = RowSwitchMatrix(tech, fit_height=side, **shared)
        write = block.write()
    read = block.drive(i["activity_row_read"])
    found = placed(block) | accessed("read", read, i["num_read"])
    found |= accessed("write", write, i["num_write"])
    found |= {
        "tg_resistance_ohm": block.switch.res,
        "width_tg_nmos_m": block.switch.nfet,
        "width_tg_pmos_m": block.switch.pfet,
        "cap_tg_drain_F": block.drain_cap,
        "ramp_output_per_s": block.output_ramp,
    }
    return Case(tech, i, found, block)


@module("NewSwitchMatrix")
def _access_switch_matrix(i: Inputs, tech: Technology) -> Case:
    block = AccessSwitchMatrix(
        tech,
        i["num_output"],
        load=i["cap_load_F"],
        line_res=i["res_load_ohm"],
        read_voltage=i.given("read_voltage_V", 0.5),
        access_voltage=i.given("access_voltage_V", 1.1),
        ramp=i.given("ramp_input_per_s", 1e20),
        fit_height=i.given("fixed_height_m", 0.0),
    )
    found = placed(block) | accessed("read", block.drive(i["activity_row_read"]), i["num_read"])
    found |= accessed("write", block.write(), i["num_write"])
    found |= {
        "tg_resistance_ohm": block.switch_res,
        "width_tg_nmos_m": block.gate.nfet,
        "cap_tg_drain_F": block.gate.output_cap,
        "ramp_output_per_s": block.output_ramp,
    }
    return Case(tech, i, found, block)


@module("WLNewDecoderDriver")
def _row_follower(i: Inputs, tech: Technology) -> Case:
    block = RowFollower(
        tech,
        i["num_rows"],
        load=i["cap_load_F"],
        line_res=i["res_load_ohm"],
        read_voltage=i.given("read_voltage_V", 0.5),
        write_voltage=i.given("write_voltage_V", 2.0),
        ramp=i.given("ramp_input_per_s", 1e20),
        fit_height=i.given("fixed_height_m", 0.0),
    )
    found = placed(block) | accessed("read", block.read(), i["num_read"])
    found |= accessed("write", block.write(), i["num_write"])
    found |= {
        "tg_resistance_ohm": block.gate.through_res,
        "width_tg_nmos_m": block.gate.nfet,
        "ramp_output_per_s": block.output_ramp,
    }
    return Case(tech, i, found, block)


@module("Mux")
def _mux(i: Inputs, tech: Technology) -> Case:
    block = AnalogMux(
        tech,
        i["num_input"],
        i["num_selection"],
        i["target_tg_resistance_ohm"],
        i.given("cap_load_F", 0.0),
        read_voltage=i.given("read_voltage_V", 0.5),
        fit_width=i.given("fixed_width_m", 0.0),
    )
    found = placed(block) | accessed("read", block.select(), i["num_read"])
    found |= {
        "tg_resistance_ohm": block.switch.res,
        "width_tg_nmos_m": block.switch.nfet,
        "width_tg_pmos_m": block.switch.pfet,
        "cap_tg_gate_n_F": block.gate.nfet_cap,
        "cap_tg_gate_p_F": block.gate.pfet_cap,
        "cap_tg_drain_F": block.gate.drain_cap,
    }
    return Case(tech, i, found, block)


@module("Precharger")
def _precharger(i: Inputs, tech: Technology) -> Case:
    cols = i["num_col"]
    block = Precharger(
        tech,
        cols,
        i["cap_load_F"],
        i["res_load_ohm"],
        swing=i.given("sense_voltage_V", 0.0),
        fit_width=i.given("fixed_width_m", 0.0),
    )
    read = block.precharge(min(i.given("num_read_cell_per_op", cols), cols) / cols)
    cells = min(i.given("num_write_cell_per_op", cols), cols * i["activity_col_write"])
    found = placed(block) | accessed("read", read, i["num_read"])
    found |= accessed("write", block.precharge_written(cells / cols), i["num_write"])
    return Case(tech, i, found, block)


@module("SRAMWriteDriver")
def _write_driver(i: Inputs, tech: Technology) -> Case:
    cols = i["num_col"]
    block = WriteDriver(
        tech,
        cols,
        i["cap_load_F"],
        i["res_load_ohm"],
        i.given("drive_strength", 0.0),
        fit_width=i.given("fixed_width_m", 0.0),
    )
    cells = min(i.given("num_write_cell_per_op", cols), cols * i["activity_col_write"])
    found = placed(block) | accessed("write", block.write(cells / cols), i["num_write"])
    found |= {"read_energy_J": 0.0, "read_latency_s": 0.0}
    return Case(tech, i, found, block)


@module("SenseAmp")
def _sense_amp(i: Inputs, tech: Technology) -> Case:
    cols = i["num_col"]
    block = SenseAmp(
        tech,
        cols,
        i["pitch_m"],
        i["sense_voltage_V"],
        fit_width=i.given("fixed_width_m", 0.0),
    )
    cost = block.sense(min(i.given("num_read_cell_per_op", cols), cols) / cols)
    found = placed(block) | accessed("read", cost, i["num_read"])
    return Case(tech, i, found | {"cap_load_F": block.node_cap}, block)


def columns(i: Inputs, count: float) -> Any:
    """Resistances [ohm] of the columns, evenly from first to last."""
    first, last = i["column_resistance_first_ohm"], i["column_resistance_last_ohm"]
    return np.linspace(first, last, int(count))


@module("CurrentSenseAmp")
def _current_sense_amp(i: Inputs, tech: Technology) -> Case:
    on, off = i["resistance_on_ohm"], i["resistance_off_ohm"]
    reference = (on + off) / 2.0
    res = columns(i, i["num_col"])
    block = CurrentSenseAmp(tech, i["num_col"], reference, i["read_voltage_V"])
    one = replace(block, cols=1.0).sense(res)
    found = {
        "read_latency_s": i["num_read"] * i["num_col_muxed"] * np.max(one.latency.total),
        "read_energy_J": i["num_read"] * np.sum(one.energy.total),
        "leakage_W": block.footprint.leakage.total,
        "reference_resistance_ohm": reference,
    }
    return Case(tech, i, found, block, {"res": res})


@module("VoltageSenseAmp")
def _voltage_sense_amp(i: Inputs, tech: Technology) -> Case:
    cols = i["num_read_col"]
    block = VoltageSenseAmp(
        tech,
        cols,
        i["cap_input_load_F"],
        i["cell_res_on_ohm"],
        i["cell_res_off_ohm"],
        i["read_voltage_V"],
        fit_width=i["layout_width_m"] * cols,
    )
    return Case(tech, i, placed(block) | accessed("read", block.sense(), i["num_read"]), block)


@module("MultilevelSenseAmp")
def _flash_adc(i: Inputs, tech: Technology) -> Case:
    """A group of converters keeps step with its slowest column."""
    full_scale = i.given("num_row_subarray", 1.0) / i["resistance_on_ohm"]
    shared = {
        "bits": np.log2(i["level_output"]),
        "count": i["num_adc"],
        "read_voltage": i["read_voltage_V"],
        "fit_width": i.given("fixed_width_m", 0.0),
        "fit_height": i.given("fixed_height_m", 0.0),
    }
    flash = FlashAdc(tech, **shared, full_scale=full_scale)
    block = flash if i["is_current_mode"] else VoltageFlashAdc(tech, **shared)
    res = columns(i, i["num_columns_in_energy_sum"])
    one = replace(block, count=1.0)
    time = np.max(one.convert(res).latency.total)
    found = placed(block) | {
        "read_latency_s": i["num_read"] * i["num_col_muxed"] * time,
        "read_energy_J": i["num_read"] * np.sum(one.power(res)) * time,
        "ref_resistance_first_ohm": flash.reference(1.0),
        "ref_resistance_last_ohm": flash.reference(flash.levels - 1.0),
    }
    return Case(tech, i, found, block, {"res": res})


@module("SarADC")
def _sar_adc(i: Inputs, tech: Technology) -> Case:
    block = SarAdc(
        tech,
        np.log2(i["level_output"]),
        i["num_adc"],
        i["read_voltage_V"],
        fit_width=i.given("fixed_width_m", 0.0),
    )
    one = replace(block, count=1.0).convert(columns(i, i["num_columns_in_energy_sum"]))
    found = placed(block) | {
        "read_latency_s": i["num_read_latency"] * np.max(one.latency.total),
        "read_energy_J": i["num_read_energy"] * np.sum(one.energy.total),
    }
    return Case(tech, i, found, block)


@module("Buffer")
def _buffer(i: Inputs, tech: Technology) -> Case:
    kind = SramBuffer if i["is_sram"] else FlipFlopBuffer
    block = kind(tech, i["num_bit"], i["interface_width_bit"])
    area = block.footprint.area.total
    side = i.given("fixed_height_m", 0.0) or np.sqrt(area)
    found = accessed("read", block.read(i["access_bits_read"]), i["num_read"])
    found |= accessed("write", block.write(i["access_bits_write"]), i["num_write"])
    found |= {
        "area_m2": area,
        "leakage_W": block.footprint.leakage.total,
        "height_m": side,
        "width_m": area / side,
    }
    return Case(tech, i, found, block)


def unit_res(i: Inputs, tech: Technology) -> Any:
    """Resistance [ohm/m] of the wire a record is about."""
    return i.given("unit_wire_resistance_ohm_per_m", float(wire_res(tech)))


@module("Bus")
def _bus(i: Inputs, tech: Technology) -> Case:
    if i["is_vertical"]:
        length = (i["num_row"] - 1.0) * i["unit_height_m"]
    else:
        length = (i["num_col"] - 1.0) * i["unit_width_m"]
    wire = RepeatedWire(tech, unit_res(i, tech), i["delay_tolerance"])
    metres = length * i["bus_width_bit"]
    flits = i["num_read"]
    found = {
        "wire_length_m": length,
        "repeater_size": wire.size,
        "repeater_spacing_m": wire.spacing,
        "num_repeater": np.ceil(length / wire.spacing),
        "latency_per_length_s_per_m": wire.delay,
        "energy_per_length_J_per_m_per_bit": wire.energy,
        "read_latency_s": flits * length * wire.delay,
        "read_energy_J": flits * i["num_bit_access"] * length * wire.energy,
        "area_m2": metres * wire.footprint.area.total,
        "leakage_W": metres * wire.footprint.leakage.total,
    }
    bus = Bus(tech, length, i["bus_width_bit"], tolerance=i["delay_tolerance"])
    return Case(tech, i, found, bus, {"wire": wire, "length": length})


def without_res(wire: RepeatedWire) -> RepeatedWire:
    """The same repeaters in a wire of next to no resistance."""
    least = 1e-9 * wire.res
    return replace(wire, res=least, given_size=wire.size, given_spacing=wire.spacing)


@module("HTree")
def _htree(i: Inputs, tech: Technology) -> Case:
    tolerance = i["delay_tolerance"]
    tree = HTree(
        tech,
        i["num_row"],
        i["num_col"],
        i["unit_height_m"],
        i["unit_width_m"],
        i["bus_width_bit"],
        tolerance,
    )
    wire = RepeatedWire(tech, unit_res(i, tech), tolerance)
    free = without_res(wire)
    flits, metres = i["num_read"], i["bus_width_bit"] * tree.length
    found = {
        "num_stage": 2.0 * tree.depth + 1.0,
        "repeater_size": wire.size,
        "repeater_spacing_m": wire.spacing,
        "energy_per_length_J_per_m_per_bit": wire.energy,
        "total_wire_length_m": tree.length,
        "read_latency_with_unit_wire_resistance_s": flits * tree.path * wire.delay,
        "read_latency_with_zero_wire_resistance_s": flits * tree.path * free.delay,
        "read_energy_J": flits * i["num_bit_access"] * tree.path * wire.energy,
        "area_m2": metres * wire.footprint.area.total,
        "leakage_W": metres * wire.footprint.leakage.total,
    }
    return Case(tech, i, found, tree, {"wire": wire})


@module("DRAM")
def _dram(i: Inputs, tech: Technology) -> Case:
    """HBM2, or GDDR5 (system.md 8)."""
    block = Dram(tech) if i["dram_type"] == 2 else Dram(tech, 4.288e12, 14e-12)
    return Case(tech, i, accessed("read", block.transfer(i["num_bits"]), 1.0), block)
