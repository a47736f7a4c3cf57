"""Blocks of the inputs of analog macros, by hand: 32 nm LSTP with the shipped constants."""

import itertools
import math

import numpy as np
import pytest
from common import document, near

from neurorebit.circuits.analog.input_dac import CapacitorDac, LadderDac
from neurorebit.circuits.analog.line_buffer import LineBuffer
from neurorebit.circuits.converters.comparator import fan_out_delay
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.gates import cells, gate_cap, lone_nfet
from neurorebit.circuits.line_driver import LevelDriver
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.pulse_driver import PulseDriver
from neurorebit.circuits.register import Register
from neurorebit.inputs.technology import read_technology

TECH = read_technology(document("technology", "32nm"))
VDD = 0.9
GATE = cells(TECH).inverter


# -- word lines between two levels -----------------------------------------------------------------


def test_a_line_takes_its_charge_from_the_high_level():
    """585.6 fF from 0.9 to 2.2 V: 1.675 pJ a line, whose driver is among the 585.6 fF."""
    driver = LevelDriver(TECH, 256.0, 537.6e-15, low=0.9, high=2.2, driver_cap=48e-15)
    assert driver.open(3.0).energy.total == near(3 * 585.6e-15 * 1.3 * 2.2)


def test_a_driver_without_a_given_capacitance_switches_its_chain_and_shifter():
    driver = LevelDriver(TECH, 4.0, 200e-15, low=0.2, high=0.9)
    chain = driver.buffers
    assert chain.stages == 6.0
    widths = [chain.factor**place for place in range(6)]
    own = sum(widths) * GATE.input_cap + sum(gate.output_cap for _, gate in chain.gates)
    own += 4 * (GATE.input_cap + GATE.output_cap)
    line = 200e-15 * 0.9 * (0.9 - 0.2)
    assert driver.open().energy.total == near(own * VDD**2 + line, rel=1e-6)
    area = sum(gate.area for _, gate in chain.gates) + 4 * GATE.area
    assert driver.area == near(4 * area)


# -- pulses ----------------------------------------------------------------------------------------


def test_a_pulse_by_hand():
    """Ten of sixteen lines are used, 30 % of which have a pulse of 0.4 V."""
    driver = PulseDriver(TECH, 16.0, 60e-15, driven_res=2e3, voltage=0.4)
    wide = driver.switch
    gates = gate_cap(TECH, wide.nfet) + gate_cap(TECH, wide.pfet)
    chains = sum(chain.switched for chain in driver.chains)
    unit = lone_nfet(TECH)
    drains = 3 * (wide.nfet + wide.pfet) / unit.nfet * unit.output_cap
    each = 2 * (gates + chains) * VDD**2 + (60e-15 + drains) * 0.4 * VDD
    one = Register(TECH, 1.0)  # a digit and its sign: two flip-flops a line, half of which change
    stored = 2 * 10 * (one.clock_energy + 0.5 * one.data_energy)
    cost = driver.pulse(0.3, 10 / 16)
    assert cost.energy.total == near(stored + 3 * each)


def test_a_switch_takes_a_small_share_of_the_voltage():
    driver = PulseDriver(TECH, driven_res=2e3)
    assert driver.switch.res == near(TECH.switch.drop * 2e3)
    assert PulseDriver(TECH, 8.0, levels=2.0).register.bits == 8.0


# -- converters of inputs --------------------------------------------------------------------------


def ladder(bits, swing, res):
    """Mean current of an R-2R ladder over all codes, by its nodes' equations."""
    conductance = np.zeros((bits, bits))
    for node in range(bits):
        conductance[node, node] += 1 / (2 * res)  # the leg
        if node == 0:
            conductance[0, 0] += 1 / (2 * res)  # the end
        if node + 1 < bits:
            for i, j in ((node, node), (node + 1, node + 1)):
                conductance[i, j] += 1 / res
            conductance[node, node + 1] -= 1 / res
            conductance[node + 1, node] -= 1 / res
    total = 0.0
    for code in itertools.product((0, 1), repeat=bits):
        legs = swing * np.array(code)
        nodes = np.linalg.solve(conductance, legs / (2 * res))
        total += np.sum(np.where(legs > 0, (legs - nodes) / (2 * res), 0.0))
    return total / 2**bits


@pytest.mark.parametrize(("bits", "off"), [(4, 0.08), (8, 0.04)])
def test_a_ladder_draws_a_twelfth_a_bit(bits, off):
    dac = LadderDac(TECH, bits=float(bits), swing=0.3, settling=2e-9, held=7e-9)
    res = 2e-9 / ((bits + 1) * math.log(2) * 5e-15)
    assert res > 50e3  # the largest that is drawn
    assert dac.res == 50e3
    drawn = VDD * ladder(bits, 0.3, 50e3) * 7e-9
    assert dac.analog_energy == near(drawn, rel=off)


def test_a_quick_ladder_has_a_lower_resistance():
    dac = LadderDac(TECH, bits=6.0, settling=0.4e-9, load=35e-15)
    assert dac.res == near(0.4e-9 / (7 * math.log(2) * 40e-15))


def test_capacitors_of_an_input_by_hand():
    """9 bits: 1 % at 1 fF, half a step of 256 units at three standard deviations: 0.92 fF."""
    dac = CapacitorDac(TECH, 3.0, 9.0, swing=0.5, load=20e-15)
    unit = 1e-15 * (0.01 * 6 * math.sqrt(256)) ** 2
    assert dac.unit_cap == near(unit)
    one = Register(TECH, 1.0)
    logic = (
        4
        * 9
        * (one.clock_energy + one.data_energy / 2 + (GATE.input_cap + GATE.output_cap) * VDD**2)
    )
    charged = (256 * unit + 12.5e-15) * 0.5 * VDD
    assert dac.convert().energy.total == near(3 * (charged + logic))
    area = 512 * unit / 2e-3 + 4 * 9 * (one.area + 2 * GATE.area)
    assert dac.area == near(3 * area / 0.35)


# -- buffers ---------------------------------------------------------------------------------------


def test_a_buffer_by_hand():
    """2 mS held within half of 16 steps: 2 mS x 32 / 100; 300 mV over ten asks for more current."""
    buffer = LineBuffer(
        TECH, 5.0, 4.0, load=1e-15, driven=2e-3, mean_driven=0.7e-3, swing=0.3, mean=0.05, held=9e-9
    )
    assert buffer.transconductance == near(0.64e-3)
    current = 2 * max(0.64e-3 / 15, 2e-3 * 0.3 / 10)
    assert buffer.hold().energy.total == near(5 * VDD * (current + 0.7e-3 * 0.05) * 9e-9)
    unit = lone_nfet(TECH)
    law = TECH.conduction_n
    share = law.current(law.threshold, 0.9) / law.current(0.9, 0.9)  # at the threshold
    assert 1e-3 < share < 0.1
    devices = 4 * (current / 2) / (share * TECH.on_n * 64e-9)
    assert buffer.area == near(5 * devices * unit.area / 0.35)


def test_a_buffer_of_a_long_line_settles_its_capacitance():
    buffer = LineBuffer(TECH, bits=4.0, load=5e-12, driven=1e-6, settling=3e-9)
    assert buffer.transconductance == near(5e-12 * 5 * math.log(2) / 3e-9)


# -- a decoder that switches wide multiplexers -----------------------------------------------------


def test_a_decoder_of_wide_multiplexers_takes_a_few_gate_delays():
    """512 cells of 25 uS: 78 ohm, so pass gates of 14 um and 1.5 pF on each select line.

    Seven inverters, each some four times the one before; as many FO4 with the predecoder and the
    enabling NAND make at most sixteen, of 35 ps. Drawn at minimum size the lines would take 25 ns.
    """
    mux = AnalogMux(TECH, 64.0, 8.0, 1 / (512 * 25e-6), fit_width=512 * 20 * TECH.feature)
    load_n, load_p = mux.control_load
    assert load_n > 1.2e-12
    decoder = MuxDecoder(TECH, 3.0, load_n=load_n, load_p=load_p)
    assert decoder.delay < 16 * fan_out_delay(TECH)
    bare = math.log(2) * GATE.pfet_res * load_p
    assert bare > 20e-9
