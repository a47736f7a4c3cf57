"""DNN+NeuroSim V2.1's decoders, and the drivers that follow them."""

from __future__ import annotations

from typing import Any

from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import STEP, Gate, cells, chain, nor, stage
from validation.neurosim.cases import Case
from validation.neurosim.quirks.gates import leakage, redrawn
from validation.neurosim.quirks.quirk import Quirk


def decoder_path(block: Any, tool: bool) -> tuple[Any, Any]:
    """Delay [s] and reported ramp [1/s], in the tool's way or in ours."""
    cell, wide, bits = cells(block.tech), block.nor, float(block.bits)
    inv, nand = cell.inverter, cell.nand
    mux = isinstance(block, MuxDecoder)
    first = nand.input_cap if mux else block.driver.input_cap
    load = block.load_n if mux else block.load
    next_cap = (nand if mux else inv).input_cap if tool else first
    bare = load if tool else first  # what a predecoder drives where there is no NOR
    taus = [inv.nfet_res * (inv.output_cap + (2.0 * nand.input_cap if bits >= 2.0 else bare))]
    if bits >= 2.0:
        joined = wide.input_cap * 2.0**bits / 4.0 if bits > 2.0 else bare
        taus.append(2.0 * nand.nfet_res * (nand.output_cap + joined))
    if bits > 2.0:
        stack = 2.0 if tool else wide.inputs
        taus.append(stack * wide.pfet_res * (wide.output_cap + next_cap))
    delay, ramp = chain(block.ramp, *taus)
    if tool and bits <= 2.0:
        ramp = STEP
    if mux:
        enable = 1.0 if tool else 2.0
        last = [
            enable * nand.nfet_res * (nand.output_cap + inv.input_cap),
            inv.pfet_res * (inv.output_cap + inv.input_cap + block.load_n),
            inv.nfet_res * (inv.output_cap + block.load_p),
        ]
    else:
        gate = block.driver
        res = 0.0 if tool else block.res * block.load / 2.0
        last = [
            gate.nfet_res * (gate.output_cap + gate.input_cap),
            gate.pfet_res * (gate.output_cap + block.load) + res,
        ]
    early, reported = chain(ramp, *last[:-1])
    added, end = stage(last[-1], reported)
    return delay + early + added, reported if tool else end


def decoder_delay(block: Decoder | MuxDecoder) -> Any:
    """Its delay [s]."""
    return block.delay * decoder_path(block, True)[0] / decoder_path(block, False)[0]


def decoder_ramp(block: Decoder | MuxDecoder) -> Any:
    """The ramp [1/s] it reports."""
    return block.output_ramp * decoder_path(block, True)[1] / decoder_path(block, False)[1]


class BareDecoder(Decoder):
    """Without an output stage."""

    _output_gates: tuple[Gate, ...] = ()


class BareMuxDecoder(MuxDecoder):
    """Without an output stage."""

    _output_gates: tuple[Gate, ...] = ()


def counted(block: Decoder | MuxDecoder) -> Decoder | MuxDecoder:
    """The decoder as its area and leakage have it: no output stage up to two bits."""
    if block.bits > 2.0:
        return block
    bare = BareMuxDecoder if isinstance(block, MuxDecoder) else BareDecoder
    decoder: Decoder | MuxDecoder = redrawn(block, bare)
    return decoder


def decoder_area(block: Decoder | MuxDecoder) -> Any:
    """Its area [m^2]; with neither side given the output stage is there, and a NOR of one input."""
    if block.bits > 2.0:
        return block.area
    if block.fit_width is not None or block.fit_height is not None:
        return counted(block).area
    return block.area + nor(block.tech, 1.0, 2.0, 2.0).width * block.height


def decoder_leakage(block: Decoder | MuxDecoder) -> Any:
    """Its leakage [W]."""
    own = counted(block).footprint.leakage.total
    count = 2.0**block.bits if block.bits > 2.0 else 0.0
    return own + count * (leakage(block.nor) - block.nor.leakage_power)


def correct_decoder_latency(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_delay(case.block) / case.block.delay


def correct_decoder_ramp(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_ramp(case.block) / case.block.output_ramp


def correct_decoder_area(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_area(case.block) / case.block.area


def correct_decoder_leakage(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_leakage(case.block) / case.block.footprint.leakage.total


def follower_path(block: RowFollower, tool: bool) -> tuple[Any, Any]:
    """Delay [s] and output ramp [1/s], in the tool's way or in ours."""
    inv, nand, gate = cells(block.tech).inverter, cells(block.tech).nand, block.gate
    taus = (
        2.0 * nand.nfet_res * (nand.output_cap + inv.input_cap),
        nand.pfet_res * (inv.output_cap + 2.0 * nand.input_cap),
        2.0 * nand.nfet_res * (nand.output_cap + gate.input_cap),
        gate.through_res * (2.0 * gate.output_cap + block.load) + block.line_res * block.load / 2.0,
    )
    if not tool:
        return chain(block.ramp, *taus)
    alone = [stage(tau, block.ramp)[0] for tau in taus[:3]]
    last, ramp = stage(taus[3], STEP)
    return sum(alone) + last, ramp


def follower_delay(block: RowFollower) -> Any:
    """Its delay [s]."""
    return block.delay * follower_path(block, True)[0] / follower_path(block, False)[0]


def follower_leakage(block: RowFollower) -> Any:
    """Its leakage [W]: two NANDs and two inverters a row."""
    cell = cells(block.tech)
    three = 3.0 * cell.nand.leakage_power + cell.inverter.leakage_power
    two = 2.0 * (cell.nand.leakage_power + cell.inverter.leakage_power)
    return block.footprint.leakage.total * two / three


def correct_follower_latency(case: Case, quantity: str, ours: float) -> Any:
    return ours * follower_delay(case.block) / case.block.delay


def correct_follower_ramp(case: Case, quantity: str, ours: float) -> Any:
    right = follower_path(case.block, False)[1]
    return ours * follower_path(case.block, True)[1] / right


def correct_follower_leakage(case: Case, quantity: str, ours: float) -> Any:
    return ours * follower_leakage(case.block) / case.block.footprint.leakage.total


QUIRKS = (
    Quirk(
        "RowDecoder",
        ("read_latency_s", "write_latency_s"),
        tool="a NOR resists like two devices in series, the enable NAND like one; the NOR drives a "
        "minimum inverter; no ramp into the output stage up to two bits",
        right="as many as are in series; the driver's own gate; ramps are passed on",
        correct=correct_decoder_latency,
    ),
    Quirk(
        "RowDecoder",
        ("ramp_output_per_s",),
        tool="the ramp before the last stage",
        right="the ramp of the line",
        correct=correct_decoder_ramp,
    ),
    Quirk(
        "RowDecoder",
        ("area_m2", "width_m"),
        tool="up to two bits no output stage on a given side, and a NOR of one input on none",
        right="an output stage a line, no NOR",
        correct=correct_decoder_area,
    ),
    Quirk(
        "RowDecoder",
        ("leakage_W",),
        tool="up to two bits no output stage; wide NORs by the factor of three inputs",
        right="an output stage a line; see formula.gate",
        correct=correct_decoder_leakage,
    ),
    Quirk(
        "WLNewDecoderDriver",
        ("read_latency_s", "write_latency_s"),
        tool="each stage gets the decoder's ramp, the last one a step",
        right="ramps are passed on",
        correct=correct_follower_latency,
    ),
    Quirk(
        "WLNewDecoderDriver",
        ("ramp_output_per_s",),
        tool="the last stage gets a step",
        right="ramps are passed on",
        correct=correct_follower_ramp,
    ),
    Quirk(
        "WLNewDecoderDriver",
        ("leakage_W",),
        tool="two NANDs and two inverters a row leak, three and one are drawn",
        right="what is drawn leaks",
        correct=correct_follower_leakage,
    ),
)
