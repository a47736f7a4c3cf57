"""The four files of a run: which they are, what is set over them, and contradictions."""

import pytest
from common import refusal

from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schema import InputError, Setting, paths

ROOTS = "technology, device, architecture, network, training"


def settings(*given):
    return [parse_setting(text) for text in given]


def test_the_architecture_names_technology_and_device():
    inputs = read_inputs("mlp")
    assert inputs.names == {
        "network": "mlp",
        "architecture": "rebit",
        "technology": "32nm_lstp",
        "device": "taox_hfox",
    }
    assert (inputs.recipe, inputs.recipes) == ("quick", ("quick", "paper"))


def test_an_option_wins_over_the_architecture():
    inputs = read_inputs("mlp", technology="22nm_hp", device="pcmo", recipe="paper")
    assert inputs.names["technology"] == "22nm_hp"
    assert inputs.technology.feature == 22e-9
    assert inputs.names["device"] == "pcmo"
    assert inputs.recipe == "paper"


@pytest.mark.parametrize(
    ("given", "read", "value"),
    [
        ("technology.vdd=0.8V", lambda i: i.technology.vdd, 0.8),
        ("technology.sensing.sar.wire=1um", lambda i: i.technology.sensing.sar.wire, 1e-6),
        ("device.r_on=200kohm", lambda i: i.device.r_on, 200e3),
        ("device.pulses.levels_ltp=64", lambda i: i.device.pulses.levels_ltp, 64),
        ("architecture.apim.adc_bits=6", lambda i: i.architecture.apim.adc_bits, 6),
        ("architecture.technology=45nm", lambda i: i.technology.feature, 45e-9),
        ("network.layers[1].features=100", lambda i: i.network.matrices[0].matmul.cols, 100),
        ("network.training.epochs=3", lambda i: i.network.training.epochs, 3),
        ("network.recipe=paper", lambda i: i.network.training.epochs, 200),
        ("training.adc=ideal", lambda i: i.network.training.adc, "ideal"),
        ("training.augment.flip=true", lambda i: i.network.training.augment.flip, True),
    ],
)
def test_a_setting_reaches_every_file(given, read, value):
    inputs = read_inputs("mlp", settings=settings(given))
    assert read(inputs) == value
    assert read(read_inputs("mlp")) != value


def test_an_option_that_means_a_key_is_said_as_it_was_given():
    scheme = Setting("architecture.scheme", "real", "--scheme real")
    assert str(scheme) == "--scheme real"
    assert read_inputs("mlp", settings=[scheme]).architecture.scheme == "real"
    wrong = Setting("architecture.scheme", "reel", "--scheme reel")
    told = refusal(lambda: read_inputs("mlp", settings=[wrong]))
    assert told.startswith("--scheme reel: scheme: expected one of ")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("technology.vdd", "expected KEY=VALUE, as in technology.vdd=0.8V"),
        ("=0.8V", f"a key starts with one of {ROOTS}; write it as in technology.vdd"),
        ("vdd=0.8V", "a key starts with one of "),
        ("technlogy.vdd=0.8V", f"a key starts with one of {ROOTS}; did you mean 'technology'?"),
        ("trainin.adc=ideal", f"a key starts with one of {ROOTS}; did you mean 'training'?"),
        (
            "technology=22nm",
            "technology has keys below it; name one of them, or give another file as technology",
        ),
        ("training=quick", "training has keys below it; name one of them"),
    ],
)
def test_what_is_no_setting_is_told(given, told):
    assert refusal(lambda: parse_setting(given)).startswith(f"{given}: {told}")


def test_a_value_may_hold_an_equals_sign():
    assert parse_setting("network.source=a=b").text == "a=b"


@pytest.mark.parametrize(
    ("given", "options", "told"),
    [
        (
            ["technology.vdd=0.8V", "technology.vdd=0.9V"],
            {},
            "technology.vdd=0.8V and technology.vdd=0.9V: the same key twice; keep one",
        ),
        (
            ["network.training.epochs=3", "training.epochs=4"],
            {},
            "training.epochs=3 and training.epochs=4: the same key twice; keep one",
        ),
        (
            ["architecture.technology=22nm"],
            {"technology": "32nm"},
            "technology 32nm and architecture.technology=22nm: the same choice twice; keep one",
        ),
        (
            ["architecture.device=pcmo"],
            {"device": "ideal"},
            "device ideal and architecture.device=pcmo: the same choice twice; keep one",
        ),
    ],
)
def test_contradictions_are_told(given, options, told):
    assert refusal(lambda: read_inputs("mlp", settings=settings(*given), **options)) == told


def test_an_architecture_that_names_no_file_is_told_at_its_line(tmp_path):
    mine = tmp_path / "mine.yaml"
    text = paths.shipped("architecture", "rebit").read_text()
    line = next(i for i, row in enumerate(text.splitlines(), 1) if row.startswith("technology:"))
    mine.write_text(text.replace("technology: 32nm_lstp", "technology: 33nm"))
    told = refusal(lambda: read_inputs("mlp", str(mine)))
    assert told.startswith(f"{mine}:{line}: technology: 33nm: no such technology")


def test_an_architecture_finds_files_beside_it(tmp_path):
    text = paths.shipped("architecture", "rebit").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("device: taox_hfox", "device: cell.yaml"))
    cell = paths.shipped("device", "taox_hfox").read_text()
    (tmp_path / "cell.yaml").write_text(cell.replace("r_on: 100 kohm", "r_on: 123 kohm"))
    inputs = read_inputs("mlp", str(tmp_path / "mine.yaml"))
    assert inputs.device.r_on == 123e3
    assert inputs.names["device"] == "cell"


@pytest.mark.parametrize("architecture", ["rebit", "reram"])
def test_a_device_without_pulses_cannot_be_programmed(architecture):
    told = refusal(lambda: read_inputs("mlp", architecture, device="mram_intel_22nm"))
    assert "mram_intel_22nm.yaml: pulses: Intel 22 nm STT-MRAM has no published pulse data" in told
    assert told.endswith("needs them; add a section 'pulses' or take another device")
    told = refusal(
        lambda: read_inputs("mlp", architecture, settings=settings("device.pulses=null"))
    )
    assert told.startswith("device.pulses=null: pulses: ")


@pytest.mark.parametrize(
    ("architecture", "key"), [("rebit", "arrays.read=parallel"), ("reram", "apim.adc_bits=6")]
)
def test_a_key_of_another_chip_is_told_where_it_was_set(architecture, key):
    told = refusal(
        lambda: read_inputs("mlp", architecture, settings=settings(f"architecture.{key}"))
    )
    assert told.startswith(f"architecture.{key}: {key.partition('.')[0]}: unknown key; ")


def test_a_record_holds_what_it_takes_to_run_again():
    record = read_inputs("mlp", settings=settings("device.r_on=200kohm")).record()
    assert set(record) == {"network", "architecture", "technology", "device"}
    device = record["device"]
    assert device["file"] == "tech/device/taox_hfox.yaml"
    assert device["values"]["r_on"] == 200e3
    assert device["values"]["pulses"]["width_ltp"] == 50e-9
    assert len(device["sha256"]) == 64
    assert record["network"]["values"]["training"]["batch"] == 64
    assert record["network"]["values"]["nodes"][1]["matmul"]["rows"] == 784


def test_a_rest_needs_a_device_that_says_how_it_drifts():
    with pytest.raises(InputError) as caught:
        read_inputs("mlp", settings=(Setting("training.rest", "1e4 s"),))
    assert str(caught.value) == (
        "training.rest=1e4 s: training.rest: TaOx/HfOx has no section 'retention'; add one, "
        "or take another device"
    )


def test_errors_of_floating_point_have_no_bits_to_stream():
    digital = Setting("training.digital", "bit_serial")
    settings = (digital, Setting("training.error_bits", "fp32"))
    with pytest.raises(InputError) as caught:
        read_inputs("mlp", settings=settings)
    assert str(caught.value) == (
        "training.digital=bit_serial: training.digital: errors of fp32 have no bits to "
        "stream; take training.error_bits=32, or float32"
    )


def test_pulses_program_one_cell_a_weight():
    settings = (Setting("training.mapping", "pair"), Setting("training.write", "verify"))
    with pytest.raises(InputError) as caught:
        read_inputs("mlp", settings=settings)
    assert str(caught.value) == (
        "training.mapping=pair: training.mapping: pulses program one cell a weight; take "
        "mapping=reference, or write=direct"
    )


def test_a_ferroelectric_transistor_has_no_crosspoints():
    given = settings("architecture.arrays.cells=crosspoint")
    told = refusal(lambda: read_inputs("mlp", "reram", device="hzo_fefet", settings=given))
    assert told == (
        "architecture.arrays.cells=crosspoint: arrays.cells: HZO FeFET is a transistor, "
        "which no selector opens; take 1t1r"
    )
    assert read_inputs("mlp", "reram", device="hzo_fefet").device.kind == "fefet"
