"""What the public functions give: frames with units, objects as good as files, files when asked."""

import json

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.__main__ import main
from neurorebit.schema import plain

UNITS = {"J", "s", "W", "m2", "1e12/s", "1e12/J"}


@pytest.fixture(scope="module")
def chip():
    return nr.chip("rebit", technology="32nm", device="taox_hfox")


@pytest.fixture(scope="module")
def est(chip):
    return nr.estimate("mlp", chip)


def total(frame, column):
    return float(frame[column].sum())


def test_frames_say_what_the_report_says(est):
    report = est.document
    for name, phase in report["phases"].items():
        assert est.phases.loc[name, "energy_J"] == phase["energy_J"]
        layers = est.layers[est.layers["phase"] == name]
        assert total(layers, "energy_J") == pytest.approx(phase["energy_J"], rel=1e-12, abs=0.0)
        assert total(est.parts, f"{name}_energy_J") == pytest.approx(
            phase["energy_J"], rel=1e-12, abs=0.0
        )
    assert total(est.parts, "area_m2") == pytest.approx(est.area, rel=1e-12, abs=0.0)
    assert est.totals.loc["image", "energy_J"] == est.energy
    for frame in (est.phases, est.totals, est.layers, est.parts):
        units = frame.attrs["units"]
        assert set(units.values()) <= UNITS
        assert {c for c in frame if c.endswith(("_J", "_s", "_W", "_m2"))} <= set(units)


def test_an_estimate_shows_its_headline(est):
    assert repr(est).startswith("mlp on rebit, 32nm_lstp, taox_hfox")
    assert "mm2" in repr(est)
    assert "<table>" in est._repr_html_()


def test_what_is_saved_is_what_the_command_writes(est, tmp_path):
    est.save(tmp_path / "mine")
    arguments = ["--technology", "32nm", "--device", "taox_hfox", "--no-train"]
    assert main(["run", "mlp", *arguments, "--out", str(tmp_path / "theirs")]) == 0
    files = [{p.name for p in (tmp_path / side).iterdir()} for side in ("mine", "theirs")]
    assert files[0] == files[1]
    found = nr.compare(tmp_path / "mine", tmp_path / "theirs")
    assert not found.results
    assert nr.compare(est, tmp_path / "theirs").results == ()
    text = json.loads((tmp_path / "mine" / "report.json").read_text())["command"]
    assert text.startswith("estimate(network('mlp'), chip('rebit', technology='32nm_lstp'")


def test_objects_made_in_memory_are_as_good_as_files(chip, est):
    def given(values):
        return {key: value for key, value in values.items() if value is not None}

    made = nr.chip(
        given(chip.architecture.values),
        technology=given(chip.technology.values),
        device=given(chip.device.values),
    )
    assert nr.compare(est, nr.estimate("mlp", made)).results == ()


def test_a_chip_never_changes(chip):
    six = chip.set("architecture.apim.adc_bits", 6)
    assert chip.settings == ()
    assert six.architecture.values["apim"]["adc_bits"] == 6
    both = six.set({"technology.vdd": 0.8, "device": "epiram"}).set("technology.vdd", "0.9 V")
    assert both.technology.values["vdd"] == 0.9
    assert both.device.name == "epiram"
    assert both.with_technology("22nm").technology.values == nr.technology("22nm").values
    assert len(both.settings) == 2


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("training.epochs", "a key of the network, not of a chip"),
        ("technolgy.vdd", "did you mean 'technology'"),
        ("architecture.apim.adc_bit", "did you mean 'adc_bits'"),
        ("device.r_on", "must be above 0 ohm"),
    ],
)
def test_a_wrong_key_or_value_is_refused_at_once(chip, key, message):
    with pytest.raises(nr.InputError, match=message):
        chip.set(key, -3)


def test_a_sweep_is_a_frame_a_front_and_a_grid(chip, est):
    axes = {"architecture.apim.adc_bits": range(4, 7), "technology.vdd": np.array([0.9, 1.0])}
    grid = nr.sweep("mlp", chip.set("device.r_on", "80 kohm"), axes, progress=False)
    one = chip.set({"device.r_on": 80e3, "architecture.apim.adc_bits": 5, "technology.vdd": 1.0})
    row = grid.frame.iloc[3]
    assert row["area [m2]"] == pytest.approx(nr.estimate("mlp", one).area, rel=1e-12, abs=0.0)
    front = grid.pareto("energy", "latency")
    for _, design in front.iterrows():
        better = grid.frame[
            (grid.frame["training energy [J/image]"] < design["training energy [J/image]"])
            & (grid.frame["training latency [s/image]"] < design["training latency [s/image]"])
        ]
        assert better.empty
    with pytest.raises(nr.InputError, match="expected one or more of energy"):
        grid.pareto("beauty")
    cube = pytest.importorskip("xarray") and grid.to_xarray()
    assert dict(cube.sizes) == {"architecture.apim.adc_bits": 3, "technology.vdd": 2}
    at = cube.sel({"architecture.apim.adc_bits": 5, "technology.vdd": 1.0})
    assert float(at["area"]) == row["area [m2]"]
    assert cube["area"].attrs["units"] == "m2"


def test_designs_change_together_and_a_swept_technology_replaces_the_chips(chip):
    designs = {"technology": ["22nm", "32nm"], "architecture.apim.adc_bits": [4, 5]}
    grid = nr.sweep("mlp", chip, designs=designs, progress=False)
    areas = [
        nr.estimate("mlp", chip.with_technology(node).set("architecture.apim.adc_bits", bits)).area
        for node, bits in zip(*designs.values(), strict=True)
    ]
    assert grid.frame["area [m2]"].tolist() == pytest.approx(areas, rel=1e-12, abs=0.0)
    assert grid.axes.names == ("design",)


def test_without_xarray_the_cure_is_named(chip, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    grid = nr.sweep("mlp", chip, {"technology.vdd": [0.9, 1.0]}, progress=False)
    with pytest.raises(nr.InputError, match="pip install"):
        grid.to_xarray()


def test_a_device_is_saved_as_a_file_that_is_read_again(tmp_path):
    mine = nr.device("taox_hfox").set({"r_on": "60 kohm", "variation.d2d": 0.02})
    again = nr.device(mine.save(tmp_path / "mine.yaml"))
    assert again.values == mine.values
    assert plain(again.values)["r_on"] == 60e3


def test_a_validation_is_a_frame(tmp_path):
    record = {"block": "Adder", "technology": "32nm", "fields": {"bits": 8}, "area_m2": 1e-9}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"source": "a guess", "records": [record]}))
    found = nr.validate(path)
    assert found.frame["figure"].tolist() == ["area_m2"]
    assert len(found.broken) == 1
