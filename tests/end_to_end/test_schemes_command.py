"""neurorebit schemes: every scheme trained on its chip, side by side."""

import csv
import json
import math
import os
import signal

import pytest
from common import near

from neurorebit import __version__
from neurorebit.commands import progress
from neurorebit.studies.scheme_rows import choices
from neurorebit.training import trainer

SOFTWARE = ("real", "quantized")


def table(folder):
    with (folder / "schemes.csv").open() as file:
        return {row["scheme"]: row for row in csv.DictReader(file)}


def test_every_scheme_is_trained_and_told_in_one_table(command, tiny, data, place):
    done = command("schemes", tiny, "--data", data, "--epochs", "1", "--out", "all")
    assert done.code == 0
    rows = table(place / "all")
    assert list(rows) == [n for n, row in choices().items() if not row.scheme.startswith("wage")]
    assert "left out: wage, scheme=wage: layer" in done.err
    assert (place / "all/schemes.txt").read_text() in done.out
    assert (place / "all/schemes.png").read_bytes().startswith(b"\x89PNG")
    for name, row in rows.items():
        folder = place / "all" / f"{name}_seed0"
        found = json.loads((folder / "report.json").read_text())
        training, epoch = found["training"], found["totals"]["epoch"]
        assert float(row["test_accuracy"]) == training["test_accuracy"]
        assert float(row["memory_bits_per_weight"]) == training["demands"]["memory_bits_per_weight"]
        if name in SOFTWARE:
            assert row["area_m2"] == row["energy_J_per_epoch"] == ""
            continue
        assert float(row["energy_J_per_epoch"]) == epoch["energy_J"]
        assert float(row["latency_s_per_epoch"]) == epoch["latency_s"]
        assert float(row["area_m2"]) == found["chip"]["area_m2"]
        assert (
            0
            < float(row["writes_per_cell_and_epoch"])
            <= float(row["writes_per_cell_and_epoch_most"])
        )
        assert found["architecture"] == choices()[name].architecture
    bits = json.loads((place / "all/reram_3bit_seed0/report.json").read_text())
    assert bits["inputs"]["architecture"]["values"]["weight_bits"] == 3
    assert bits["scheme"] == "reram"
    pulses = bits["inputs"]["device"]["values"]["pulses"]
    assert (pulses["levels_ltp"], pulses["levels_ltd"]) == (6, 6)  # 7 states, as 3 bits of hybrid
    assert bits["ablations"] == []


def test_seeds_are_averaged_and_finished_runs_are_not_made_again(
    command, tiny, data, place, rendered
):
    words = ("schemes", tiny, "--data", data, "--epochs", "1", "--schemes", "real,hybrid")
    first = command(*words, "--seeds", "2", "--out", "two")
    assert first.code == 0
    row = table(place / "two")["hybrid"]
    reached = [
        json.loads((place / f"two/hybrid_seed{seed}/report.json").read_text())["training"][
            "test_accuracy"
        ]
        for seed in (0, 1)
    ]
    assert float(row["test_accuracy"]) == near(sum(reached) / 2)
    assert float(row["test_accuracy_std"]) == near(abs(reached[0] - reached[1]) / 2**0.5)
    report = place / "two/hybrid_seed1/report.json"
    before = report.stat().st_mtime_ns
    again = command(*words, "--seeds", "2", "--out", "two", "--resume")
    assert again.out == first.out
    assert report.stat().st_mtime_ns == before
    assert "epoch 1" in first.err
    assert "epoch 1" not in again.err


def test_finished_runs_are_known_by_what_they_ran_on(command, tiny, data, place):
    """However it was asked for; of another setting it is another run, and stays."""
    run = ("run", tiny, "--data", data, "--scheme", "hybrid", "--epochs", "1")
    assert command(*run, "--out", "one/hybrid_seed0").code == 0
    words = ("schemes", tiny, "--data", data, "--schemes", "hybrid", "--out", "one", "--resume")
    assert "epoch 1" not in command(*words, "--epochs", "1").err
    another = ("--set", "training.tiki_taka.rate=0.1")  # hybrid does not heed it
    assert "epoch 1" not in command(*words, "--epochs", "1", *another).err
    report = place / "one/hybrid_seed0/report.json"
    before = report.read_bytes()
    other = command(*words, "--epochs", "2", "--set", "training.momentum=0.8")
    assert (other.code, other.out, other.err.count("\n")) == (2, "", 1)
    assert "another run, which came to its end" in other.err
    assert (
        "training.epochs is 1 there, 2 here; inputs.network.values.training.momentum" in other.err
    )
    assert "name another folder with --out" in other.err
    assert report.read_bytes() == before


def test_a_run_on_other_images_is_another_run(command, tiny, data, place):
    words = ("schemes", tiny, "--schemes", "real", "--epochs", "1", "--out", "one", "--resume")
    assert command(*words, "--data", data).code == 0
    assert json.loads((place / "one/real_seed0/report.json").read_text())["training"]["data_sha256"]
    assert "epoch 1" not in command(*words, "--data", data).err
    report = place / "one/real_seed0/report.json"
    found = json.loads(report.read_text())
    images, found["training"]["data_sha256"] = found["training"]["data_sha256"], "of other images"
    report.write_text(json.dumps(found))
    told = 'another run, which came to its end: data is "of other images" there'
    assert told in command(*words, "--data", data).err
    found["training"]["data_sha256"] = images
    found["version"] = "0.0.0"
    report.write_text(json.dumps(found))
    refused = command(*words, "--data", data)
    assert refused.code == 2
    assert 'version is "0.0.0" there' in refused.err


def test_a_scheme_that_diverged_is_marked_also_when_it_is_found_finished(
    command, tiny, data, place, monkeypatch
):
    softmax = trainer.softmax_loss
    words = ("schemes", tiny, "--data", data, "--epochs", "1", "--schemes", "real, hybrid")
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "softmax_loss", lambda *x: (math.inf, softmax(*x)[1]))
        assert command(*words[:-1], "real", "--out", "two").code == 1
    marks = []
    for _ in range(2):
        done = command(*words, "--out", "two", "--resume")
        assert done.code == 1
        assert "! real: DIVERGED: after 0 of 80 images the loss or a weight is no" in done.out
        marks.append([line for line in done.out.splitlines() if line.startswith("! hybrid: ")])
        # three steps may teach it nothing, which is marked as well, but as nothing else
        assert all(line.startswith("! hybrid: did not learn: ") for line in marks[-1])
        assert [row["ended"] for row in table(place / "two").values()] == ["diverged", "finished"]
    assert marks[0] == marks[1]


def test_an_interrupted_table_says_what_it_lacks(command, tiny, data, place, monkeypatch):
    words = ("schemes", tiny, "--data", data, "--schemes", "real,hybrid,reram", "--out", "out")
    shown = progress.Lines.__call__

    def press(self, step):
        shown(self, step)
        if (place / "out/real_seed0/report.json").exists() and step.done == 112:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(progress.Lines, "__call__", press)
        done = command(*words)
    assert done.code == 130
    told = done.out.splitlines()
    assert "! hybrid: INTERRUPTED in epoch 2 of 2; resume goes on from the checkpoint" in told
    assert "! not trained yet: reram" in told
    assert table(place / "out")["hybrid"]["ended"] == "interrupted"

    before = {path: path.read_bytes() for path in place.glob("out/**/*") if path.is_file()}
    refused = command(*words)
    assert refused.code == 2
    assert refused.err.startswith("out/hybrid_seed0/checkpoint.npz: an unfinished run is there; ")
    assert {path: path.read_bytes() for path in before} == before, "nothing is trained before"

    done = command(*words, "--resume")
    assert done.code == 0
    assert "INTERRUPTED" not in done.out
    assert "not trained yet" not in done.out


def test_a_table_says_what_it_is_of(command, tiny, place):
    """Digits in the place of CIFAR-10, for one thing."""
    words = ("--set", "training.momentum=0.8", "--epochs", "1", "--seed", "3", "--seeds", "2")
    done = command("schemes", tiny, *words, "--schemes", "real,reram", "--out", "out")
    told = (place / "out/schemes.txt").read_text()
    lines = told.splitlines()
    again = f"neurorebit schemes {tiny} --set training.momentum=0.8 --epochs 1 --seed 3"
    assert lines[0] == f"NeuroReBIT {__version__}: {again} --schemes real,reram --seeds 2"
    for kind, name in (("network", "tiny"), ("architecture", "rebit"), ("architecture", "reram")):
        assert any(line.split()[:2] == [kind, name] for line in lines[:8])
    assert "* --set training.momentum=0.8" in lines
    assert any(line.startswith("- trained on handwritten digits") for line in lines)
    assert "as a fallback: CIFAR-10 was not found" in told
    assert "- 1 epoch of 80 images, tested on 359; seeds 3 to 4" in lines
    assert "Accuracy is the mean over the seeds, +- the standard deviation" in told
    row = table(place / "out")["reram"]
    assert (row["network"], row["epochs"], row["images"], row["seed"]) == ("tiny", "1", "80", "3")
    assert row["command"] in lines[0]
    order = [line.partition(":")[0] for line in done.err.splitlines()]
    titles = [f"{name}, seed {seed}" for name in ("real", "reram") for seed in (3, 4)]
    assert [line for line in order if line in (*titles, "epoch 1")] == [
        line for title in titles for line in (title, "epoch 1")
    ], "what an epoch reached is told below the run that it is of"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--schemes", "hybrid,real,sram"], "--schemes sram: expected some of real, quantized, "),
        (["--schemes", "real,real"], "--schemes real,real: a scheme is named twice; keep one"),
        (
            ["--set", "architecture.scheme=real"],
            "--set architecture.scheme=real: the comparison sets",
        ),
        (
            ["--set", "device.pulses.levels_ltp=64"],
            "--set device.pulses.levels_ltp=64: reram_3bit sets this key itself, to 6; ",
        ),
        (["--architecture", "reram"], "unrecognized arguments: --architecture reram; see "),
        (["--seed", "4294967295", "--seeds", "2"], "--seed 4294967295 --seeds 2: the last seed "),
        (["--seeds", "0"], "--seeds: expected a whole number from 1 to 1000, got '0'; see "),
    ],
)
def test_a_wrong_option_is_told_before_any_training(command, tiny, words, told):
    done = command("schemes", tiny, *words)
    assert done.code == 2
    assert done.err.startswith(told)


def test_cells_wear_as_their_writes_say(command, tiny, data, place):
    """Of the most written cell; without an endurance in the device file nothing is told."""
    words = ("run", tiny, "--data", data, "--architecture", "reram", "--scheme", "manhattan")
    command(*words, "--out", "known")
    found = json.loads((place / "known/report.json").read_text())["training"]["demands"]
    assert found["writes_per_cell_and_epoch_most"] <= 3, "3 steps an epoch, a pulse each at most"
    assert found["lifetime_epochs"] == near(1e10 / found["writes_per_cell_and_epoch_most"])
    assert found["pulses_per_weight_and_epoch"] == near(found["writes_per_cell_and_epoch"]), (
        "one pulse a write"
    )
    assert "Lifetime: 3.333e+09 epochs" in (place / "known/report.txt").read_text()
    command(*words, "--device", "epiram", "--out", "unknown")
    assert (
        "Lifetime: unknown, the device file has no section 'endurance'"
        in (place / "unknown/report.txt").read_text()
    )
