"""``neurorebit evaluate``: the files that it writes, and what it refuses."""

import csv
import json

import numpy as np
import pytest

NET = """\
source: a test
name: dense
input: {channels: 1, height: 8, width: 8}
classes: 10
layers:
  - {kind: flatten}
  - {kind: linear, features: 10, name: only}
activity: {source: a guess, input_density: 0.4}
training: {dataset: digits, test_images: 100}
"""


@pytest.fixture
def files(place):
    (place / "net.yaml").write_text(NET)
    weight = np.random.default_rng(2).normal(0, 0.1, (10, 64)).astype(np.float32)
    np.savez(place / "state.npz", **{"fc.weight": weight})
    return place


def test_a_report_a_table_and_a_picture(command, files):
    done = command(
        "evaluate", "net.yaml", "--weights-from", "state.npz", "--draws", "3", "--out", "out",
        "--calibration", "64",
    )  # fmt: skip
    assert done.code == 0
    assert "Evaluation\n----------" in done.out
    report = json.loads((files / "out" / "report.json").read_text())
    evaluation = report["evaluation"]
    assert (evaluation["schema"], evaluation["draws"], evaluation["test_images"]) == (1, 3, 100)
    assert evaluation["calibration_images"] == 64
    assert evaluation["weights"]["from"] == "state.npz"
    assert report["command"] == (
        "neurorebit evaluate net.yaml --weights-from state.npz --draws 3 --calibration 64"
    )
    assert report["totals"]["inference"]["energy_J"] > 0.0
    keys = [row["key"] for row in evaluation["rows"]]
    assert keys == ["software", "weights", "inputs", "converters", "variation"]
    last = evaluation["rows"][-1]
    assert len(last["accuracies"]) == last["draws"] == 3
    assert last["accuracy"] == pytest.approx(np.mean(last["accuracies"]))
    assert last["spread"] == pytest.approx(np.std(last["accuracies"], ddof=1))
    with (files / "out" / "evaluation.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["key"] for row in table] == keys
    assert float(table[-1]["accuracy"]) == last["accuracy"]
    assert (files / "out" / "evaluation.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("chip", ["rebit", "reram", "sram", "inference_reram", "inference_sram"])
def test_on_every_chip_software_is_the_same(command, files, chip):
    words = ["--architecture", chip, "--draws", "1", "--calibration", "32", "--quiet"]
    done = command("evaluate", "net.yaml", "--weights-from", "state.npz", "--out", chip, *words)
    assert done.code == 0, done.err
    rows = json.loads((files / chip / "report.json").read_text())["evaluation"]["rows"]
    weight = np.load(files / "state.npz")["fc.weight"]
    from neurorebit.data.digits import load
    from neurorebit.layers.base import Shape
    from neurorebit.training.batches import test_batches

    data = load(None, Shape(1, 8, 8))
    right = [
        np.argmax(some.reshape(len(some), 64) / 255.0 @ weight.T, axis=1) == labels
        for some, labels in test_batches(data, 100, 256)
    ]
    assert rows[0]["accuracy"] == np.mean(np.concatenate(right))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "the following arguments are required: --weights-from"),
        (("--weights-from", "none.npz"), "none.npz: no such file; name an archive"),
        (("--weights-from", "state.npz", "--rest", "1 week"), "expected times with a unit of s, "),
        (("--weights-from", "state.npz", "--rest", "1s"), "cells drift from one second on"),
        (("--weights-from", "state.npz", "--rest", "1h"), "--rest: TaOx/HfOx has no section"),
        (("--weights-from", "state.npz", "--draws", "0"), "expected a whole number from 1"),
    ],
)
def test_what_is_refused(command, files, words, told):
    done = command("evaluate", "net.yaml", *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not (files / "reports").exists()


def test_a_training_is_saved_and_evaluated(rendered, command, files):
    options = ("--epochs", "1", "--images", "64", "--quiet", "--scheme", "real")
    done = command("run", "net.yaml", *options, "--save-weights", "w.npz", "--out", "run")
    assert done.code == 0, done.err
    again = command(
        "evaluate",
        "net.yaml",
        "--weights-from",
        "w.npz",
        "--out",
        "found",
        "--draws",
        "1",
        "--quiet",
    )
    assert again.code == 0, again.err
    reached = json.loads((files / "run" / "report.json").read_text())["training"]["test_accuracy"]
    rows = json.loads((files / "found" / "report.json").read_text())["evaluation"]["rows"]
    assert rows[0]["accuracy"] == reached


def test_weights_go_nowhere_where_nothing_is_trained(command, files):
    for option in ("--save-weights", "--weights-from"):
        done = command("run", "net.yaml", "--no-train", option, "w.npz")
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert f"{option} and --no-train: nothing is trained" in done.err
    done = command("run", "net.yaml", "--save-weights", "w.csv", "--out", "out")
    assert done.code == 2
    assert "end it in .npz or .safetensors" in done.err
