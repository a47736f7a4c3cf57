"""The commands whose work workers share: the same results, and the same refusals."""

import csv
import json
import os
import signal
import threading
import time

import pytest

pytest.importorskip("distributed")

TIMES = ("seconds", "images_per_second")


def report(path):
    """A report without what depends on the machine and the moment."""
    found = json.loads(path.read_text())
    training = found["training"]
    for epoch in training["epochs"]:
        for key in TIMES:
            epoch.pop(key, None)
    return {key: value for key, value in found.items() if key not in ("created", "command")}


def test_schemes_are_the_same_by_workers(command, tiny, data, place):
    words = ("schemes", tiny, "--data", data, "--schemes", "hybrid", "--seeds", "2")
    one = command(*words, "--epochs", "1", "--threads", "1", "--out", "by_one")
    two = command(*words, "--epochs", "1", "--workers", "2", "--out", "by_two")
    assert (one.code, two.code) == (0, 0)
    assert two.out.replace("by_two", "by_one") == one.out
    done = [line for line in two.err.splitlines() if ": done, " in line]
    assert len(done) == 2
    assert done[-1].endswith("done, 2 of 2")
    for name in ("hybrid_seed0", "hybrid_seed1"):
        assert report(place / "by_one" / name / "report.json") == report(
            place / "by_two" / name / "report.json"
        )
    again = command(*words, "--epochs", "1", "--workers", "2", "--out", "by_two", "--resume")
    assert again.out == two.out
    assert ": done, " not in again.err


def test_interrupted_workers_keep_what_they_reached(command, tiny, data, place):
    """Ctrl-C while two runs are on: both leave a checkpoint, and end as if undisturbed."""
    words = ("schemes", tiny, "--data", data, "--schemes", "real,hybrid", "--epochs", "100000")
    seen = []

    def press():
        places = [place / "out" / f"{name}_seed0" for name in ("real", "hybrid")]
        end = time.monotonic() + 60.0
        while time.monotonic() < end and not all((p / "checkpoint.npz").exists() for p in places):
            time.sleep(0.01)
        seen.extend(places)
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    done = command(*words, "--workers", "2", "--out", "out")
    pressing.join()
    assert done.code == 130
    assert done.out.count("INTERRUPTED in epoch ") == 2
    assert done.err.splitlines()[-1].startswith("to go on: neurorebit schemes ")
    with (place / "out" / "schemes.csv").open(newline="") as file:
        assert [row["ended"] for row in csv.DictReader(file)] == ["interrupted"] * 2
    assert all((p / "checkpoint.npz").exists() for p in seen)
    assert not list((place / "out").rglob("*.lock"))


def test_a_sweep_in_a_folder_goes_on(command, tiny, place):
    words = ("sweep", tiny, "--axis", "technology.vdd=0.8V:1V:3", "--pareto", "energy,area")
    whole = command(*words)
    first = command(*words, "--out", "big/", "--page", "big.html")
    assert (first.code, first.err) == (0, "")
    assert first.out == f"{whole.out}\nwritten to big/ and big.html\n"
    names = sorted(path.name for path in (place / "big").iterdir())
    assert names == ["_front.parquet", "_sweep.json", "designs-0-2.parquet"]
    asked = json.loads((place / "big" / "_sweep.json").read_text())
    assert asked["command"].startswith(f"neurorebit sweep {tiny} --axis technology.vdd=")
    refused = command(*words, "--out", "big")
    assert (refused.code, refused.out) == (2, "")
    assert "big: holds a sweep, which is finished; go on with it with --resume" in refused.err
    again = command(*words, "--out", "big", "--resume")
    assert (again.code, again.out) == (0, f"{whole.out}\nwritten to big/\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume"], "--resume: only a sweep in a folder can go on; name its folder, as in "),
        (["--resume", "--out", "all.csv"], "--resume: only a sweep in a folder can go on; "),
        (["--workers", "0"], "--workers: expected a whole number from 1 to 1024, got '0'"),
        (["--workers", "2", "--scheduler", "tcp://a:1"], "workers of two kinds; keep one"),
        (["--scheduler", "tcp://127.0.0.1:1"], "no Dask scheduler answers: "),
        (["--scheduler", "a b"], "no Dask scheduler answers: "),
    ],
)
def test_a_wrong_choice_of_machines_is_one_line(command, tiny, place, words, message, monkeypatch):
    from neurorebit.machines import cluster

    monkeypatch.setattr(cluster, "CONNECT", 0.2)
    done = command("sweep", tiny, "--axis", "technology.vdd=0.8V,1V", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(place.glob("all*"))
