"""A run in pieces: killed, stopped or interrupted, and gone on with, it ends as if in one."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from neurorebit.schema import InputError
from neurorebit.train import checkpoint, trainer

EPOCHS = 40
LONG = ("--epochs", EPOCHS, "--images", "100", "--set", "training.test_images=20", "--seed", "3")
LEFT = {"report.txt", "layers.csv", "training.csv", "training.png", "report.json"}


def report(folder):
    """A report without its timings."""

    def strip(value):
        if isinstance(value, dict):
            timings = ("seconds", "images_per_second")
            return {k: strip(v) for k, v in value.items() if k not in timings}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return strip(json.loads((folder / "report.json").read_text()))


@pytest.fixture
def long(tiny, data):
    """A run that takes long enough to be killed in its midst."""
    return ["run", tiny, "--data", data, *map(str, LONG)]


def epochs_done(folder):
    try:
        return checkpoint.load(folder).state.plain["run.epoch"]
    except InputError:  # none yet, or just being renamed
        return 0


def test_killed_and_resumed_it_ends_the_same_to_the_bit(command, long, place):
    """SIGKILL twice, at moments nobody chose; each piece on another number of threads."""
    assert command(*long, "--out", "whole").code == 0
    pieces = [*long, "--out", "pieces", "--checkpoint-every", "0"]
    for threads, least, more in ((1, 2, []), (2, 9, ["--resume"])):
        words = [*pieces, *more, "--threads", str(threads)]
        with subprocess.Popen(
            [sys.executable, "-m", "neurorebit", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            while epochs_done(place / "pieces") < least:
                assert process.poll() is None, "it ended before it could be killed"
                time.sleep(0.002)
            process.kill()
        assert process.returncode == -signal.SIGKILL
        assert epochs_done(place / "pieces") < EPOCHS
    assert not (place / "pieces" / "report.json").exists()
    done = command(*pieces, "--resume", "--threads", "1")
    assert done.code == 0
    assert "going on from pieces/checkpoint." in done.err
    whole = report(place / "whole")
    assert report(place / "pieces") == whole
    assert len(whole["training"]["epochs"]) == EPOCHS
    assert {path.name for path in (place / "pieces").iterdir()} == LEFT


def test_a_run_goes_on_piece_by_piece(command, tiny, data, place):
    """With no time at all a piece is one step: 2 epochs of 3 steps, with an evaluation each."""
    words = ["run", tiny, "--data", data]
    command(*words, "--out", "whole")
    pieces = [*words, "--out", "pieces", "--stop-after", "0"]
    done = command(*pieces)
    codes = [done.code]
    assert done.err.splitlines()[-2:] == [
        f"to go on: neurorebit run tiny.yaml --data {data} --out pieces --stop-after 0 --resume",
        "stopped; what was reached is written to pieces: report.txt, layers.csv, training.csv, "
        "training.png, report.json",
    ]
    assert (
        "- STOPPED, its time being up, in epoch 1 of 2; --resume goes on"
        in (place / "pieces/report.txt").read_text().splitlines()
    )
    assert report(place / "pieces")["training"]["out_of_time"] is True
    while codes[-1] == 3:
        assert len(codes) < 10
        codes.append(command(*pieces, "--resume").code)
    assert codes == [3] * 6 + [0]
    assert report(place / "pieces") == report(place / "whole")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_checkpoint_of_the_step(command, tiny, data, place, monkeypatch, number):
    words = ["run", tiny, "--data", data]
    command(*words, "--out", "whole")
    with monkeypatch.context() as patch:
        patch.setattr(
            "neurorebit.__main__.Lines.__call__",
            lambda self, epoch, done, *rest: os.kill(os.getpid(), number) if done == 112 else None,
        )
        assert command(*words, "--out", "out", "--checkpoint", "kept").code == 130
    last = report(place / "out")["training"]["epochs"][-1]
    assert (last["epoch"], last["test_accuracy"] is None) == (2, number == signal.SIGTERM)
    assert checkpoint.load(place / "kept").length == "1 epochs finished, 112 images seen"
    steps, train = [], trainer.softmax_loss
    monkeypatch.setattr(trainer, "softmax_loss", lambda *x: steps.append(1) or train(*x))
    assert command(*words, "--out", "out", "--checkpoint", "kept", "--resume").code == 0
    assert len(steps) == 2, "of six"
    assert report(place / "out") == report(place / "whole")
    assert not list((place / "kept").iterdir())


@pytest.fixture
def stopped(command, tiny, data):
    """The words of a run that stopped after a step, with its checkpoint in ``out``."""
    words = ["run", tiny, "--data", data, "--out", "out"]
    assert command(*words, "--stop-after", "0").code == 3
    return words


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (["--seed", "1"], "seed is 0 there, 1 here;"),
        (["--epochs", "5"], "training.epochs is 2 there, 5 here;"),
        (["--weights", "real"], 'architecture.weights is "hybrid" there, "real" here;'),
        (["--set", "device.variation.c2c=0.2"], "device.variation.c2c is 0.1 there, 0.2 here;"),
    ],
)
def test_another_run_is_not_gone_on_with(command, stopped, place, other, told):
    before = (place / "out" / checkpoint.NAME).read_bytes()
    done = command(*stopped, *other, "--resume")
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith(f"out/checkpoint.npz: is of another run: {told}")
    assert (place / "out" / checkpoint.NAME).read_bytes() == before


def test_an_unfinished_run_is_not_lost_by_starting_anew(command, stopped):
    done = command(*stopped)
    assert done.code == 2
    assert done.err == (
        "out/checkpoint.npz: an unfinished run is there; go on with --resume, or remove the file "
        "to start anew\n"
    )
    assert command(*stopped, "--resume").code == 0
    assert command(*stopped).code == 0


def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_kept(command, stopped, place):
    assert command(*stopped, "--resume", "--stop-after", "0").code == 3
    file, before = place / "out" / checkpoint.NAME, place / "out" / checkpoint.PREVIOUS
    file.write_bytes(file.read_bytes()[:1000])
    done = command(*stopped, "--resume")
    assert done.code == 2
    assert done.err.startswith("out/checkpoint.npz: cut short or damaged (")
    assert done.err.count("\n") == 1
    before.rename(file)  # as the message says
    assert command(*stopped, "--resume").code == 0
    command(*stopped[:-1], "whole")
    assert report(place / "out") == report(place / "whole")


def test_there_is_nothing_to_go_on_with(command, tiny, data):
    done = command("run", tiny, "--data", data, "--resume")
    assert done.code == 2
    assert done.err.startswith("--resume: there is no checkpoint in reports/tiny; drop --resume ")
