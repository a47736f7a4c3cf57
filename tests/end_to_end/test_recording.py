"""What the command line records of a run, and that a record never stops one."""

import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request

import pytest

from neurorebit.__main__ import main
from neurorebit.store import file, rows, select

NET = """\
source: a test
name: own
input: {channels: 1, height: 8, width: 8}
classes: 2
layers:
  - {kind: flatten}
  - {kind: linear, features: 2}
activity: {source: x, input_density: 0.5}
"""
STORE = "runs.sqlite"


@pytest.fixture
def own(place, monkeypatch):
    """A network of two outputs in an empty folder, and an empty store beside it."""
    monkeypatch.setenv("NEUROREBIT_STORE", str(place / STORE))
    (place / "own.yaml").write_text(NET)
    return place


def recorded(path):
    return select.find(path, select.Filter())


def one(path):
    (run,) = recorded(path / STORE)
    return run


def test_a_run_is_recorded_with_its_figures_and_inputs(own, command):
    words = ["run", "own.yaml", "--no-train", "--out", "it's", "--set", "technology.vdd=0.8V"]
    assert command(*words, "--quiet").err == ""
    run = one(own)
    assert (run.command, run.state, run.code, run.message) == ("run", "finished", 0, "")
    assert run.line == (
        "neurorebit run own.yaml --no-train --out 'it'\"'\"'s' --set technology.vdd=0.8V --quiet"
    )
    assert (run.place, run.folder) == (str(own), str(own / "it's"))
    assert sorted(run.files) == sorted(os.listdir(own / "it's"))
    assert (run.scheme, run.settings) == ("hybrid", {"technology.vdd": "0.8V"})
    assert run.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert 0 < run.seconds < 600

    network = next(one for one in run.inputs if one.kind == "network")
    assert (network.name, network.place) == ("own", str(own / "own.yaml"))
    assert network.sha256 == hashlib.sha256((own / "own.yaml").read_bytes()).hexdigest()
    assert run.named("architecture") == ("rebit",)
    assert run.named("technology") == ("32nm_lstp",)

    report = json.loads((own / "it's" / "report.json").read_text())
    image, inference = report["totals"]["image"], report["totals"]["inference"]
    programming = report["phases"]["programming"]
    assert {f.name: (f.value, f.unit) for f in run.figures} == {
        "area": (report["chip"]["area_m2"], "m2"),
        "leakage": (report["chip"]["leakage_W"], "W"),
        "energy": (image["energy_J"], "J/image"),
        "energy_with_dram": (image["energy_with_dram_J"], "J/image"),
        "latency": (image["latency_s"], "s/image"),
        "inference_energy": (inference["energy_J"], "J/image"),
        "inference_latency": (inference["latency_s"], "s/image"),
        "programming_energy": (programming["energy_J"], "J"),
        "programming_latency": (programming["latency_s"], "s"),
    }
    assert run.figure("energy").origin == "assumed activity"


def test_a_training_is_recorded_with_its_data_and_accuracy(own, command, tiny, data):
    done = command("run", tiny, "--data", data, "--epochs", "1", "--out", "t", "--quiet")
    assert done.code == 0, done.err
    run = one(own)
    training = json.loads((own / "t" / "report.json").read_text())["training"]
    accuracy = run.figure("accuracy")
    assert (accuracy.value, accuracy.unit) == (training["test_accuracy"], "")
    assert accuracy.origin == f"measured on {training['test_images']} test images"
    assert run.figure("epochs").value == 1
    assert "measured" in run.figure("energy").origin
    (images,) = (one for one in run.inputs if one.kind == "data")
    assert images.sha256 == training["data_sha256"]


def test_a_sweep_is_recorded_with_the_least_of_its_designs(own, command):
    words = ("--axis", "technology.vdd=0.8V,0.9V", "--out", "a.csv", "--page", "b/c.html")
    assert command("sweep", "own.yaml", *words, "--quiet").code == 0
    run = one(own)
    assert (run.folder, run.files) == (str(own), ("a.csv", "b/c.html"))
    rows = [line.split(",") for line in (own / "a.csv").read_text().splitlines()]
    energies = [float(row[rows[0].index("training energy [J/image]")]) for row in rows[1:]]
    found = run.figure("energy")
    assert (found.value, found.unit) == (pytest.approx(min(energies)), "J/image")
    assert found.origin == "the least of 2 designs"
    assert (run.figure("designs").value, run.figure("feasible").value) == (2, 2)


def test_a_refused_run_says_why(own, command):
    done = command("run", "own.yaml", "--no-train", "--device", "nosuch")
    run = one(own)
    assert (done.code, run.state, run.code) == (2, "refused", 2)
    assert f"{run.message}\n" == done.err
    assert run.named("network") == ("own",)
    assert command("run", "--nonsense").code == 2  # no command line: nothing to record
    assert len(recorded(own / STORE)) == 1


@pytest.mark.parametrize(
    ("problem", "state", "code"),
    [(KeyboardInterrupt, "interrupted", 130), (ZeroDivisionError, "fault", 70),
     (MemoryError, "refused", 2)],
)  # fmt: skip
def test_how_a_run_ends_is_recorded(own, command, monkeypatch, problem, state, code):
    def fails(*given, **more):
        assert one(own).state == "running"  # it is there from the begin
        raise problem

    monkeypatch.setenv("NEUROREBIT_DEBUG", "")
    monkeypatch.setattr("neurorebit.studies.run.run", fails)
    assert command("run", "own.yaml", "--no-train").code == code
    assert (one(own).state, one(own).code) == (state, code)


def test_a_run_that_takes_its_time_has_its_inputs_before_its_end(own, command, monkeypatch):
    seen = []

    def waits(request, *more):
        request.inputs()
        until = time.monotonic() + 60
        while not one(own).inputs and time.monotonic() < until:
            time.sleep(0.02)
        seen.append(one(own))
        raise MemoryError

    monkeypatch.setattr("neurorebit.commands.recording.SOON", 0.1)
    monkeypatch.setattr("neurorebit.studies.run.run", waits)
    command("run", "own.yaml", "--no-train")
    assert (seen[0].state, seen[0].named("network")) == ("running", ("own",))
    assert one(own).inputs == seen[0].inputs


def test_a_fault_that_is_shown_is_recorded(own, command, monkeypatch):
    def fails(*given, **more):
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr("neurorebit.studies.run.run", fails)
    with pytest.raises(ZeroDivisionError):
        main(["run", "own.yaml", "--no-train"])
    assert (one(own).state, one(own).message) == ("fault", "ZeroDivisionError: by hand")


def test_what_is_not_to_be_recorded_is_not(own, command, monkeypatch):
    assert command("run", "own.yaml", "--no-train", "--no-store", "--quiet").code == 0
    assert command("show", "own.yaml").code == 0
    monkeypatch.setenv("NEUROREBIT_STORE", "none")
    assert command("run", "own.yaml", "--no-train", "--quiet").code == 0
    assert not (own / STORE).exists()
    words = ("sweep", "own.yaml", "--axis", "technology.vdd=1V", "--store", "b/c.sqlite")
    assert command(*words).code == 0
    assert len(recorded(own / "b" / "c.sqlite")) == 1


def foreign(path):
    path.write_text("a letter to a friend\n")


def newer(path):
    with file.writing(path) as store:
        store.execute("PRAGMA user_version = 9")


def folder(path):
    path.mkdir()


def damaged(path):
    with file.writing(path):
        pass
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize("spoil", [foreign, newer, folder, damaged])
def test_a_store_that_cannot_be_written_is_one_line(own, command, spoil):
    path = own / STORE
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    done = command("sweep", "own.yaml", "--axis", "technology.vdd=1V", "--out", "a.csv")
    assert (done.code, (own / "a.csv").is_file()) == (0, True)
    assert done.err.startswith(f"this run is not recorded: {path}: ")
    assert done.err.count("\n") == 1
    assert "; " in done.err
    assert (path.read_bytes() if path.is_file() else None) == before
    refused = command("runs")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    failed = command("sweep", "own.yaml", "--axis", "technology.vdd=9kV")
    assert failed.code == command("sweep", "own.yaml", "--axis", "technology.vdd=9kV",
                                  "--no-store").code  # fmt: skip


def test_a_store_that_is_held_at_the_begin_gets_all_at_the_end(own, command, monkeypatch):
    with file.writing(own / STORE):
        pass
    monkeypatch.setattr(file, "PATIENCE", 0.05)
    holder = sqlite3.connect(own / STORE, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    def nodes(*given, **more):
        holder.execute("ROLLBACK")
        raise MemoryError

    monkeypatch.setattr("neurorebit.studies.technologies.nodes", nodes)
    with contextlib.closing(holder):
        done = command("nodes", "own.yaml")
    assert done.err.count("\n") == 1
    assert (one(own).state, one(own).command) == ("refused", "nodes")


def test_a_fault_of_the_record_is_one_line(own, command, monkeypatch):
    def fails(*given):
        raise KeyError("a figure")

    monkeypatch.setattr("neurorebit.store.figures.of_report", fails)
    monkeypatch.setenv("NEUROREBIT_DEBUG", "")
    done = command("run", "own.yaml", "--no-train", "--quiet")
    line = "what came of this run is not recorded: KeyError: 'a figure'\n"
    assert (done.code, done.err) == (0, line)
    assert (one(own).state, one(own).figures) == ("finished", ())


def test_a_store_that_fails_at_the_end_is_one_line(own, command, monkeypatch):
    save = rows.save

    def fails(store, run):
        if run.ended is not None:
            raise OSError(28, "No space left on device")
        return save(store, run)

    monkeypatch.setattr("neurorebit.store.rows.save", fails)
    done = command("run", "own.yaml", "--no-train", "--quiet")
    line = f"how this run ended is not recorded: {own / STORE}: cannot be used: No space left on "
    assert (done.code, done.err) == (0, f"{line}device; name another file\n")
    assert one(own).state == "running"


def test_without_a_home_a_run_is_a_run(own):
    code = (
        "import os, pathlib, sys\n"
        "def nowhere():\n    raise RuntimeError\n"
        "pathlib.Path.home = staticmethod(nowhere)\n"
        "from neurorebit.__main__ import main\n"
        "sys.exit(main(['nodes', 'own.yaml', '--technology', '32nm', '--out', 'n.csv']))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("XDG", "NEUROREBIT"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    line = "this run is not recorded: you have no home folder to record runs in; "
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


# --- the command runs


@pytest.fixture
def three(own, command):
    """A run, a sweep, and a run that is refused."""
    command("run", "own.yaml", "--no-train", "--out", "a", "--quiet")
    command("sweep", "own.yaml", "--axis", "technology.vdd=0.8V,1V", "--quiet")
    command("run", "own.yaml", "--no-train", "--device", "nosuch", "--quiet")
    return own


def test_runs_are_listed_shown_and_compared(three, command):
    listed = command("runs").out
    assert [line.split()[0] for line in listed.splitlines()[3:5]] == ["1", "2"]
    assert "refused" in command("runs", "--all").out
    assert command("runs", "--network", "vgg*").out == f"no such run in {three / STORE}\n"
    assert command("runs", "--store", "no").out == f"no run is recorded in {three / 'no'}\n"
    shown = command("runs", "show", "1").out
    assert "neurorebit run own.yaml --no-train --out a --quiet" in shown
    assert "assumed activity" in shown
    beside = command("runs", "compare", "1", "2").out
    assert "command  run" in " ".join(beside.split()).replace("command run", "command  run")
    assert "designs" in beside
    (three / "own.yaml").write_text(NET.replace("0.5", "0.6"))
    was, now = (hashlib.sha256(text.encode()).hexdigest()[:12] for text in
                (NET, NET.replace("0.5", "0.6")))  # fmt: skip
    changed = f"network own ({three / 'own.yaml'}) has changed: sha256 {was} -> {now}"
    assert f"! {changed}" in command("runs", "show", "1").out
    (three / "own.yaml").unlink()
    assert "is gone" in command("runs", "show", "1").out


def test_a_run_is_repeated_where_it_was_given(three, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    planned = command("runs", "repeat", "1", "--dry-run")
    line = f"in {three}: neurorebit run own.yaml --no-train --out a --quiet --store "
    assert (planned.code, planned.err) == (0, f"{line}{three / STORE}\n")
    assert len(recorded(three / STORE)) == 3
    done = command("runs", "repeat", "1", "--out", "b")
    assert (done.code, (three / "b" / "report.json").is_file()) == (0, True)
    assert "run 4 has the same figures as run 1\n" in done.err
    monkeypatch.chdir(tmp_path)
    (three / "own.yaml").write_text(NET.replace("features: 2", "features: 300")
                                    .replace("classes: 2", "classes: 300"))  # fmt: skip
    done = command("runs", "repeat", "4")
    assert "since run 4, network own" in done.err
    assert "run 5 has other figures than run 4; 'neurorebit runs compare 4 5' shows" in done.err
    assert command("runs", "repeat", "3").code == 2  # as it was


def test_options_of_a_repetition_stand_before_what_is_no_option(own, command):
    (own / "-own.yaml").write_text(NET)
    assert command("run", "--no-train", "--out", "a", "--quiet", "--", "-own.yaml").code == 0
    assert command("runs", "repeat", "1", "--out", "b").code == 0
    assert (own / "b" / "report.json").is_file()


def test_runs_are_forgotten_and_their_files_stay(three, command):
    assert command("runs", "forget").code == 2
    told = command("runs", "forget", "--state", "refused", "--dry-run").out
    assert told == "1 run would be forgotten: 3\n"
    assert command("runs", "forget", "--state", "refused").out == "1 run forgotten: 3\n"
    assert command("runs", "--network", "own", "forget", "--before", "1d").out == (
        "0 runs forgotten\n"
    )
    told = command("runs", "forget", "--all").out
    assert told == "2 runs forgotten: 1-2; what they wrote stays\n"
    assert (three / "a" / "report.json").is_file()
    assert recorded(three / STORE) == []


def test_a_wrong_question_is_one_line(three, command):
    for words, line in {
        "show 7": "no run 7; 'neurorebit runs' lists them",
        "compare 1": "1: expected two runs or more; name another one",
        "--where energy": "--where energy: expected a figure and its bound",
        "--since soon": "--since soon: expected a date",
        "--network x show 1": "1: these runs are named by their numbers; drop",
        "repeat x": "x: expected the number of a run or last",
    }.items():
        done = command("runs", *words.split())
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert line in done.err


def test_there_is_no_list_without_a_store(own, command, monkeypatch):
    monkeypatch.setenv("NEUROREBIT_STORE", "none")
    assert "NEUROREBIT_STORE: nothing is recorded" in command("runs").err


# --- the command view


@pytest.mark.skipif(os.name != "posix", reason="needs a signal that a terminal sends")
def test_pages_are_served_until_an_interrupt(three):
    words = [sys.executable, "-m", "neurorebit", "view", "last", "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one:
        try:
            url = one.stdout.readline().strip()
            assert url.endswith("/run/3/")  # it was refused, and wrote nothing
            with urllib.request.urlopen(url, timeout=60) as answer:
                assert "no such device" in answer.read().decode()
            one.send_signal(signal.SIGINT)
            assert one.wait(60) == 0
            assert one.stderr.read() == ""
        finally:
            one.kill()


def test_a_browser_gets_an_address_that_works_once(three, command, monkeypatch):
    opened = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("neurorebit.store.view.server.Server.serve", lambda self: self.close())
    monkeypatch.setattr("socketserver.BaseServer.shutdown", lambda self: None)
    done = command("view", three / "a", "--port", "0")
    address = done.out.splitlines()[0]
    assert (done.code, len(opened)) == (0, 1)
    assert address.split("/")[3] not in opened[0]
    assert address.endswith("/folder/report.html")
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    command("view", "1")
    assert len(opened) == 1  # a browser of the terminal would take it


def test_what_cannot_be_viewed_is_one_line(three, command, monkeypatch):
    for word, line in {"nowhere": "nowhere: no such folder, and no run", "9": "no run 9"}.items():
        done = command("view", word)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert line in done.err
    monkeypatch.setenv("NEUROREBIT_STORE", "none")
    assert "there is no store" in command("view").err
