"""Axes of a sweep: what a value means, and what is refused."""

import numpy as np
import pytest

from neurorebit.inputs.files import read_inputs
from neurorebit.schema import InputError, Setting
from neurorebit.studies import axes
from neurorebit.studies.sweep import sweep


def column(key, values):
    def refuse(setting):
        read_inputs("mlp", settings=[setting], fitting=False)

    return axes.column(key, values, refuse)


@pytest.mark.parametrize(
    ("key", "values", "expected", "unit"),
    [
        ("technology.vdd", "0.8V, 900 mV,1V", [0.8, 0.9, 1.0], "V"),
        ("technology.vdd", "0.8V:1.0V:5", [0.8, 0.85, 0.9, 0.95, 1.0], "V"),
        ("device.r_on", ["50 kohm", 1e5], [5e4, 1e5], "ohm"),
        ("device.r_on", [50_000, 1e5], [5e4, 1e5], "ohm"),
        ("technology.wire.classes[0].resistivity", [2e-8], [2e-8], "ohm*m"),
        ("architecture.apim.adc_bits", "4:8:3,3", [4, 6, 8, 3], ""),
        ("architecture.apim.adc_bits", np.array([4.0, 5.0]), [4, 5], ""),
        ("architecture.dram.energy", "3.9 pJ/bit", [3.9e-12], "J/bit"),
        ("network.activity.conductance", "0:1:3", [0, 0.5, 1], ""),
        ("training.batch", "32,64", [32, 64], ""),
    ],
)
def test_numbers_are_read_with_their_units(key, values, expected, unit):
    found = column(key, values)
    np.testing.assert_allclose(found.numbers, expected, rtol=1e-15)
    assert found.unit == unit
    assert not found.nouns


def test_a_text_sets_the_very_number_it_stands_for():
    """What single runs are given is what the arrays hold, to the last bit."""
    found = column("technology.vdd", np.linspace(0.8, 1.0, 7))
    for row, number in enumerate(found.numbers):
        setting = Setting(found.key, found.text(row))
        assert read_inputs("mlp", settings=[setting]).technology.vdd == number


@pytest.mark.parametrize(
    ("key", "values", "nouns"),
    [
        ("technology", "22nm,32nm", ("22nm", "32nm")),
        ("device", ["taox_hfox", "epiram"], ("taox_hfox", "epiram")),
        ("architecture.apim.pe_side", "auto,256", ("auto", "")),
        ("architecture.error_bits", ["fp32", 8], ("fp32", "")),
        ("architecture.dpim.build", "word_parallel", ("word_parallel",)),
        ("architecture.apim.kernel_split", [True, False], ("true", "false")),
        ("network.layers[1].features", "64,128", ("64", "128")),
        ("training.epochs", "1", ("1",)),
        ("network.layers[1].features", [64, 1_000_000], ("64", "1000000")),
    ],
)
def test_what_is_no_number_is_a_noun(key, values, nouns):
    assert column(key, values).nouns == nouns


def test_a_column_shows_numbers_or_texts():
    assert column("architecture.apim.rows", "64,128").shown.dtype == np.int64
    assert column("technology.vdd", "0.8V,1V").heading == "technology.vdd [V]"
    assert column("architecture.apim.pe_side", "auto,256").shown.tolist() == ["auto", "256"]


@pytest.mark.parametrize(
    ("key", "values", "message"),
    [
        ("technology.vdd", "0.8:1.0:5", "expected a number in V, got '0.8' (the unit is missing)"),
        (
            "technology.vdd",
            "0.8V:1.0V:1",
            "=0.8V:1.0V:1: expected LOW:HIGH:COUNT with a COUNT",
        ),
        ("technology.vdd", np.array([0.9, np.nan]), "expected numbers"),
        ("technology.vdd", "0.8V,,1V", "a value is missing"),
        ("technology.vdd", "", "a value is missing"),
        ("technology.vddd", "0.8V", "=0.8V: vddd: unknown key; did you mean 'vdd'?"),
        ("tecnology.vdd", "0.8V", "did you mean 'technology'?"),
        ("architecture.apim.adc_bits", "4:8:4", "expected whole numbers, got 5.33333"),
        ("architecture.apim.adc_bits", [4, 5.5], "expected whole numbers, got 5.5"),
        ("architecture.apim.adc_bits", "six", "axes architecture.apim.adc_bits=six: apim.adc_bits"),
        ("architecture.apim.pe_side", "auto:512:3", "a range goes from a number to a number"),
        ("architecture.dpim.build", "serial", "axes architecture.dpim.build=serial: dpim.build"),
        ("technology", "23nm", "axes technology=23nm: no such technology"),
        ("network.layers[9].features", "64", "expected an index below"),
        ("network", "vgg8,vgg11", "axes network"),
    ],
)
def test_a_wrong_value_is_refused_by_name(key, values, message):
    with pytest.raises(InputError) as found:
        sweep("mlp", {key: values})
    assert message in str(found.value)
    assert "axes " in str(found.value)
    assert "\n" not in str(found.value)


VOLTS = "must be above 0 V and below 5 V, got 9"


@pytest.mark.parametrize(
    ("key", "values", "numbers", "wrong"),
    [
        ("technology.vdd", "9V,0.9V", [9, 0.9], [VOLTS, ""]),
        ("technology.vdd", "0.8V:9V:2", [0.8, 9], ["", VOLTS]),
        ("technology.vdd", np.array([0.9, 9]), [0.9, 9], ["", VOLTS]),
        ("architecture.apim.adc_bits", "4,40", [4, 40], ["", "should be less than or equal to 12"]),
        ("architecture.error_bits", [0, 8], [0, 8], ["should be greater than or equal to ", ""]),
    ],
)
def test_a_number_out_of_its_bounds_stays_with_what_is_wrong(key, values, numbers, wrong):
    """A number of a list, of a range or of an array: none of them ends a sweep."""
    found = column(key, values)
    assert found.numbers.tolist() == numbers
    assert not found.nouns
    for text, start in zip(found.wrong, wrong, strict=True):
        assert text.startswith(f"{key}: {start}" if start else "")
        assert bool(text) == bool(start)


def test_numbers_within_their_bounds_have_nothing_wrong():
    assert column("technology.vdd", "0.8V:1V:3").wrong == ()


VDD = {"technology.vdd": [0.9]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"axes": {}}, "a sweep takes 1 to 10,000,000 designs, these axes make 0"),
        (
            {
                "axes": {
                    "device.r_on": np.linspace(1e5, 2e5, 4000),
                    "training.batch": range(1, 4000),
                }
            },
            "these axes make 15,996,000",
        ),
        (
            {"axes": VDD, "settings": ["technology.vdd=0.8V"]},
            "axes technology.vdd and technology.vdd=0.8V: the same choice twice",
        ),
        (
            {"axes": {"technology": ["22nm"]}, "technology": "32nm"},
            "axes technology and technology 32nm: the same choice twice",
        ),
        ({"axes": VDD, "designs": VDD}, "axes technology.vdd: given twice"),
        (
            {"designs": {**VDD, "device.r_on": [1e5, 2e5]}},
            "technology.vdd has 1, device.r_on has 2",
        ),
        ({"axes": VDD, "pareto": ["power"]}, "pareto power: expected one of energy"),
        ({"axes": VDD, "technology": "23nm"}, "23nm: no such technology"),
    ],
)
def test_axes_that_do_not_go_together_are_refused(given, message):
    with pytest.raises(InputError) as found:
        sweep("mlp", **given)
    assert message in str(found.value)
