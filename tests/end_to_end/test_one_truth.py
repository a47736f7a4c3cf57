"""Estimate and training read one chip, from any folder, and each of its files moves the result."""

import json

import pytest
from common import near

from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schema import paths
from neurorebit.schema.document import bare
from neurorebit.studies import run as running
from neurorebit.studies.request import Request
from neurorebit.studies.trained import wires_between_cells
from neurorebit.training import trainer


def read(folder):
    return json.loads((folder / "report.json").read_text())


SHARED = {  # keys that estimate and training both read, another value, and where it must arrive
    "architecture.weight_bits": ("weight_bits: 3", "4", lambda spec, device: spec.weight_bits),
    "architecture.input_bits": ("input_bits: 8", "6", lambda spec, device: spec.input_bits),
    "architecture.error_bits": ("error_bits: 8", "12", lambda spec, device: spec.error_bits),
    "architecture.apim.adc_bits": ("adc_bits: 5", "7", lambda spec, device: spec.apim.adc_bits),
    "architecture.apim.adc_range": ("adc_range: 4", "3", lambda spec, device: spec.apim.adc_range),
    "architecture.apim.rows": ("rows: 128", "64", lambda spec, device: spec.apim.rows),
    "device.on_off_ratio": ("on_off_ratio: 10", "50", lambda spec, device: device.on_off_ratio),
    "device.r_on": ("r_on: 100 kohm", "200 kohm", lambda spec, device: device.r_on),
    "device.variation.d2d": ("d2d: 0.1", "0.2", lambda spec, device: device.variation.d2d),
    "device.variation.c2c": ("c2c: 0.1", "0.2", lambda spec, device: device.variation.c2c),
}


@pytest.fixture
def seen(monkeypatch):
    """The chips that the two sides were given in the last run."""
    given = {}
    estimate, train = running.estimate, trainer.train

    def estimated(network, spec, technology, device, *rest, **options):
        given["estimate"] = (network.nodes, bare(spec), bare(device))  # what is read is noted
        return estimate(network, spec, technology, device, *rest, **options)

    def trained(network, spec, device, *rest, **options):
        given["training"] = (network.nodes, bare(spec), bare(device))
        return train(network, spec, device, *rest, **options)

    monkeypatch.setattr(running, "estimate", estimated)
    monkeypatch.setattr(trainer, "train", trained)
    return given


@pytest.mark.parametrize("by", ["file", "setting"])
@pytest.mark.parametrize("key", SHARED)
def test_both_sides_read_one_chip(command, tiny, data, mine, seen, key, by):
    line, text, arrived = SHARED[key]
    kind = key.split(".")[0]
    if by == "file":
        name = {"architecture": "rebit", "device": "taox_hfox"}[kind]
        options = [f"--{kind}", mine(kind, name, line, f"{line.split(':')[0]}: {text}")]
    else:
        options = ["--set", f"{key}={text}"]
    shipped = read_inputs("mlp")
    before = arrived(shipped.architecture, shipped.device)
    assert command("run", tiny, "--data", data, "--epochs", "1", *options).code == 0
    assert all(a is b for a, b in zip(seen["estimate"], seen["training"], strict=True))
    assert arrived(*seen["training"][1:]) != before


@pytest.mark.parametrize(
    "setting",
    [
        "architecture.weight_bits=4",
        "architecture.input_bits=5",
        "architecture.error_bits=16",
        "architecture.apim.adc_bits=4",
        "architecture.apim.rows=16",
    ],
)
def test_a_shared_number_moves_both_sides(command, tiny, data, place, setting):
    short = ("run", tiny, "--data", data, "--epochs", "1")
    command(*short, "--out", "a")
    command(*short, "--out", "b", "--set", setting)
    command("run", tiny, "--no-train", "--out", "c")
    command("run", tiny, "--no-train", "--out", "d", "--set", setting)
    a, b, c, d = (read(place / name) for name in "abcd")
    assert a["training"]["weights_sha256"] != b["training"]["weights_sha256"]
    assert c["phases"] != d["phases"]


# --- from anywhere


def test_a_run_works_from_any_folder(command, place, tiny):
    assert command("run", "mlp", "--no-train").code == 0
    assert command("run", paths.shipped("network", "mlp"), "--no-train", "--out", "b").code == 0
    first, second = read(place / "reports/mlp"), read(place / "b")
    assert first["phases"] == second["phases"]
    assert first["inputs"]["network"]["file"] == "networks/mlp.yaml"


def test_files_of_ones_own_win_over_shipped_ones(command, place, tiny):
    (place / "mlp").write_text((place / tiny).read_text())
    command("run", "mlp", "--no-train", "--out", "out")
    assert read(place / "out")["network"] == "tiny"


def test_the_name_of_a_network_makes_no_path(command, place, tiny):
    text = (place / tiny).read_text().replace("name: tiny", "name: ../../a b")
    (place / tiny).write_text(text)
    assert command("run", tiny, "--no-train").code == 0
    assert [path.name for path in (place / "reports").iterdir()] == ["a_b-cd36d98f"]


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("technology.vdd=0.8V", ("chip", "leakage_W")),
        ("device.r_on=200kohm", ("phases", "forward", "energy_J")),
        ("architecture.apim.adc_bits=6", ("chip", "area_m2")),
        ("network.layers[0].channels=12", ("phases", "forward", "ops")),
        ("network.activity.input_density=0.9", ("phases", "forward", "energy_J")),
        ("training.batch=16", ("totals", "iteration", "energy_J")),
    ],
)
def test_a_setting_of_each_file_moves_the_result(command, tiny, place, setting, path):
    def at(report):
        for step in path:
            report = report[step]
        return report

    command("run", tiny, "--no-train", "--out", "a")
    command("run", tiny, "--no-train", "--out", "b", "--set", setting)
    assert at(read(place / "a")) != at(read(place / "b"))
    assert read(place / "b")["overrides"] == [f"--set {setting}"]


def test_an_edited_copy_of_a_technology_is_that_technology_with_the_change(command, tiny, place):
    text = paths.shipped("technology", "22nm").read_text()
    (place / "my_22nm.yaml").write_text(text.replace("\nvdd: 0.85 V", "\nvdd: 0.8 V"))

    def found(*options):
        done = command("run", tiny, "--no-train", *options)
        assert (done.code, done.err) == (0, "")
        report = json.loads((place / "reports" / "tiny" / "report.json").read_text())
        return report["technology"], report["chip"], report["phases"]

    name, chip, phases = found("--technology", "my_22nm.yaml")
    assert name == "my_22nm"
    _, *same = found("--technology", "22nm", "--set", "technology.vdd=0.8V")
    assert [chip, phases] == same
    _, nominal_chip, nominal = found("--technology", "22nm")
    assert chip["leakage_W"] < nominal_chip["leakage_W"]
    for phase in ("forward", "backward", "gradient"):
        assert phases[phase]["energy_J"] < nominal[phase]["energy_J"]
        assert phases[phase]["latency_s"] > nominal[phase]["latency_s"]


def test_resistive_wires_are_those_of_the_chip_s_cells():
    """Crosspoints are four wires of 40 nm wide, cells with a transistor four features of 32 nm."""
    found = {}
    for cells in ("1t1r", "crosspoint"):
        settings = (parse_setting(f"architecture.arrays.cells={cells}"),)
        request = Request("mlp", architecture="reram", settings=settings)
        found[cells] = wires_between_cells(request.inputs())
    for crossed, behind in zip(found["crosspoint"], found["1t1r"], strict=True):
        assert crossed / behind == near(40 / 32)
