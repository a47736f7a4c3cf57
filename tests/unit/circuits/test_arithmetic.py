"""Multiply-accumulate lanes, against the figures of system.md 13.2 (32 nm, 300 K)."""

import dataclasses

import pytest
from common import near

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.arithmetic import CarrySaveMac, FloatMac, Mac, Multiplier, dadda_depth
from neurorebit.circuits.gates import cells
from neurorebit.circuits.register import Register


@pytest.fixture
def tech(tech32):
    return dataclasses.replace(tech32, temperature=300.0)


def test_pieces(tech):
    assert Adder(tech).full_adder_energy == near(4.92e-15, rel=5e-3)
    assert Multiplier(tech).product_energy == near(1.06e-15, rel=1e-2)
    assert Adder(tech).carry_delay == near(0.118e-9, rel=5e-3)


@pytest.mark.parametrize(("bits", "levels"), [(2, 0), (3, 1), (8, 4), (16, 6), (32, 8)])
def test_dadda(bits, levels):
    """8 rows go to 6, 4, 3, 2."""
    assert dadda_depth(float(bits)) == levels


@pytest.mark.parametrize(
    ("bits", "energy"), [(8.0, 0.127e-12), (16.0, 0.537e-12), (32.0, 2.21e-12)]
)
def test_multiplications(tech, bits, energy):
    cost = Multiplier(tech, bits, bits).multiply()
    assert cost.energy.total == near(energy, rel=0.01)


@pytest.mark.parametrize(
    ("by", "energy", "time", "fast_energy", "fast_time"),
    [
        (8.0, 0.72e-12, 6.6e-9, 0.93e-12, 1.5e-9),
        (16.0, 1.32e-12, 8.1e-9, 1.57e-12, 1.9e-9),
        (32.0, 2.53e-12, 10.4e-9, 2.84e-12, 2.4e-9),
    ],
)
def test_lanes(tech, by, energy, time, fast_energy, fast_time):
    cost = Mac(tech, 32.0, by, 40.0 + by).accumulate()
    assert cost.energy.total == near(energy, rel=0.01)
    assert cost.latency.total == near(time, rel=0.01)
    fast = CarrySaveMac(tech, 32.0, by, 40.0 + by).accumulate()
    assert fast.energy.total == near(fast_energy, rel=0.01)
    assert fast.latency.total == near(fast_time, rel=0.03)


def test_floating_point(tech):
    """4.6 pJ at 45 nm is 3.27 pJ at 32 nm, and 0.07 pJ for a register of 32 bits."""
    cost = FloatMac(tech).accumulate()
    assert cost.energy.total == near(4.6e-12 * 32 / 45 + 0.07e-12, rel=1e-3)


def test_area_is_the_gates(tech):
    """(k - 1) n + w full adders of nine NANDs, n k ANDs, w flip-flops (system.md 13.2)."""
    nand, inv = cells(tech).nand, cells(tech).inverter
    adders = 9 * (7 * 32 + 48) * nand.area
    products = 32 * 8 * (nand.area + inv.area)
    area = adders + products + Register(tech, 48.0).area
    assert Mac(tech).footprint.area.total == near(area, rel=1e-12)
    four = Mac(tech, count=4.0)
    assert four.footprint.area.total == near(4 * area, rel=1e-12)
    energy = 4 * Mac(tech).accumulate().energy.total
    assert four.accumulate().energy.total == near(energy, rel=1e-12)
    assert four.accumulate(0.25).energy.total == near(energy / 4, rel=1e-12)
