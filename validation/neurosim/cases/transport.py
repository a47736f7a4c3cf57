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
from validation.neurosim.cases.case import Case, accessed, module
from validation.neurosim.records.module import Inputs


def unit_res(i: Inputs, tech: Technology) -> Any:
    """Resistance [ohm/m] of the wire a record is about."""
    return i.given("unit_wire_resistance_ohm_per_m", float(wire_res(tech)))


def without_res(wire: RepeatedWire) -> RepeatedWire:
    """The same repeaters in a wire of next to no resistance."""
    least = 1e-9 * wire.res
    return replace(wire, res=least, given_size=wire.size, given_spacing=wire.spacing)


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
