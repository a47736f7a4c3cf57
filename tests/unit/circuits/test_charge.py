"""Charge on columns and ladders, held to networks that are solved node by node.

See docs/models/charge.md. Every expected value comes from Kirchhoff's law on a small network, or
from plain arithmetic on numbers of a technology's gates.
"""

from itertools import product

import numpy as np
import pytest
from common import near

from neurorebit.circuits.charge.columns import ChargeColumns
from neurorebit.circuits.charge.inputs import (
    Follower,
    ResistorDac,
    code_moments,
    ladder_conductances,
)
from neurorebit.circuits.charge.ladder import CapacitorLadders, ladder_charges
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.gates import cells
from neurorebit.circuits.near_memory import BarrelShifter, Datapath

K = 1.380649e-23


def spent(plates: list[float], cap: float, parasitic: float) -> float:
    """Energy that plates draw which are driven from 0 V while the other plate of all floats."""
    total = len(plates) * cap + parasitic
    rise = sum(cap * v for v in plates) / total  # charge on the node: sum C (u - v) + Cp u = 0
    assert sum(cap * (rise - v) for v in plates) + parasitic * rise == pytest.approx(0.0, abs=1e-27)
    return sum(cap * (v - rise) * v for v in plates)


@pytest.mark.parametrize("parasitic", [0.0, 3e-15])
def test_a_column_draws_what_its_cells_draw(tech32, parasitic):
    """The mean over all patterns of five bits, each as likely as its ones and zeros."""
    rows, cap, ones, vdd = 5, 1.7e-15, 0.3, tech32.vdd
    bare = ChargeColumns(tech32, rows, 3.0, cap=cap)
    column = ChargeColumns(tech32, rows, 3.0, parasitic, cap=cap)
    beside = column.column_cap - rows * cap
    assert column.column_cap - bare.column_cap == pytest.approx(parasitic, rel=1e-9, abs=1e-27)
    mean = sum(
        ones ** sum(bits) * (1.0 - ones) ** (rows - sum(bits))
        * spent([vdd * bit for bit in bits], cap, beside)
        for bits in product((0, 1), repeat=rows)
    )  # fmt: skip
    assert column.drawn(ones) == near(mean, rel=1e-12)


def test_analog_inputs_draw_by_their_squares(tech32):
    """Three cells, inputs of a quarter, a half and all of the supply, a third each."""
    cap, values = 2.3e-15, (0.25, 0.5, 1.0)
    column = ChargeColumns(tech32, 3.0, 4.0, cap=cap)
    beside = column.column_cap - 3 * cap
    states = [(0.4 / 3, value) for value in values] + [(0.6, 0.0)]
    mean = sum(
        np.prod([chance for chance, _ in cells_])
        * spent([tech32.vdd * x for _, x in cells_], cap, beside)
        for cells_ in product(states, repeat=3)
    )
    found = column.drawn(0.4, mean=sum(values) / 3, square=sum(x * x for x in values) / 3)
    assert found == near(mean, rel=1e-12)


def test_shorted_capacitors_draw_the_full_swing(tech32):
    shorted = ChargeColumns(tech32, 100.0, 4.0, cap=1e-15, shorted=True)
    assert shorted.drawn(0.5) == near(50.0 * 1e-15 * tech32.vdd**2, rel=1e-12)
    driven = ChargeColumns(tech32, 1e6, 4.0, cap=1e-12, settling=1.0)  # nothing else counts
    assert driven.drawn(0.5) == near(0.25 * 1e6 * 1e-12 * tech32.vdd**2, rel=2e-2)


def test_a_product_is_capacitors_plates_lines_and_switches(tech32):
    one = ChargeColumns(tech32, 40.0, 12.0, cap=1.2e-15, drawn_area=4e-12, settling=3e-9)
    nfet, volts = cells(tech32).nfet, tech32.vdd**2
    plate = tech32.wire.cap * (1.2e-15 / tech32.sensing.sar.cap_density) ** 0.5
    line = 12.0 * (tech32.wire.cap * 2e-6 + nfet.output_cap)
    assert one.line_cap == near(line, rel=1e-12)
    node = 2.0 * nfet.output_cap + plate
    width = max(nfet.nfet_res * 40.0 * 1.2e-15 * 9.0 * np.log(2.0) / 3e-9, 1.0)
    due = 12.0 * (one.drawn(0.3, 20.0) + 20.0 * 0.3 * node * volts + width * nfet.nfet_cap * volts)
    due += 20.0 * 0.7 * (line + one.driver.switched) * volts
    found = one.multiply(0.3, 0.7, 0.5)
    assert found.energy.total == near(due, rel=1e-12)
    assert found.latency.total >= 2 * 3e-9
    # an array of the same cells whose capacitors are switched by two gates each
    shorted = ChargeColumns(
        tech32, 40.0, 12.0, cap=1.2e-15, drawn_area=4e-12, settling=3e-9, shorted=True
    )
    more = 12.0 * 40.0 * (2.0 * nfet.nfet_cap + tech32.wire.cap * 2e-6) * volts
    more += 12.0 * (shorted.drawn(0.3) - one.drawn(0.3))
    assert shorted.multiply(0.3).energy.total - one.multiply(0.3).energy.total == near(more)


def test_bits_of_a_column(tech32):
    one = ChargeColumns(tech32, 256.0, 8.0, cap=1e-15)
    noise = (K * tech32.temperature * one.column_cap) ** 0.5 / (1e-15 * tech32.vdd)
    spread = 0.01 * 16.0 / 2.0  # 1 % of a capacitor of 1 fF
    assert one.count_noise == near(noise, rel=1e-9)
    assert one.count_mismatch == near(spread, rel=1e-12)
    assert one.bits == near(np.log2(256.0 / (12.0 * (noise**2 + spread**2)) ** 0.5), rel=1e-12)


def ladder(bits: int, driven: list[float], held: float) -> tuple[list[float], float]:
    """Charges into the branches of a C-2C ladder of units, and into its held output."""
    nodes, known = np.zeros((bits, bits)), np.zeros(bits)
    for i in range(bits - 1):
        beside = [j for j in (i - 1, i + 1) if 0 <= j < bits]
        nodes[i, i] = 1.0 + (1.0 if i == 0 else 0.0) + 2.0 * len(beside)
        for j in beside:
            nodes[i, j] = -2.0
        known[i] = driven[i]
    nodes[-1, -1], known[-1] = 1.0, held
    at = np.linalg.solve(nodes, known)
    into = [v - u for v, u in zip(driven, at, strict=True)]
    # what the output gives: its own branch, and that of its neighbour or its end
    before = 2.0 * (at[-2] - held) if bits > 1 else -held
    return into, driven[-1] - held + before


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_ladders_weight_bits_by_powers_of_two(bits):
    for i in range(bits):
        driven = [1.0 if j == i else 0.0 for j in range(bits)]
        into, given = ladder(bits, driven, 0.0)
        assert ladder_charges(bits)[:, i] == pytest.approx(np.array(into), abs=1e-12)
        assert given == near(2.0 * 2.0 ** (i - bits), rel=1e-12)  # behind two units
    assert ladder(bits, [0.0] * bits, 1.0)[1] == near(-2.0, rel=1e-12)


def test_a_ladder_draws_what_its_branches_draw(tech32):
    """All words of three bits at one input, with the column held where the mean leaves it."""
    one = CapacitorLadders(tech32, 20.0, 3.0, 3.0, cap=2e-15)
    x, ones = 0.6, 0.5
    rise = one.gain * x * ones * (1.0 - 2.0**-3)
    due = 0.0
    for word in product((0, 1), repeat=3):
        driven = [x * bit for bit in word]
        into, _ = ladder(3, driven, rise)
        due += sum(q * v for q, v in zip(into, driven, strict=True)) / 8.0
    found = one.drawn(ones, x, x * x) / (2e-15 * tech32.vdd**2)
    assert found == near(due, rel=1e-12)


def test_a_row_of_ladders(tech32):
    one = CapacitorLadders(tech32, 6.0, 5.0, 4.0, words=3.0, cap=2e-15)
    volts, unit = tech32.vdd**2, cells(tech32)
    plate = tech32.wire.cap * (2e-15 / tech32.sensing.sar.cap_density) ** 0.5
    node = unit.inverter.output_cap + unit.nfet.output_cap + plate
    resets = 2.0 * (one.reset.load + one.reset.switched)
    due = 3.0 * (5.0 * (one.drawn(0.4, 0.5, 0.3) + 4.0 * 0.4 * node * 0.3 * volts))
    due += 3.0 * (one.line_cap * 0.3 + resets) * volts
    assert one.multiply(0.4, 0.5, 0.3, active=0.5).energy.total == near(due, rel=1e-12)
    line = 3.0 * unit.nfet.output_cap + unit.pfet.output_cap
    line += tech32.wire.cap * 3.0 * tech32.sram.height * tech32.feature
    gates = 2.0 * unit.inverter.input_cap + unit.inverter.output_cap + unit.nfet.nfet_cap
    lines = 2.0 * (one.access.load + one.access.switched)
    read = 6.0 * (5.0 * 4.0 * (line + 0.4 * gates) + lines) * volts
    assert one.read_words(0.4).energy.total == near(read, rel=1e-12)
    wire = 5.0 * tech32.wire.cap * one.ladder_area**0.5
    assert one.access.load == near(5.0 * 4.0 * 2.0 * unit.nfet.nfet_cap + wire, rel=1e-12)


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_resistor_ladders(bits):
    """Legs of 2 R: any code gives code / 2^bits of the supply behind R, and draws its currents."""
    nodes = np.zeros((bits, bits))
    for i in range(bits):
        beside = [j for j in (i - 1, i + 1) if 0 <= j < bits]
        nodes[i, i] = 0.5 + (0.5 if i == 0 else 0.0) + len(beside)
        for j in beside:
            nodes[i, j] = -1.0
    assert np.linalg.inv(nodes)[-1, -1] == near(1.0, rel=1e-12)  # R
    for code in {1, 2**bits - 1, 2**bits // 3 + 1}:
        legs = np.array([code >> i & 1 for i in range(bits)], float)
        at = np.linalg.solve(nodes, 0.5 * legs)
        assert at[-1] == near(code / 2.0**bits, rel=1e-12)
        drawn = 0.5 * (legs - at) @ legs
        assert legs @ ladder_conductances(bits) @ legs == near(drawn, rel=1e-12)


def test_a_converter_of_codes_settles_and_conducts(tech32):
    one = ResistorDac(tech32, 3.0, 2.0, 1e-13, time=2e-9)
    res = 2e-9 / (4.0 * np.log(2.0) * 1e-13)
    assert one.res == near(res, rel=1e-12)
    codes = [np.array([c >> i & 1 for i in range(3)], float) for c in range(8)]
    mean = sum(legs @ ladder_conductances(3) @ legs for legs in codes) / 8.0
    gate = cells(tech32).inverter
    width = max((gate.nfet_res + gate.pfet_res) / 2 / (2 * res * tech32.switch.drop), 1.0)
    due = tech32.vdd**2 * (mean / res * 2e-9 + 1.5 * width * (gate.input_cap + gate.output_cap))
    assert one.convert().energy.total == near(2 * due, rel=1e-12)
    assert one.convert(active=0.5).energy.total == near(due, rel=1e-12)
    assert one.unit_area == near((1e-8 * 6.0 * 4.0 / 2.0**0.5) ** 2, rel=1e-12)
    area = 2.0 * (10.0 * one.unit_area + 3.0 * width * gate.area)
    assert one.area == near(area, rel=1e-12)


def test_moments_of_codes():
    for ones in (0.5, 0.2):
        mean = square = 0.0
        for bits in product((0, 1), repeat=4):
            chance = np.prod([ones if bit else 1.0 - ones for bit in bits])
            value = sum(bit * 2.0 ** (i - 4) for i, bit in enumerate(bits))
            mean, square = mean + chance * value, square + chance * value**2
        assert code_moments(4.0, ones) == near((mean, square), rel=1e-12)


def test_a_follower_takes_the_same_at_any_speed(tech32):
    due = tech32.vdd * 5e-14 * 9.0 * np.log(2.0) / tech32.sensing.sar.buffer_gm_over_id
    for time in (1e-9, 7e-9):
        found = Follower(tech32, 8.0, 3.0, 5e-14, time=time).drive()
        assert found.energy.total == near(3 * due, rel=1e-12)
        assert found.latency.total == time


def test_a_column_is_the_capacitors_of_its_converter(tech32):
    cap = 1e-12
    own, given = SarAdc(tech32, 8.0, column_cap=cap), SarAdc(tech32, 8.0)
    switched = (2.0**6 - 0.5) * cap / 2.0**7 * 0.6 * tech32.vdd**2
    assert tech32.sensing.front_end.swing == 0.6
    assert own.switching_energy == near(switched, rel=1e-12)
    assert own.decisions_energy == given.decisions_energy
    bare = SarAdc(tech32, 8.0).area - 2.0 * given.load / (
        tech32.sensing.sar.cap_density * tech32.sensing.sar.fill
    )
    assert SarAdc(tech32, 8.0, column_cap=given.load).area == near(bare, rel=1e-12)


def test_shifters_and_datapaths(tech32):
    nand, volts = cells(tech32).nand, tech32.vdd**2
    shifter = BarrelShifter(tech32, 20.0, 7.0)
    moved = 0.25 * 3.0 * (nand.input_cap + nand.output_cap) * volts
    assert shifter.shift(0.5).energy.total == near(3.5 * 20.0 * 5.0 * moved, rel=1e-12)
    assert shifter.footprint.area.total == near(7.0 * 100.0 * 3.0 * nand.area, rel=1e-12)
    path = Datapath(tech32, 20.0, 7.0, scale_bits=6.0)
    taken = 7.0 * (100.0 * moved) + 7.0 * path.accumulator.step_energy
    assert path.take().energy.total == near(taken, rel=1e-12)
    one = path.register.bits, path.register.clock_energy, path.register.data_energy
    assert one[0] == 7.0 * 46.0
    finished = 7.0 * (path.scale.energy + path.offset.energy + 46.0 * one[1] + 10.0 * one[2])
    assert path.finish().energy.total == near(finished, rel=1e-12)
    plain = Datapath(tech32, 20.0, 7.0, scale_bits=0.0)
    assert plain.finish().energy.total == near(7.0 * (40.0 * one[1] + 10.0 * one[2]), rel=1e-12)
