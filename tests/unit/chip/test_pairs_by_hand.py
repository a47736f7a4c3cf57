"""Pairs of cells in the bill: two columns a weight, one conversion of their difference.

See docs/models/macros.md#signed-weights.
"""

from dataclasses import replace

import pytest
from by_hand import RERAM, TECH, analog_macro
from by_hand_resistive import crowded
from common import near

import neurorebit as nr
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.array import device_array
from neurorebit.circuits.mux import AnalogMux
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, InputError
from neurorebit.schema.paths import shipped

ROWS, COLS, WAYS, BITS = 32.0, 24.0, 6.0, 4.0  # four converters, each for three pairs
SIZES = {"rows": ROWS, "cols": COLS, "cols_per_adc": WAYS, "input_bits": BITS, "adc_bits": 6.0}
PAIR = analog_macro(**SIZES, cells_per_weight=2.0, paired=True)
ALONE = analog_macro(**SIZES)


def test_a_pair_has_no_references_and_two_multiplexers_a_converter():
    names = [part.name for _, part in PAIR.parts]
    assert "references" not in names
    assert "references" in [part.name for _, part in ALONE.parts]
    readout = PAIR.readout
    assert (readout.units, readout.converters.count, PAIR.adcs) == (4, 4, 4)
    assert (readout.mux.outputs, readout.mux.ways) == (8, 3)
    assert isinstance(readout.mux, AnalogMux)
    assert (PAIR.digits, PAIR.readout.cells, PAIR.output_bits) == (1, 1, ALONE.output_bits)
    assert PAIR.array.cols == ALONE.array.cols == COLS


def test_a_read_of_pairs_by_hand():
    """Ones at 0.3 of 20 rows, cells at 0.4 of their range, 18 columns: nine pairs."""
    rows, state, density, planes = 20.0, 0.4, 0.3, 4.0
    driven, active = rows / ROWS, density * rows
    share = 18.0 / (6.0 * 4.0)
    readout, array, lines = PAIR.readout, PAIR.array, share * 4.0
    low, high = (1.0 / array.column_res(1.0, place) for place in (0.0, 1.0))
    reach = 4.0 * (high - low) / 3.0**0.5 * active**0.5  # of w half ranges, plus less minus is 2 w
    assert PAIR.reach(active) == near(reach, rel=1e-12)
    cell = array.column_res(1.0, state)
    settled = array.settle(cell, readout.sensed(reach), ones=rows, driven=rows)
    time = settled.latency.total + readout.converters.acquisition
    opened = PAIR.row_switches.drive(density * driven, driven).energy.total
    selected = readout.select(share).energy.total
    plane = (planes * opened + selected) / planes + settled.energy.total
    plane += array.read(active, 2.0 * lines).energy.total
    waiting = 4.0 * lines * array.stray(active, rows)
    cell = crowded(array, state, active, 2.0 * lines)  # cells of a column, and of a row
    plane += array.conduct(active * 2.0 * lines + waiting, cell, time).energy.total
    plane += readout.convert(share).energy.total
    due = 3.0 * planes * plane + 3.0 * readout.join_planes(planes, share).energy.total
    assert PAIR.mvm(density, state, rows, 18.0).energy.total == near(due, rel=1e-12)


def test_one_cell_of_a_pair_is_verified_alone():
    lines = 0.5 * 4.0
    readout, array = PAIR.readout, PAIR.array
    settled = PAIR.settle_alone(readout, 0.4)
    time = settled.latency.total + readout.converters.acquisition
    cell = crowded(array, 0.4, 1.0, lines)
    due = PAIR.row_switches.drive_one().energy.total
    due += readout.select(0.5).energy.total + settled.energy.total
    due += array.read(1.0, lines).energy.total + readout.convert(0.5).energy.total
    due += array.conduct(lines + 5.0 * lines * array.stray(1.0, 1.0), cell, time).energy.total
    assert PAIR.sense_row(0.4, 0.5).energy.total == near(due, rel=1e-12)


def test_rows_drive_the_cells_of_both_columns():
    """The switches of a row carry the current of two columns a converter at once."""
    assert PAIR.row_switches.driven_res == near(
        (RERAM.r_on + device_array(TECH, RERAM, ROWS, COLS).series_res) / 8.0, rel=1e-12
    )
    assert PAIR.array.row_cap == ALONE.array.row_cap


def architecture(**changes):
    spec = read_architecture(Document(shipped("architecture", "rebit")))
    arrays = {k: changes.pop(k) for k in ("cell_bits", "cols_per_adc") if k in changes}
    return replace(spec, apim=replace(spec.apim, **arrays), **changes)


@pytest.mark.parametrize(
    ("bits", "cell", "digits", "each", "top"),
    [
        (5, None, 1, 4, 4), (5, 2, 2, 2, 2), (5, 3, 2, 2, 2), (8, 4, 2, 4, 3), (8, 2, 4, 2, 1),
        (2, 1, 1, 1, 1), (8, 3, 3, 3, 1),
    ],
)  # fmt: skip
def test_a_sign_takes_no_bit_of_a_pairs_cells(bits, cell, digits, each, top):
    """The magnitude of a weight of b bits has b - 1."""
    spec = architecture(weight_bits=bits, cell_bits=cell, signed_weights="pair")
    assert (spec.digits_per_weight, spec.cells_per_weight) == (digits, 2 * digits)
    assert (spec.digit_bits, spec.top_digit_bits, spec.cell_steps) == (each, top, 2**each - 1)


@pytest.mark.parametrize(
    ("bits", "cell", "digits", "each", "top"),
    [(5, 3, 2, 3, 2), (5, 2, 3, 2, 1), (8, 4, 2, 4, 4), (7, 2, 4, 2, 1), (8, 7, 2, 4, 4)],
)
def test_the_most_significant_cell_has_what_is_left(bits, cell, digits, each, top):
    spec = architecture(weight_bits=bits, cell_bits=cell)
    assert (spec.digits_per_weight, spec.cells_per_weight) == (digits, digits)
    assert (spec.digit_bits, spec.top_digit_bits) == (each, top)


def test_a_chip_of_pairs_has_twice_the_columns_and_cells():
    """Layers of 784 x 256, 256 x 128 and 128 x 10 weights in arrays of 128 x 128 cells."""
    stages = read_network(Document(shipped("network", "mlp"))).stages
    alone, both = (
        Floorplan.of(Workload.of(stages), architecture(cols_per_adc=8, signed_weights=word))
        for word in ("reference", "pair")
    )
    assert alone.arrays.tolist() == [7 * 2, 2 * 1, 1]
    assert both.arrays.tolist() == [7 * 4, 2 * 2, 1]
    assert alone.held.tolist() == [784 * 256, 256 * 128, 1280]
    assert (both.held / alone.held).tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("chip", "sets"),
    [
        ("reram", {}), ("sram", {}), ("panther", {}), ("inference_sram", {}),
        ("inference_reram", {"inference_arrays.read": "row_by_row"}),
        ("inference_reram", {"inference_arrays.cells": "crosspoint"}),
    ],
)  # fmt: skip
def test_chips_that_cannot_read_pairs_refuse_them(chip, sets):
    made = nr.chip(chip)
    for key, word in (sets | {"signed_weights": "pair"}).items():
        made = made.set(f"architecture.{key}", word)
    with pytest.raises(InputError, match="signed_weights: pairs are of 1T1R cells"):
        nr.estimate("mlp", made)


def test_columns_that_share_a_converter_hold_whole_pairs():
    made = nr.chip("rebit").set("architecture.signed_weights", "pair")
    with pytest.raises(InputError, match=r"must divide apim\.cols_per_adc"):
        nr.estimate("mlp", made.set("architecture.apim.cols_per_adc", 1))


def test_a_word_of_the_table_is_expected():
    with pytest.raises(InputError, match="reference"):
        nr.estimate("mlp", nr.chip("rebit").set("architecture.signed_weights", "two"))
