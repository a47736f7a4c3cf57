import numpy as np
import pytest

from neurorebit.inputs.files import opened, read_inputs
from neurorebit.inputs.technology import read_technology
from neurorebit.inputs.values import document_of, setting_text
from neurorebit.schema import InputError, Setting, plain
from neurorebit.schema.device import read_device


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("technology.vdd", 0.8, "0.8 V"),
        ("technology.vdd", "0.8 V", "0.8 V"),
        ("technology.vdd", np.float64(0.8), "0.8 V"),
        ("technology.drive.temperatures", [300.0, 400.0], "300.0, 400.0 K"),
        ("device.r_on", 1e-9, "1e-09 ohm"),
        ("device.pulses.levels_ltp", np.int64(64), "64"),
        ("architecture.apim.adc_bits", 6, "6"),
        ("training.rest", 10, "10 s"),
        ("training.fallback", None, "null"),
        ("training.augment", {"flip": True}, "{flip: true}"),
        ("network.activity.input_density", 0.3, "0.3"),
    ],
)
def test_a_number_in_si_units_gets_the_unit_of_its_key(key, value, text):
    assert setting_text(key, value) == text


@pytest.mark.parametrize(
    ("kind", "name", "read"),
    [("device", "taox_hfox", read_device), ("technology", "32nm", read_technology)],
)
def test_values_read_from_a_file_are_read_from_a_dictionary_to_the_last_bit(kind, name, read):
    values = plain(read(opened(kind, name)))
    given = {key: value for key, value in values.items() if value is not None}
    assert plain(read(document_of(kind, given))) == values


def test_a_wrong_value_of_a_dictionary_is_named_by_argument_and_key():
    values = plain(read_device(opened("device", "taox_hfox")))
    values["pulses"]["c2c"] = -1.0
    with pytest.raises(InputError, match="must be at least 0") as caught:
        read_device(document_of("device", values))
    assert caught.value.argument == "device"
    assert caught.value.key == "pulses.c2c"


def test_what_no_file_can_hold_is_refused():
    with pytest.raises(InputError, match=r"^device: cell.height: expected a number"):
        document_of("device", {"cell": {"height": object()}})


def test_a_document_is_as_good_as_a_file_and_settings_leave_it_alone():
    device = opened("device", "taox_hfox")
    settings = (Setting("device.r_on", "50 kohm"),)
    inputs = read_inputs("mlp", "rebit", device=device, settings=settings)
    assert inputs.device.r_on == 5e4
    assert read_inputs("mlp", "rebit", device=device).device.r_on == 1e5
    assert inputs.names["device"] == "taox_hfox"
