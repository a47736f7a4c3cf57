"""What our blocks say of a record: technologies, transistors and gates."""

from __future__ import annotations

from dataclasses import replace

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
from validation.neurosim.cases.case import Case, Figure, computed, module, valued
from validation.neurosim.records.module import Inputs


@module("Technology")
def _technology(i: Inputs, tech: Technology) -> Case:
    bias = 1.0 + tech.vdd / tech.junction.built_in
    junction = tech.junction
    figures = valued(
        tech,
        vdd_V="vdd",
        vth_V="threshold",
        feature_size_m="feature",
        phy_gate_length_m="gate_length",
        cap_ideal_gate_F_per_m="gate_cap.intrinsic",
        cap_overlap_F_per_m="gate_cap.overlap",
        cap_fringe_F_per_m="gate_cap.fringe",
        built_in_potential_V="junction.built_in",
        pn_size_ratio="pn_ratio",
        effective_resistance_multiplier="drive.resistance_multiplier",
        gm_nmos_A_per_m_per_V="drive.overdrive_n",  # currents, whatever their unit says
        gm_pmos_A_per_m_per_V="drive.overdrive_p",
        wire_aspect_ratio="wire.aspect_ratio",
        wire_resistivity_ohm_m="wire.resistivity",
    )
    figures |= valued(tech, 1.0 / 1e-9, wire_width_nm="wire.width")
    figures |= valued(
        tech, 1.0 / bias**junction.grading_bottom, cap_junction_F_per_m2="junction.bottom"
    )
    figures |= valued(
        tech, 1.0 / bias**junction.grading_sidewall, cap_sidewall_F_per_m="junction.sidewall"
    )
    figures |= valued(
        tech,
        1.0 / bias**junction.grading_gate_edge,
        cap_drain_to_channel_F_per_m="junction.gate_edge",
    )
    figures["cap_polywire_F_per_m"] = Figure(0.0, None, "no gate has a wire of polysilicon")
    figures["sense_unit_wire_resistance_ohm_per_m"] = computed(tech, "wire_res", wire_res)
    for kelvin in (300, 320, 350, 385, 400):
        there = replace(tech, temperature=float(kelvin))
        for kind in ("n", "p"):
            for state in ("on", "off"):
                name = f"i{state}_{kind}mos_{kelvin}K_A_per_m"
                figures |= valued(there, **{name: f"{state}_{kind}"})
    if tech.fin is not None:
        figures |= valued(
            tech, fin_height_m="fin.height", fin_width_m="fin.width", fin_pitch_m="fin.pitch"
        )
    return Case(tech, i, figures)


@module("formula.gate_cap")
def _gate_cap(i: Inputs, tech: Technology) -> Case:
    return Case(tech, i, {"cap_F": computed(tech, "gate_cap", gate_cap, width=i["width_m"])})


@module("formula.on_resistance")
def _on_resistance(i: Inputs, tech: Technology) -> Case:
    name, res = ("pfet_res", pfet_res) if i["is_pmos"] else ("nfet_res", nfet_res)
    return Case(tech, i, {"resistance_ohm": computed(tech, name, res, width=i["width_m"])})


@module("formula.transconductance")
def _transconductance(i: Inputs, tech: Technology) -> Case:
    name, gm = ("pfet_gm", pfet_gm) if i["is_pmos"] else ("nfet_gm", nfet_gm)
    return Case(tech, i, {"gm_A_per_V": computed(tech, name, gm, width=i["width_m"])})


@module("formula.drain_cap")
def _drain_cap(i: Inputs, tech: Technology) -> Case:
    widths = (0.0, i["width_m"]) if i["is_pmos"] else (i["width_m"], 0.0)
    gate = Gate(tech, *widths, cell_height=i["region_height_m"] or None)
    return Case(tech, i, valued(gate, cap_F="output_cap"), gate)


@module("formula.gate")
def _gate(i: Inputs, tech: Technology) -> Case:
    gate = Gate(
        tech,
        i["width_nmos_m"],
        i["width_pmos_m"],
        i["num_inputs"],
        series="p" if i.record.variant == "NOR" else "n",
        cell_height=i["region_height_m"] or None,
    )
    figures = valued(
        gate,
        area_m2="area",
        height_m="height",
        width_m="width",
        cap_input_F="input_cap",
        cap_output_F="output_cap",
        leakage_current_A="leakage",
    )
    return Case(tech, i, figures, gate)


@module("formula.pass_gate_area")
def _pass_gate_area(i: Inputs, tech: Technology) -> Case:
    gate = PassGate(tech, i["width_nmos_m"], i["width_pmos_m"], i["num_fold"])
    figures = valued(gate, width_m="width", height_m="height")
    figures |= valued(gate, float(gate.width), area_m2="height")
    return Case(tech, i, figures, gate)


@module("formula.horowitz")
def _horowitz(i: Inputs, tech: Technology) -> Case:
    tau, ramp_in = i["tau_s"], i["ramp_input_per_s"]
    delay, ramp = computed(tech, "stage", stage, tau=tau, ramp=ramp_in)
    return Case(tech, i, {"delay_s": delay, "ramp_output_per_s": ramp})


@module("formula.nonlinear_resistance")
def _nonlinear_resistance(i: Inputs, tech: Technology) -> Case:
    res = computed(
        tech,
        "selected_res",
        selected_res,
        res=i["resistance_ohm"],
        voltage=i["voltage_V"],
        read_voltage=i["read_voltage_V"],
        write_voltage=i["write_voltage_V"],
        nonlinearity=i["nonlinearity"],
    )
    return Case(tech, i, {"resistance_ohm": res})
