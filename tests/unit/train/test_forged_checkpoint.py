"""Checkpoints that somebody made: one line, and neither memory nor files of others are touched."""

import errno
import io
import json
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest

from neurorebit.schema import InputError
from neurorebit.training import checkpoint
from neurorebit.training.state import State, restore

PLAIN = {"run.epoch": 1, "run.step": 0, "run.steps": 3, "run.done": 96}
ARRAYS = {"weights.real": np.arange(6.0)}
IDENTITY = {"seed": 0}


@pytest.fixture
def folder(tmp_path):
    checkpoint.save(tmp_path, IDENTITY, State(dict(ARRAYS), dict(PLAIN)), [])
    return tmp_path


def forged(folder, meta=None, members=(), method=zipfile.ZIP_STORED):
    """A checkpoint with valid checksums, of this ``meta`` and further members."""
    whole = {"schema": 2, "identity": IDENTITY, "plain": PLAIN, "epochs": []} | (meta or {})
    raw = io.BytesIO()
    np.save(raw, np.frombuffer(json.dumps(whole).encode(), np.uint8))
    with zipfile.ZipFile(folder / checkpoint.NAME, "w", method) as archive:
        archive.writestr("meta.npy", raw.getvalue())
        for name, content in members:
            archive.writestr(name, content)


def refused(folder):
    with pytest.raises(InputError, match=r"checkpoint\.npz: cut short or damaged") as problem:
        checkpoint.load(folder)
    assert str(problem.value).isprintable()
    return str(problem.value)


def test_a_good_one_is_read_as_it_was_written(folder):
    saved = checkpoint.load(folder)
    assert saved.state.plain == PLAIN
    np.testing.assert_array_equal(saved.state.arrays["weights.real"], ARRAYS["weights.real"])


@pytest.mark.parametrize(
    "meta",
    [
        {"plain": []},
        {"plain": {**PLAIN, "run.epoch": "1"}},
        {"plain": {**PLAIN, "run.epoch": -1}},
        {"plain": {**PLAIN, "run.done": 10**30}},
        {"plain": {**PLAIN, "x": [1]}},
        {"identity": 3},
        {"epochs": {}},
        {"epochs": [3]},
        {"epochs": [{"loss": "low"}]},
    ],
)
def test_wrong_types_are_refused(folder, meta):
    forged(folder, meta)
    refused(folder)


def header(shape):
    raw = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        raw, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return raw.getvalue()


@pytest.mark.parametrize(
    "member",
    [
        ("x.npy", b"no array"),
        ("x", b""),
        ("x.npy", header((1 << 50,))),
        ("x.npy", header((1 << 40, 1 << 40))),
        ("x.npy", header((5,)) + b"short"),
    ],
)
def test_members_that_are_no_arrays_are_refused(folder, member):
    forged(folder, members=[member])
    refused(folder)


def test_packed_members_are_refused_before_they_are_unpacked(folder):
    forged(folder, members=[("x.npy", bytes(1 << 20))], method=zipfile.ZIP_DEFLATED)
    assert "is packed, or larger than the file" in refused(folder)


def test_values_of_other_shapes_do_not_fit():
    @dataclass
    class Thing:
        count: int = 0
        name: str = "x"

    for state in (
        State({"a.count": np.zeros(3)}, {"a.name": "y"}),
        State({}, {"a.count": "3", "a.name": "y"}),
        State({}, {"a.count": 3, "a.name": 4}),
        State({}, {"a.count": 0.5, "a.name": "y"}),
    ):
        with pytest.raises(ValueError, match=r"is |has "):
            restore({"a": Thing()}, state)


def test_a_link_in_the_place_of_the_next_checkpoint_is_not_followed(tmp_path):
    (tmp_path / "kept").write_text("kept")
    (tmp_path / checkpoint.PART).symlink_to(tmp_path / "kept")
    checkpoint.save(tmp_path, IDENTITY, State({}, dict(PLAIN)), [])
    assert (tmp_path / "kept").read_text() == "kept"
    assert not (tmp_path / checkpoint.NAME).is_symlink()
    assert not (tmp_path / checkpoint.PART).exists()


def test_no_room_for_the_next_checkpoint_keeps_the_last_and_nothing_else(folder, monkeypatch):
    before = (folder / checkpoint.NAME).read_bytes()

    def full(file, **arrays):
        file.write(b"part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match="No space left on device; make room, or name another"):
        checkpoint.save(folder, IDENTITY, State({}, dict(PLAIN)), [])
    assert [path.name for path in folder.iterdir()] == [checkpoint.NAME]
    assert (folder / checkpoint.NAME).read_bytes() == before
