"""What our blocks say of a record: decoders, and the drivers that follow them."""

from __future__ import annotations

from typing import Any

from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import Case, accessed, module, placed, valued
from validation.neurosim.records.module import Inputs


@module("RowDecoder")
def _decoder(i: Inputs, tech: Technology) -> Case:
    shared: dict[str, Any] = {
        "ramp": i.given("ramp_input_per_s", 1e20),
        "fit_width": i.optional("fixed_width_m"),
        "fit_height": i.optional("fixed_height_m"),
    }
    bits, load = i["num_addr_bits"], i["cap_load1_F"]
    block: Decoder | MuxDecoder
    if i["is_mux_decoder"]:
        block = MuxDecoder(tech, bits, load_n=load, load_p=i["cap_load2_F"], **shared)
    else:
        block = Decoder(tech, bits, load=load, **shared)
    figures = placed(block) | valued(block, ramp_output_per_s="output_ramp")
    figures |= accessed("read", block, "select", i["num_read"])
    return Case(tech, i, figures | accessed("write", block, "select", i["num_write"]), block)


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
        fit_height=i.optional("fixed_height_m"),
    )
    figures = placed(block) | accessed("read", block, "read", i["num_read"])
    figures |= accessed("write", block, "write", i["num_write"])
    figures |= valued(
        block,
        tg_resistance_ohm="gate.through_res",
        width_tg_nmos_m="gate.nfet",
        ramp_output_per_s="output_ramp",
    )
    return Case(tech, i, figures, block)
