"""The file of the store: private, whole, and nobody else's."""

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from neurorebit.schema import InputError, paths
from neurorebit.store import file, forget, place, process, rows, select, tables
from neurorebit.store.record import Figure, Input, Run

RUN = Run(
    key="ab",
    command="run",
    words=("run", "my net.yaml", "--out", "it's here"),
    place="/somewhere/\udcff",  # a folder whose name is no UTF-8
    started=1.75e9,
    process="elsewhere 1 2",
    versions={"neurorebit": "1.2"},
    settings={"technology.vdd": "0.8V"},
    folder="/somewhere/\udcff/out",
    files=("report.txt", "report.json"),
    inputs=(Input("network", "mine", "/somewhere/my net.yaml", "12" * 32),),
    figures=(
        Figure("energy", 3.5e-7, "J/image", "measured activity"),
        Figure("accuracy", 0.75, of="hybrid"),
    ),
)


def saved(path, *runs):
    for run in runs:
        with file.writing(path) as store:
            rows.save(store, run)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "neurorebit" / "runs.sqlite"


def refused(do):
    with pytest.raises(InputError) as caught:
        do()
    assert caught.value.cure
    return str(caught.value)


def read(path):
    return select.find(path, select.Filter())


def test_a_run_comes_back_as_it_was(path):
    assert read(saved(path, RUN)) == [replace(RUN, number=1)]
    assert RUN.line == "neurorebit run 'my net.yaml' --out 'it'\"'\"'s here'"


def test_it_and_its_folders_are_private(path):
    saved(path, RUN)
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]
    assert [one.name for one in path.parent.iterdir()] == ["runs.sqlite"]


def test_a_run_that_is_saved_again_keeps_its_number_and_no_number_is_given_twice(path):
    saved(path, RUN, replace(RUN, key="cd"), replace(RUN, state="finished"))
    assert [(run.number, run.state) for run in read(path)] == [(1, "finished"), (2, "running")]
    assert forget.forget(path, [2, 7]) == 1
    saved(path, replace(RUN, key="ef"))
    assert [run.number for run in read(path)] == [1, 3]
    store = sqlite3.connect(path)
    with contextlib.closing(store):
        for table in ("inputs", "figures"):
            left = store.execute(f"SELECT DISTINCT run FROM {table} ORDER BY run")
            assert [row[0] for row in left] == [1, 3]


def test_what_is_forgotten_is_gone_from_the_file(path):
    saved(path, replace(RUN, message="a secret of mine"))
    assert b"a secret of mine" in path.read_bytes()
    forget.forget(path, [1])
    assert b"a secret of mine" not in path.read_bytes()


@pytest.mark.parametrize(
    "content", [b"x", b"name: mlp\n" * 20, b"x" * 9000, b"SQLite format 3\0" + b"x" * 4000]
)
def test_a_file_that_is_no_store_stays_as_it_is(tmp_path, content):
    path = tmp_path / "mine"
    path.write_bytes(content)
    for do in (lambda: saved(path, RUN), lambda: read(path)):
        assert refused(do).startswith(f"{path}: is ")
    assert path.read_bytes() == content


def test_the_database_of_another_program_stays_as_it_is(tmp_path):
    path = tmp_path / "studies.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE trials (number INTEGER)")
        other.commit()
    before = path.read_bytes()
    for do in (lambda: saved(path, RUN), lambda: read(path), lambda: forget.forget(path, [1])):
        message = "is no store of runs; name another file, or move this one away"
        assert refused(do) == f"{path}: {message}"
    assert path.read_bytes() == before


def test_what_is_no_plain_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, what in (("", "is a folder"), ("pipe", "is no plain file")):
        place = tmp_path / name
        assert what in refused(lambda place=place: saved(place, RUN))
        assert what in refused(lambda place=place: read(place))
    (tmp_path / "file").write_text("")
    assert "cannot be used: Not a directory" in refused(
        lambda: saved(tmp_path / "file" / "runs.sqlite", RUN)
    )


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "runs.sqlite"
    path.touch()
    assert read(path) == []
    assert len(read(saved(path, RUN))) == 1


def test_a_store_of_a_newer_schema_stays_as_it_is(path):
    saved(path, RUN)
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA user_version = 7")
    before = path.read_bytes()
    for do in (lambda: saved(path, RUN), lambda: read(path)):
        assert "a store of schema 7, this version has schema 1; take the version" in refused(do)
    assert path.read_bytes() == before


def test_an_older_store_is_brought_up_whole_or_not_at_all(path, monkeypatch):
    saved(path, RUN)

    def step(store):
        store.execute("ALTER TABLE runs ADD COLUMN mood TEXT NOT NULL DEFAULT 'fair'")

    def fails(store):
        raise OSError(5, "no luck")

    first = tables.STEPS
    monkeypatch.setattr(tables, "STEPS", (*first, step, fails))
    assert "no luck" in refused(lambda: read(path))
    monkeypatch.setattr(tables, "STEPS", first)
    assert [run.key for run in read(path)] == ["ab"]
    monkeypatch.setattr(tables, "STEPS", (*first, step))
    assert [run.key for run in read(path)] == ["ab"]
    with file.reading(path) as store:
        assert store.execute("SELECT mood FROM runs").fetchall() == [("fair",)]
        assert tables.schema_of(store) == 2


def test_a_transaction_is_whole_or_not_at_all(path):
    saved(path, RUN)

    def fail():
        with file.writing(path) as store:
            rows.save(store, replace(RUN, key="cd"))
            raise OSError(28, "no room")

    assert "no room" in refused(fail)
    assert [run.key for run in read(path)] == ["ab"]


def test_a_thread_that_reads_leaves_the_locks_of_others_alone(path, monkeypatch):
    """The system gives up all locks of a process on a file once any handle of it is closed."""
    saved(path, RUN)
    code = (
        "import sqlite3, sys; s = sqlite3.connect(sys.argv[1], timeout=0);"
        "s.execute('BEGIN IMMEDIATE')"
    )
    with file.writing(path):
        reader = threading.Thread(target=read, args=(path,))
        reader.start()
        reader.join()
        words = [sys.executable, "-c", code, str(path)]
        other = subprocess.run(words, capture_output=True, text=True, check=False)
        assert "database is locked" in other.stderr


def test_a_store_that_another_process_holds_is_waited_for(path, monkeypatch):
    saved(path, RUN)
    monkeypatch.setattr(file, "PATIENCE", 0.05)
    with file.writing(path):
        with pytest.raises(file.BusyError) as caught:
            saved(path, replace(RUN, key="cd"))
        assert "another process holds it" in str(caught.value)
    monkeypatch.setattr(file, "PATIENCE", 20.0)
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with file.writing(path):
            entered.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(10)
    threading.Timer(0.1, leave.set).start()
    saved(path, replace(RUN, key="cd"))
    holder.join()
    assert len(read(path)) == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [("words", "no JSON"), ("words", '{"a": 1}'), ("started", "then"), ("versions", "[]"),
     ("key", 5), ("files", '"x"'), ("place", "7")],
)  # fmt: skip
def test_rows_that_are_not_those_of_runs_are_a_damaged_store(path, column, value):
    saved(path, RUN)
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute(f"UPDATE runs SET {column} = ?", (value,))
        store.commit()
    if column == "key":  # a column of text makes a text of it
        assert read(path)[0].key == "5"
        return
    assert "is damaged; move it away" in refused(lambda: read(path))


def test_pages_that_are_overwritten_are_a_damaged_store(path):
    for i in range(40):
        saved(path, replace(RUN, key=str(i)))
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    assert "is damaged" in refused(lambda: read(path))
    assert "is damaged" in refused(lambda: saved(path, RUN))


def test_where_it_is(monkeypatch, tmp_path):
    assert place.store("mine.sqlite").name == "mine.sqlite"
    monkeypatch.setenv(place.VARIABLE, "none")
    assert place.store() is None
    monkeypatch.setenv(place.VARIABLE, "")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert place.store() == tmp_path / "neurorebit" / "runs.sqlite"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")  # which the specification says to ignore
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place.store() == tmp_path / ".local/share/neurorebit/runs.sqlite"
    monkeypatch.setattr("sys.platform", "darwin")
    assert place.store() == tmp_path / "Library/Application Support/neurorebit/runs.sqlite"


def test_the_suite_has_a_store_of_its_own():
    assert place.store() == Path(os.environ[place.VARIABLE])
    assert not place.store().is_relative_to(paths.data_dir())


def test_a_run_whose_process_is_gone_was_killed():
    here = replace(RUN, process=process.own())
    assert here.shown_state == "running"
    host, number, start = here.process.split()
    assert replace(RUN, process=f"{host} {number} {start}0").shown_state == "killed"
    assert replace(RUN, process=f"{host} 4194305 {start}").shown_state == "killed"
    for other in (f"another {number} 0", "", "a b", f"{host} x {start}"):
        assert replace(RUN, process=other).shown_state == "running"
    assert replace(here, state="finished").shown_state == "finished"


# --- which runs are asked for

OTHERS = (
    replace(RUN, key="1", state="finished", scheme="hybrid"),
    replace(RUN, key="2", command="sweep", started=1.76e9, figures=(Figure("designs", 9.0),)),
    replace(
        RUN,
        key="3",
        state="refused",
        scheme="reram,hybrid",
        started=1.77e9,
        inputs=(Input("network", "vgg11", None, ""), Input("device", "pcmo", None, "")),
        figures=(Figure("energy", 2e-6, "J/image"), Figure("accuracy", 0.9)),
    ),
)


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"command": "sweep"}, [2]),
        ({"command": "Sweep"}, []),
        ({"inputs": {"network": "vgg*"}}, [3]),
        ({"inputs": {"network": "mine"}}, [1, 2]),
        ({"inputs": {"network": "vgg11", "device": "taox"}}, []),
        ({"scheme": "hybrid"}, [1, 3]),
        ({"scheme": "hyb"}, []),
        ({"state": "killed"}, []),
        ({"state": "running"}, [2]),
        ({"refused": False}, [1, 2]),
        ({"since": 1.76e9}, [2, 3]),
        ({"before": 1.76e9}, [1]),
        ({"last": 2}, [2, 3]),
        ({"last": 1, "state": "finished"}, [1]),
        ({"bounds": ("energy<1uJ",)}, [1]),
        ({"bounds": ("energy >= 2000 nJ",)}, [3]),
        ({"bounds": ("energy>1nJ", "accuracy>=90%")}, [3]),
        ({"bounds": ("designs<=9",)}, [2]),
        ({"numbers": (3, 9)}, [3]),
    ],
)
def test_runs_are_selected(path, asked, numbers):
    saved(path, *OTHERS)
    asked = dict(asked)
    if "bounds" in asked:
        asked["bounds"] = tuple(map(select.bound, asked["bounds"]))
    assert [run.number for run in select.find(path, select.Filter(**asked))] == numbers


def test_a_wrong_filter_is_refused(path):
    saved(path, *OTHERS)

    def bounded(text):
        return lambda: select.find(path, select.Filter(bounds=(select.bound(text),)))

    assert "did you mean 'energy'?" in refused(bounded("enrgy<1"))
    assert "write it in J" in refused(bounded("energy<1"))
    assert "write it in J" in refused(bounded("energy<1V"))
    assert "as in energy<1uJ" in refused(bounded("energy"))
    assert "expected one of running, " in refused(
        lambda: select.find(path, select.Filter(state="done"))
    )
    assert refused(lambda: select.one(path, "9")) == f"{path}: no run 9; {select.CURE}"
    assert "number of a run or last" in refused(lambda: select.one(path, "x"))
    assert "no run is recorded" in refused(lambda: select.one(path.with_name("no"), "last"))
    assert [run.number for run in select.some(path, ["last", "1"])] == [3, 1]


def test_moments(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1e6)
    assert select.moment("2d", "since") == 1e6 - 172800
    assert select.moment("1.5h", "since") == 1e6 - 5400
    assert select.moment("2026-12-01T00:00+00:00", "since") == 1796083200
    for text in ("", "d", "7", "7 years", "2026-13-01", "nan"):
        assert "write it as in" in refused(lambda text=text: select.moment(text, "since"))
