"""Checkpoint files: whole or refused, of this run or refused, and never the only one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from common import refusal

from neurorebit.data import digits
from neurorebit.schema import InputError
from neurorebit.training import checkpoint
from neurorebit.training.state import State

RUN = {"training": {"epochs": 3, "batch": 8}, "seed": 0, "network": [{"rows": 4}, {"rows": 5}]}
POSITION = {"run.epoch": 1, "run.done": 1200}


def state(number=1.0):
    arrays = {
        "0 conv1.weights.real": np.full((2, 3), number, np.float32),
        "1 norm.gain": np.arange(3.0),
        "0 conv1.weights.levels": np.array([-3, 2], np.int8),
        "0 conv1.seen.errors": np.asarray(np.float64(0.1)),
    }
    return State(arrays, {**POSITION, "0 conv1.weights.bound": float("inf"), "0 conv1._x": None})


def test_a_checkpoint_is_read_as_it_was_written(tmp_path):
    folder = tmp_path / "new" / "folder"
    epochs = [{"epoch": 1, "loss": 0.1 + 0.2, "test_accuracy": None}]
    checkpoint.save(folder, RUN, state(), epochs)
    found = checkpoint.load(folder)
    assert (found.path, found.identity, found.epochs) == (folder / checkpoint.NAME, RUN, epochs)
    assert found.state.plain == state().plain
    assert found.state.arrays.keys() == state().arrays.keys()
    for name, array in state().arrays.items():
        np.testing.assert_array_equal(found.state.arrays[name], array)
        assert found.state.arrays[name].dtype == array.dtype
    assert found.length == "1 epochs finished, 1,200 images seen"


def test_the_last_two_are_kept_and_nothing_else(tmp_path):
    for number in range(4):
        checkpoint.save(tmp_path, RUN, state(number), [])
    assert {p.name for p in tmp_path.iterdir()} == {checkpoint.NAME, checkpoint.PREVIOUS}
    real = "0 conv1.weights.real"
    assert checkpoint.load(tmp_path).state.arrays[real][0, 0] == 3
    (tmp_path / checkpoint.NAME).unlink()  # as between the two renames
    found = checkpoint.load(tmp_path)
    assert found.path.name == checkpoint.PREVIOUS
    assert found.state.arrays[real][0, 0] == 2
    checkpoint.remove(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_cut_off_while_written_does_no_harm(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, RUN, state(1), [])

    def cut_off(file, **arrays):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", cut_off)
        with pytest.raises(InputError, match="cannot be written: No space left on device; make r"):
            checkpoint.save(tmp_path, RUN, state(2), [])
    assert checkpoint.load(tmp_path).state.arrays["0 conv1.weights.real"][0, 0] == 1
    checkpoint.save(tmp_path, RUN, state(3), [])
    assert {p.name for p in tmp_path.iterdir()} == {checkpoint.NAME, checkpoint.PREVIOUS}


@pytest.mark.parametrize("cut", [0, 1, 30, 0.5, -1])
def test_a_truncated_checkpoint_is_refused_in_one_line(tmp_path, cut):
    checkpoint.save(tmp_path, RUN, state(), [])
    file = tmp_path / checkpoint.NAME
    content = file.read_bytes()
    file.write_bytes(content[: int(cut * len(content)) if isinstance(cut, float) else cut])
    with pytest.raises(InputError) as refused:
        checkpoint.load(tmp_path)
    assert str(refused.value).startswith(f"{file}: cut short or damaged (")
    assert str(refused.value).endswith("remove the file and drop resume to start anew")


def test_an_archive_of_something_else_is_refused(tmp_path):
    checkpoint.save(tmp_path, RUN, State({}, {"run.step": 1}), [])
    with pytest.raises(InputError, match=r"checkpoint\.npz: cut short or damaged \('run\.epoch'\)"):
        checkpoint.load(tmp_path)


def test_damage_anywhere_is_noticed_or_harmless(tmp_path):
    """One byte flipped at places all over the file: refused, or what was read is right."""
    checkpoint.save(tmp_path, RUN, state(1), [])
    checkpoint.save(tmp_path, RUN, state(2), [])
    file = tmp_path / checkpoint.NAME
    content, refusals = file.read_bytes(), []
    for at in range(0, len(content), 41):
        file.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        try:
            found = checkpoint.load(tmp_path)
        except InputError as problem:
            refusals.append(str(problem))
        else:
            assert (found.identity, found.state.plain) == (RUN, state().plain)
            for name, array in state(2).arrays.items():
                np.testing.assert_array_equal(found.state.arrays[name], array)
    cure = f"; rename {checkpoint.PREVIOUS} to {checkpoint.NAME} to go on from the one before it"
    assert len(refusals) > 10
    assert all(line.endswith(cure) and "\n" not in line for line in refusals)


def test_a_checkpoint_runs_no_code(tmp_path):
    content = {"meta": np.array([print], dtype=object)}
    with (tmp_path / checkpoint.NAME).open("wb") as file:
        np.savez(file, **content)
    with pytest.raises(InputError, match="damaged"):
        checkpoint.load(tmp_path)


def test_there_must_be_one(tmp_path):
    with pytest.raises(InputError, match=r"resume: there is no checkpoint in .*drop resume"):
        checkpoint.load(tmp_path)
    checkpoint.refuse_unfinished(tmp_path)
    checkpoint.save(tmp_path, RUN, state(), [])
    with pytest.raises(InputError, match="unfinished run is there; go on with resume, or remov"):
        checkpoint.refuse_unfinished(tmp_path)


def test_another_run_is_refused_and_the_difference_named(tmp_path):
    checkpoint.save(tmp_path, RUN, state(), [])
    saved = checkpoint.load(tmp_path)
    checkpoint.check(saved, RUN)
    other = json.loads(json.dumps(RUN))
    other["training"]["epochs"] = 4
    other["network"].append({"rows": 6})
    with pytest.raises(InputError) as refused:
        checkpoint.check(saved, other)
    assert str(refused.value) == (
        f"{saved.path}: is of another run: network[2].rows is nothing there, 6 here; "
        "training.epochs is 3 there, 4 here; give what it was started with, or remove the "
        "file and drop resume to start anew"
    )
    many = {**RUN, "training": {key: 0 for key in "abcde"}}
    with pytest.raises(InputError, match=r"; and 4 more; "):
        checkpoint.check(saved, many)


def test_all_that_a_run_follows_from_identifies_it(bench):
    layers = [{"kind": "flatten"}, {"kind": "linear", "features": 10}]
    network = bench.network((8, 8, 1), layers, 10)
    spec, device = bench.chip("hybrid")
    data = digits.load(None, network.input)
    given = {
        "network": network,
        "architecture": spec,
        "device": device,
        "data": data,
        "seed": 1,
        "wires": None,
    }
    first = checkpoint.identity(**given)
    assert checkpoint.identity(**given) == first
    images = data.train_images.copy()
    images[7, 3, 3, 0] ^= 1
    others = [
        ("network", bench.network((8, 8, 1), [layers[0], {**layers[1], "name": "last"}], 10)),
        ("network", replace(network, training=replace(network.training, batch=7))),
        ("architecture", replace(spec, input_bits=7)),
        ("device", replace(device, variation=replace(device.variation, c2c=0.2))),
        ("data", replace(data, train_images=images)),
        ("seed", 2),
        ("wires", (1.7, 1.7)),
    ]
    for what, other in others:
        assert checkpoint.identity(**{**given, what: other}) != first


@pytest.mark.parametrize(("schema", "told"), [(None, "schema 1"), (9, "schema 9")])
def test_a_checkpoint_of_another_schema_is_refused_with_its_version(tmp_path, schema, told):
    """Those of the first version have no number."""
    checkpoint.save(tmp_path, {**RUN, "version": {"neurorebit": "0.0.7"}}, state(), [])
    file = tmp_path / checkpoint.NAME
    with np.load(file) as archive:
        arrays = {name: archive[name] for name in archive.files}
    meta = json.loads(arrays[checkpoint.META].tobytes())
    assert meta.pop("schema") == checkpoint.SCHEMA
    meta |= {} if schema is None else {"schema": schema}
    arrays[checkpoint.META] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez(file, **arrays)
    said = refusal(lambda: checkpoint.load(tmp_path))
    assert f"checkpoint of {told}, written by NeuroReBIT 0.0.7; this version reads schema 3" in said
