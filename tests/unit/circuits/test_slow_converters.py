"""Ramp converters and integrating neurons, by hand: 32 nm LSTP with the shipped constants."""

import dataclasses
import math

import numpy as np
import pytest
from common import document, near

import neurorebit as nr
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.converters.comparator import ClockedComparator, fan_out_delay
from neurorebit.circuits.converters.counting import CountingNeuron
from neurorebit.circuits.converters.halving import HalvingNeuron
from neurorebit.circuits.converters.ramp import RampAdc
from neurorebit.circuits.gates import gate_cap, lone_nfet
from neurorebit.circuits.register import Register
from neurorebit.inputs.technology import read_technology

TECH = read_technology(document("technology", "32nm"))
KT = 1.380649e-23 * 300
FO4 = fan_out_delay(TECH)
VDD, SWING, GAMMA = 0.9, 0.6, 1.0
REACH = SWING * VDD  # 0.54 V a side
WIRE = 40e-6 * 0.2e-9  # F, of 40 um at 0.2 fF/um
FLIP_FLOP = Register(TECH, 1.0)


def third(bits):
    """A third of q^2 / 12 of 1.08 V in 2^bits steps."""
    return (2 * REACH / 2**bits) ** 2 / 36


# -- ramp ------------------------------------------------------------------------------------------


def test_decisions_of_a_ramp_are_those_until_it_passes():
    """Counted for each of eight codes: 1 + 2 + .. + 8 over 8."""
    assert RampAdc(TECH, 3.0).decisions == near(np.mean(np.arange(1, 9)))


def test_a_ramp_of_six_bits_by_hand():
    """Three converters that share a ramp and a counter."""
    adc, noise = RampAdc(TECH, 6.0, 3.0), third(6)
    comparator = ClockedComparator(TECH, noise=math.sqrt(noise))
    cycle = comparator.time(REACH / 64) + 6 * FO4
    assert adc.load == near(max(0.5e-15, 2 * KT / noise))
    ramp_cap = max(0.5e-15, 2 * KT * (1 + 2 * GAMMA * 5 * REACH) / noise)
    driven = 3 * (comparator.input_cap + WIRE)
    current = max(driven / cycle / 20, driven * REACH / (64 * cycle))
    ramp = 2 * VDD * (ramp_cap * REACH + current * 64 * cycle)
    clocked, changed = FLIP_FLOP.clock_energy, FLIP_FLOP.data_energy
    latches = 1.5 * (6 * (clocked + changed / 2) + 2 * (32.5 * clocked + changed))
    line = 3 * (WIRE + 1.5 * FLIP_FLOP.input_cap)
    counter = 64 * (1.5 * (6 * clocked + changed) + (line / 2 + 3 * WIRE) * VDD**2)
    cost = adc.convert()
    assert cost.latency.total == near(64 * cycle)
    each = 32.5 * comparator.energy + latches
    assert cost.energy.total == near(3 * each + ramp + counter)
    unit = lone_nfet(TECH)
    devices = 4 * max(driven / cycle * FO4 / gate_cap(TECH, unit.nfet), 1.0)
    area = 2 * (3 * adc.load + ramp_cap) / 2e-3 + devices * unit.area
    area += (3 * (6 + 2) + 6) * 1.5 * FLIP_FLOP.area + 3 * comparator.footprint.area.total
    assert adc.area == near(area / 0.35)


def test_a_steep_ramp_asks_for_its_slope():
    """Two bits: 0.135 of the load a cycle along the ramp, more than 1 V / 20 to settle."""
    adc = RampAdc(TECH, 2.0)
    assert adc.bias == near(adc.ramp_load * REACH / (4 * adc.cycle))


def test_a_shared_ramp_is_cheaper_for_each_than_one_of_its_own():
    alone, many = (RampAdc(TECH, 8.0, count) for count in (1.0, 64.0))
    assert many.convert().energy.total < 0.9 * 64 * alone.convert().energy.total
    assert many.area < 0.9 * 64 * alone.area


# -- integrating neurons ---------------------------------------------------------------------------


def by_hand(bits, samples, gathered, packet, taken, steps):
    """Energy [J] of a neuron whose C_i, packets, charge from the reference and steps are given.

    ``steps`` are the mean number; the amplifier settles in the sample, which is the shorter.
    """
    sampled, beta = gathered / samples, samples / (samples + 1)
    settled = (bits + 1) * math.log(2)
    sample = settled * 8 * FO4
    comparator = ClockedComparator(TECH, noise=math.sqrt(third(bits)))
    step = comparator.time(REACH / 2**bits) + 6 * FO4 + sample
    current = 4 * (10e-15 + beta * sampled) / beta * settled / sample / 15
    amplifier = VDD * current * (samples * sample + steps * step)
    charge = 2 * VDD * (taken + steps * packet * settled / 20)
    clocked, changed = FLIP_FLOP.clock_energy, FLIP_FLOP.data_energy
    logic = (samples + steps) * (3 * clocked + WIRE * VDD**2)
    logic += steps * 2 * (clocked + changed)
    return amplifier + charge + steps * comparator.energy + logic, sample, step


def test_a_neuron_that_counts_by_hand():
    """Six bits of three planes: 7 samples, C_i of 64 packets of 0.5 fF, a tenth of 64 codes."""
    adc = CountingNeuron(TECH, 6.0, 2.0, samples=7.0)
    assert 2 * KT * 2 / third(6) < 64 * 0.5e-15  # so what can be drawn decides
    gathered, steps = 64 * 0.5e-15, 1 + 6.4
    energy, sample, step = by_hand(6, 7, gathered, 0.5e-15, 6.4 * 0.5e-15 * REACH, steps)
    cost = adc.convert()
    assert cost.energy.total == near(2 * energy)
    assert cost.latency.total == near(7 * sample + (1 + 32) * step)


def test_a_neuron_that_halves_by_hand():
    """Nine bits of one plane: noise decides, eight steps of charge after the sign."""
    adc = HalvingNeuron(TECH, 9.0, 2.0)
    gathered = max(4 * KT, 8 * KT / 2) / third(9)
    assert adc.load == near(gathered)
    taken = sum(0.5**k for k in range(8)) * gathered / 4 * REACH
    energy, sample, step = by_hand(9, 1, gathered, gathered / 4, taken, 9)
    cost = adc.convert()
    assert cost.energy.total == near(2 * energy)
    assert cost.latency.total == near(sample + 9 * step)


def test_packets_empty_what_was_gathered():
    """Half of 2 x 0.54 V is 0.27 V a side: C_i / 2 at the reference, in 64 packets or in halves."""
    counting, halving = CountingNeuron(TECH, 7.0), HalvingNeuron(TECH, 7.0)
    assert 64 * counting.step_cap == near(counting.gathering_cap / 2)
    assert halving.moved == near((1 - 2**-6) * halving.gathering_cap / 2 * REACH)


def test_noise_of_packets_and_samples_stays_within_thirds():
    """Many bits and cheap capacitors: the larger of both is at its bound."""
    fine = dataclasses.replace(TECH.sensing.neuron, least_cap=1e-18)
    tech = dataclasses.replace(TECH, sensing=dataclasses.replace(TECH.sensing, neuron=fine))
    for kind in (CountingNeuron, HalvingNeuron):
        for samples in (1.0, 15.0):
            adc = kind(tech, 10.0, samples=samples)
            sampled = 2 * KT * (1 + GAMMA) / (samples * adc.load)
            packets = 512 if kind is CountingNeuron else 9
            taken = packets * 2 * KT * adc.step_cap / adc.gathering_cap**2
            assert max(sampled, taken) == near(third(10))


def test_given_times_are_those_of_samples_and_steps():
    adc = HalvingNeuron(TECH, 6.0, samples=7.0, integrate_time=0.27e-6, step_time=0.3e-6)
    assert adc.beat == near(7 * 0.27e-6 + 6 * 0.3e-6)
    cap = 10e-15 + 7 / 8 * adc.load
    settled = 7 * math.log(2) / 0.27e-6
    assert adc.bias == near(4 * cap / (7 / 8) * settled / 15)


def test_a_bank_of_neurons_has_a_front_end_that_charges_its_samples():
    bank = Converters(TECH, 8.0, 4.0, "integrating", full_scale=5e-4)
    assert bank.front_end.load == near(CountingNeuron(TECH, 8.0).load)


@pytest.mark.parametrize("kind", ["ramp", "integrating", "integrating_halving"])
@pytest.mark.parametrize(
    ("chip", "key"),
    [("rebit", "apim.adc"), ("reram", "arrays.adc"), ("inference_reram", "inference_arrays.adc")],
)
def test_chips_take_them(kind, chip, key):
    """Slower than successive approximation, whose kind is the only difference."""
    slow, fast = (
        nr.estimate("mlp", nr.chip(chip).set(f"architecture.{key}", word)).phases.loc["inference"]
        for word in (kind, "sar")
    )
    assert slow["latency_s"] > fast["latency_s"]
