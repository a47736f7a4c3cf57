"""Ripple adders and trees (docs/models/logic.md#adder-trees)."""

import dataclasses

import numpy as np
import pytest
from common import near

from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.gates import STEP, cells, stage
from neurorebit.circuits.switching import Operand
from validation.neurosim.quirks.digital import addition, tree_energy


def test_records(records, agree, edges):
    for r in records("Adder"):
        i = r.inputs
        adder = Adder(
            r.tech,
            i["num_bit"],
            i["num_adder"],
            load=i["cap_load_F"],
            ramp=i["ramp_input_per_s"],
            fit_width=i["fixed_width_m"],
        )
        cost = adder.add(i["num_adder_per_op"] / i["num_adder"])
        agree(r, area_m2=adder.area, height_m=adder.height, width_m=adder.width)
        agree(r, leakage_W=adder.footprint.leakage.total)
        agree(r, edges, read_latency_s=i["num_read"] * cost.latency.total)
        worst = addition(adder) / adder.energy  # every gate of the carry path, as the tool has it
        agree(r, edges, read_energy_J=i["num_read"] * worst * cost.energy.total)


def test_the_carry_chain(tech32):
    """Written out for three bits; each more adds the middle pair of stages again."""
    cell, load = cells(tech32).nand, 3e-14
    down, up, own, gate = 2 * cell.nfet_res, cell.pfet_res, cell.output_cap, cell.input_cap
    taus = 2 * [down * (own + 3 * gate), up * (own + 2 * gate)]
    taus += [down * (own + 3 * gate), up * (own + gate), down * (own + load)]
    delays, ramp = [], STEP
    for tau in taus:
        delay, ramp = stage(tau, ramp)
        delays.append(delay)
    three, seven = Adder(tech32, 3.0, load=load), Adder(tech32, 7.0, load=load)
    assert three.delay == near(sum(delays), rel=1e-12)
    assert seven.delay == near(sum(delays) + 4 * (delays[2] + delays[3]), rel=1e-12)
    assert three.output_ramp == near(ramp, rel=1e-12)


def test_quiet_operands_switch_less(tech32):
    """Half of the toggles, and fewer glitches with them."""
    random, quiet = (Adder(tech32, 16.0, operand=Operand(0.5, t)).energy for t in (0.5, 0.05))
    assert quiet < 0.2 * random
    assert Adder(tech32, 16.0, operand=Operand(0.5, 0.0)).energy == 0.0


@pytest.mark.parametrize(
    ("operands", "bits"),
    [
        (2, [8]),
        (4, [8, 8, 9]),
        (9, [8, 8, 8, 8, 9, 9, 10, 11]),
        (5, [8, 8, 9, 10]),
        (1, []),
    ],
)
def test_a_tree_has_one_adder_less_than_operands(tech32, operands, bits):
    """The odd operand moves up: 9 make 4 + 2 + 1 + 1 adders."""
    assert len(bits) == operands - 1
    tree = AdderTree(tech32, float(operands), 8.0)
    assert tree.adder_bits == sum(bits)
    energy = sum(Adder(tech32, float(b)).add().energy.total for b in bits)
    found = tree.add().energy.total
    assert found == near(energy, rel=1e-12) if operands <= 2 else found > 1.3 * energy  # glitches
    leakage = sum(Adder(tech32, float(b)).footprint.leakage.total for b in bits)
    assert tree.footprint.leakage.total == near(leakage, rel=1e-12)


def test_records_of_full_trees(records, agree, edges):
    for r in records("AdderTree"):
        i = r.inputs
        tree = AdderTree(r.tech, i["num_subcore_row"], i["num_adder_bit"], i["num_adder_tree"])
        if i["num_unit_add"] == i["num_subcore_row"] and i["num_subcore_row"] in (2, 4, 8, 16):
            agree(r, leakage_W=tree.footprint.leakage.total)
            agree(r, edges, read_energy_J=i["num_read"] * tree_energy(tree, tree.operands))


def test_adders_of_a_tree_ripple_together(tech32):
    """Two levels: one sum of 9 bits, and one step until its lowest bit arrives."""
    tree, adder = AdderTree(tech32, 4.0, 8.0), Adder(tech32, 9.0)
    expected = adder.delay + adder.carry_delay
    assert tree.add().latency.total == near(expected, rel=1e-12)
    one = AdderTree(tech32, 2.0, 8.0).add().latency.total
    assert one == near(Adder(tech32, 8.0).delay, rel=1e-12)


def test_fewer_operands_switch_less_and_leak_the_same(tech32):
    tree = AdderTree(tech32, np.array([2.0, 8.0]), 8.0)
    used = tree.add(2.0)
    alone = AdderTree(tech32, 2.0, 8.0).add()
    assert used.energy.total == near(np.full(2, alone.energy.total))
    assert used.latency.total == near(np.full(2, alone.latency.total))
    assert tree.add(1.0).energy.total == near(np.zeros(2))
    assert tree.footprint.leakage.total[1] > tree.footprint.leakage.total[0]


def test_check_values(tech32, edges):
    """The reference tool: 30 adders of 8 bits, 20 of them at work, five times."""
    width = 128 * 20 * tech32.feature
    adder = Adder(tech32, 8.0, 30.0, load=30e-15, fit_width=width)
    cost = adder.add(20 / 30)
    assert adder.area == near(1.1744e-9, rel=1e-4)
    assert 5 * cost.latency.total == near(1.0277e-8, rel=edges)
    worst = addition(adder) / adder.energy
    assert 5 * worst * cost.energy.total == near(3.9635e-12, rel=edges)
    assert adder.footprint.leakage.total == near(3.4768e-8, rel=1e-4)
    assert dataclasses.replace(adder, count=60.0).footprint.area.total > adder.area
