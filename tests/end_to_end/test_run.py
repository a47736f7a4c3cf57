"""A run from the command line to its files: the sums, the seeds, and what the first lines say."""

import csv
import json
import math
import re

import pytest
from common import near

from neurorebit.data import digits
from neurorebit.data.table import DATASETS
from neurorebit.layers.base import Shape
from neurorebit.results import document
from neurorebit.studies import trained as training_of_runs
from neurorebit.training import trainer

FILES = {"report.txt", "report.html", "layers.csv", "costs.csv", "training.csv", "report.json"}
PICTURE = "training.png"
PICTURES = {PICTURE, "energy.png", "area.png"}
PHASES = ("inference", "forward", "backward", "gradient", "update", "sync", "programming")


def read(folder):
    return json.loads((folder / "report.json").read_text())


def head(folder):
    """The lines before the first table."""
    return (folder / "report.txt").read_text().split("\n\nChip\n")[0].splitlines()


def without_timings(value):
    if isinstance(value, dict):
        timings = ("seconds", "images_per_second")
        return {k: without_timings(v) for k, v in value.items() if k not in timings}
    if isinstance(value, list):
        return [without_timings(item) for item in value]
    return value


# --- what a run leaves


def test_an_estimate_leaves_its_files_and_prints_the_report(command, tiny, place):
    done = command("run", tiny, "--no-train")
    folder = place / "reports" / "tiny"
    assert done.code == 0
    assert done.err == ""
    assert {path.name for path in folder.iterdir()} == FILES
    assert done.out.startswith((folder / "report.txt").read_text())
    assert done.out.rstrip().endswith(
        "written to reports/tiny: report.txt, report.html, layers.csv, costs.csv, training.csv, "
        "report.json"
    )
    assert read(folder)["training"] is None
    assert len((folder / "training.csv").read_text().splitlines()) == 1


def test_a_training_run_says_what_it_learned(command, tiny, data, place, rendered):
    done = command("run", tiny, "--data", data, "--out", "out", "--threads", "1")
    assert done.code == 0
    told = done.err.splitlines()
    assert told[0] == f"training on CIFAR-10: {data}/cifar-10-batches-py (named by data)"
    assert re.fullmatch(r"epoch 1: 80 of 160 images, loss \d+\.\d+, \d+ images/s", told[1])
    assert re.fullmatch(r"epoch 2: 160 of 160 images, loss \d+\.\d+, \d+ images/s", told[2])
    found = read(place / "out")
    training = found["training"]
    assert training["dataset"] == "CIFAR-10 (unverified)"
    assert training["images"] == 80
    assert training["scheme"] == "hybrid"
    assert [epoch["epoch"] for epoch in training["epochs"]] == [1, 2]
    assert training["test_accuracy"] == training["epochs"][-1]["test_accuracy"]
    assert {path.name for path in (place / "out").iterdir()} == {
        *FILES,
        PICTURE,
        "energy.png",
        "area.png",
    }
    histogram = training["histogram"]
    assert histogram["layer"] == "linear1"
    assert histogram["counts"].keys() == {"real", "analog"}
    assert all(sum(counts) == 240 for counts in histogram["counts"].values())
    for epoch in training["epochs"]:
        assert set(epoch) == {*document.EPOCH_KEYS, "answers", "silent"}
        assert 0 <= epoch["train_accuracy"] <= 1
        assert 0 <= epoch["test_accuracy"] <= 1
        assert epoch["cells_programmed"] > 0
    assert found["activity"]["source"].startswith("measured in 6 steps of training on CIFAR-10")
    rows = list(csv.DictReader((place / "out" / "training.csv").read_text().splitlines()))
    assert [float(row["loss"]) for row in rows] == [e["loss"] for e in training["epochs"]]
    assert "\nTraining\n--------\n" in (place / "out" / "report.txt").read_text()


@pytest.mark.parametrize("trained", [False, True])
def test_the_json_holds_what_is_promised(command, tiny, data, place, trained):
    assert command("run", tiny, *(["--data", data] if trained else ["--no-train"])).code == 0
    found = read(place / "reports" / "tiny")
    assert {
        "network", "technology", "device", "architecture", "seed", "version", "inputs", "chip",
        "phases", "layers", "training",
    } <= found.keys()  # fmt: skip
    assert (found["network"], found["technology"]) == ("tiny", "32nm_lstp")
    assert set(found["phases"]) == set(PHASES)
    for name, phase in found["phases"].items():
        assert {
            "per", "ops", "energy_J", "energy_by_part_J", "leakage_energy_J", "dram_energy_J",
            "latency_s", "tops", "tops_per_W", "tops_per_W_macro", "tops_per_W_with_dram",
        } <= phase.keys()  # fmt: skip
        per = {"update": "iteration", "sync": "iteration", "programming": "network"}
        assert phase["per"] == per.get(name, "image")
        assert phase["energy_J"] > phase["leakage_energy_J"] > 0
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "linear1", "chip"]
    # 27 x 6 weights at 8 x 8 positions, and 24 x 10
    assert [layer["macs"] for layer in found["layers"]] == [27 * 6 * 64, 240, 0]
    assert found["phases"]["forward"]["ops"] == 2 * (27 * 6 * 64 + 240)
    assert found["phases"]["backward"]["ops"] == 2 * 240
    for kind, record in found["inputs"].items():
        assert {"name", "file", "sha256", "values"} <= record.keys(), kind
    assert found["inputs"]["network"]["file"] == "tiny.yaml"


@pytest.mark.parametrize("network", ["vgg11", "resnet18", "lenet5"])
@pytest.mark.parametrize("build", ["bit_serial", "word_parallel"])
def test_parts_add_up_to_totals(command, place, network, build):
    chosen = f"architecture.dpim.build={build}"
    assert command("run", network, "--no-train", "--out", "out", "--set", chosen).code == 0
    found = read(place / "out")
    chip = found["chip"]
    close = {"rel": 1e-12}
    assert math.fsum(chip["area_by_part_m2"].values()) == near(chip["area_m2"], **close)
    assert math.fsum(chip["leakage_by_part_W"].values()) == near(chip["leakage_W"], **close)
    for name in PHASES:
        phase, layers = found["phases"][name], [layer["phases"][name] for layer in found["layers"]]
        parts = phase["energy_by_part_J"]
        assert math.fsum(parts.values()) == near(phase["energy_J"], **close)
        for key in ("energy_J", "dram_energy_J", "latency_s"):
            assert math.fsum(layer[key] for layer in layers) == near(phase[key], **close)
        leaked = math.fsum(v for part, v in parts.items() if part.startswith("leakage/"))
        assert leaked == near(phase["leakage_energy_J"], **close)
        assert leaked == near(chip["leakage_W"] * phase["latency_s"], **close)
        for layer in layers:
            owed = layer["energy_by_part_J"]
            assert math.fsum(owed.values()) == near(layer["energy_J"], **close)
        for part, energy in parts.items():
            rows = math.fsum(layer["energy_by_part_J"][part] for layer in layers)
            assert rows == pytest.approx(energy, abs=1e-12 * phase["energy_J"], **close)


def test_an_epoch_counts_the_images_it_has(command, tiny, data, place):
    command("run", tiny, "--no-train")
    assert read(place / "reports/tiny")["totals"]["epoch"]["images"] == 80
    command("run", tiny, "--no-train", "--recipe", "paper")
    assert read(place / "reports/tiny")["totals"]["epoch"]["images"] == 50_000
    command("run", tiny, "--no-train", "--images", "7")
    totals = read(place / "reports/tiny")["totals"]
    assert totals["epoch"]["energy_J"] == near(totals["iteration"]["energy_J"])
    command("run", tiny, "--data", data, "--images", "1000", "--epochs", "1")
    assert read(place / "reports/tiny")["totals"]["epoch"]["images"] == 100  # all there are


def test_the_sizes_of_the_data_sets_are_known():
    images = digits.load(None, Shape(1, 8, 8))
    assert DATASETS["digits"].train_images == len(images.train_labels)
    assert DATASETS["cifar10"].train_images == 50_000


# --- the same again


@pytest.mark.parametrize("weights", ["hybrid", "real"])
def test_everything_but_timings_follows_from_the_seed(
    command, tiny, data, place, rendered, weights
):
    again = ["run", tiny, "--data", data, "--scheme", weights]
    command(*again, "--out", "a", "--threads", "1")
    command(*again, "--out", "b", "--threads", "2")
    command(*again, "--out", "c", "--threads", "1", "--seed", "1")
    first, second, other = (read(place / name) for name in "abc")
    assert without_timings(first) == without_timings(second)
    for name in ("layers.csv", PICTURE):
        assert (place / "a" / name).read_bytes() == (place / "b" / name).read_bytes()
    assert first["training"]["weights_sha256"] != other["training"]["weights_sha256"]
    assert command("compare", "a", "b").code == 0
    assert command("compare", "a", "c").code == 1


def test_an_estimate_is_the_same_to_the_byte(command, tiny, place):
    for name in "ab":
        command("run", tiny, "--no-train", "--out", name)
    for name in FILES:
        assert (place / "a" / name).read_bytes() == (place / "b" / name).read_bytes()


def test_the_command_in_the_report_makes_the_report_again(command, tiny, place):
    first = ["run", tiny, "--technology", "45nm", "--set", "device.r_on=200 kohm", "--epochs", "3",
             "--no-train"]  # fmt: skip
    command(*first, "--out", "a")
    told = read(place / "a")["command"]
    assert told == (
        "neurorebit run tiny.yaml --technology 45nm --set 'device.r_on=200 kohm' --epochs 3 "
        "--no-train"
    )
    command(*first, "--out", "b")
    assert read(place / "b") == read(place / "a")


# --- the first lines


def test_an_assumed_activity_is_said_to_be_assumed(command, tiny, place):
    command("run", tiny, "--no-train")
    said = " ".join(head(place / "reports/tiny"))
    assert (
        "nothing was trained: no accuracy, and the activity is assumed in the network file" in said
    )
    assert "(a guess)" in said or ": a guess; " in said


def test_a_short_run_names_the_papers_schedule(command, tiny, data, place):
    command("run", tiny, "--data", data, "--epochs", "1", "--set", "technology.vdd=0.8V")
    lines = head(place / "reports/tiny")
    assert lines[0].endswith("neurorebit run tiny.yaml --set technology.vdd=0.8V --epochs 1")
    assert "* --set technology.vdd=0.8V" in lines
    assert "* --epochs 1" in lines
    assert (
        "- the accuracy comes from a short run, 1 epoch of 80 images; for the paper's schedule: "
        "neurorebit run tiny.yaml --recipe paper --set technology.vdd=0.8V" in lines
    )
    assert "- the estimate's activity is measured in 3 steps of training on CIFAR-10 " in "\n".join(
        lines
    )


def test_the_papers_schedule_is_not_called_short(command, tiny, data, place, mine):
    text = (place / tiny).read_text().replace("paper: {epochs: 50}", "paper: {epochs: 2}")
    (place / tiny).write_text(text)
    command("run", tiny, "--data", data, "--recipe", "paper")
    assert "- trained for 2 epochs of 100 images" in head(place / "reports/tiny")


def test_a_fallback_is_named_before_and_after(command, tiny, place):
    done = command("run", tiny, "--epochs", "1")
    assert done.err.startswith(
        "training on handwritten digits (scikit-learn): the fallback, scaled to 3 x 32 x 32; "
        "CIFAR-10 was not found in "
    )
    assert (
        "- trained on handwritten digits (scikit-learn) as a fallback: CIFAR-10 was not found; "
        "'neurorebit data fetch cifar10' gets it" in head(place / "reports/tiny")
    )
    assert read(place / "reports/tiny")["training"]["fallback"] is True


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], []),
        (
            ["--set", "training.adc=ideal"],
            ["adc=ideal: training used ideal converters, the estimate bills 5 bits"],
        ),
        (
            ["--set", "training.error_bits=32"],
            ["error_bits=32: training used errors of that width, the estimate bills 8"],
        ),
        (["--set", "training.error_bits=8"], []),
        (
            ["--set", "training.wires=resistive", "--set", "training.digital=bit_serial"],
            [
                "digital=bit_serial: errors went back through real weights of 32 bits in whole "
                "numbers, bit by bit, as the chip does; the default is float32",
                "wires=resistive: training read the arrays through the resistance of their wires, "
                "measured once an epoch; the default are ideal wires",
            ],
        ),
        (
            ["--scheme", "real"],
            [
                "scheme=real: training was software, exact and without arrays; the estimate "
                "bills the hybrid chip"
            ],
        ),
    ],
)
def test_what_training_leaves_out_stands_in_the_first_lines(
    command, tiny, data, place, options, told
):
    command("run", tiny, "--data", data, "--epochs", "1", *options)
    folder = place / "reports/tiny"
    assert [line[2:] for line in head(folder) if line.startswith("! ")] == told
    assert read(folder)["ablations"] == told


def test_software_weights_are_named_without_training_too(command, tiny, place):
    command("run", tiny, "--no-train", "--scheme", "real")
    assert head(place / "reports/tiny")[-3:-1] == [
        "! scheme=real: software has no arrays; the estimate bills the hybrid chip",
        "* --scheme real",
    ]


# --- cut short


def test_an_interrupted_training_keeps_what_it_reached(command, tiny, data, place, monkeypatch):
    def stop(self, step):
        if step.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("neurorebit.commands.progress.Lines.__call__", stop)
    done = command("run", tiny, "--data", data, "--epochs", "5")
    assert done.code == 130
    assert done.err.splitlines()[-1].startswith(
        "interrupted; what was reached is written to reports/tiny: report.txt, "
    )
    folder = place / "reports/tiny"
    assert done.err.splitlines()[-2] == (
        f"to go on: neurorebit run tiny.yaml --data {data} --epochs 5 --resume"
    )
    assert "- INTERRUPTED in epoch 2 of 5; resume goes on from the checkpoint" in head(folder)
    training = read(folder)["training"]
    assert training["interrupted"] is True
    assert [epoch["epoch"] for epoch in training["epochs"]] == [1, 2]
    assert training["test_accuracy"] is not None


def test_an_interrupt_before_training_leaves_nothing(command, tiny, data, place, monkeypatch):
    def stop(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(training_of_runs, "load", stop)
    done = command("run", tiny, "--data", data)
    assert done.code == 130
    assert done.err.splitlines()[-1] == "interrupted; no report was written"
    assert not (place / "reports").exists()


def test_a_training_that_diverges_says_so(command, tiny, data, place, monkeypatch):
    softmax, calls = trainer.softmax_loss, []

    def soon_infinite(scores, labels, *more):
        calls.append(1)
        loss, gradient = softmax(scores, labels)
        return (math.inf if len(calls) == 2 else loss), gradient

    monkeypatch.setattr(trainer, "softmax_loss", soon_infinite)
    done = command("run", tiny, "--data", data)
    assert done.code == 1
    told = "- DIVERGED: after 32 of 160 images the loss or a weight is no longer a number; "
    assert any(line.startswith(told) for line in head(place / "reports/tiny"))
    assert not list(place.glob("reports/tiny/*.npz")), "the next try need not remove anything"
    assert read(place / "reports/tiny")["training"]["diverged"] is True


def test_a_training_that_ends_as_it_began_is_said_not_to_have_learned(command, tiny, place):
    """Judged by the accuracy, beside that of the most frequent class."""
    for rate, learned in (("1e-9", False), ("0.05", True)):
        words = ("--scheme", "real", "--epochs", "16", "--set", f"training.learning_rate={rate}")
        assert command("run", tiny, *words, "--replace").code == 0
        lines = head(place / "reports/tiny")
        told = any(line.startswith("- did not learn: ") for line in lines)
        assert told != learned
