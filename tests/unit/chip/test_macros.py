"""Macros that read both ways, crosspoints and the weight-gradient unit, against sums by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from by_hand_resistive import crowded
from common import near

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.in_place.gradient import GradientUnit
from neurorebit.chips.in_place.reram import RowByRowMacro
from neurorebit.chips.in_place.sram import SramParallelMacro, SramRowMacro
from neurorebit.chips.parts.parallel import CrosspointMacro, ParallelMacro
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.crosspoint import CrosspointArray, selected_res
from neurorebit.circuits.resistive import Sensed
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device

TECH = read_technology(Document(paths.shipped("technology", "32nm_lstp")))
GIVEN = replace(TECH, sensing=replace(TECH.sensing, cycle=1e-9))
DEVICE = read_device(Document(paths.shipped("device", "taox_hfox")))


def test_all_rows_at_once_take_a_conversion_a_column() -> None:
    """8 columns a converter, 5 bits; where the technology gives it, 1 ns a bit: 40 ns."""
    macro = ParallelMacro(GIVEN, DEVICE)
    assert macro.read().latency.items["reram/readout/converters/adc"] == near(40e-9)


def test_row_by_row_takes_a_conversion_a_cell() -> None:
    """64 of 128 rows, 8 columns a converter, 4 bits of 1 ns."""
    read = RowByRowMacro(GIVEN, DEVICE).read(density=0.5)
    assert read.latency.items["reram/readout/converters/adc"] == near(64 * 8 * 4e-9)


@pytest.mark.parametrize("half_step", [1e-8, 1e-6, 1e-5, 1e-4, 1e-3])
@pytest.mark.parametrize("ones", [1, 8, 128])
def test_no_input_of_a_column_settles_longer_than_is_waited(half_step: float, ones: int) -> None:
    """All numbers of ones, one after the other; at once where all are less than half a step.

    The wait is the longest of them where the end of the column, 200 ohm, leads far better than
    their cells together, and longer by less than a sixth with all of them: 128 * 200 * 4 uS = 0.1.
    """
    array = ParallelMacro(TECH, DEVICE).array
    cell, load, end = 4e-6, 20e-15, 200.0
    times = []
    for count in range(1, ones + 1):
        tau = (array.col_cap + load) / (count * cell + 1.0 / end)
        tau += array.col_res * array.col_cap / 2.0
        times.append(tau * max(np.log(count * cell / half_step), 0.0))
    sensed = Sensed(load, end, half_step)
    found = array.settle(1.0 / cell, sensed, ones=float(ones), driven=128.0).latency.total
    assert max(times) <= found * (1.0 + 1e-12)
    assert found <= max(times) * 7.0 / 6.0


def test_where_zeros_conduct_all_driven_cells_settle_a_column() -> None:
    """A crosspoint's column of 64 driven rows, at most 16 with a one; rows of any array back."""
    array, sensed = CrosspointArray(TECH, DEVICE), Sensed(20e-15, 2e3, 1e-6)
    found = array.settle(2e5, sensed, ones=16.0, driven=64.0).latency.total
    tau = (array.col_cap + 20e-15) / (64 / 2e5 + 1 / 2e3) + array.col_res * array.col_cap / 2
    assert found == near(tau * np.log(16 * 5e-6 / 1e-6))
    array = ParallelMacro(TECH, DEVICE).array
    found = array.settle_rows(2e5, sensed, ones=16.0, driven=64.0).latency.total
    cap = array.row_cap + 128 * array.drain_cap + 20e-15
    tau = cap / (64 / 2e5 + 1 / 2e3) + array.row_res * cap / 2
    assert found == near(tau * np.log(80.0))


MACROS = [ParallelMacro(TECH, DEVICE, signed=True), CrosspointMacro(TECH, DEVICE, signed=True)]
MACROS += [AnalogMacro(TECH, DEVICE)]


@pytest.mark.parametrize("state", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("macro", MACROS, ids=lambda macro: type(macro).__name__)
def test_a_macro_is_bounded_at_any_activity(macro: ParallelMacro, state: float) -> None:
    """Black images took 10 days, when a column was waited for as its mean current asked.

    No range is made for less than one cell, so a plane without ones takes as long as one with a
    single one; with 128 of them the step is larger by the root of 128, and the logarithm of its
    inverse smaller by 2.4.
    """
    ways = [macro.mvm] if isinstance(macro, AnalogMacro) else [macro.read, macro.read_transposed]
    for way in ways:
        costs = [way(density, state) for density in (0.0, 1e-9, 1.0 / 128.0, 0.5, 1.0)]
        assert np.all(np.isfinite([cost.energy.total for cost in costs]))
        none, least, one, half, most = (cost.latency.items[f"{macro.name}/array"] for cost in costs)
        assert none == least == one > half > most > 0.0 or (state == 1.0 and half == most == 0.0)


@pytest.mark.parametrize("way", ["read", "read_transposed"])
def test_rows_without_ones_are_not_read(way: str) -> None:
    read = getattr(RowByRowMacro(TECH, DEVICE), way)
    assert read(0.0).latency.items["reram/array"] == 0.0
    assert read(1.0).latency.total < 128 * read(1.0 / 128.0).latency.total


def test_a_finer_step_takes_longer_to_settle_to() -> None:
    """Half the range in as many steps, or twice the steps and one in the same range: ln 2 and
    ln(31 / 15) time constants of a column that a single one leads.
    """
    macro = ParallelMacro(TECH, DEVICE)
    array = macro.array
    load = array.col_cap + 9.0 * macro.readout.mux.gate.drain_cap
    end = macro.readout.mux.switch.res + macro.readout.converters.input_res
    leads = 1.0 / array.column_res(1.0, 0.5) + 1.0 / end
    tau = 8 * (load / leads + array.col_res * array.col_cap / 2.0)
    whole = macro.read(0.1).latency.items["reram/array"]
    for change, factor in (({"adc_range": 2.0}, 2.0), ({"adc_bits": 6.0}, 31.0 / 15.0)):
        finer = replace(macro, **change).read(0.1).latency.items["reram/array"]
        assert finer - whole == near(tau * np.log(factor))


def test_the_same_column_takes_the_same_time_on_every_chip() -> None:
    """Learning in place and read forward alone: same array, same converters, same plane."""
    for density in (0.02, 0.3, 1.0):
        hybrid = AnalogMacro(TECH, DEVICE).mvm(density, 0.5).latency.items["apim/array"] / 8
        in_place = ParallelMacro(TECH, DEVICE).read(density, 0.5).latency.items["reram/array"]
        assert hybrid == near(in_place, rel=1e-9)


@pytest.mark.parametrize("macro", MACROS, ids=lambda macro: type(macro).__name__)
def test_the_current_of_cells_and_references_is_the_array_s(macro: ParallelMacro) -> None:
    """V^2 G in 16 columns, and as much at mid range in their references, while a column settles
    and a front end takes its current; a crosspoint's other 112 columns float at 32 of 128 ones.

    Selectors of 100 at 1.6 V pass 0.237 of the current between 0.5 V and the middle of 32 and 96.
    """
    kind = type(macro).__name__
    cost = macro.mvm(0.25, 0.3) if kind == "AnalogMacro" else macro.read(0.25, 0.3)
    planes = 8 if kind == "AnalogMacro" else 1
    time = cost.latency.items[f"{macro.name}/array"] + 8 * planes * (
        macro.readout.converters.acquisition
    )
    # 32 ones of a column, or all 128 cells where zeros conduct; 16 columns and references of a row
    ones = 128.0 if kind == "CrosspointMacro" else 32.0
    cell = 1.0 / crowded(macro.array, 0.3, ones, 32.0)
    middle = 1.0 / crowded(macro.references.cells, 0.5, ones, 32.0)  # of shorter rows
    columns = 16 * 32.0
    if kind == "CrosspointMacro":
        columns += 112 * 100 ** (-0.5 / 1.6) * np.sqrt(32 * 96)
    current = cost.energy.items[f"{macro.name}/array/current"]
    assert current == near(0.5**2 * cell * columns * time)
    current = cost.energy.items[f"{macro.name}/references/cells/current"]
    assert current == near(0.5**2 * middle * 16 * 32.0 * time)


@pytest.mark.parametrize("ones", [1.0, 16.0, 64.0, 127.0])
def test_a_floating_column_carries_what_its_zeros_drain(ones: float) -> None:
    """The middle of the column is where both currents are equal: found by halving."""
    array = CrosspointArray(TECH, DEVICE, nonlinearity=100.0)
    low, high = 0.0, 0.5

    def passed(voltage: float) -> float:
        return float(100.0 ** ((voltage - 0.5) / 0.8))  # of the current at 0.5 V; W / 2 = 0.8 V

    for _ in range(60):
        middle = (low + high) / 2.0
        fed, drained = ones * passed(0.5 - middle), (128.0 - ones) * passed(middle)
        low, high = (middle, high) if fed > drained else (low, middle)
    between = min(max(middle, 0.0), 0.5)
    wanted = min(ones * passed(0.5 - between), (128.0 - ones) * passed(between))
    assert array.stray(ones, 128.0) <= min(ones, 128.0 - ones)
    assert array.stray(ones, 128.0) == near(wanted, rel=1e-6) or between in (0.0, 0.5)
    assert array.stray(0.0, 128.0) == array.stray(128.0, 128.0) == 0.0
    assert ParallelMacro(TECH, DEVICE).array.stray(ones, 128.0) == 0.0


def test_a_column_floats_without_pulse_data() -> None:
    """Where no file says the write voltage, that of the access gates holds: 1.1 V, read at 0.5 V.

    Of 128 rows 32 feed, sqrt(32 * 96) * 100^(-0.5 / 1.1) = 55.43 * 0.12328 = 6.833 cells' worth.
    """
    array = CrosspointArray(TECH, replace(DEVICE, pulses=None), nonlinearity=100.0)
    assert array.stray(32.0, 128.0) == near(6.833, rel=1e-3)


PLANES = [ParallelMacro(TECH, DEVICE), CrosspointMacro(TECH, DEVICE), SramParallelMacro(TECH)]


@pytest.mark.parametrize("macro", PLANES, ids=lambda macro: type(macro).__name__)
@pytest.mark.parametrize("way", ["read", "read_transposed"])
def test_each_plane_takes_the_same_time_after_the_first(macro: ParallelMacro, way: str) -> None:
    """Multiplexers move once, with the first plane: max(a, b) + (n - 1) a. A share b / n before
    the maximum let the time of a value grow by less up to some number of planes.
    """
    times = []
    for planes in range(2, 9):
        made = replace(macro, input_bits=float(planes), error_bits=float(planes))
        cost = getattr(made, way)()
        joined = sum(t for part, t in cost.latency.items.items() if "shift_add" in part)
        times.append(planes * (cost.latency.total - joined))
    steps = np.diff(times)
    assert steps == near(np.full(6, steps[0]), rel=1e-9)
    readout = made.readout if way == "read" else made.transposed_readout
    switches = made.row_switches if way == "read" else made.col_switches
    opened = float(switches.drive().latency.total)
    # what is left of the first plane: as long as multiplexers take beyond the lines
    beyond = max(float(readout.select().latency.total) - opened, 0.0)
    assert abs(times[0] - 2 * steps[0] - 8 * beyond) < 1e-15


def test_lines_are_charged_to_their_voltages() -> None:
    """A tenth of 128 rows at 1.1 V and 0.5 V, 16 columns at 0.5 V, at each of 8 positions."""
    macro = ParallelMacro(TECH, DEVICE)
    array = macro.array
    row = array.access_cap * 1.1**2 + array.row_cap * 0.5**2
    expected = 8 * (12.8 * row + 16 * array.col_cap * 0.5**2)
    assert macro.read(density=0.1).energy.items["reram/array"] == near(expected)


def test_an_update_pulses_row_by_row_in_both_directions() -> None:
    """Every row has cells to raise and cells to lower, 4 and 5 pulses of 50 ns."""
    cost = ParallelMacro(TECH, DEVICE).program((0.3, 4.0), (0.3, 5.0))
    assert cost.latency.items["reram/cells"] == near(128 * 9 * 50e-9)
    macro = ParallelMacro(TECH, DEVICE)
    # the middle of 1 uS to 10 uS, a transistor, wires, and switches of 38.4 cells and of one
    path = 1 / 5.5e-6 + 25e3 + (macro.array.row_res + macro.array.col_res) / 2
    path += 38.4 * macro.row_switches.input_switch.res + macro.col_switches.switch.res
    heat = 128 * 128 * 0.3 * 9.0 * 1.6**2 / path * 50e-9
    assert cost.energy.items["reram/cells"] == near(heat)


def test_without_transposed_blocks_a_macro_is_smaller() -> None:
    for macro in (ParallelMacro(TECH, DEVICE), SramParallelMacro(TECH), SramRowMacro(TECH)):
        forward = replace(macro, transposed=False)
        assert forward.footprint.area.total < macro.footprint.area.total
        assert not any("transposed" in item for item in forward.footprint.area.items)


def test_wordlines_of_sram_take_their_charge() -> None:
    """Half of 128 rows at 8 positions, to the supply."""
    macro = SramParallelMacro(TECH)
    expected = 8 * 64 * macro.array.row_cap * 0.9**2
    assert macro.read(density=0.5).energy.items["sram/array"] == near(expected)


def test_adding_hides_behind_the_next_row() -> None:
    """A row is as slow as reading or adding it, whichever takes longer; the last is added after."""
    macro = SramRowMacro(TECH)
    access = macro.decoder.delay + macro.precharger.delay
    access += macro.array.read(macro.decoder.output_ramp).latency.total
    access += macro.readout.sense_amp.sense().latency.total
    added = macro.readout.adder.delay + 0.5e-9
    last = macro.readout.input_shift_add.accumulate(1.0).latency.total
    expected = 32 * max(access, added) + added + last
    assert macro.read(density=0.25).latency.total == near(expected)


def test_latched_weights_are_added_whole_and_latched_rows_each() -> None:
    """8-bit weights: 16 of them in 128 columns, whose sums over 128 rows have 8 + 7 bits; back, 128
    rows, whose sums of 16 cells at one place have 5.
    """
    macro = SramRowMacro(TECH, cells_per_weight=8.0)
    assert (macro.readout.adder.count, macro.readout.adder.bits) == (16, 15)
    assert (macro.transposed_readout.adder.count, macro.transposed_readout.adder.bits) == (128, 5)
    area = macro.footprint.area.items
    assert area["sram/transposed_readout/weight_shift_add/adder"] > 0.0
    assert area["sram/readout/weight_shift_add/adder"] == 0.0
    assert macro.read().energy.items["sram/readout/weight_shift_add/adder"] == 0.0


@pytest.mark.parametrize("kind", ["sar", "flash", "flash_voltage"])
def test_converters_have_the_encoders_that_they_need(kind: str) -> None:
    """Along the array below it; a level of one bit is its own code."""
    made = Converters(TECH, 4.0, 8.0, kind, fit_width=50e-6)
    assert (made.encoder is None) == (kind == "sar")
    assert made.adc.width == 50e-6
    encoders = made.encoder.area if made.encoder else 0.0
    assert made.footprint.area.total == near(made.adc.area + made.front_end.area + encoders)
    single = replace(made, bits=1.0)
    assert single.footprint.area.total == near(single.adc.area + single.front_end.area)
    names = {item.split("/")[1] for item in made.convert().energy.items}
    assert names - {"encoder"} == {"front_end", "adc"}
    assert ("encoder" in names) == (kind != "sar")


def test_selectors_block_half_of_the_voltage() -> None:
    """A hundredth of the current at half the write voltage: 50 times the resistance."""
    full = selected_res(1e5, 2.0, read_voltage=0.5, write_voltage=2.0, nonlinearity=100.0)
    half = selected_res(1e5, 1.0, read_voltage=0.5, write_voltage=2.0, nonlinearity=100.0)
    assert half / full == near(50.0)
    assert selected_res(1e5, 0.5, read_voltage=0.5, write_voltage=2.0, nonlinearity=100.0) == near(
        1e5
    )


def test_a_crosspoint_has_the_pitch_of_wires() -> None:
    """128 cells of 4 by 4 wires of 40 nm."""
    array = CrosspointArray(TECH, DEVICE)
    assert array.row_length == near(128 * 4 * 40e-9)
    assert array.footprint.area.total == near((128 * 4 * 40e-9) ** 2)


def test_half_selected_cells_take_their_current() -> None:
    """254 cells share the row or the column; at 1 V of 2 V they resist 2 / 10 of their 1 / 5.5 uS.

    Lines: the row at 2 V, 127 columns and 127 rows at 1 V.
    """
    array = CrosspointArray(TECH, DEVICE, nonlinearity=100.0)
    current = 254 * 5.5e-6 / 0.2 * 1.0**2 * 50e-9
    line = 128 * 4 * 40e-9 * 0.2e-9  # 0.2 fF/um
    expected = current + line * (2.0**2 + 254 * 1.0**2)
    assert array.pulse_set(1.0, 2.0, 50e-9).energy.total == near(expected)


def test_a_gradient_unit_has_whole_arrays() -> None:
    """900 positions in arrays of 128 rows: 8; 1000 columns: 8; 8 numbers add in 3 more bits.

    8 columns, the bits of an activation, make a gradient of 8 more.
    """
    unit = GradientUnit(TECH, 900.0, 1000.0)
    assert (unit.arrays_down, unit.arrays_across, unit.arrays) == (8.0, 8.0, 64.0)
    assert unit.sum_bits == 4 + 8 + 3 + 8
    assert unit.tree.adder_bits == 7 * (4 + 8 + 1) + 2 * 1 + 1 * 2  # wider by a bit a level
    least = GradientUnit(TECH, 4.0, 3.0)
    assert least.arrays == 1.0


def test_a_gradient_converts_each_column_once_a_plane() -> None:
    """8 planes, 8 columns a converter, 4 bits of 1 ns."""
    read = GradientUnit(GIVEN).read()
    expected = 8 * 8 * 4e-9
    latency = read.latency.items["gradient_unit/array/readout/converters/adc"]
    assert latency == near(expected)
