"""Corners of temperature and supply: each is the estimate at it, and the worst is named."""

import numpy as np
import pytest
from common import near

import neurorebit as nr
from neurorebit.schema import InputError
from neurorebit.studies import corners


@pytest.fixture(scope="module")
def table():
    return nr.corners("mlp", "rebit", temperatures=[300.0, 400.0], supplies=[0.9, 1.1])


def test_a_corner_is_the_estimate_at_it(table):
    chip = nr.chip("rebit").set("technology.temperature", "400 K").set("technology.vdd", "0.99 V")
    alone = nr.estimate("mlp", chip).document
    assert table["technology.temperature [K]"].tolist() == [300.0, 300.0, 400.0, 400.0]
    assert table["technology.vdd [V]"][3] == near(0.99)
    assert table["leakage [W]"][3] == near(alone["chip"]["leakage_W"], rel=1e-9)
    assert table["training energy [J/image]"][3] == near(
        alone["totals"]["image"]["energy_J"], rel=1e-9
    )


def test_the_worst_of_each_figure_is_marked(table):
    worst = {
        "energy": "training energy [J/image]",
        "energy with DRAM": "training energy with DRAM [J/image]",
        "latency": "training latency [s/image]",
        "leakage": "leakage [W]",
    }
    for called, column in worst.items():
        row = int(np.argmax(table[column]))
        assert [called in words.split(", ") for words in table["worst of"]] == [
            i == row for i in range(4)
        ]
    assert repr(table).count("*") == 4 + 1  # and the line that says what it means


def test_heat_with_a_high_supply_leaks_most_and_heat_with_a_low_one_is_slowest(table):
    leakage, time = table["leakage [W]"], table["training latency [s/image]"]
    assert int(np.argmax(leakage)) == 3
    assert int(np.argmax(time)) == 2


def test_a_chip_that_only_infers_has_figures_of_inference():
    found = nr.corners("mlp", "inference_sram", temperatures=[300.0], supplies=[1.0])
    assert found["worst of"].tolist() == ["energy, latency, leakage"]
    assert "inference" in repr(found)


def test_a_corner_that_cannot_be_stays_with_its_reason():
    found = nr.corners("mlp", "rebit", temperatures=[300.0], supplies=[0.1, 1.0])
    assert found["feasible"].tolist() == [False, True]
    assert "\n! 300 K, 0.09 V: technology.vdd: must lie between" in corners.text(found.table)


@pytest.mark.parametrize("given", [{"temperatures": []}, {"supplies": [0.0]}])
def test_no_corners_are_refused(given):
    with pytest.raises(InputError, match="no corner can be at these") as caught:
        nr.corners("mlp", "rebit", **given)
    assert caught.value.cure


def test_a_temperature_that_is_set_is_refused():
    chip = nr.chip("rebit").set("technology.temperature", "310 K")
    with pytest.raises(InputError, match="is an axis of the corners"):
        nr.corners("mlp", chip)
