"""Transistors, gates and stages, against records and check values of the reference tool."""

import dataclasses

import numpy as np
import pytest
from common import document, near

from neurorebit.circuits import gates
from neurorebit.circuits.gates import STEP, Gate, PassGate
from neurorebit.inputs.technology import read_technology


def test_single_transistors(records, agree):
    for r in records("formula.gate_cap"):
        agree(r, cap_F=gates.gate_cap(r.tech, r.inputs["width_m"]))
    for r in records("formula.on_resistance"):
        res = gates.pfet_res if r.inputs["is_pmos"] else gates.nfet_res
        agree(r, resistance_ohm=res(r.tech, r.inputs["width_m"]))
    for r in records("formula.transconductance"):
        gm = gates.pfet_gm if r.inputs["is_pmos"] else gates.nfet_gm
        agree(r, gm_A_per_V=gm(r.tech, r.inputs["width_m"]))


def test_drains(records, agree):
    for r in records("formula.drain_cap"):
        width, height = r.inputs["width_m"], r.inputs["region_height_m"]
        n, p = (0.0, width) if r.inputs["is_pmos"] else (width, 0.0)
        agree(r, cap_F=Gate(r.tech, n, p, cell_height=height).output_cap)


def test_gates(records, agree):
    for r in records("formula.gate"):
        inputs = float(r.inputs["num_inputs"])
        gate = Gate(
            r.tech,
            r.inputs["width_nmos_m"],
            r.inputs["width_pmos_m"],
            inputs,
            series="p" if r.variant == "NOR" else "n",
            cell_height=r.inputs["region_height_m"],
        )
        agree(r, width_m=gate.width, height_m=gate.height, area_m2=gate.area)
        agree(r, cap_input_F=gate.input_cap)
        agree(r, 1e-6 if inputs == 1.0 else 0.06, cap_output_F=gate.output_cap)
        if inputs <= 3.0:
            agree(r, leakage_current_A=gate.leakage)


def test_pass_gates(records, agree):
    for r in records("formula.pass_gate_area"):
        width = r.inputs["width_nmos_m"], r.inputs["width_pmos_m"]
        gate = PassGate(r.tech, *width, float(r.inputs["num_fold"]))
        agree(r, width_m=gate.width, height_m=gate.height)


def test_stages(records, agree):
    for r in records("formula.horowitz"):
        delay, ramp = gates.stage(r.inputs["tau_s"], r.inputs["ramp_input_per_s"])
        agree(r, delay_s=delay, ramp_output_per_s=ramp)
    delay, ramp = gates.stage(1e-11, 3e10)  # the reference tool
    assert delay == near(1.4653e-11, rel=1e-4)
    assert ramp == near(3.4123e10, rel=1e-4)


def test_stages_hand_their_ramp_on():
    first, ramp = gates.stage(1e-11, STEP)
    second, last = gates.stage(2e-11, ramp)
    assert gates.chain(STEP, 1e-11, 2e-11) == (near(first + second), near(last))


@pytest.mark.parametrize(
    ("series", "inputs", "n", "p", "width", "cap", "leakage"),
    [
        ("n", 1, 2, 2, 2.4320e-7, 2.7057e-16, 1.5782e-11),
        ("n", 1, 9, 9, 3.6480e-7, 1.2175e-15, 7.1020e-11),
        ("n", 1, 40, 40, 7.2960e-7, 5.4113e-15, 3.1565e-10),
        ("p", 2, 2, 2, 3.6480e-7, 2.7057e-16, 2.4575e-11),
        ("p", 3, 40, 40, 2.1888e-6, 5.4113e-15, 4.8116e-10),
        ("n", 2, 2, 2, 3.6480e-7, 2.7057e-16, 1.7885e-11),
    ],
)
def test_check_values(tech32, series, inputs, n, p, width, cap, leakage):
    """The reference tool, gates at 32 nm."""
    f = tech32.feature
    gate = Gate(tech32, n * f, p * tech32.pn_ratio * f, float(inputs), series=series)
    assert gate.width == near(width, rel=1e-4)
    assert gate.input_cap == near(cap, rel=1e-4)
    assert gate.leakage == near(leakage, rel=1e-4)


def test_a_minimum_finfet_is_one_fin(tech14):
    """2 (23 + 10/2) nm around a fin; the tool's 2.3681e-16 F counts two fins a device."""
    cell = gates.cells(tech14).inverter
    assert cell.input_cap == near(2 * 56e-9 * 1.0572e-9, rel=1e-12)
    assert cell.input_cap == near(2.3681e-16 / 2, rel=1e-4)
    assert cell.leakage == near(2.0098e-11, rel=1e-4)  # the reference tool
    assert cell.output_cap == near(4.9922e-17, rel=1e-4)


def test_fins_fold_upwards(tech14):
    """20 fins a type in a cell for 5: four folds each, not the tool's floor of 20/6 = 3."""
    f = tech14.feature
    gate = Gate(tech14, 40 * f, 40 * f)
    room = (28 - 3.5 - 3.6) / 2 * f
    capacity = np.floor(room / tech14.fin.pitch) + 1
    folds = np.ceil(20 / capacity)
    assert gate.width == near((folds + 1) * 5.3 * f, rel=1e-9)


def test_nand_edges_count_each_device(tech32):
    """Two PFETs touch the output: one gate edge more than the tool's 1.4021e-16 F."""
    f, junction = tech32.feature, tech32.junction
    edge = 0.05e-9 / (1 + tech32.vdd / junction.built_in) ** junction.grading_gate_edge
    gate = gates.nand(tech32, 2.0, 2.0)
    more = 2 * tech32.pn_ratio * f * edge
    assert gate.output_cap == near(1.4021e-16 + more, rel=1e-4)


def test_wide_gates_leak_as_three_inputs(tech32):
    assert gates.nand(tech32, 8.0, 4.0).leakage == gates.nand(tech32, 3.0, 4.0).leakage
    assert gates.nor(tech32, 8.0, 2.0, 4.0).leakage == gates.nor(tech32, 3.0, 2.0, 4.0).leakage


def test_a_cell_too_low_is_nan(tech32):
    f = tech32.feature
    gate = Gate(tech32, 2 * f, 3 * f, cell_height=np.array([5.0, 28.0]) * f)
    assert np.isnan(gate.width[0])
    assert gate.width[1] == near(2.4320e-7, rel=1e-4)


def test_switches_resist_what_is_asked_or_less(tech32, tech14):
    wide = gates.switch(tech32, 2000.0, 0.2)  # a quarter of what it drives
    assert wide.res == near(500.0, rel=1e-12)
    assert 0.2 * gates.nfet_res(tech32, wide.nfet) == near(1000.0, rel=1e-12)
    narrow = gates.switch(tech32, 4e6, 0.2)
    assert narrow.nfet == tech32.feature  # nothing is narrower than the feature size
    assert narrow.res < 1e6
    fins = gates.switch(tech14, 2000.0, 0.2)
    assert fins.res <= 500.0 * (1 + 1e-9)  # fins are whole


def test_rounding_has_a_guard():
    assert gates.whole_down(0.3 / 0.1) == 3.0
    assert gates.whole_up(3.0000000001) == 3.0
    assert gates.whole_up(3.1) == 4.0


def test_a_junction_has_its_mean_over_the_swing():
    """Against the integral; 0.83 of the zero-bias value where supply and built-in voltage agree."""
    tech = read_technology(document("technology", "32nm_lstp"))
    for grading, expected in ((0.5, 2 * (2**0.5 - 1)), (0.33, (2**0.67 - 1) / 0.67)):
        assert gates.over_swing(tech, grading) == near(expected, rel=1e-12)
        volts = (np.arange(10_000) + 0.5) * 0.6 / 10_000
        mean = np.mean((1 + volts / 0.9) ** -grading)
        low = dataclasses.replace(tech, vdd=0.6)
        assert gates.over_swing(low, grading) == near(mean, rel=1e-8)
