"""Multipliers and multiply-accumulate lanes: gates counted, and published energies."""

import dataclasses

import gate_level
import numpy as np
import pytest
from common import near

from neurorebit.circuits.accumulator import ACCUMULATORS
from neurorebit.circuits.adder import Adder, full_adder_delay
from neurorebit.circuits.arithmetic import Mac, Multiplier, Products, dadda_depth
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.prefix import NETWORKS, PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths


@pytest.fixture
def tech(tech32):
    return dataclasses.replace(tech32, temperature=300.0)


@pytest.fixture(scope="module")
def horowitz():
    """45 nm at 0.9 V."""
    found = read_technology(Document(paths.shipped("technology", "45nm_hp")))
    return dataclasses.replace(found, vdd=0.9)


def test_pieces(tech):
    assert Adder(tech).carry_delay == near(0.118e-9, rel=5e-3)


def test_a_full_adder_waits_for_six_nands(tech):
    """From an operand through two XORs: NANDs that drive 3, 1, 2, 3, 1 and 2 inputs."""
    nand = cells(tech).nand
    res = [2 * nand.nfet_res, nand.pfet_res] * 3
    loads = [3, 1, 2, 3, 1, 2]
    taus = [r * (nand.output_cap + n * nand.input_cap) for r, n in zip(res, loads, strict=True)]
    assert full_adder_delay(tech) == near(chain(STEP, *taus)[0], rel=1e-12)


@pytest.mark.parametrize(("bits", "levels"), [(2, 0), (3, 1), (8, 4), (16, 6), (32, 8)])
def test_dadda(bits, levels):
    """8 rows go to 6, 4, 3, 2."""
    assert dadda_depth(float(bits)) == levels


@pytest.mark.parametrize("network", ["brent_kung", "sklansky"])
def test_additions_are_within_two_of_the_published(horowitz, network):
    """32 bits, 0.1 pJ: M. Horowitz, ISSCC 2014, figure 1.1.9 (secondary). Ripple adders take less,
    Kogge-Stone adders with their wires more.
    """
    found = PrefixAdder(horowitz, 32.0, network=network).energy * 1e12
    assert 0.05 < found < 0.2
    assert Adder(horowitz, 32.0).energy * 1e12 < found
    assert PrefixAdder(horowitz, 32.0, network="kogge_stone").energy * 1e12 > found


@pytest.mark.parametrize(("bits", "picojoule"), [(8.0, 0.2), (32.0, 3.1)])
def test_multiplications_are_within_two_of_the_published(horowitz, bits, picojoule):
    found = Multiplier(horowitz, bits, bits).multiply().energy.total * 1e12
    assert picojoule / 2 < found < 2 * picojoule


def test_a_multiplier_waits_for_its_levels_and_an_adder(tech):
    """16 by 8 bits: AND, four levels of full adders, a prefix adder of 24 bits."""
    found, adder = Multiplier(tech, 16.0, 8.0), PrefixAdder(tech, 24.0, network="sklansky")
    inv, nand = cells(tech).inverter, cells(tech).nand
    product, _ = chain(
        STEP,
        2 * nand.nfet_res * (nand.output_cap + inv.input_cap),
        inv.pfet_res * (inv.output_cap + 2 * nand.input_cap),
    )
    expected = product + 4 * full_adder_delay(tech) + adder.delay
    assert found.multiply().latency.total == near(expected, rel=1e-12)


@pytest.mark.parametrize("style", ACCUMULATORS)
def test_a_step_of_a_lane(tech, style):
    """32 by 8 bits into 48: four levels for 9 rows, five for the 10 of a carry-save sum. Beside
    them the adder works on the step before.
    """
    lane = Mac(tech, 32.0, 8.0, 48.0, style=style)
    rows = 10 if style == "carry_save" else 9
    tree = lane.products.product_delay + dadda_depth(float(rows)) * full_adder_delay(tech)
    found = lane.accumulate().latency.total
    if style == "carry_save":
        assert found == near(tree, rel=1e-12)
        assert lane.resolve().latency.total == near(PrefixAdder(tech, 48.0).delay, rel=1e-12)
        return
    kind = Adder(tech, 48.0) if style == "ripple" else PrefixAdder(tech, 48.0, network=style)
    assert found == near(max(tree, kind.delay), rel=1e-12)
    assert lane.resolve().latency.total == 0.0


def test_prefix_adders_take_few_levels(tech):
    """Of 40 bits a ripple adder takes three times as long and longer."""
    slow = Adder(tech, 40.0).delay
    assert all(slow > 2.5 * PrefixAdder(tech, 40.0, network=n).delay for n in NETWORKS)
    levels = {n: len(PrefixAdder(tech, 64.0, network=n).levels) for n in NETWORKS}
    assert levels == {"brent_kung": 11, "sklansky": 6, "kogge_stone": 6}


def test_kogge_stone_has_many_wires(tech):
    """Its last level of 64 bits has 64 wires abreast, more than fit above a row of cells."""
    wide, narrow = (PrefixAdder(tech, 64.0, network=n) for n in ("kogge_stone", "sklansky"))
    gates = wide.gates[0] * cells(tech).nand.area + wide.gates[1] * cells(tech).inverter.area
    assert wide.area > 1.5 * gates
    assert wide.area > 2 * narrow.area


def test_area_is_the_gates(tech):
    """8 rows of 32 bits to two, then with the sum of 48 bits to two again, of 48 and of 40 bits."""
    nand, inv = cells(tech).nand, cells(tech).inverter
    netlist = gate_level.Netlist()
    a, b = ([netlist.input() for _ in range(48)] for _ in range(2))
    gate_level.prefix(netlist, a, b, gate_level.sklansky(48))
    adder = sum((nand if len(nets) == 2 else inv).area for _, nets in netlist.gates)
    area = 9 * (30 * 6 - 1 + 40) * nand.area + 32 * 8 * (nand.area + inv.area)
    area += 7 * (4 * nand.area + inv.area) + adder + Register(tech, 48.0 + 40.0 + 48.0).area
    lane = Mac(tech)
    assert 1.0 < lane.footprint.area.total / area < 1.02  # buffers of wide fan-outs
    four = Mac(tech, count=4.0)
    assert four.footprint.area.total == near(4 * lane.footprint.area.total, rel=1e-12)
    energy = 4 * lane.accumulate().energy.total
    assert four.accumulate().energy.total == near(energy, rel=1e-12)
    assert four.accumulate(0.25).energy.total == near(energy / 4, rel=1e-12)


def test_a_sum_in_two_rows_has_twice_the_flip_flops(tech):
    one, two = (ACCUMULATORS[style](tech, 40.0) for style in ("sklansky", "carry_save"))
    assert (one.held, two.held) == (1.0, 2.0)
    assert two.register.bits == 2 * one.register.bits == 80.0
    assert two.compressors.count == 40.0
    assert one.compressors.count == 0.0
    assert two.add().latency.total == near(full_adder_delay(tech), rel=1e-12)


def test_designs_of_unlike_widths_are_their_points(tech):
    by = np.array([4.0, 9.0, 16.0])
    many = Products(tech, 32.0, by).energy
    assert many == near([Products(tech, 32.0, b).energy for b in by], rel=1e-12)
    assert np.isnan(Products(tech, 32.0, np.array([8.0, np.nan])).energy[1])
