"""DNN+NeuroSim V2.1's buffers, buses and trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import cells, stage
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.wire import RepeatedWire
from validation.neurosim.cases import Case
from validation.neurosim.cases.transport import without_res
from validation.neurosim.composition.decoders import minimum
from validation.neurosim.quirks.decoders import (
    decoder_area,
    decoder_delay,
    decoder_energy,
    decoder_leakage,
    decoder_ramp,
)
from validation.neurosim.quirks.gates import redrawn
from validation.neurosim.quirks.quirk import Quirk
from validation.neurosim.quirks.sensing import precharge_energy


def flip_flop_line(block: FlipFlopBuffer) -> Any:
    """Its time [s] of a line."""
    return decoder_delay(block.decoder) + 0.5 / block.tech.clock


def correct_flip_flops(case: Case, quantity: str, ours: float) -> Any:
    block, i = case.block, case.inputs
    kind = "read" if quantity.startswith("read") else "write"
    line = block.decoder.delay + 0.5 / case.tech.clock
    return ours * block.line / i[f"access_bits_{kind}"] * flip_flop_line(block) / line


def sram_parts(block: SramBuffer) -> tuple[Decoder, Precharger, Any, float, float]:
    """Its decoder, precharger and write driver, loaded with bare wires, and the bitline's loads."""
    array, cap = block.array, block.tech.wire.cap
    row, col = cap * array.row_length, cap * array.col_length
    return (
        replace(block.decoder, load=row, res=0.0),
        replace(block.precharger, load=col),
        replace(block.write_driver, load=col, drive_strength=1.0),
        float(row),
        float(col),
    )


def bitline_tau(array: Any, col_cap: Any) -> Any:
    """Time constant [s] of a bitline, until the sense voltage is there."""
    vdd, swing = array.tech.vdd, array.tech.sram.sense_voltage
    own = array.access_drain
    tau = array.read_res * (own + col_cap) + array.col_res * col_cap / 2.0
    return tau * np.log(vdd / (vdd - swing / 2.0))


def sram_area(block: SramBuffer) -> Any:
    """Its area [m^2]: no sense amplifiers."""
    decoder, precharger, driver, _, _ = sram_parts(block)
    return block.array.footprint.area.total + decoder_area(decoder) + precharger.area + driver.area


def sram_line(block: SramBuffer, kind: str) -> tuple[Any, Any]:
    """Its time [s] and energy [J] of a line, ``read`` or ``write``."""
    decoder, precharger, driver, _, col = sram_parts(block)
    time, energy = decoder_delay(decoder) + precharger.delay, decoder_energy(decoder)
    if kind == "read":
        settled, _ = stage(bitline_tau(block.array, col), decoder_ramp(decoder))
        return time + settled, energy + precharge_energy(precharger)
    written = precharger.precharge_written(1.0).energy.total
    energy = energy + written * precharger.load / precharger.line_cap
    return time + driver.delay, energy + driver.write(1.0).energy.total


def correct_sram_buffer(case: Case, quantity: str, ours: float) -> Any:
    block, i = case.block, case.inputs
    if quantity in ("area_m2", "width_m"):
        return ours * sram_area(block) / block.footprint.area.total
    if quantity == "leakage_W":
        decoder, precharger, driver, _, _ = sram_parts(block)
        tool = decoder_leakage(decoder) + precharger.footprint.leakage.total / 2.0
        tool = tool + driver.footprint.leakage.total
        return ours * tool / block.footprint.leakage.total
    kind, figure = quantity.split("_")[:2]
    bits = i[f"access_bits_{kind}"]
    right = getattr(block, kind)(bits)
    time, energy = sram_line(block, kind)
    if figure == "latency":
        return ours * time / right.latency.total
    return ours * energy * bits / block.line / right.energy.total


def correct_buffer_latency(case: Case, quantity: str, ours: float) -> Any:
    if isinstance(case.block, FlipFlopBuffer):
        return correct_flip_flops(case, quantity, ours)
    return correct_sram_buffer(case, quantity, ours)


def correct_buffer_energy(case: Case, quantity: str, ours: float) -> Any:
    if isinstance(case.block, FlipFlopBuffer):
        block, tool = case.block, minimum(case.block.decoder)
        share, right = block.line / block.bits, block.decoder
        if quantity in ("area_m2", "width_m"):
            whole, more = block.footprint.area.total, block.cores * (tool.area - right.area)
        elif quantity == "leakage_W":
            more = tool.footprint.leakage.total - right.footprint.leakage.total
            whole, more = block.footprint.leakage.total, block.cores * more
        else:
            stored, own = (
                block.register.store(s, share).energy.total for s in (share / 2.0, share)
            )
            whole, more = right.energy + stored, tool.energy - right.energy + own - stored
        return ours * (whole + more) / whole
    return correct_sram_buffer(case, quantity, ours)


class SummedEdges(RepeatedWire):
    """A repeated wire whose inverters pull through both of their transistors at once."""

    @property
    def drive_res(self) -> Any:
        cell = cells(self.tech).inverter
        return cell.nfet_res + cell.pfet_res


def searched(wire: RepeatedWire, halving: bool) -> SummedEdges:
    """Its repeaters: from the fastest design on until the first that is too slow."""
    tech, unit = wire.tech, cells(wire.tech).inverter
    own: SummedEdges = redrawn(wire, SummedEdges)
    res, cap = own.drive_res, tech.wire.cap
    size = np.floor(np.sqrt(res * cap / (unit.input_cap * wire.res)))
    spacing = np.sqrt(2.0 * res * (unit.input_cap + unit.output_cap) / (wire.res * cap))
    drawn = replace(own, given_size=size, given_spacing=spacing)
    fastest = drawn.delay
    while wire.tolerance > 0.0 and drawn.delay < (1.0 + wire.tolerance) * fastest:
        size = np.floor(size / 2.0) if halving else size - 1.0
        spacing = 0.9 * spacing
        drawn = replace(own, given_size=np.maximum(size, 1.0), given_spacing=spacing)
        if size <= 1.0:
            break
    return drawn


def correct_bus(case: Case, quantity: str, ours: float) -> Any:
    wire, i = case.also["wire"], case.inputs
    tool = searched(wire, halving=False)
    length = float(case.also["length"])
    figures: dict[str, Callable[[], Any]] = {
        "repeater_size": lambda: ours * tool.size / wire.size,
        "repeater_spacing_m": lambda: ours * tool.spacing / wire.spacing,
        "num_repeater": lambda: np.ceil(length / tool.spacing),
        "latency_per_length_s_per_m": lambda: ours * tool.delay / wire.delay,
        "read_latency_s": lambda: ours * tool.delay / wire.delay,
        "energy_per_length_J_per_m_per_bit": lambda: ours * tool.energy / wire.energy,
        "read_energy_J": lambda: ours * tool.energy / wire.energy,
        "area_m2": lambda: (
            i["num_row"] * length * i["bus_width_bit"] * tool.repeater.width / i["folded_ratio"]
        ),
        "leakage_W": lambda: (i["num_row"] + i["num_col"]) * length * tool.footprint.leakage.total,
    }
    return float(figures[quantity]())


def htree_paths(tree: HTree) -> tuple[float, float, float]:
    """Its lengths [m]: in time, in energy, and of all wires."""
    depth, span = float(tree.depth), float(tree.leaf_height + tree.leaf_width)
    least = np.floor(np.log2(np.minimum(tree.rows, tree.cols)) + 1e-9)
    least = least - 1.0 if tree.cols - least < 1.0 else least
    trunk = np.minimum(tree.cols - least, least) * tree.leaf_width if depth else 0.0
    full = span * (2.0**depth - 1.0)
    runs = sum(span * 2.0 ** (depth - 1.0 - i) for i in range(1, int(depth)))
    return full + trunk, full / 2.0 + trunk, runs + trunk


def htree_area(tree: HTree, wire: RepeatedWire, folds: float) -> Any:
    """Its area [m^2]: tracks that grow with each level."""
    depth, unit = int(tree.depth), wire.repeater
    high: Any = 0.0
    wide: Any = 0.0
    area: Any = 0.0
    vertical, horizontal = (side * 2.0**depth / 2.0 for side in (tree.leaf_height, tree.leaf_width))
    for _ in range(1, depth):
        vertical, horizontal = vertical / 2.0, horizontal / 2.0
        wide = wide + tree.width * unit.width / folds
        high = high + tree.width * unit.height / folds
        area = area + wide * vertical / 2.0 + high * horizontal / 2.0
    time, energy, _ = htree_paths(tree)
    trunk = 2.0 * energy - time
    return float(area + tree.width * unit.height / folds * trunk)


def correct_htree(case: Case, quantity: str, ours: float) -> Any:
    tree, wire, i = case.block, case.also["wire"], case.inputs
    tool = searched(wire, halving=True)
    time, energy, total = htree_paths(tree)
    free, rightly_free = without_res(tool), without_res(wire)
    figures: dict[str, Callable[[], Any]] = {
        "repeater_size": lambda: ours * tool.size / wire.size,
        "repeater_spacing_m": lambda: ours * tool.spacing / wire.spacing,
        "energy_per_length_J_per_m_per_bit": lambda: ours * tool.energy / wire.energy,
        "read_energy_J": lambda: ours * tool.energy / wire.energy * energy / tree.path,
        "total_wire_length_m": lambda: ours * total / tree.length,
        "read_latency_with_unit_wire_resistance_s": lambda: (
            ours * tool.delay / wire.delay * time / tree.path
        ),
        "read_latency_with_zero_wire_resistance_s": lambda: (
            ours * free.delay / rightly_free.delay * time / tree.path
        ),
        "area_m2": lambda: htree_area(tree, tool, i["folded_ratio"]),
        "leakage_W": lambda: total * tool.footprint.leakage.total,
    }
    return float(figures[quantity]())


QUIRKS = (
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
        tool="inverters resist like both transistors in series; the search stops one step late; "
        "area counts rows, leakage rows and columns",
        right="an edge goes through one transistor; the cheapest design that is fast enough",
        correct=correct_bus,
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
        tool="repeaters as in Bus; the path in time is twice the path in energy; tracks grow with "
        "each level; one path leaks",
        right="one path for both; tracks of constant width; all branches leak",
        correct=correct_htree,
    ),
    Quirk(
        "HTree",
        ("*_as_shipped_undefined_*",),
        tool="depends on memory that was never set",
        right="-",
        correct=None,
    ),
    Quirk(
        "Buffer",
        ("*_latency_s",),
        tool="an access takes one line whatever its bits; the decoder as in RowDecoder",
        right="as many lines as bits need",
        correct=correct_buffer_latency,
    ),
    Quirk(
        "Buffer",
        ("*_energy_J", "area_m2", "width_m", "leakage_W"),
        tool="SRAM: no sense amplifiers, no device loads on the lines, no leakage of cells; "
        "precharge, drivers and decoder as in their own modules",
        right="what works is there, loads its lines and leaks",
        correct=correct_buffer_energy,
    ),
)
