"""A technology, a device, an architecture or a network is one file: no code knows its name."""

import json

import pytest

from neurorebit.__main__ import main
from neurorebit.schema import paths

NETWORK = """\
source: a test
name: two layers
input: {channels: 1, height: 8, width: 8}
classes: 3
layers:
  - {kind: flatten}
  - {kind: linear, features: 5}
  - {kind: relu}
  - {kind: linear, features: 3}
activity: {source: a guess, input_density: 0.4}
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """One file of each kind with a new name, each unlike any that is shipped."""
    monkeypatch.chdir(tmp_path)
    for kind, name, old, new in (
        ("technology", "32nm", "\nvdd: 0.9 V", "\nvdd: 0.87 V"),
        ("device", "taox_hfox", "r_on: 100 kohm", "r_on: 140 kohm"),
        ("architecture", "rebit", "adc_bits: 5", "adc_bits: 7"),
    ):
        text = paths.shipped(kind, name).read_text()
        assert old in text
        (tmp_path / f"new_{kind}.yaml").write_text(text.replace(old, new, 1))
    (tmp_path / "new_network.yaml").write_text(NETWORK)
    return {kind: f"new_{kind}.yaml" for kind in ("technology", "device", "architecture")}


def test_a_file_of_each_kind_runs_by_its_path(files, tmp_path, capsys):
    chosen = [word for kind, file in files.items() for word in (f"--{kind}", file)]
    assert main(["run", "new_network.yaml", *chosen, "--no-train", "--out", "out"]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["network"] == "two layers"
    assert [layer["macs"] for layer in report["layers"]] == [64 * 5, 5 * 3, 0]
    values = {kind: read["values"] for kind, read in report["inputs"].items()}
    assert values["technology"]["vdd"] == 0.87
    assert values["device"]["r_on"] == 140e3
    assert values["architecture"]["apim"]["adc_bits"] == 7
    capsys.readouterr()
    for kind in ("network", *files):
        assert main(["show", f"new_{kind}.yaml"]) == 0
        assert capsys.readouterr().out.startswith(f"{kind} new_{kind}: ")


def test_an_architecture_may_name_them(files, tmp_path):
    text = (tmp_path / "new_architecture.yaml").read_text()
    text = text.replace("technology: 32nm_lstp", "technology: new_technology.yaml")
    text = text.replace("device: taox_hfox", "device: new_device.yaml")
    (tmp_path / "new_architecture.yaml").write_text(text)
    words = ["--architecture", "new_architecture.yaml", "--no-train", "--out", "out"]
    assert main(["run", "new_network.yaml", *words]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["technology"], report["device"]) == ("new_technology", "new_device")


def test_they_may_be_axes(files, tmp_path):
    axes = ["--axis", "technology=32nm,new_technology.yaml", "--axis", "device=new_device.yaml"]
    assert main(["sweep", "new_network.yaml", *axes, "--out", "all.csv"]) == 0
    assert (tmp_path / "all.csv").read_text().count("new_technology.yaml") == 1
