"""Converters, their front end and their encoder, by hand and by plain loops.

The technology is a made one: 32 nm LSTP with round constants for what converters read of it.
"""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from common import document, near

from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.converters.comparator import ClockedComparator, fan_out_delay
from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.converters.flash_voltage import VoltageFlashAdc
from neurorebit.circuits.converters.front_end import FrontEnd
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import cells
from neurorebit.circuits.register import Register
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import paths
from validation.neurosim.quirks.digital import encoder_energy

TECH = read_technology(document("technology", "32nm"))
BOLTZMANN = 1.380649e-23
FO4 = fan_out_delay(TECH)
SWING, VDD = 0.6, 0.9  # of the shipped file
ALL = [read_technology(document("technology", name)) for name in paths.names("technology")]


def given(**keys):
    """The technology with other constants, by section and key."""
    sections = {
        name: dataclasses.replace(getattr(TECH.sensing, name), **values)
        for name, values in keys.items()
    }
    return dataclasses.replace(TECH, sensing=dataclasses.replace(TECH.sensing, **sections))


def energy(block):
    return block.convert().energy.total


def test_a_gate_delay_by_hand():
    """0.69 R C: four inverters' gates and one's drains through the mean of two transistors."""
    gate = cells(TECH).inverter
    n, p = gate.nfet_res, gate.pfet_res
    assert near(0.693147 * (n + p) / 2 * (4 * gate.input_cap + gate.output_cap), rel=1e-6) == FO4


# -- comparators ---------------------------------------------------------------------------------


def test_noise_of_a_comparator_by_hand():
    """0.4 mV at 300 K: 4 kT gamma / (15 /V x 0.45 V x sigma^2) = 15.3 fF a node, two of them.

    Van Elzakker's comparator, in 65 nm at 1.2 V, is of that kind. A quarter of the noise power
    takes four times the capacitance.
    """
    one = ClockedComparator(TECH, noise=0.4e-3)
    cap = 4 * BOLTZMANN * 300 / (15 * 0.5 * VDD * 0.16e-6)
    assert one.node_cap == near(cap)
    assert cap == near(15.34e-15, rel=1e-3)
    assert ClockedComparator(TECH, noise=0.2e-3).node_cap == near(4 * cap)
    assert one.energy == near((2 * cap + one.latch_cap) * VDD**2)


def test_offset_of_a_comparator_by_hand():
    """2 mV um over 0.5 mV: 16 um2 of gate at 25 fF/um2; drains and gates of its nodes as large."""
    one = ClockedComparator(TECH, offset=0.5e-3)
    assert one.input_cap == near(16 * 25e-15)
    assert one.node_cap == near(2 * 16 * 25e-15)
    loose = ClockedComparator(TECH, offset=1.0)
    assert loose.input_cap == near(4 * cells(TECH).nfet.nfet_cap)  # a transistor of the latch


def test_a_decision_takes_longer_the_smaller_its_input():
    """2 FO4 to integrate, 0.4 for each factor e from 1 mV up to 0.9 V: 6.8 of them."""
    assert ClockedComparator(TECH).time(1e-3) == near((2 + 0.4 * math.log(900)) * FO4)


# -- successive approximation ---------------------------------------------------------------------


def monotonic(bits):
    """Mean energy of all codes over C V^2, by the charges that the reference gives at each step.

    Two sides of capacitors 2^(bits - 2) .. 1 and a dummy, all at the reference; after a decision
    the higher side switches its next capacitor to ground.
    """
    sizes = [2.0**k for k in range(bits - 2, -1, -1)]
    total_cap, drawn = 2.0 ** (bits - 1), 0.0
    for decisions in itertools.product((0, 1), repeat=bits - 1):
        low = [[], []]  # of each side, capacitors at ground
        for size, side in zip(sizes, decisions, strict=True):
            at_reference = total_cap - sum(low[side]) - size
            fall = size / total_cap  # of the top plate, over the reference
            drawn += at_reference * fall  # charge into the plates that stay at the reference
            low[side].append(size)
    return drawn / 2 ** (bits - 1)


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_switching_takes_the_charge_of_the_capacitors(bits):
    adc = SarAdc(TECH, float(bits))
    step = adc.unit_cap * (SWING * VDD) * VDD  # a charge at the reference, from the supply
    assert adc.switching_energy == near(monotonic(bits) * step, rel=1e-9)


def test_ten_bits_switch_as_published():
    """255.5 units for 10 bits (C.-C. Liu et al., JSSC 45(4):731, 2010)."""
    assert monotonic(10) == near(255.5)


def test_unit_capacitors_by_hand():
    """6 bits: 0.5 fF are drawn. 11 bits: 1 % at 1 fF, a step of 1024 units within half of one.

    3 x sqrt(1024) x spread = 1/2, so 1/192 of a unit, for which 3.6864 fF are needed. Sampling
    noise, made hot: 2 kT / (2^9 C) is half of q^2 / 12 at a step of 1.08 V / 1024.
    """
    assert SarAdc(TECH, 6.0).unit_cap == near(0.5e-15)
    assert SarAdc(TECH, 11.0).unit_cap == near(3.6864e-15)
    fine = given(sar={"mismatch": 1e-5, "least_cap": 1e-18})
    step = 2 * SWING * VDD / 1024
    sampled = 2 * BOLTZMANN * 300 / (0.5 * step**2 / 12) / 512
    assert SarAdc(fine, 10.0).unit_cap == near(sampled)


def test_a_conversion_of_eight_bits_by_hand():
    """Comparator, capacitors, reference buffer and logic of 8 bits, added up."""
    adc, flip_flop, gate = SarAdc(TECH, 8.0, 3.0), Register(TECH, 1.0), cells(TECH).inverter
    step = 2 * SWING * VDD / 256
    comparator = ClockedComparator(TECH, noise=math.sqrt(0.5 * step**2 / 12))
    side = 128 * 0.5e-15
    settled = 9 * math.log(2) * FO4
    cycle = comparator.time(step / 2) + 6 * FO4 + settled
    buffer = VDD * (side / 4) / FO4 / 20 * 8 * cycle
    res = (gate.nfet_res + gate.pfet_res) / 2
    sizes = max(res * 2 * side / FO4, 2 * 8 * 1.5)
    switches = 0.5 * sizes * (gate.input_cap + gate.output_cap) * VDD**2
    wire = 40e-6 * 0.2e-9 * VDD**2  # 0.2 fF/um
    stored = 9 * (1.5 * flip_flop.clock_energy + wire) + 2 * 1.5 * flip_flop.data_energy
    logic = (2 * 8 + 8) * stored + switches
    capacitors = 63.5 * 0.5e-15 * SWING * VDD**2
    cost = adc.convert()
    assert cost.latency.total == near(8 * cycle)
    assert cost.energy.total == near(3 * (8 * comparator.energy + capacitors + buffer + logic))
    area = 2 * side / 2e-3  # 2 fF/um2
    area += 24 * 1.5 * flip_flop.area + sizes * gate.area + comparator.footprint.area.total
    assert adc.area == near(3 * area / 0.35)  # devices take a third of the outline


def test_energy_grows_beyond_the_power_of_two():
    """From 10 bits on noise and matching decide: a bit doubles the energy at least."""
    energies = [energy(SarAdc(TECH, float(bits))) for bits in range(3, 13)]
    growth = np.array(energies[1:]) / energies[:-1]
    assert np.all(growth > 1.15)
    assert np.all(np.diff(growth[4:]) > 0)
    assert np.all(growth[7:] > 2.0)


# -- flash ---------------------------------------------------------------------------------------


def test_a_voltage_flash_of_five_bits_by_hand():
    """31 comparators matched to a sixth of a step; a ladder a side for 31 inputs."""
    adc = VoltageFlashAdc(TECH, 5.0, 2.0)
    step = 2 * SWING * VDD / 32
    one = ClockedComparator(TECH, noise=math.sqrt(step**2 / 12), offset=step / 6)
    load = 31 * one.input_cap
    assert adc.load == near(load)
    ladder = 2 * VDD * (SWING * VDD) * load * 6 * math.log(2) / math.pi**2
    flip_flop = Register(TECH, 1.0)
    stored = 4 * (flip_flop.clock_energy + flip_flop.data_energy / 2)
    cost = adc.convert()
    assert cost.energy.total == near(2 * (31 * (one.energy + stored) + ladder))
    assert cost.latency.total == near(one.time(step / 2) + 6 * FO4)


def test_a_current_flash_of_five_bits_by_hand():
    """31 pairs of mirrors, 1/32 of the current of which is 6.25 mV at 5 /V, trimmed by four."""
    adc = FlashAdc(TECH, 5.0)
    gate_step, latch_step = 1 / (32 * 5), 0.5 * VDD / 32
    mirror = max(25e-3 * (2e-9 / (4 * gate_step / 6)) ** 2, 4 * cells(TECH).nfet.nfet_cap)
    noise = 4 * BOLTZMANN * 300 / (5 * 0.5 * VDD * gate_step**2 / 12)
    latch = ClockedComparator(TECH, offset=4 * latch_step / 6)
    assert adc.load == near(31 * mirror)
    flip_flop = Register(TECH, 1.0)
    stored = 4 * (flip_flop.clock_energy + flip_flop.data_energy / 2)
    each = latch.energy + 2 * max(mirror, noise) * VDD**2 + stored
    assert energy(adc) == near(31 * each)


@pytest.mark.parametrize("kind", [FlashAdc, VoltageFlashAdc])
def test_comparators_double_and_each_grows_fourfold(kind):
    """Limited by their offset, in the end: eight times the energy for a bit more."""
    assert energy(kind(TECH, 11.0)) == near(8 * energy(kind(TECH, 10.0)), rel=0.05)


def test_references_are_uniform_in_conductance():
    """The third of 32 levels of a full scale of 0.8 mS."""
    assert FlashAdc(TECH, 5.0, full_scale=0.8e-3).reference(3.0) == near(1 / (0.8e-3 * 3 / 32))


# -- the front end -------------------------------------------------------------------------------


def test_a_front_end_by_hand():
    """5 bits, 1 mS at 0.5 V, 40 fF: settles in 6 ln 2 x 8 FO4.

    1.08 V of output for 0.5 V at the line: beta = 0.5 / 1.58. Four branches at 15 /V; and a tenth
    of 0.5 mA from the supply.
    """
    front = FrontEnd(TECH, 5.0, 3.0, 40e-15, full_scale=1e-3, read_voltage=0.5)
    tau = 8 * FO4
    bias = 4 * 50e-15 / (0.5 / 1.58 * tau) / 15
    cost = front.sense()
    assert cost.latency.total == near(6 * math.log(2) * tau)
    assert front.input_res == near(1.08 / 0.5e-3 / 101)  # a gain of a hundred
    assert cost.energy.total == near(3 * VDD * (bias + 0.1 * 0.5e-3) * 6 * math.log(2) * tau)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_a_bank_senses_and_then_converts(kind):
    bank = Converters(TECH, 5.0, 4.0, kind, full_scale=5e-4)
    front, adc = bank.front_end, CONVERTERS[kind](TECH, 5.0, 4.0, full_scale=5e-4)
    assert front.load == near(adc.load)
    cost, encoder = bank.convert(), bank.encoder
    more = encoder.encode() if encoder else 0.0 * cost
    assert cost.energy.total == near(front.sense().energy.total + energy(adc) + more.energy.total)
    assert bank.beat == near(cost.latency.total)
    assert bank.acquisition == near(front.sense().latency.total)
    assert bank.step == near(5e-4 / 32)


# -- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CONVERTERS)
def test_every_technology_has_them(kind):
    for tech in ALL:
        bank = Converters(tech, np.arange(2.0, 13.0), 1.0, kind)
        cost, area = bank.convert(), bank.footprint.area.total
        for amounts in (cost.energy.total, cost.latency.total, area):
            assert np.all(np.isfinite(amounts))
            assert np.all(np.diff(amounts) > 0.0)
        assert np.all(bank.footprint.leakage.total > 0.0)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_time_follows_the_gates_unless_it_is_given(kind):
    adc = CONVERTERS[kind](TECH, 6.0)
    fast = read_technology(document("technology", "32nm_hp"))
    assert CONVERTERS[kind](fast, 6.0).beat / adc.beat == near(fan_out_delay(fast) / FO4, rel=0.02)
    set_by_file = dataclasses.replace(TECH, sensing=dataclasses.replace(TECH.sensing, cycle=2e-9))
    decisions = {"sar": 6, "ramp": 64, "integrating": 33, "integrating_halving": 6}.get(kind, 1)
    sampled = 7 * math.log(2) * 8 * FO4 if kind.startswith("integrating") else 0.0
    assert CONVERTERS[kind](set_by_file, 6.0).beat == near(sampled + decisions * 2e-9)
    both = type(TECH).stack([TECH, set_by_file])
    expected = np.array([adc.beat, sampled + decisions * 2e-9])
    assert CONVERTERS[kind](both, 6.0).beat == near(expected)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_a_lower_supply_is_slower_and_saves_energy_where_gates_decide(kind):
    lower = dataclasses.replace(TECH, vdd=0.9 * VDD)
    few, many = (CONVERTERS[kind](lower, bits) for bits in (3.0, 12.0))
    assert energy(few) < 0.9 * energy(CONVERTERS[kind](TECH, 3.0))
    assert few.beat > CONVERTERS[kind](TECH, 3.0).beat
    # limited by matching or noise, a smaller step takes back what the supply saves
    assert energy(many) > 0.75 * energy(CONVERTERS[kind](TECH, 12.0))


def test_heat_adds_noise_and_slows_gates():
    hot = dataclasses.replace(TECH, temperature=400.0)
    cool, warm = SarAdc(TECH, 10.0), SarAdc(hot, 10.0)
    assert warm.comparator.noise_cap == near(4 / 3 * cool.comparator.noise_cap)
    assert warm.beat > cool.beat


def test_effective_bits_count_noise_as_large_as_the_quantisation_error():
    """6.02 dB a bit: 3.01 dB for twice the error power."""
    assert SarAdc(TECH, 8.0).effective_bits == near(8 - 3.0103 / 6.0206, rel=1e-4)


# -- encoder -------------------------------------------------------------------------------------


def test_encoder_records(records, agree):
    """The tool's layout lets a unit overhang, and its delay ends after two of four stages."""
    for r in records("MultilevelSAEncoder"):
        i, bits = r.inputs, np.log2(r.inputs["num_level"])
        encoder = Encoder(r.tech, bits, i["num_encoder"], fit_width=i["fixed_width_m"])
        cost = encoder.encode()
        agree(r, 0.06, read_energy_J=i["num_read"] * encoder_energy(encoder))
        assert 1.3 < i["num_read"] * cost.latency.total / r.outputs["read_latency_s"] < 12.5
        assert 1 - 1e-9 <= encoder.area / r.outputs["area_m2"] < 2 + 1e-9


def test_encoder_check_value(tech32):
    encoder = Encoder(tech32, 5.0, 16.0, fit_width=128 * 20 * tech32.feature)
    assert 8 * encoder_energy(encoder) == near(4.3275e-12, rel=0.02)
    assert encoder.encode().energy.total < 0.5 * encoder_energy(encoder), "not every gate switches"
