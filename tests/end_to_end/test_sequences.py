"""Networks for sequences from the shell: estimated, billed anew, swept, and not trained."""

import json

import pytest

from neurorebit.__main__ import main

ATTENTION = """\
source: trial
name: attention
input: {channels: 1, height: 28, width: 28}
classes: 10
layers:
  - {kind: attention, heads: 4}
  - {kind: linear, features: 10}
"""
LSTM = ATTENTION.replace("attention, heads: 4", "lstm, features: 128").replace(
    "name: attention", "name: lstm"
)
BLOCKS = """\
name: blocks
input: {channels: 1, height: 12, width: 12}
blocks:
  step:
    parameters: {channels: }
    layers: [{kind: conv, channels: $channels, kernel: 3, padding: 1}, {kind: relu}]
layers:
  - {block: step, channels: 6, repeat: 2}
  - {kind: linear, features: 10}
"""


@pytest.fixture
def estimated(tmp_path):
    def made(text, *words):
        file, out = tmp_path / "network.yaml", tmp_path / "out"
        file.write_text(text)
        words = ("--no-train", "--out", str(out), "--replace", *words)
        assert main(["run", str(file), *words]) == 0
        return json.loads((out / "report.json").read_text())

    return made


def test_attention_over_the_rows_of_an_image(estimated):
    """28 rows of 28 pixels: a row of the report for each product, six of 28 x 28 x 28."""
    report = estimated(ATTENTION)
    rows = {row["name"]: row for row in report["layers"]}
    parts = ("query", "key", "value", "scores", "context", "output")
    assert [rows[f"attention1.{part}"]["macs"] for part in parts] == [28**3] * 6
    assert rows["linear1"]["macs"] == 28 * 28 * 10
    assert rows["attention1.scores"]["phases"]["forward"]["energy_J"] > 0.0
    assert rows["attention1.scores"]["phases"]["gradient"]["energy_J"] == 0.0
    active = {layer["name"]: layer for layer in report["activity"]["layers"]}
    assert set(active) == set(rows) - {"chip"}
    assert active["attention1.scores"]["set_fraction"] == 0.0
    assert any("products of two activations" in line for line in report["assumptions"])


def test_an_lstm_over_the_rows_of_an_image(estimated):
    """4 (28 + 128) 128 multiplications a row."""
    report = estimated(LSTM)
    macs = [row["macs"] for row in report["layers"]]
    assert macs == [4 * 28 * 128 * 28, 4 * 128 * 128 * 28, 128 * 10, 0]


def test_a_report_of_sequences_is_billed_anew(estimated, tmp_path):
    before = estimated(ATTENTION)
    assert main(["rebill", str(tmp_path / "out")]) == 0
    after = json.loads((tmp_path / "out" / "report.json").read_text())
    for key in ("layers", "phases", "totals", "chip"):
        assert after[key] == before[key]


def test_a_report_of_blocks_is_billed_anew(estimated, tmp_path, capsys):
    """The report has the layers that were written out, and says that the file has no source."""
    before = estimated(BLOCKS)
    names = [row["name"] for row in before["layers"]]
    assert names == ["step1.1.conv1", "step1.2.conv1", "linear1", "chip"]
    assert "the network file names no source" in before["notes"]
    assert main(["rebill", str(tmp_path / "out")]) == 0
    after = json.loads((tmp_path / "out" / "report.json").read_text())
    assert after["layers"] == before["layers"]
    assert "0 totals, phases or layers changed" in capsys.readouterr().out


def test_both_ways_of_products_are_swept(estimated, tmp_path):
    """A row of the sweep is the run with the same word."""
    file, table = tmp_path / "network.yaml", tmp_path / "sweep.csv"
    energies = []
    for word in ("digital", "vector"):
        report = estimated(ATTENTION, "--set", f"architecture.activation_products={word}")
        energies.append(report["totals"]["image"]["energy_J"])
    assert energies[0] != energies[1]
    axis = "architecture.activation_products=digital,vector"
    assert main(["sweep", str(file), "--axis", axis, "--out", str(table)]) == 0
    head, *rows = (line.split(",") for line in table.read_text().splitlines())
    at = next(i for i, name in enumerate(head) if name.startswith("training energy ["))
    word = next(i for i, name in enumerate(head) if "activation_products" in name)
    swept = {row[word]: float(row[at]) for row in rows}
    assert swept["digital"] == pytest.approx(energies[0], rel=1e-9)
    assert swept["vector"] == pytest.approx(energies[1], rel=1e-9)


@pytest.mark.parametrize(
    ("text", "name"), [(ATTENTION, "attention"), (LSTM, "lstm")], ids=["attention", "lstm"]
)
@pytest.mark.parametrize("words", [(), ("--set", "training.dataset=digits")])
def test_training_refuses_them_by_name(tmp_path, capsys, text, name, words):
    file = tmp_path / "network.yaml"
    file.write_text(text)
    assert main(["run", str(file), "--out", str(tmp_path / "out"), *words]) == 2
    *_, line = capsys.readouterr().err.splitlines()
    told = f"layer '{name}1': a layer of kind {name} can be estimated but not trained"
    assert line.startswith(told)
