"""What our blocks say of a record: switch matrices and multiplexers."""

from __future__ import annotations

from typing import Any

from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import Case, accessed, module, placed, valued
from validation.neurosim.records.module import Inputs


@module("SwitchMatrix")
def _switch_matrix(i: Inputs, tech: Technology) -> Case:
    lines, side = i["num_output"], i.optional("fixed_dimension_m")
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
        written = {"written": cells / lines, "pulses": i["num_write_pulse"]}
    else:
        block = RowSwitchMatrix(tech, fit_height=side, **shared)
        written = {}
    active = i["activity_row_read"]
    figures = placed(block) | accessed("read", block, "drive", i["num_read"], density=active)
    figures |= accessed("write", block, "write", i["num_write"], **written)
    figures |= valued(
        block,
        tg_resistance_ohm="switch.res",
        width_tg_nmos_m="switch.nfet",
        width_tg_pmos_m="switch.pfet",
        cap_tg_drain_F="drain_cap",
        ramp_output_per_s="output_ramp",
    )
    return Case(tech, i, figures, block)


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
        fit_height=i.optional("fixed_height_m"),
    )
    active = i["activity_row_read"]
    figures = placed(block) | accessed("read", block, "drive", i["num_read"], density=active)
    figures |= accessed("write", block, "write", i["num_write"])
    figures |= valued(
        block,
        tg_resistance_ohm="switch_res",
        width_tg_nmos_m="gate.nfet",
        cap_tg_drain_F="gate.output_cap",
        ramp_output_per_s="output_ramp",
    )
    return Case(tech, i, figures, block)


@module("Mux")
def _mux(i: Inputs, tech: Technology) -> Case:
    block = AnalogMux(
        tech,
        i["num_input"],
        i["num_selection"],
        i["target_tg_resistance_ohm"],
        load=i.given("cap_load_F", 0.0),
        read_voltage=i.given("read_voltage_V", 0.5),
        fit_width=i.optional("fixed_width_m"),
    )
    figures = placed(block) | accessed("read", block, "select", i["num_read"])
    figures |= valued(
        block,
        tg_resistance_ohm="switch.res",
        width_tg_nmos_m="switch.nfet",
        width_tg_pmos_m="switch.pfet",
        cap_tg_gate_n_F="gate.nfet_cap",
        cap_tg_gate_p_F="gate.pfet_cap",
        cap_tg_drain_F="gate.drain_cap",
    )
    return Case(tech, i, figures, block)
