"""DNN+NeuroSim V2.1's adder trees, pooling units and encoders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.circuits.adder import NANDS, Adder, AdderTree
from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import STEP, cells, chain, log2_up, nor, stage, whole_up
from neurorebit.circuits.layout import rows
from neurorebit.circuits.pooling import MaxPool
from validation.neurosim.cases import Case
from validation.neurosim.quirks.gates import leakage, output_cap
from validation.neurosim.quirks.quirk import Quirk


def tree_levels(operands: Any, tool: bool) -> Iterator[tuple[float, Any]]:
    """Adders of each level of a tree; the tool drops an odd operand."""
    left = operands
    for level in range(int(log2_up(operands))):
        yield float(level), left // 2.0
        left = left // 2.0 if tool else -(-left // 2.0)


def tree_bits(tree: AdderTree, operands: Any, tool: bool) -> Any:
    """Full adders of a tree."""
    return sum(n * (tree.bits + level) for level, n in tree_levels(operands, tool))


def tree_area(tree: AdderTree) -> Any:
    """Its area [m^2]: rows that its trees do not fill count in full."""
    assert tree.fit_width is not None
    unit = cells(tree.tech).nand
    high = rows(tree.fit_width, NANDS * unit.width, tree.count) * unit.height
    return tree.fit_width * tree_bits(tree, tree.operands, True) * high


def tree_latency(tree: AdderTree, operands: float) -> Any:
    """Its time [s] of a sum: every level ripples from the start."""
    adder = Adder(tree.tech, tree.bits, load=tree.load)
    levels = range(int(log2_up(operands)))
    return sum(replace(adder, bits=tree.bits + level).delay for level in levels)


def addition(adder: Adder) -> Any:
    """Energy [J] of an addition in which every gate of the carry path switches.

    Of a full adder's nets 13 gate inputs and 7 outputs, and an input more of the lowest bit.
    """
    cell = cells(adder.tech).nand
    full_adder = 13.0 * cell.input_cap + 7.0 * cell.output_cap
    return adder.tech.vdd**2 * (adder.bits * full_adder + cell.input_cap)


def tree_energy(tree: AdderTree, operands: float) -> Any:
    """Energy [J] of a sum in all trees, with the tool's adders and all of their gates."""
    adder = Adder(tree.tech, load=tree.load)
    per_tree = sum(
        n * addition(replace(adder, bits=tree.bits + level))
        for level, n in tree_levels(operands, True)
    )
    return tree.count * per_tree


def correct_addition(case: Case, quantity: str, ours: float) -> Any:
    return ours * addition(case.block) / case.block.energy


def correct_shift_add(case: Case, quantity: str, ours: float) -> Any:
    unit, terms = case.block, case.inputs["num_read"]
    once = unit.accumulate(terms).energy.total
    more = unit.count * (addition(unit.adder) - unit.adder.energy)
    more = more + unit.register.bits * unit.register.data_energy / 2.0
    return ours * (once + terms * more) / once


def correct_tree(case: Case, quantity: str, ours: float) -> Any:
    tree, i = case.block, case.inputs
    used = i["num_unit_add"]
    if quantity in ("area_m2", "height_m"):
        return ours * tree_area(tree) / tree.area
    if quantity == "leakage_W":
        all_bits = tree_bits(tree, tree.operands, False)
        return ours * tree_bits(tree, used, True) / all_bits
    if used <= 1.0:
        return ours
    if quantity == "read_latency_s":
        return ours * tree_latency(tree, used) / tree.add(used).latency.total
    return ours * tree_energy(tree, used) / tree.add(used).energy.total


class PoolGates:
    """The tool's gates of a max-pooling unit: NORs drawn like NANDs, a stage too many."""

    def __init__(self, block: MaxPool) -> None:
        tech, self.block = block.tech, block
        self.nor = nor(tech, 2.0, 8.0, 2.0)
        self.wide = nor(tech, block.bits, 4.0 * block.bits, 2.0)
        self.bit = Comparator(tech, 1.0, load=2.0 * cells(tech).inverter.output_cap)
        left: Any = block.window
        self.comparators: Any = 0.0
        self.stages: Any = 0.0
        while left > 0.0:
            self.comparators += left // 2.0
            self.stages += 1.0
            left = left // 2.0
        self.comparators += block.window % 2.0
        self.stages += block.window % 2.0

    @property
    def area(self) -> Any:
        inv, nand = cells(self.block.tech).inverter, cells(self.block.tech).nand
        a_bit = self.bit.cell_area + 5.0 * inv.area
        chosen = 7.0 * inv.area + nand.area + self.nor.area + self.wide.area
        return self.block.count * self.comparators * (self.block.bits * a_bit + chosen)

    @property
    def bit_delay(self) -> Any:
        """Of a one-bit comparator: first and last bit, less a middle one."""
        two, three = cells(self.block.tech).nand, cells(self.block.tech).nand3
        first = 2.0 * two.nfet_res * (two.output_cap + three.input_cap)
        inner = two.pfet_res * (three.output_cap + two.input_cap)
        outer = two.pfet_res * (three.output_cap + self.bit.load)
        lowest, ramp = chain(STEP, first, inner)
        middle, ramp = chain(ramp, first, inner)
        highest, _ = chain(ramp, first, outer)
        return lowest - middle + highest

    @property
    def latency(self) -> Any:
        tech, bits = self.block.tech, self.block.bits
        inv = cells(tech).inverter
        joined = 2.0 * self.wide.nfet_res * (2.0 * inv.input_cap + bits * inv.output_cap)
        chosen = 2.0 * inv.nfet_res * (inv.input_cap + output_cap(self.wide))
        passed = 2.0 * inv.nfet_res * (2.0 * inv.input_cap + self.block.load)
        one = bits / 2.0 * self.bit_delay + stage(joined, STEP)[0] + chain(STEP, chosen, passed)[0]
        return self.stages * one

    @property
    def energy(self) -> Any:
        tech, cell = self.block.tech, cells(self.block.tech)
        switched = cell.nand.input_cap + self.nor.input_cap + self.wide.input_cap
        switched = switched + 2.0 * cell.inverter.input_cap + 5.0 * cell.inverter.output_cap
        one = switched * tech.vdd**2 + self.block.bits / 2.0 * self.bit.energy
        return self.block.count * self.comparators * one


def correct_pool(case: Case, quantity: str, ours: float) -> Any:
    block, tool = case.block, PoolGates(case.block)
    if quantity == "leakage_W":
        inverters = tool.comparators * block.count * cells(block.tech).inverter.leakage_power
        return ours * inverters / block.footprint.leakage.total
    if quantity in ("area_m2", "height_m"):
        return ours * tool.area / block.area
    cost = block.pool()
    if quantity == "read_latency_s":
        return ours * tool.latency / cost.latency.total
    return ours * tool.energy / cost.energy.total


def encoder_area(block: Encoder) -> Any:
    """Its area [m^2]: as many side by side as fit, rounded up."""
    cell, height = cells(block.tech), (block.levels - 1.0) * cells(block.tech).inverter.height
    width = 2.0 * cell.inverter.width + cell.nand.width + block.wide.width
    if block.fit_width is not None:
        across = np.clip(whole_up(block.fit_width / width), 1.0, block.count)
        return np.maximum(block.fit_width, width) * height * whole_up(block.count / across)
    side = height if block.fit_height is None else block.fit_height
    upward = np.clip(whole_up(side / height), 1.0, block.count)
    return np.maximum(side, height) * width * whole_up(block.count / upward)


def encoder_delay(block: Encoder) -> Any:
    """Its delay [s]: without the last two stages, and a stack of two where there is none."""
    inv, nand, wide = cells(block.tech).inverter, cells(block.tech).nand, block.wide
    first = inv.nfet_res * (inv.output_cap + 2.0 * nand.input_cap)
    second = nand.pfet_res * (nand.output_cap + wide.inputs * wide.input_cap)
    third = wide.inputs * wide.nfet_res * (wide.output_cap + inv.input_cap)
    last = inv.pfet_res * (inv.output_cap + block.load)
    right = chain(STEP, first, second, third, last)[0]
    return block.delay * chain(STEP, 2.0 * first, second)[0] / right


def encoder_energy(block: Encoder) -> Any:
    """Its energy [J] of a conversion in all: every gate, gate edges counted once a gate."""
    inv, nand, wide = cells(block.tech).inverter, cells(block.tech).nand, block.wide
    pair = inv.input_cap + inv.output_cap + nand.input_cap + output_cap(nand)
    switched = block.pairs * pair + block.bits * (wide.input_cap + output_cap(wide))
    return block.count * switched * block.tech.vdd**2


def encoder_leakage(block: Encoder) -> Any:
    """Its leakage [W]."""
    more = block.bits * (leakage(block.wide) - block.wide.leakage_power)
    return block.footprint.leakage.total + block.count * more


def correct_encoder(case: Case, quantity: str, ours: float) -> Any:
    block = case.block
    if quantity in ("area_m2", "height_m"):
        return ours * encoder_area(block) / block.area
    if quantity == "read_latency_s":
        return ours * encoder_delay(block) / block.delay
    if quantity == "leakage_W":
        return ours * encoder_leakage(block) / block.footprint.leakage.total
    return ours * encoder_energy(block) / block.encode().energy.total


WORST = "every gate of the carry path switches in every addition"
SWITCHED = "random operands, and the glitches of the carry"

QUIRKS = (
    Quirk("Adder", ("read_energy_J",), tool=WORST, right=SWITCHED, correct=correct_addition),
    Quirk(
        "ShiftAdd",
        ("read_energy_J",),
        tool=f"{WORST}, and every bit of the register",
        right=f"{SWITCHED}; half of the bits",
        correct=correct_shift_add,
    ),
    Quirk(
        "AdderTree",
        ("area_m2", "height_m", "read_energy_J", "leakage_W", "read_latency_s"),
        tool="an odd operand is dropped; a row counts in full; unused adders do not leak; every "
        f"level ripples from the start; {WORST}",
        right=f"operands - 1 adders, all leaking; levels overlap as bits arrive; {SWITCHED}",
        correct=correct_tree,
    ),
    Quirk(
        "MaxPooling",
        ("area_m2", "height_m", "read_energy_J", "leakage_W", "read_latency_s"),
        tool="NORs drawn like NANDs; a stage too many; a one-bit comparator less a middle bit; one "
        "inverter a comparator leaks",
        right="PFETs in series are widened; ceil(log2 w) stages; one bit; all gates leak",
        correct=correct_pool,
    ),
    Quirk(
        "MultilevelSAEncoder",
        ("area_m2", "height_m", "read_energy_J", "leakage_W", "read_latency_s"),
        tool="the last two stages take no time; as many abreast as fit, rounded up; wide NANDs "
        "leak by the factor of three inputs, with one gate edge; every gate switches",
        right="all four stages; rounded down; see formula.gate; codes follow each other at random",
        correct=correct_encoder,
    ),
)
