"""What our blocks say of a record: technologies, transistors and gates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from neurorebit.circuits.crosspoint import selected_res
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
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import Case, module
from validation.neurosim.records.module import Inputs


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
