"""The digital macro against the figures of system.md 13.2 and 13.3, computed independently."""

import numpy as np
import pytest
from common import near

from neurorebit.chips.hybrid.digital import BUILDS, BitSerialMacro, WordParallelMacro
from neurorebit.circuits.sram import SramBank
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document
from neurorebit.schema.paths import shipped


@pytest.fixture(scope="module")
def tech():
    return read_technology(Document(shipped("technology", "32nm")))


@pytest.fixture(scope="module")
def bank(tech):
    return SramBank(tech)


def test_lines_carry_the_loads_of_their_devices(bank):
    assert bank.array.row_cap == near(34.5e-15, rel=0.005)
    assert bank.array.col_cap == near(12.7e-15, rel=0.005)


def test_a_row_read_costs_what_is_predicted(bank):
    assert bank.read().energy.total == near(0.39e-12, rel=0.02)


def test_a_row_write_discharges_one_line_of_every_pair(bank):
    """Each column's line is charged again by the supply: S C V^2, whatever the bits were."""
    charged = bank.write().energy.items["bank/precharger"]
    assert charged >= 128 * bank.array.col_cap * bank.tech.vdd**2


def test_retention_is_an_off_transistor_a_side_and_an_access(bank):
    """13.7 gives 9.54 pW a bit without the access transistor, which at 1.31 F adds 0.9 V I."""
    access = 0.9 * 0.0001001 * 1.31 * 32e-9
    a_bit = bank.array.footprint.leakage.total / 128**2
    assert a_bit == near(9.54e-12 + access, rel=0.001)


@pytest.mark.parametrize(
    ("build", "bits", "expected"),
    [
        (WordParallelMacro, 8, 0.74),
        (WordParallelMacro, 16, 1.34),
        (WordParallelMacro, 32, 2.56),
        (BitSerialMacro, 8, 1.11),
        (BitSerialMacro, 16, 2.23),
        (BitSerialMacro, 32, 4.48),
    ],
)
def test_energy_of_a_transposed_mac_is_as_predicted(tech, build, bits, expected):
    macro = build(tech, error_bits=float(bits))
    picojoule = macro.mtvm(error_density=0.5).energy.total / macro.weights * 1e12
    assert picojoule == near(expected, rel=0.012)


def test_floating_point_is_the_published_energy(tech):
    macro = WordParallelMacro(tech=tech, error_bits=32.0, float_errors=True)
    picojoule = macro.mtvm().energy.total / macro.weights * 1e12
    assert picojoule == near(3.37, rel=0.005)


@pytest.mark.parametrize(("bits", "expected"), [(8, 1.53e-8), (16, 1.99e-8), (32, 2.90e-8)])
def test_area_of_the_word_parallel_build_is_as_predicted(tech, bits, expected):
    assert WordParallelMacro(tech=tech, error_bits=float(bits)).footprint.area.total == near(
        expected, rel=0.04
    )


def test_zero_errors_are_skipped(tech):
    macro = WordParallelMacro(tech=tech)
    full, sparse = macro.mtvm(nonzero=1.0), macro.mtvm(nonzero=0.5)
    lanes = [p for p in full.energy.items if p.startswith("dpim/lanes")]
    for part in lanes:
        assert sparse.energy.items[part] == near(full.energy.items[part] / 2, rel=1e-12)


def test_bit_serial_energy_follows_the_ones(tech):
    macro = BitSerialMacro(tech=tech)
    read = [macro.mtvm(d).energy.items["dpim/row_adder"] for d in (0.25, 0.5)]
    assert read[1] == near(2 * read[0], rel=1e-12)


def test_bit_serial_time_is_the_worst_case(tech):
    macro = BitSerialMacro(tech=tech)
    slowest = max(macro.weight_bank.read().latency.total, macro.row_adder.add().latency.total)
    assert macro.mtvm(0.1).latency.total == near(8 * 128 * slowest, rel=1e-12)


@pytest.mark.parametrize("build", BUILDS.values())
def test_an_update_writes_what_changed(tech, build):
    macro = build(tech)
    all_words, none = macro.write(1.0), macro.write(0.0)
    stored = macro.rows * (
        macro.weight_bank.write().energy.total + macro.gradient_bank.write().energy.total
    )
    assert all_words.energy.total - none.energy.total == near(stored, rel=1e-9)


@pytest.mark.parametrize("build", BUILDS.values())
def test_many_designs_are_their_points(tech, build):
    bits = np.array([8.0, 16, 32])
    many = build(tech, error_bits=bits)
    for action in ("mtvm", "outer", "collect", "write", "level"):
        ones = [getattr(build(tech, error_bits=b), action)() for b in bits]
        cost = getattr(many, action)()
        energy = np.broadcast_to(cost.energy.total, bits.shape)
        latency = np.broadcast_to(cost.latency.total, bits.shape)
        assert energy == near([one.energy.total for one in ones], rel=1e-12)
        assert latency == near([one.latency.total for one in ones], rel=1e-12)
