"""A sweep in files: the same figures as in memory, by whomever, and nothing finished is lost."""

import json
import os

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.machines.executor import executor
from neurorebit.results import sweep_text
from neurorebit.results.lock import held
from neurorebit.results.summary import Summary
from neurorebit.results.sweep import front
from neurorebit.results.writers import partitions as folders
from neurorebit.results.writers.partitions import FRONT, MANIFEST, Place
from neurorebit.schema import InputError
from neurorebit.studies import grid, partitions, sweep
from neurorebit.studies.partitions import partitioned

pytest.importorskip("pyarrow")
CRITERIA = ("energy", "area")
AXES = {  # with holes of two kinds
    "technology.vdd": "0.7V:1.0V:4",
    "device.r_on": "50kohm,200kohm",
    "architecture.apim.cols_per_adc": "8,7",
}
NOUNS = {"technology.vdd": "0.9V,1V", "technology": "22nm,32nm", "device.r_on": "90kohm,0.1Mohm"}


@pytest.fixture(autouse=True)
def parts_are_small(monkeypatch):
    monkeypatch.setattr(grid, "A_TASK", 4)


@pytest.fixture(scope="module")
def whole():
    return sweep.sweep("mlp", AXES)


@pytest.fixture(scope="module")
def two():
    pytest.importorskip("distributed")
    with executor(workers=2) as machines:
        yield machines


def written(place, machines=None, axes=AXES, **more):
    if machines is None:
        machines = executor()
    return partitioned(sweep.question("mlp", axes), place, machines, **more)


def parts(place):
    return sorted(path.name for path in place.glob("designs-*"))


def same(one, other):
    assert set(one) == set(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_files_hold_what_a_table_in_memory_does(whole, tmp_path):
    import pandas as pd

    told = []
    found = written(tmp_path / "x", pareto=CRITERIA, progress=lambda *done: told.append(done))
    assert told == [(4, 16), (8, 16), (12, 16), (16, 16)]
    ends = ("00-03", "04-07", "08-11", "12-15")
    assert parts(tmp_path / "x") == [f"designs-{of}.parquet" for of in ends]
    same(whole.table, found.frame)
    same(whole.table, pd.read_parquet(tmp_path / "x"))  # which reads no name that begins with _
    rows = np.flatnonzero(front(whole.table, CRITERIA))
    assert found.summary.front["row"].tolist() == rows.tolist()
    on_disk = pd.read_parquet(tmp_path / "x" / FRONT)
    assert on_disk["row"].tolist() == rows.tolist()
    for criteria in (CRITERIA, ("energy", "latency", "leakage")):
        streamed = found.pareto(*criteria)
        assert streamed.index.tolist() == whole.pareto(*criteria).index.tolist()
    assert found.feasible == np.count_nonzero(whole["feasible"])
    assert len(found) == 16


def test_what_a_reader_sees_is_what_the_table_in_memory_says(whole, tmp_path):
    found = written(tmp_path / "x")
    assert repr(found) == sweep_text.best(whole.table)
    marked = {**whole.table, "pareto": front(whole.table, CRITERIA)}
    again = written(tmp_path / "x", resume=True, pareto=CRITERIA)
    assert repr(again) == sweep_text.best(marked, CRITERIA)


def test_summaries_do_not_depend_on_the_order_of_parts(whole):
    pieces = []
    for low in range(0, 16, 3):
        table = {name: values[low : low + 3] for name, values in whole.table.items()}
        pieces.append(Summary.of(table, low, CRITERIA))
    one = Summary.of(whole.table, 0, CRITERIA)
    for order in (pieces, pieces[::-1], pieces[3:] + pieces[:3]):
        found = Summary()
        for piece in order:
            found = Summary.merged((found, piece))
        assert (found.designs, found.feasible) == (one.designs, one.feasible)
        assert found.reasons == one.reasons
        same(found.front, one.front)
        same(found.shown, one.shown)


def test_workers_write_the_same_bytes(two, tmp_path):
    here = written(tmp_path / "one", axes=NOUNS)
    written(tmp_path / "two", two, axes=NOUNS)
    assert len(parts(tmp_path / "one")) == 2  # each with two passes
    assert parts(tmp_path / "one") == parts(tmp_path / "two")
    for name in parts(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    asked = sweep.question("mlp", NOUNS)
    same(here.frame, sweep.swept(asked).table)
    same(here.frame, sweep.swept(asked, machines=two).table)


def test_what_is_finished_is_not_made_again(tmp_path, monkeypatch):
    place = tmp_path / "x"
    whole = written(place)
    names = parts(place)
    (place / names[2]).unlink()
    (place / names[3]).write_bytes(b"PAR1 cut short")
    (place / ".writing-left.parquet").write_bytes(b"of a worker that was killed")
    made = []
    part = partitions.part
    monkeypatch.setattr(partitions, "part", lambda *given: made.append(given) or part(*given))
    again = written(place, resume=True)
    assert len(made) == 2
    assert parts(place) == names
    assert not (place / ".writing-left.parquet").exists()
    same(whole.frame, again.frame)


def test_an_interrupt_keeps_what_was_finished(tmp_path, monkeypatch):
    place, made = tmp_path / "x", []
    part = partitions.part

    def interrupted(*given):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(given)
        return part(*given)

    monkeypatch.setattr(partitions, "part", interrupted)
    found = written(place, pareto=CRITERIA)
    assert found.interrupted
    assert (len(found.summary.front["row"]) > 0, (place / FRONT).exists()) == (True, False)
    assert len(parts(place)) == 2
    assert found.summary.designs == sum(len(t["feasible"]) for t in found.tables())
    monkeypatch.undo()
    monkeypatch.setattr(grid, "A_TASK", 4)
    assert json.loads((place / MANIFEST).read_text()).get("finished") is None
    assert not written(place, resume=True).interrupted
    assert json.loads((place / MANIFEST).read_text())["finished"]


def refused(do):
    with pytest.raises(InputError) as problem:
        do()
    assert problem.value.cure
    return str(problem.value)


def test_a_folder_of_something_else_is_refused(tmp_path):
    place = tmp_path / "x"
    written(place)
    kept = parts(place)
    assert "holds a sweep, which is finished; go on" in refused(lambda: written(place))
    other = {**AXES, "device.r_on": "50kohm:200kohm:3"}
    text = refused(lambda: written(place, axes=other, resume=True))
    assert "has another sweep: axes[1] is " in text
    assert "device.r_on [ohm]: 2 values" in text
    assert parts(place) == kept
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "mine.txt").write_text("")
    assert "holds other files (mine.txt)" in refused(lambda: written(tmp_path / "y"))
    assert "is a file" in refused(lambda: written(tmp_path / "y" / "mine.txt"))
    for content in ("[]", "{}", '{"kind": "sweep", "schema": 9}', '{"kind": "sweep", "schema": 1}'):
        (tmp_path / "y" / MANIFEST).write_text(content)
        assert str(tmp_path / "y" / MANIFEST) in refused(
            lambda: written(tmp_path / "y", resume=True)
        )
    with held(place):
        assert "an unfinished run of process" in refused(lambda: written(place, resume=True))


def test_a_full_disk_ends_the_sweep_and_leaves_whole_files(tmp_path, monkeypatch):
    from neurorebit.results.writers import columns_parquet

    place, made = tmp_path / "x", []
    write = columns_parquet.write

    def full(table, path):
        write(table, path)
        made.append(path)
        if len(made) == 4:
            path.write_bytes(path.read_bytes()[:100])
            raise OSError(28, "No space left on device")

    monkeypatch.setitem(folders.sweep_file.SWEEP_WRITERS, ".parquet", full)
    text = refused(lambda: written(place))
    assert "cannot be written: No space left on device; make room there, and go on" in text
    assert len(parts(place)) == 3
    assert not [name for name in os.listdir(place) if name.startswith(".")]
    monkeypatch.undo()
    monkeypatch.setattr(grid, "A_TASK", 4)
    assert len(written(place, resume=True).frame) == 16


def test_a_worker_that_reads_other_files_is_refused(tmp_path):
    place = tmp_path / "x"
    mine = tmp_path / "mine.yaml"
    mine.write_text(nr.device("taox_hfox").text)
    asked = sweep.question("mlp", {"technology.vdd": "0.9V,1V"}, device=str(mine))
    place.mkdir()
    manifest = partitions.manifest_of(asked)
    folders.begin(Place(place, asked.count), manifest, False)
    job = asked, Place(place, asked.count), (), partitions.digest(manifest)
    partitions.check(job)
    mine.write_text(f"{mine.read_text()}# changed\n")
    again = (*job[:3], job[3])
    partitions.check.cache_clear()
    assert "has another device mine; copy it there" in refused(lambda: partitions.check(again))
    mine.unlink()
    partitions.check.cache_clear()
    assert "does not find device mine; copy it" in refused(lambda: partitions.check(again))
    nowhere = (asked, Place(tmp_path / "nowhere", 2), (), job[3])
    assert "does not see this folder" in refused(lambda: partitions.check(nowhere))


def test_the_library_takes_workers_and_a_folder(tmp_path, monkeypatch):
    axes = {"technology.vdd": [0.9, 0.95, 1.0]}
    in_memory = nr.sweep("mlp", "rebit", axes, workers=1, progress=False)
    found = nr.sweep("mlp", "rebit", axes, out=tmp_path / "x", progress=False)
    same(in_memory.table, found.frame)
    assert found.pareto("energy").index.tolist() == [0]
    with pytest.raises(InputError, match="expected one or more of energy"):
        found.pareto()
    monkeypatch.setattr(partitions, "MOST", 2)
    assert "at most 2 designs" in refused(
        lambda: nr.sweep("mlp", "rebit", axes, out=tmp_path / "y", progress=False)
    )
