"""DNN+NeuroSim V2.1's decoders, and the drivers that follow them."""

from __future__ import annotations

from typing import Any

from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import STEP, Gate, cells, chain, nor, stage
from validation.neurosim.cases import Case
from validation.neurosim.composition.decoders import (
    MinimumDecoder,
    MinimumMuxDecoder,
    minimum,
)
from validation.neurosim.quirks.gates import leakage, redrawn
from validation.neurosim.quirks.quirk import Quirk


def decoder_path(block: Any, tool: bool) -> tuple[Any, Any]:
    """Delay [s] and reported ramp [1/s], in the tool's way or in ours."""
    cell, wide, bits = cells(block.tech), block.nor, float(block.bits)
    inv, nand = cell.inverter, cell.nand
    mux = isinstance(block, MinimumMuxDecoder)
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
    block = minimum(block)
    return block.delay * decoder_path(block, True)[0] / decoder_path(block, False)[0]


def decoder_ramp(block: Decoder | MuxDecoder) -> Any:
    """The ramp [1/s] it reports."""
    block = minimum(block)
    return block.output_ramp * decoder_path(block, True)[1] / decoder_path(block, False)[1]


class BareDecoder(MinimumDecoder):
    """Without an output stage."""

    _output_gates: tuple[Gate, ...] = ()


class BareMuxDecoder(MinimumMuxDecoder):
    """Without an output stage."""

    _output_gates: tuple[Gate, ...] = ()


def counted(block: Any) -> Any:
    """The decoder as its area and leakage have it: no output stage up to two bits."""
    block = minimum(block)
    if block.bits > 2.0:
        return block
    bare = BareMuxDecoder if isinstance(block, MinimumMuxDecoder) else BareDecoder
    return redrawn(block, bare)


def decoder_area(block: Decoder | MuxDecoder) -> Any:
    """Its area [m^2]; with neither side given the output stage is there, and a NOR of one input."""
    block = minimum(block)
    if block.bits > 2.0:
        return block.area
    if block.fit_width is not None or block.fit_height is not None:
        return counted(block).area
    return block.area + nor(block.tech, 1.0, 2.0, 2.0).width * block.height


def decoder_leakage(block: Decoder | MuxDecoder) -> Any:
    """Its leakage [W]."""
    block = minimum(block)
    own = counted(block).footprint.leakage.total
    count = 2.0**block.bits if block.bits > 2.0 else 0.0
    return own + count * (leakage(block.nor) - block.nor.leakage_power)


def decoder_energy(block: Decoder | MuxDecoder) -> Any:
    """Its energy [J] of an access."""
    return minimum(block).energy


def correct_decoder_energy(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_energy(case.block) / case.block.energy


def correct_decoder_height(case: Case, quantity: str, ours: float) -> Any:
    return ours * minimum(case.block).height / case.block.height


def correct_decoder_latency(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_delay(case.block) / case.block.delay


def correct_decoder_ramp(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_ramp(case.block) / case.block.output_ramp


def correct_decoder_area(case: Case, quantity: str, ours: float) -> Any:
    plain, figure = minimum(case.block), quantity.removesuffix("_m2").removesuffix("_m")
    drawn = getattr(plain, figure) / getattr(case.block, figure)
    return ours * drawn * decoder_area(plain) / plain.area


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


MINIMUM = "minimum gates, whatever they drive"
SIZED = "chains of inverters sized by logical effort"

QUIRKS = (
    Quirk(
        "RowDecoder",
        ("read_energy_J", "write_energy_J"),
        tool=f"{MINIMUM}; every bit of an address changes",
        right=f"{SIZED}; addresses count up",
        correct=correct_decoder_energy,
    ),
    Quirk(
        "RowDecoder",
        ("height_m",),
        tool=MINIMUM,
        right=SIZED,
        correct=correct_decoder_height,
    ),
    Quirk(
        "RowDecoder",
        ("read_latency_s", "write_latency_s"),
        tool=f"{MINIMUM}; a NOR resists like two devices in series, the enable NAND like one; the "
        "NOR drives a minimum inverter; no ramp into the output stage up to two bits",
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
        tool=f"{MINIMUM}; up to two bits no output stage on a given side, and a NOR of one input "
        "on none",
        right=f"{SIZED}; an output stage a line, no NOR",
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
