"""Files of weights: written whole, read without trust, and refused in one line."""

import io
import os
import pickle
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.schema import InputError, npz_file
from neurorebit.weights import tensors
from neurorebit.weights.archive import NetworkWeights, read
from neurorebit.weights.fitting import fit

HEADER = {"schema": 1, "network": "small"}


@pytest.fixture
def weights(network, state):
    """What the network has in our layout, with what cells hold beside it."""
    from neurorebit.weights.archive import given

    start = fit(given(state), network)
    arrays = {}
    for name, one in start.matrices.items():
        arrays[f"{name}.weight"] = one.weight
        arrays[f"{name}.levels"] = np.rint(3 * one.weight).astype(np.int16)
        arrays[f"{name}.full"] = np.array(0.75)
    for layer, group in start.others.items():
        arrays |= {f"{layer}.{name}": array for name, array in group.items()}
    return NetworkWeights(arrays, HEADER)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_what_is_saved_is_read_back(weights, network, tmp_path, suffix):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors", reason="safetensors is an extra")
    path = weights.save(tmp_path / "deep" / f"w{suffix}")
    back = read(path)
    assert back.header == HEADER
    assert not back.foreign
    assert back.sha256 == weights.sha256
    assert {n: (a.dtype, a.shape) for n, a in back.arrays.items()} == {
        n: (a.dtype, a.shape) for n, a in weights.arrays.items()
    }
    start = fit(back, network)
    np.testing.assert_array_equal(
        start.matrices["first"].weight, weights.arrays["first.weight"], strict=True
    )
    assert start.matrices["last"].full == 0.75
    np.testing.assert_array_equal(
        start.others["batch_norm2"]["mean"], weights.arrays["batch_norm2.mean"]
    )


def test_a_file_that_cannot_be_written_leaves_the_old_one(weights, tmp_path, monkeypatch):
    path = weights.save(tmp_path / "w.npz")
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"save_weights .*w.npz: cannot be written: No space left"):
        weights.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.glob("*") if p.name.startswith(".")] == []


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_file_of_another_kind_is_not_replaced(weights, state, tmp_path, suffix):
    """A data set, another tool's weights, any text, a link to nowhere; weights of ours are."""
    if suffix == ".safetensors":
        pytest.importorskip("safetensors", reason="safetensors is an extra")
    path = tmp_path / f"w{suffix}"
    foreign = tensors.WRITERS[suffix](tensors.Tensors(state, {}))
    for content in (foreign, b"mine", b""):
        path.write_bytes(content)
        for write in (tensors.check_place, weights.save):
            with pytest.raises(InputError, match="is there, and holds no weights that a run saved"):
                write(path)
        assert path.read_bytes() == content
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no weights that a run saved"):
        weights.save(path)
    path.unlink()
    weights.save(path)
    tensors.check_place(path)
    assert read(weights.save(path)).sha256 == weights.sha256


def member(array, allow_pickle=False):
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=allow_pickle)
    return content.getvalue()


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("was_unpickled",)


def archive(path, **members):
    with zipfile.ZipFile(path, "w") as file:
        for name, raw in members.items():
            file.writestr(f"{name.replace('__', '.')}.npy", raw)
    return path


def test_pickled_members_are_refused_and_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = archive(
        tmp_path / "w.npz", first__weight=member(np.array([Bomb()], object), allow_pickle=True)
    )
    with pytest.raises(InputError) as problem:
        read(path)
    assert str(problem.value) == (
        f"{path}: first.weight: holds Python objects, which may run code and are not read; save "
        "arrays of numbers"
    )
    assert not (tmp_path / "was_unpickled").exists()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "not a NumPy archive"),
        (b"PK\x03\x04 and then nothing", "not a NumPy archive"),
        (pickle.dumps({"a": 1}), "not a NumPy archive"),
    ],
)
def test_other_files_are_refused(tmp_path, raw, told):
    path = tmp_path / "w.npz"
    path.write_bytes(raw)
    with pytest.raises(InputError) as problem:
        read(path)
    assert str(problem.value).startswith(f"{path}: {told}")


def test_a_file_cut_short_is_refused(weights, tmp_path):
    path = weights.save(tmp_path / "w.npz")
    raw = path.read_bytes()
    for size in (len(raw) // 3, len(raw) - 30):
        path.write_bytes(raw[:size])
        with pytest.raises(InputError, match=r"not a NumPy archive|cut short or damaged"):
            read(path)


def test_a_changed_byte_is_seen(weights, tmp_path):
    path = weights.save(tmp_path / "w.npz")
    raw = bytearray(path.read_bytes())
    raw[300] ^= 1  # of a number of the first array
    path.write_bytes(bytes(raw))
    with pytest.raises(InputError, match="cut short or damaged"):
        read(path)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (member(np.array(["x", "y"])), "holds <U1, not numbers"),
        (member(np.array([1j])), "holds complex128, not numbers"),
        (b"no array", "is not an array of NumPy"),
        (member(np.zeros(4))[:-8], "says that it holds another number of bytes than it does"),
    ],
)
def test_members_that_are_no_numbers_are_refused(tmp_path, raw, told):
    path = archive(tmp_path / "w.npz", first__weight=raw)
    with pytest.raises(InputError) as problem:
        read(path)
    assert told in str(problem.value)
    assert str(problem.value).startswith(f"{path}: first.weight")


def test_a_member_larger_than_any_packing_is_not_unpacked(tmp_path):
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", member(np.zeros(1)))
    raw = path.read_bytes()
    said = (1 << 31).to_bytes(4, "little")  # in the central directory, the size when unpacked
    at = raw.index(b"PK\x01\x02") + 24
    path.write_bytes(raw[:at] + said + raw[at + 4 :])
    with pytest.raises(InputError, match="says that it holds more than"):
        read(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda a: a.pop("first.weight"), "first.weight: expected 2 x 9 x 2, found nothing"),
        (
            lambda a: a.update({"first.weight": np.zeros((1, 18, 4))}),
            "first.weight: expected 2 x 9 x 2, found 1 x 18 x 4",
        ),
        (lambda a: a.update({"other.weight": np.zeros(3)}), "other: the network has no such layer"),
        (lambda a: a["batch_norm1.gain"].fill(np.inf), "batch_norm1.gain holds numbers that are"),
    ],
)
def test_an_archive_of_another_network_is_refused(weights, network, tmp_path, change, told):
    arrays = {name: array.copy() for name, array in weights.arrays.items()}
    change(arrays)
    path = NetworkWeights(arrays, HEADER).save(tmp_path / "w.npz")
    with pytest.raises(InputError) as problem:
        fit(read(path), network)
    assert told in str(problem.value)
    assert str(problem.value).startswith(f"{path}: does not fit network 'small': ")


@pytest.mark.parametrize(
    ("name", "array", "told"),
    [
        ("last.full", np.zeros(0), "last.full: expected a positive number"),
        ("last.full", np.array(-1.0), "last.full: expected a positive number"),
        ("last.adapter_down", np.zeros((1, 7, 2)), "belong to an adapter, and the layer has none"),
        ("weight", np.zeros(3), "an array has no name of a layer"),
    ],
)
def test_arrays_beside_those_of_the_layers_are_checked(weights, network, name, array, told):
    with pytest.raises(InputError) as problem:
        fit(NetworkWeights({**weights.arrays, name: array}, HEADER), network)
    assert told in str(problem.value)


def test_adapters_are_checked(weights, network):
    """A layer of 7 inputs and 3 outputs with an adapter of rank 2."""
    nodes = [replace(n, rank=2) if n.name == "last" else n for n in network.nodes]
    adapted = replace(network, nodes=tuple(nodes))
    good = {"last.adapter_down": np.zeros((1, 7, 2)), "last.adapter_up": np.zeros((2, 3))}
    fit(NetworkWeights({**weights.arrays, **good}, HEADER), adapted)
    for bad in (
        {**good, "last.adapter_up": np.zeros((3, 2))},
        {"last.adapter_down": good["last.adapter_down"]},
        {**good, "last.adapter_down": np.full((1, 7, 2), np.nan)},
    ):
        with pytest.raises(InputError, match=r"last.adapter_(up|down): expected . x .*finite"):
            fit(NetworkWeights({**weights.arrays, **bad}, HEADER), adapted)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("[1]", "its header is damaged; save it again"),
        ("{}", "its header is damaged"),
        ('{"schema": 1, "training": 3}', "its header is damaged"),
        ('{"schema": 1, "training": {"dataset": 3}}', "its header is damaged"),
        ('{"schema": 1, "training": {"test_accuracy": NaN}}', "its header is damaged"),
        ('{"schema": 1, "training": {"epochs": [1]}}', "its header is damaged"),
        (
            r'{"schema": 1, "training": {"dataset": "\u001b[31m"}}',
            "holds a character that does not",
        ),
        (r'{"schema": 1, "network": "\ud800"}', "holds half of a character"),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema": ', "not JSON"),
    ],
)
def test_a_header_that_no_training_wrote_is_refused(weights, tmp_path, header, told):
    path = tmp_path / "w.npz"
    tensors.save(path, tensors.Tensors(weights.arrays, {tensors.HEADER: header}))
    with pytest.raises(InputError, match=re.escape(told)):
        read(path)


def test_a_member_whose_header_is_no_header(tmp_path):
    """The parsers of Python raise what they like."""
    whole = member(np.zeros(3))
    for broken in (b"(" * 60, b"'" + b" " * 59, b"{'descr': [" + b" " * 49, b"\0" * 60):
        path = archive(tmp_path / "w.npz", first__weight=whole[:10] + broken + whole[70:])
        with pytest.raises(InputError, match="is not an array of NumPy"):
            read(path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """Zeros that deflate makes a thousand times smaller."""
    monkeypatch.setattr(npz_file, "LEAST", 1 << 20)
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("first.weight.npy", member(np.zeros(1 << 18)))
    with pytest.raises(InputError, match="says that it holds more than"):
        read(path)


def test_another_schema_is_refused(weights, tmp_path):
    path = NetworkWeights(weights.arrays, {"schema": 7}).save(tmp_path / "w.npz")
    with pytest.raises(InputError, match="weights of schema 7, this version reads schema 1"):
        read(path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("w.csv", r"end it in \.npz or \.safetensors"),
        ("w", r"end it in \.npz or \.safetensors"),
        ("taken.npz", "is a folder; name a file"),
    ],
)
def test_a_place_is_checked_before_anything_is_trained(tmp_path, name, told):
    (tmp_path / "taken.npz").mkdir()
    with pytest.raises(InputError, match=told):
        tensors.check_place(tmp_path / name)


def test_files_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"w.csv: files of weights end in .npz, .safetensors"):
        read(tmp_path / "w.csv")
    with pytest.raises(InputError, match=r"w.npz: no such file"):
        read(tmp_path / "w.npz")
    with pytest.raises(InputError, match="expected weights, a path or a state dict, got int"):
        nr.train("mlp", weights_from=3, progress=False)
