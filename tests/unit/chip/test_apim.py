"""The analog macro against figures that were computed independently."""

from dataclasses import replace

import numpy as np
import pytest
from common import near

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.parts.programming import touched
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document
from neurorebit.schema.device import read_device
from neurorebit.schema.paths import shipped


@pytest.fixture(scope="module")
def tech():
    return read_technology(Document(shipped("technology", "32nm")))


@pytest.fixture(scope="module")
def device():
    return read_device(Document(shipped("device", "taox_hfox")))


@pytest.fixture(scope="module")
def macro(tech, device):
    return AnalogMacro(tech, device)


def area(macro, *parts):
    items = macro.footprint.area.items
    below = {name.removeprefix("apim/").removeprefix("readout/"): a for name, a in items.items()}
    return sum(a for name, a in below.items() if name.split("/")[0] in parts)


def test_areas_are_those_predicted(macro):
    assert area(macro, "input_shift_add") == near(1.03e-9, rel=0.005)
    other = area(macro, "row_switches", "col_switches", "mux", "mux_decoder")
    assert other == near(1.04e-9, rel=0.02)
    assert area(macro, "array") == near(128 * 128 * 16 * 32e-9**2, rel=1e-12)


def test_a_reference_column_for_each_converter(macro):
    columns = macro.footprint.area.items["apim/references/cells"]
    assert columns == near(area(macro, "array") / 8, rel=1e-12)


def test_converters_are_billed_once_a_column_and_plane(macro):
    """8 planes of 128 columns; the current of the columns changes nothing in them."""
    adc = macro.readout.converters.adc
    one = adc.convert().energy.total / macro.adcs
    for density, conductance in ((0.5, 0.5), (0.2, 0.9)):
        cost = macro.mvm(density=density, conductance=conductance)
        found = cost.energy.items["apim/readout/converters/adc"]
        assert found == near(8 * 128 * one, rel=1e-9)


def test_unused_rows_and_columns_cost_little(macro):
    full, part = macro.mvm(0.3), macro.mvm(0.3, used_rows=27.0, used_cols=64.0)
    half = full.energy.items["apim/readout/converters/adc"] / 2
    assert part.energy.items["apim/readout/converters/adc"] == near(half)
    assert part.energy.items["apim/array"] < full.energy.items["apim/array"] * 27 / 128 * 1.5


def test_no_input_settles_longer_than_is_waited(macro):
    """One pole: after t, exp(-t / tau) of a column's current is missing: at most half a step.

    5 bits: 15 steps of 4 standard deviations of the sum of 0.2 * 128 cells, each anywhere in its
    range. Every number of ones from 1 to 128 has its own tau, since their cells discharge a column
    beside its pass gate; the last one needs nearly the whole time.
    """
    array = macro.array
    once = macro.mvm(density=0.2, conductance=0.5).latency.items["apim/array"] / 64
    cell, low, high = (1 / array.column_res(1.0, state) for state in (0.5, 0.0, 1.0))
    half_step = 4 * (high - low) * np.sqrt(0.2 * 128 / 12) / 15 / 2
    load = array.col_cap + 9 * macro.readout.mux.gate.drain_cap
    ones = np.arange(1.0, 129.0)
    gate = macro.readout.mux.switch.res
    tau = load / (ones * cell + 1 / gate) + array.col_res * array.col_cap / 2
    missing = ones * cell * np.exp(-once / tau)
    assert np.all(missing <= half_step)
    assert np.max(missing) > half_step / 3


def test_programming_counts_pulses_and_heat(macro, device):
    """Heat of a pulse: V^2 t / R, in every cell that changes, for as many pulses as it takes.

    The switch of a row has the current of all of its cells that change, in each direction.
    """
    cost = macro.program((0.01, 21.0), (0.005, 21.0), 0.5)
    array, expected = macro.array, 0.0
    path = 1 / 5.5e-6 + 25e3 + (array.row_res + array.col_res) / 2 + macro.col_switches.switch.res
    for share in (0.01, 0.005):
        in_a_row = 128 * share / touched(share, 128.0)
        each = 1.6**2 / (path + in_a_row * macro.row_switches.input_switch.res) * 50e-9
        expected += 128 * 128 * share * 21 * each
    assert cost.energy.items["apim/cells"] == near(expected, rel=1e-9)
    rows = 128 * (touched(0.01, 128.0) + touched(0.005, 128.0))
    assert cost.latency.items["apim/cells"] == near(rows * 21 * 50e-9, rel=1e-9)


def test_nothing_changed_costs_nothing(macro, device):
    cost = macro.program((0.0, 0.0), (0.0, 0.0))
    assert cost.energy.total == 0.0
    assert cost.latency.total == 0.0


def test_a_device_of_low_resistance_does_not_fit_its_cell(tech, device):
    wide = AnalogMacro(tech, replace(device, r_on=6e3))
    assert np.isnan(wide.footprint.area.total)


def test_many_designs_are_their_points(tech, device):
    bits = np.array([4.0, 5, 6])
    many = AnalogMacro(tech, device, adc_bits=bits).mvm(0.2).energy.total
    ones = [AnalogMacro(tech, device, adc_bits=b).mvm(0.2).energy.total for b in bits]
    assert many == near(ones, rel=1e-12)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_any_converter_of_the_table_fits(tech, device, kind):
    """Eight columns, eight planes: 64 conversions of each converter in a vector."""
    macro = AnalogMacro(tech, device, adc_kind=kind)
    alone = macro.readout.converters.convert()
    cost = macro.mvm(0.5, 0.5).energy.items
    for part, joules in alone.energy.items.items():
        assert cost[f"apim/readout/{part}"] == near(64 * joules, rel=1e-9)


def test_several_cells_of_a_weight_are_joined_plane_by_plane(tech, device):
    """Two cells a weight: 64 operands to weights, 4 weights of 8 planes each to sums; sums are of
    5 + 2 + 8 bits instead of 5 + 1 + 8.
    """
    one, two = (AnalogMacro(tech, device, cells_per_weight=n) for n in (1.0, 2.0))
    assert (one.output_bits, two.output_bits) == (14.0, 15.0)
    assert one.footprint.area.items["apim/readout/weight_shift_add/adder"] == 0.0
    readout, cost = two.readout, two.mvm(0.5).energy.items
    added = readout.weight_shift_add.adder.add().energy.total
    assert cost["apim/readout/weight_shift_add/adder"] == near(64 * added, rel=1e-9)
    added = readout.input_shift_add.adder.add().energy.total
    assert cost["apim/readout/input_shift_add/adder"] == near(4 * 8 * added, rel=1e-9)
