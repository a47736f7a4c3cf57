"""What our blocks say of a record: buffers, buses, trees and DRAM."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.wire import Bus, RepeatedWire, wire_res
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import (
    Asked,
    Case,
    Figure,
    Figures,
    accessed,
    module,
    occupied,
    valued,
)
from validation.neurosim.records.module import Inputs


def unit_res(i: Inputs, tech: Technology) -> Any:
    """Resistance [ohm/m] of the wire a record is about."""
    return i.given("unit_wire_resistance_ohm_per_m", float(wire_res(tech)))


def without_res(wire: RepeatedWire) -> RepeatedWire:
    """The same repeaters in a wire of next to no resistance."""
    least = 1e-9 * wire.res
    return replace(wire, res=least, given_size=wire.size, given_spacing=wire.spacing)


def _repeated(wire: RepeatedWire) -> Figures:
    return valued(
        wire,
        repeater_size="size",
        repeater_spacing_m="spacing",
        energy_per_length_J_per_m_per_bit="energy",
    )


HBM2, GDDR5 = (15.2e12, 3.9e-12), (4.288e12, 14e-12)  # the tool's: bandwidth [bit/s], energy [J]


@module("Buffer")
def _buffer(i: Inputs, tech: Technology) -> Case:
    kind = SramBuffer if i["is_sram"] else FlipFlopBuffer
    block = kind(tech, i["num_bit"], i["interface_width_bit"])
    area = float(block.footprint.area.total)
    side = i.given("fixed_height_m", 0.0) or np.sqrt(area)
    figures = accessed("read", block, "read", i["num_read"], bits=i["access_bits_read"])
    figures |= accessed("write", block, "write", i["num_write"], bits=i["access_bits_write"])
    figures |= occupied(block)
    figures["height_m"] = Figure(side, Asked(block, "area_m2", float(side / area)))
    figures["width_m"] = Figure(area / side, Asked(block, "area_m2", float(1.0 / side)))
    return Case(tech, i, figures, block)


@module("Bus")
def _bus(i: Inputs, tech: Technology) -> Case:
    if i["is_vertical"]:
        length = (i["num_row"] - 1.0) * i["unit_height_m"]
    else:
        length = (i["num_col"] - 1.0) * i["unit_width_m"]
    wire = RepeatedWire(tech, unit_res(i, tech), i["delay_tolerance"])
    metres = length * i["bus_width_bit"]
    flits = i["num_read"]
    bus = Bus(tech, length, i["bus_width_bit"], tolerance=i["delay_tolerance"])
    figures = valued(bus, wire_length_m="length") | _repeated(wire)
    figures |= valued(wire, latency_per_length_s_per_m="delay")
    figures |= valued(wire, flits * length, read_latency_s="delay")
    figures |= valued(wire, flits * i["num_bit_access"] * length, read_energy_J="energy")
    count = np.ceil(length / wire.spacing)
    figures["num_repeater"] = Figure(count, Asked(wire, "spacing", float(count / wire.spacing)))
    figures |= occupied(wire, factor=metres)
    return Case(tech, i, figures, bus, also={"wire": wire, "length": length})


@module("HTree")
def _htree(i: Inputs, tech: Technology) -> Case:
    tolerance = i["delay_tolerance"]
    tree = HTree(
        tech,
        i["num_row"],
        i["num_col"],
        leaf_height=i["unit_height_m"],
        leaf_width=i["unit_width_m"],
        width=i["bus_width_bit"],
        tolerance=tolerance,
    )
    wire = RepeatedWire(tech, unit_res(i, tech), tolerance)
    free = without_res(wire)
    flits, metres = i["num_read"], float(i["bus_width_bit"] * tree.length)
    figures = valued(tree, total_wire_length_m="length") | _repeated(wire)
    stages, path = 2.0 * tree.depth + 1.0, float(tree.path)
    asked = Asked(tree, "depth", float(stages / tree.depth)) if tree.depth else None
    figures["num_stage"] = Figure(stages, asked, "one leaf needs no tree")
    figures |= valued(wire, flits * path, read_latency_with_unit_wire_resistance_s="delay")
    figures |= valued(free, flits * path, read_latency_with_zero_wire_resistance_s="delay")
    bits = flits * i["num_bit_access"]
    figures |= valued(tree, float(bits * wire.energy), read_energy_J="path")
    figures |= occupied(wire, factor=metres)
    return Case(tech, i, figures, tree, also={"wire": wire})


@module("DRAM")
def _dram(i: Inputs, tech: Technology) -> Case:
    """HBM2, or GDDR5 (docs/models/memory.md#dram)."""
    bandwidth, energy = HBM2 if i["dram_type"] == 2 else GDDR5
    block = Dram(tech, bandwidth=bandwidth, energy=energy)
    return Case(tech, i, accessed("read", block, "transfer", 1.0, bits=i["num_bits"]), block)
