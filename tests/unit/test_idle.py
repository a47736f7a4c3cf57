"""What a run has no use for is said, and what it reads is noted as it is read."""

import functools

import numpy as np
import pytest
import yaml
from property.test_keys_of_training import inputs_of, learned

from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schema import InputError, Setting, paths
from neurorebit.schema.document import bare, plain
from neurorebit.schema.reads import Reads
from neurorebit.schemes.ablations import choices, why_idle
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.idle import heeds, is_shipped
from neurorebit.studies.request import Request
from neurorebit.studies.run import report_of
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.training.trainer import softmax_loss

NARROW = (Setting("network.layers[1].features", "24"), Setting("network.layers[4].features", "16"))


def told(network="mlp", chip="rebit", device=None, settings=()):
    """What the report of an estimate says has no effect."""
    chosen = tuple(map(parse_setting, settings))
    request = Request(network, chip, device=device, settings=chosen, train=False)
    return report_of(request.inputs(), request)["idle"]


# --- what is read


def test_a_key_is_noted_when_it_is_read_and_no_other():
    inputs, reads = read_inputs("vgg11"), Reads()
    seen = inputs.observed(reads)
    assert reads.keys == set()
    assert seen.architecture.apim.rows == inputs.architecture.apim.rows
    assert seen.technology.wire.classes[1].resistivity > 0.0
    assert seen.device.g_min > 0.0  # follows from the resistances
    assert isinstance(seen.architecture, type(inputs.architecture))
    assert reads.keys == {
        "architecture.apim.rows", "technology.wire.classes[1].resistivity", "device.r_on",
        "device.on_off_ratio",
    }  # fmt: skip
    assert plain(seen.device) == plain(inputs.device)
    assert bare(seen.device) is inputs.device
    assert len(reads.keys) == 4  # a record of all values is no use of them


def test_a_key_is_heeded_by_what_is_read_of_it():
    read = {"device.pulses.c2c", "technology.drive.on_n", "architecture.layers[1].rows"}
    assert all(heeds(read, key) for key in ("device.pulses", "device", "technology.drive.on_n[2]"))
    assert heeds(read, "architecture.layers")
    assert not any(heeds(read, key) for key in ("device.pulse", "device.r_on", "technology.vdd"))


def images():
    return np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1), np.uint8)


@functools.cache
def read_by(name, *settings):
    """The keys that two steps and a test of a training by a scheme read."""
    chip = SCHEMES[name].architecture
    whole = SCHEMES[name].refuses is not None  # of whole numbers, without norms
    network, narrow = (
        ("lenet_wage", (Setting("network.width", "0.1"),)) if whole else ("mlp", NARROW)
    )
    given = (*narrow, Setting("architecture.scheme", name), *map(parse_setting, settings))
    inputs, reads = read_inputs(network, chip, settings=given), Reads()
    seen = inputs.observed(reads)
    wires = (1.0, 1.0) if inputs.network.training.wires == "resistive" else None
    model = Model(
        seen.network, seen.architecture, seen.device, scheme=SCHEMES[name], seed=1,
        workers=Workers(1), wires=wires,
    )  # fmt: skip
    for _ in range(2):
        scores = model.forward(images(), learning=True)
        model.backward(softmax_loss(scores, np.arange(8) % 10)[1], 0.1)
    model.forward(images(), learning=False)
    return frozenset(reads.keys)


BRINGS = (  # values with which further keys count
    "training.write=verify", "training.adc=ideal", "training.digital=bit_serial",
    "training.conversion=bit_serial", "training.error_path=levels", "training.adc=array",
)  # fmt: skip


@pytest.mark.parametrize("name", [name for name, one in SCHEMES.items() if one.trains])
def test_a_scheme_heeds_the_keys_of_training_that_it_reads(name):
    """What the scheme's description says and what its training does are the same."""
    devices = read_inputs("lenet_wage", SCHEMES[name].architecture).architecture.holds_devices
    brings = BRINGS if devices else (*BRINGS, "architecture.arrays.read=parallel")
    read = read_by(name).union(*(read_by(name, setting) for setting in brings))
    found = {key for key in choices() if heeds(read, f"training.{key}")}
    said = {key for key in choices() if SCHEMES[name].heeded(key, devices)}
    assert found - {"momentum"} == said - {"momentum"}


@pytest.mark.parametrize(
    ("name", "key", "read"),
    [
        ("hybrid", "device.pulses.c2c", False),
        ("hybrid", "device.pulses.nonlinearity_ltp", False),
        ("hybrid", "device.variation.c2c", True),
        ("reram", "device.pulses.c2c", True),
        ("reram", "device.pulses.nonlinearity_ltp", True),
        ("reram", "architecture.arrays.kernel_split", False),  # a perceptron has no windows
        ("reram", "architecture.arrays.rows", True),
        ("real", "device.on_off_ratio", False),
        ("real", "architecture.apim.adc_bits", False),
    ],
)
def test_training_reads_of_the_device_what_it_uses(name, key, read):
    assert heeds(read_by(name), key) == read
    assert not heeds(read_by("reram", "device.variation.pulse_c2c=step"), "device.pulses.c2c")


@pytest.mark.parametrize(
    ("chip", "given", "setting"),
    [
        ("rebit", "architecture.scheme=real", "training.clip_percentile=90"),
        ("rebit", "architecture.scheme=real", "training.calibration_steps=2"),
        ("rebit", "training.adc=ideal", "training.calibration_steps=2"),
        ("rebit", "training.adc=ideal", "training.adc_errors.noise=0.3"),
        ("rebit", "training.adc=ideal", "training.adc_errors=designed"),
        ("sram", "training.adc=ideal", "training.calibration_steps=2"),
        ("sram", "training.adc=ideal", "training.clip_percentile=90"),
    ],
)
def test_ranges_are_idle_where_they_change_nothing_that_is_learned(chip, given, setting):
    inputs = inputs_of(chip, given, setting)
    key = setting.partition("=")[0].removeprefix("training.")
    why = why_idle(key, inputs.architecture, inputs.network.training)
    assert bool(why) == (learned(inputs) == learned(inputs_of(chip, given)))


# --- what is said


@pytest.mark.parametrize(
    ("setting", "chip", "why"),
    [
        ("training.adc=ideal", "rebit", "nothing was trained"),
        ("training.mapping=pair", "rebit", "nothing was trained"),
        ("training.error_bits=2", "rebit", "nothing was trained"),
        ("training.conversion=bit_serial", "rebit", "nothing was trained"),
        ("training.wires=resistive", "reram", "nothing was trained"),
        ("training.tiki_taka.rate=0.5", "rebit", "nothing was trained"),
        ("device.variation.read=0.1", "rebit", "no figure of the estimate"),
        ("device.pulses.nonlinearity_ltp=2", "reram", "no figure of the estimate"),
        ("device.on_off_ratio=2", "sram", "hold no memory devices"),
    ],
)
def test_a_key_that_an_estimate_has_no_use_for_is_named(setting, chip, why):
    (line,) = told(chip=chip, settings=[setting])
    assert line.startswith(f"{setting}: without effect, ")
    assert why in line


@pytest.mark.parametrize(
    ("setting", "chip"),
    [
        ("technology.vdd=0.95 V", "rebit"),
        ("technology.drive.on_n=900, 850 A/m", "sram"),
        ("device.on_off_ratio=20", "rebit"),
        ("architecture.apim.adc_bits=4", "rebit"),
        ("architecture.name=mine", "rebit"),
        ("network.width=0.5", "rebit"),
        ("network.activity.set_fraction=0.1", "rebit"),
        ("training.batch=32", "rebit"),
        ("training.images=100", "rebit"),
    ],
)
def test_a_key_that_moves_an_estimate_is_not_named(setting, chip):
    inputs = read_inputs("mlp", chip)
    if "on_n" in setting:  # as many numbers as there are
        numbers = 0.9 * inputs.technology.drive.on_n
        setting = f"technology.drive.on_n={', '.join(map(str, numbers))} A/m"
    assert told(chip=chip, settings=[setting]) == []


def test_a_device_that_a_chip_does_not_have_is_named():
    line = "device=pcmo: without effect, the arrays of this chip hold no memory devices"
    assert told(chip="sram", device="pcmo") == [line]
    assert told(chip="sram", settings=["architecture.device=pcmo"]) == [line]
    assert told(chip="inference_sram", device="pcmo") == [line]
    assert told(chip="rebit", device="pcmo") == []
    assert told(chip="sram") == []


def test_of_a_users_own_file_the_keys_count_that_differ_from_the_shipped(tmp_path):
    values = yaml.safe_load(paths.shipped("device", "taox_hfox").read_text())
    values["r_on"], values["pulses"]["nonlinearity_ltp"] = "90 kohm", 0.5
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump(values))
    assert told(device=str(own)) == [
        "device=own: pulses.nonlinearity_ltp without effect, no figure of the estimate depends on "
        "it, and nothing was trained"
    ]
    (line,) = told(device=str(own), settings=["device.pulses.nonlinearity_ltp=0.6"])
    assert line.startswith("device.pulses.nonlinearity_ltp=0.6: ")
    (line,) = told(chip="sram", device=str(own))
    assert line.startswith("device=own: without effect, the arrays of this chip")


def test_keys_of_other_tools_are_answered_with_what_there_is():
    for key, answer in (
        ("training.optimizer=adam", "it is called 'optimiser'"),
        ("training.lr=0.1", "it is called 'learning_rate'"),
    ):
        with pytest.raises(InputError, match=f"unknown key; {answer}"):
            read_inputs("mlp", settings=[parse_setting(key)])


def test_shipped_files_are_known_by_their_path_and_by_how_reports_show_them():
    assert is_shipped("device", paths.shipped("device", "pcmo"))
    assert is_shipped("device", "tech/device/pcmo.yaml")
    assert not is_shipped("device", "pcmo.yaml")
    assert not is_shipped("device", "tech/device/mine.yaml")


# --- what is read and does not matter


STILL = [
    ("mlp", "sram", "architecture.arrays.adc_bits=6"),
    ("mlp", "sram", "architecture.arrays.adc=flash"),
    ("mlp", "sram", "architecture.arrays.back_adc_bits=7"),
    ("mlp", "inference_sram", "architecture.inference_arrays.adc_bits=8"),
    ("mlp", "rebit", "architecture.apim.kernel_split=false"),
    ("lenet5", "reram", "architecture.arrays.pack_groups=false"),
    ("mlp", "inference_reram", "device.pulses.levels_ltd=60"),
]
MOVING = [
    ("mlp", "rebit", "architecture.apim.adc_bits=6"),
    ("mlp", "reram", "architecture.arrays.back_adc_bits=7"),
    ("vgg11", "rebit", "architecture.apim.kernel_split=false"),
    ("mlp", "rebit", "architecture.apim.adc_bits=5"),  # as the file has it: nothing was changed
]


@pytest.mark.parametrize(("network", "chip", "setting"), STILL)
def test_a_key_that_is_read_and_moves_no_figure_is_said(network, chip, setting):
    """Row by row nothing converts; a matrix has one position, a layer one group; SETs alone."""
    said = told(network, chip, settings=(setting,))
    assert said == [f"{setting}: without effect, no figure of this network on this chip moves"]


@pytest.mark.parametrize(("network", "chip", "setting"), MOVING)
def test_of_a_key_that_moves_a_figure_nothing_is_said(network, chip, setting):
    assert told(network, chip, settings=(setting,)) == []
