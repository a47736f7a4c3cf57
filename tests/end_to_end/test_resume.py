"""A run in pieces: killed, stopped or interrupted, and gone on with, it ends as if in one."""

import json
import os
import signal
import subprocess
import sys

import pytest

from neurorebit.training import checkpoint, trainer

LEFT = {
    "report.txt", "report.html", "layers.csv", "costs.csv", "training.csv", "training.png",
    "energy.png", "area.png", "report.json",
}  # fmt: skip


def report(folder):
    """A report without its timings."""

    def strip(value):
        if isinstance(value, dict):
            timings = ("seconds", "images_per_second")
            return {k: strip(v) for k, v in value.items() if k not in timings}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return strip(json.loads((folder / "report.json").read_text()))


DYING = """
import os, signal, sys
from neurorebit.__main__ import main
from neurorebit.training import checkpoint, trainer

left, (place, name) = int(sys.argv[1]), sys.argv[2].split(".")
owner = {"os": os, "trainer": trainer}[place]
real = getattr(owner, name)

def dying(*given):
    global left
    # the compiler's cache replaces files as well
    left -= name != "replace" or os.path.basename(given[-1]) == checkpoint.NAME
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)

setattr(owner, name, dying)
main(sys.argv[3:])
"""


@pytest.mark.parametrize(
    ("call", "calls"),
    [
        ("trainer.softmax_loss", (5, 9)),  # in a step: of the second epoch, then of the fourth
        ("os.fsync", (7, 12)),  # with a checkpoint half written
        ("os.replace", (3, 4)),  # between the two names of a checkpoint
    ],
)
def test_killed_and_resumed_it_ends_the_same_to_the_bit(command, tiny, data, place, call, calls):
    """SIGKILL twice, each piece on another number of threads."""
    words = ["run", tiny, "--data", data, "--epochs", "5", "--seed", "3"]
    assert command(*words, "--out", "whole").code == 0
    pieces = [*words, "--out", "pieces", "--checkpoint-every", "0"]
    for count, threads, more in zip(calls, "12", ([], ["--resume"]), strict=True):
        dying = [sys.executable, "-c", DYING, str(count), call, *pieces, "--threads", threads]
        done = subprocess.run([*dying, *more], capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL
        assert (place / "pieces" / checkpoint.NAME).exists() == (call != "os.replace")
    assert not (place / "pieces" / "report.json").exists()
    done = command(*pieces, "--resume", "--threads", "1")
    assert done.code == 0
    assert "going on from pieces/checkpoint." in done.err
    whole = report(place / "whole")
    assert report(place / "pieces") == whole
    assert len(whole["training"]["epochs"]) == 5
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
        "stopped; what was reached is written to pieces: report.txt, report.html, layers.csv, "
        "costs.csv, training.csv, training.png, energy.png, area.png, report.json",
    ]
    assert (
        "- STOPPED, its time being up, in epoch 1 of 2; resume goes on from the checkpoint"
        in (place / "pieces/report.txt").read_text().splitlines()
    )
    assert report(place / "pieces")["training"]["out_of_time"] is True
    assert report(place / "pieces")["training"]["images_seen"] == 32
    assert "32 images of the first epoch" in (place / "pieces/report.txt").read_text()
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
            "neurorebit.commands.progress.Lines.__call__",
            lambda self, step: os.kill(os.getpid(), number) if step.done == 112 else None,
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


def test_a_signal_before_the_first_step_leaves_a_checkpoint(
    command, tiny, data, place, monkeypatch
):
    words = ["run", tiny, "--data", data]
    command(*words, "--out", "whole")
    model = trainer.Model

    def signalled(*given, **named):
        os.kill(os.getpid(), signal.SIGTERM)
        return model(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "Model", signalled)
        assert command(*words, "--out", "out").code == 130
    assert checkpoint.load(place / "out").length == "0 epochs finished, 0 images seen"
    assert command(*words, "--out", "out", "--resume").code == 0
    assert report(place / "out") == report(place / "whole")


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
        (["--scheme", "real"], 'architecture.scheme is "hybrid" there, "real" here;'),
        (["--set", "device.variation.c2c=0.2"], "device.variation.c2c is 0.1 there, 0.2 here;"),
    ],
)
def test_another_run_is_not_gone_on_with(command, stopped, place, other, told):
    before = (place / "out" / checkpoint.NAME).read_bytes()
    done = command(*stopped, *other, "--resume")
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith(f"out/checkpoint.npz: is of another run: {told}")
    assert "going on from" not in done.err
    assert (place / "out" / checkpoint.NAME).read_bytes() == before


def test_an_unfinished_run_is_not_lost_by_starting_anew(command, stopped):
    done = command(*stopped)
    assert done.code == 2
    assert done.err == (
        "out/checkpoint.npz: an unfinished run is there; go on with --resume, or remove the file "
        "to start anew\n"
    )
    assert command(*stopped, "--resume").code == 0
    assert command(*stopped, "--replace").code == 0


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


def test_killed_before_its_first_checkpoint_it_starts_anew(command, tiny, data, place):
    """What a run leaves that is killed while it writes the first one: a part of it."""
    assert command("run", tiny, "--data", data, "--out", "whole").code == 0
    (place / "out").mkdir()
    (place / "out" / checkpoint.PART).write_bytes(b"cut sh")
    done = command("run", tiny, "--data", data, "--out", "out", "--resume")
    assert done.code == 0
    assert "there is no checkpoint in out yet; the training starts anew" in done.err
    one, other = (report(place / name)["training"] for name in ("whole", "out"))
    assert one["weights_sha256"] == other["weights_sha256"]
    assert not (place / "out" / checkpoint.PART).exists()


def test_there_is_nothing_to_go_on_with(command, tiny, data):
    assert command("run", tiny, "--data", data).code == 0
    done = command("run", tiny, "--data", data, "--resume")
    assert done.code == 2
    assert done.err.startswith("--resume: the run in reports/tiny has come to its end, ")


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_folder_in_the_place_of_a_checkpoint_is_told(command, tiny, data, place, more):
    (place / "out" / checkpoint.NAME).mkdir(parents=True)
    done = command("run", tiny, "--data", data, "--out", "out", *more)
    assert done.code == 2
    assert done.err.startswith("out/checkpoint.npz: is a folder, and checkpoints have this name; ")


def test_an_impatient_ctrl_c_is_told_where_to_go_on(command, tiny, data, place, monkeypatch):
    """At the end of a training, or while its report is drawn."""
    words = ["run", tiny, "--data", data, "--out", "out"]
    told = "interrupted; no report was written; --resume goes on from out/checkpoint.npz"
    assert command(*words[:-1], "whole").code == 0

    def stop(*given):
        raise KeyboardInterrupt

    for name in ("neurorebit.training.trainer.demands", "neurorebit.results.pictures.png"):
        for checkpointed in place.glob("out/*"):
            checkpointed.unlink()
        with monkeypatch.context() as patch:
            patch.setattr(name, stop)
            done = command(*words)
        assert done.code == 130
        assert done.err.splitlines()[-1] == told
    assert command(*words, "--resume").code == 0
    assert report(place / "out") == report(place / "whole"), "it takes no step, and reads no key"


def test_ctrl_c_while_python_starts_is_told_in_a_line():
    """Where NumPy is imported, for one thing.

    Whoever presses Ctrl-C is in the foreground; a job in the background of a shell starts with
    the signal ignored, which tests that run there must not pass on.
    """
    code = (
        "import sys, os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Stop:\n"
        "    def find_spec(self, name, *more):\n"
        "        if name == 'numpy': os.kill(os.getpid(), 2)\n"
        "sys.meta_path.insert(0, Stop())\n"
        "from neurorebit.__main__ import main\n"
        "sys.exit(main(['show', 'mlp']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr == "interrupted; no report was written\n"
