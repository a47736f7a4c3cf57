"""What the public functions give: frames with units, objects as good as files, files when asked."""

import json

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.__main__ import main
from neurorebit.schema import plain
from neurorebit.studies import grid as grids

UNITS = {"J", "s", "W", "m2", "J s", "1/s", "1e12/s", "1e12/J", "1e18/s/m2"}


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


def test_frames_have_what_the_report_has_of_phases_totals_and_layers(est):
    """Every figure of a phase, a total and a layer that report.json holds, lists of parts aside."""
    of = est.document
    for frame, there in (
        (est.phases, of["phases"]["forward"]),
        (est.totals, of["totals"]["image"]),
        (est.layers, of["layers"][0] | of["layers"][0]["phases"]["forward"]),
        (est.counts, next(iter(of["chip"]["counts"].values()))),
    ):
        figures = {key for key in there if "_by_part_" not in key} - {"phases", "name", "floorplan"}
        assert figures <= set(frame)
    plans = est.floorplan.groupby("layer").sum(numeric_only=True)
    for layer in of["layers"][:-1]:
        assert plans.loc[layer["name"], "area_m2"] == pytest.approx(layer["area_m2"], rel=1e-12)
    counted = est.floorplan.groupby("part").sum(numeric_only=True)
    for part, counts in of["chip"]["counts"].items():
        for key in ("tiles", "pes", "macros"):
            assert counted.loc[part, key] == pytest.approx(counts[key], rel=1e-12)
    power = est.phases["energy_J"] / est.phases["latency_s"]
    assert est.phases["power_W"].tolist() == pytest.approx(power.tolist(), rel=1e-12, abs=0.0)
    assert est.counts["macros"].sum() == sum(c["macros"] for c in of["chip"]["counts"].values())


def test_an_estimate_shows_the_answers_of_its_report(est):
    lines = repr(est).splitlines()
    assert lines[0] == "mlp on rebit, 32nm_lstp, taox_hfox"
    assert lines[1:9] == est.text.splitlines()[2:10]
    assert lines[1].startswith("Area ")
    shown = est._repr_html_()
    assert "<table>" in shown
    assert all(line.partition(" ")[0] in shown for line in lines[1:9])


def test_an_interrupted_sweep_keeps_what_was_reached(monkeypatch):
    """The second part of the grid is interrupted: what came before it is there, the rest is nan."""
    done = []

    class Stopped(grids.Costs):
        def table(self, misfits):
            if done:
                raise KeyboardInterrupt
            done.append(1)
            return super().table(misfits)

    monkeypatch.setattr(grids, "Costs", Stopped)
    monkeypatch.setattr(grids, "AT_ONCE", 2)
    grid = nr.sweep("mlp", "rebit", {"technology.vdd": [0.9, 0.95, 1.0, 1.05]}, progress=False)
    assert grid.interrupted
    assert grid["feasible"].tolist() == [True, True, False, False]
    assert grid["reason"].tolist()[2:] == ["not reached: the sweep was interrupted"] * 2
    assert np.isnan(grid["area [m2]"]).tolist() == [False, False, True, True]
    monkeypatch.undo()
    whole = nr.sweep("mlp", "rebit", {"technology.vdd": [0.9, 0.95]}, progress=False)
    assert not whole.interrupted
    assert whole["area [m2]"].tolist() == grid["area [m2]"][:2].tolist()


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


def test_files_on_an_axis_are_names_objects_and_dictionaries(chip):
    """Each design is the chip with that file, whichever way it is given; names tell them apart."""
    device = nr.device("taox_hfox")
    devices = [
        "pcmo",
        device.set("r_on", "200 kohm"),
        {**device.values, "name": "mine", "r_on": 50e3},
        {**device.values, "name": "mine", "r_on": 60e3},
    ]
    axes = {"device": devices, "architecture": ["rebit", chip.set("architecture.apim.adc_bits", 4)]}
    grid = nr.sweep("mlp", chip, axes, progress=False)
    expected = [
        nr.estimate("mlp", one.with_device(given)).area
        for given in devices
        for one in (chip, chip.set("architecture.apim.adc_bits", 4))
    ]
    assert grid.frame["area [m2]"].tolist() == pytest.approx(expected, rel=1e-12, abs=0.0)
    names = grid.frame["device"].tolist()[::2]
    assert names[:3] == ["pcmo", "taox_hfox (r_on=200 kohm)", "mine"]
    assert len(set(names)) == 4
    with pytest.raises(nr.InputError, match="expected a name, a path or a dictionary"):
        nr.sweep("mlp", chip, {"device": [3.0]}, progress=False)


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
