"""The digital macro against figures that were computed independently."""

import gate_level
import numpy as np
import pytest
from common import near

from neurorebit.chips.hybrid.builds import BUILDS
from neurorebit.chips.hybrid.digital import BitSerialMacro, WordParallelMacro
from neurorebit.circuits.gates import cells
from neurorebit.circuits.sram import SramBank
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document
from neurorebit.schema.paths import shipped
from validation.neurosim.composition.decoders import minimum


@pytest.fixture(scope="module")
def tech():
    return read_technology(Document(shipped("technology", "32nm")))


@pytest.fixture(scope="module")
def bank(tech):
    return SramBank(tech)


def test_lines_carry_the_loads_of_their_devices(bank):
    """Of a bitline 6.55 fF are wire; drains have the mean of a junction over its swing."""
    assert bank.array.row_cap == near(34.5e-15, rel=0.005)
    assert bank.array.col_cap == near(13.43e-15, rel=0.005)


def test_a_row_read_costs_what_is_predicted(bank):
    """With a decoder of minimum gates all of whose address bits toggle.

    Rows follow each other, so that of seven bits the six of the pairs toggle 1 + 1/2 + ... + 1/32
    times a read, the pairs change 1, 1/4 and 1/16 times, and the seventh bit toggles once in 64
    reads. A sized decoder takes more than one of minimum gates at the same addresses, and less than
    one whose every bit toggles.
    """
    sized, drawn = bank.decoder.energy, minimum(bank.decoder)
    assert bank.read().energy.total - sized + drawn.energy == near(0.405e-12, rel=0.02)
    inv, nand = cells(bank.tech).inverter, cells(bank.tech).nand
    nors = 128 * drawn.nor.input_cap
    spared = (6 - 63 / 32) * (inv.input_cap + 2 * nand.input_cap)
    spared += (3 - 21 / 16) * (nand.output_cap + nors / 4)
    spared += (1 - 1 / 64) * (inv.input_cap + nors / 2)
    counted = drawn.energy - bank.tech.vdd**2 * spared
    assert counted < sized < drawn.energy


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
    ("build", "bits", "simulated"),
    [
        (WordParallelMacro, 8, 1.216),
        (WordParallelMacro, 16, 2.536),
        (WordParallelMacro, 32, 5.360),
        (BitSerialMacro, 8, 1.323),
        (BitSerialMacro, 16, 2.644),
        (BitSerialMacro, 32, 5.312),
    ],
)
def test_energy_of_a_transposed_mac_is_as_simulated(tech, build, bits, simulated):
    """Picojoule of lanes that were simulated gate by gate (``gate_level``) on random operands:
    products of 32 by so many bits, the sum as a further row, a Sklansky adder of two rows from
    flip-flops (one row as wide as the sum, one as the product, and the sum itself), a 32nd of a row
    read; or half of the planes' additions of 40 bits with their row read. A delay per gate also
    counts the cells' own hazards, so that ours are lower.
    """
    macro = build(tech, error_bits=float(bits))
    picojoule = macro.mtvm(error_density=0.5).energy.total / macro.weights * 1e12
    assert 0.84 * simulated < picojoule < simulated


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_area_of_the_word_parallel_build_is_its_gates(tech, bits):
    """Two banks, four lanes of 32 by 8 bits or more with a sum of 40 bits and as many as an error
    has, seven further sums a lane; a flip-flop is as large as twelve inverters, a half adder has
    four NANDs and an inverter.
    """
    nand, inverter, wide = cells(tech).nand.area, cells(tech).inverter.area, 40 + bits
    netlist = gate_level.Netlist()
    a, b = ([netlist.input() for _ in range(wide)] for _ in range(2))
    gate_level.prefix(netlist, a, b, gate_level.sklansky(wide))
    gates = sum(nand if len(nets) == 2 else inverter for _, nets in netlist.gates)
    halves = (bits - 1) * (4 * nand + inverter)
    products = 9 * (30 * (bits - 2) - 1) * nand + halves + 32 * bits * (nand + inverter)
    rows = 9 * (32 + bits) * nand + 12 * (wide + 32 + bits) * inverter
    lane = products + rows + gates + 12 * (1 + 7) * wide * inverter
    area = 2 * SramBank(tech).footprint.area.total + 4 * lane + 12 * 8 * bits * inverter
    found = WordParallelMacro(tech=tech, error_bits=float(bits)).footprint.area.total
    assert 1.0 < found / area < 1.02  # with the buffers of the adder's widest fan-outs


def test_zero_errors_are_skipped(tech):
    macro = WordParallelMacro(tech=tech)
    full, sparse = macro.mtvm(nonzero=1.0), macro.mtvm(nonzero=0.5)
    lanes = [p for p in full.energy.items if p.startswith("dpim/lanes")]
    for part in lanes:
        assert sparse.energy.items[part] == near(full.energy.items[part] / 2, rel=1e-12)


def test_bit_serial_energy_follows_the_ones(tech):
    macro = BitSerialMacro(tech=tech)
    read = [macro.mtvm(d).energy.items["dpim/row_sum"] for d in (0.25, 0.5)]
    assert read[1] == near(2 * read[0], rel=1e-12)


def test_bit_serial_time_is_the_worst_case(tech):
    macro = BitSerialMacro(tech=tech)
    slowest = max(macro.weight_bank.read().latency.total, macro.row_sum.add().latency.total)
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
