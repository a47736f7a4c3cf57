"""Wires, repeaters, buses and trees (docs/models/wires.md)."""

import dataclasses

import numpy as np
import pytest
from common import near

from neurorebit.circuits.gates import cells
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.wire import Bus, RepeatedWire, routing_res, wire_res, wires
from neurorebit.schema.technology import Technology


def test_resistance(tech32):
    """4.03e-8 ohm m, 40 nm wide, 1.9 times as high: 13.26 ohm/um at 300 K."""
    cool = dataclasses.replace(tech32, temperature=300.0)
    assert wire_res(cool) == near(13256578.95, rel=1e-8)
    assert wire_res(tech32) == near(13256578.95 * (1 + 0.00451 * 20), rel=1e-8)
    assert routing_res(cool, 1.0) == near(13256578.95, rel=1e-8)
    # 80 nm: the class from 50 nm; 160 nm: the class from 100 nm (the files' wire classes)
    assert routing_res(cool, 2.0) == near(3.91e-8 / (2.34 * 80e-9**2), rel=1e-9)
    assert routing_res(cool, 4.0) == near(2.73e-8 / (2.30 * 160e-9**2), rel=1e-9)


def test_repeaters_of_records(records, agree):
    """The tool's size and spacing; its drive resistance is the sum of both transistors."""
    for r in records("Bus"):
        out = r.outputs
        wire = RepeatedWire(
            r.tech,
            r.inputs["unit_wire_resistance_ohm_per_m"],
            given_size=out["repeater_size"],
            given_spacing=out["repeater_spacing_m"],
        )
        agree(r, energy_per_length_J_per_m_per_bit=wire.energy)
        repeater, spacing = wire.repeater, wire.spacing
        caps = repeater.input_cap + repeater.output_cap + r.tech.wire.cap * spacing
        again = 0.7 * wire.drive_res / wire.size * caps / spacing
        agree(r, latency_per_length_s_per_m=wire.delay + again)


def test_the_fastest_repeaters(tech32):
    wire = RepeatedWire(tech32, wire_res(tech32))
    for size, spacing in ((1.2, 1.0), (0.8, 1.0), (1.0, 1.2), (1.0, 0.8)):
        other = RepeatedWire(
            tech32,
            wire.res,
            given_size=size * float(wire.size),
            given_spacing=spacing * float(wire.spacing),
        )
        assert other.delay > wire.delay


@pytest.mark.parametrize("tolerance", [0.02, 0.1, 0.5])
def test_the_cheapest_repeaters_within_a_tolerance(tech32, tolerance):
    """A dense grid of designs finds nothing cheaper that is as fast."""
    fastest = RepeatedWire(tech32, wire_res(tech32))
    chosen = RepeatedWire(tech32, wire_res(tech32), tolerance)
    assert chosen.delay == near((1 + tolerance) * fastest.delay, rel=0.01)
    sizes = float(fastest.size) * np.geomspace(0.2, 1.2, 160)[:, None]
    spacings = float(fastest.spacing) * np.geomspace(0.8, 5.0, 160)
    grid = RepeatedWire(tech32, wire_res(tech32), given_size=sizes, given_spacing=spacings)
    within = grid.delay <= (1 + tolerance) * fastest.delay
    best = np.min(np.where(within, grid.energy, np.inf))
    assert chosen.energy == near(best, rel=0.01)


def test_longer_wires_are_wider(tech32):
    """From 1e4 features on twice, from 1e5 on four times as wide."""
    kinds = wires(tech32, 0.1)
    short, medium, long = (kind.delay for kind in kinds.kinds)
    f = tech32.feature
    found = kinds.delay(np.array([0.9e4, 1.1e4, 0.9e5, 1.1e5]) * f)
    assert found.tolist() == [short, medium, medium, long]
    assert long < medium < short


def test_bus(tech32):
    """Bits times length times the energy of a wire; its flits follow one another."""
    kinds = wires(tech32, 0.0)
    bus = Bus(tech32, 1e-3, 128.0, 2.0)
    cost = bus.transfer(1024.0, 8.0)
    assert cost.energy.total == near(1024 * 1e-3 * kinds.energy(1e-3), rel=1e-12)
    assert cost.latency.total == near(8 * 1e-3 * kinds.delay(1e-3), rel=1e-12)
    repeaters = 2 * 128 * 1e-3 / kinds.spacing(1e-3)
    one = kinds.kinds[1].repeater
    assert bus.footprint.area.total == near(repeaters * one.area, rel=1e-12)
    assert bus.footprint.leakage.total == near(repeaters * one.leakage_power, rel=1e-12)


def test_tree(tech32):
    """Four by four leaves of 1 mm: arms of 1 and 0.5 mm both ways, and a trunk of 2 mm.

    Branchings: one with two arms of 1 mm across and four up or down, four with the same of 0.5 mm.
    """
    tree, kinds = (
        HTree(tech32, 4.0, 4.0, leaf_height=1e-3, leaf_width=1e-3, width=64.0),
        wires(tech32, 0.1),
    )
    assert tree.path == near(2 * (1e-3 + 0.5e-3) + 2e-3, rel=1e-12)
    delay = 2 * (1e-3 * kinds.delay(1e-3) + 0.5e-3 * kinds.delay(0.5e-3))
    delay = delay + 2e-3 * kinds.delay(2e-3)
    assert tree.delay == near(delay, rel=1e-12)
    assert tree.length == near(6 * 1e-3 + 4 * 6 * 0.5e-3 + 2e-3, rel=1e-12)
    cost = tree.transfer(512.0, 8.0)
    assert cost.latency.total == near(delay + 7e-9, rel=1e-12)  # a flit a cycle
    assert cost.energy.total == near(512 * tree.energy, rel=1e-12)


def test_a_path_takes_half_of_the_way_out_and_half_up(tech32):
    """docs/models/wires.md#h-trees: (h + w)(2^D - 1)/2 and half the grid's width."""
    tree = HTree(tech32, 3.0, 5.0, leaf_height=2e-3, leaf_width=1e-3)
    assert tree.path == near(3e-3 * 7 / 2 + 2.5e-3, rel=1e-12)


def test_one_leaf_needs_no_tree(tech32):
    tree = HTree(tech32, np.array([1.0, 2.0]), 1.0)
    assert tree.footprint.area.total[0] == 0.0
    assert tree.transfer(10.0, 5.0).latency.total[0] == 0.0
    assert tree.transfer(10.0, 5.0).energy.total[0] == 0.0
    assert tree.transfer(10.0, 5.0).latency.total[1] > 4e-9


def test_leaves_of_many_technologies(tech32, tech14):
    many = HTree(Technology.stack([tech32, tech14]), leaf_width=np.array([[1e-3], [2e-4]]))
    assert many.delay.shape == (2, 2)
    assert many.delay[1, 1] == near(HTree(tech14, leaf_width=2e-4).delay, rel=1e-12)


def test_all_leaves_of_a_full_tree_take_all_of_its_branches(tech32):
    """Sixteen leaves of 1 mm: 6 arms of 1 mm, 24 of half a millimetre, and the trunk of 2 mm."""
    tree, kinds = HTree(tech32), wires(tech32, 0.1)
    branches = ((6, 1e-3), (24, 0.5e-3), (1, 2e-3))
    due = sum(n * length * kinds.energy(length) for n, length in branches)
    assert tree.transfer(8.0, 1.0, 16.0).energy.total == near(8 * due, rel=1e-9)
    assert sum(n * length for n, length in branches) == near(tree.length, rel=1e-12)


def test_leaves_to_be_reached_may_have_axes_of_their_own(tech32, tech14):
    """Those of layers, where the tree is one or one of each technology."""
    leaves = np.array([1.0, 3.0, 16.0])
    due = [HTree(tech32).reach(n) for n in leaves]
    assert HTree(tech32).reach(leaves) == near(np.array(due), rel=1e-12)
    many = HTree(Technology.stack([tech32, tech14])).reach(leaves[:, np.newaxis])
    assert many.shape == (3, 2)
    assert many[:, 0] == near(np.array(due), rel=1e-12)


def test_a_repeater_is_an_inverter(tech32):
    wire = RepeatedWire(tech32, wire_res(tech32), given_size=1.0, given_spacing=1e-4)
    cell = cells(tech32).inverter
    assert wire.footprint.area.total == near(cell.area / 1e-4, rel=1e-12)
    caps = cell.input_cap + cell.output_cap + 2e-10 * 1e-4
    assert wire.energy == near(0.25 * caps / 1e-4 * tech32.vdd**2, rel=1e-12)
