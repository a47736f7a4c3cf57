"""MNIST and Fashion-MNIST: IDX files that are read, and those that are refused."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from neurorebit.data import fashion_mnist, idx, mnist
from neurorebit.data.fit import Wanted
from neurorebit.data.locate import load, locate
from neurorebit.layers.base import Shape
from neurorebit.schema import InputError

SIZES = {"train": 30, "t10k": 12}


def content(part, kind):
    """The file as the format is described: magic, lengths of the axes, bytes."""
    count = SIZES[part]
    random = np.random.default_rng(count)
    images = random.integers(0, 256, (count, 28, 28), np.uint8)
    labels = np.arange(count) % 10
    if kind == "labels":
        return b"\x00\x00\x08\x01" + struct.pack(">I", count) + bytes(labels.tolist())
    return b"\x00\x00\x08\x03" + struct.pack(">III", count, 28, 28) + images.tobytes()


def name(part, kind):
    return f"{part}-{kind}-idx{1 if kind == 'labels' else 3}-ubyte"


FILES = {name(p, k): content(p, k) for p in SIZES for k in ("images", "labels")}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NEUROREBIT_DATA", raising=False)
    made = tmp_path / "place" / "mnist"
    made.mkdir(parents=True)
    for file, raw in FILES.items():
        (made / f"{file}.gz").write_bytes(gzip.compress(raw))
    return made


def find(place, dataset="mnist", shape=(1, 28, 28)):
    source = locate(Wanted(dataset, None, Shape(*shape), 10), place)
    return load(source, Shape(*shape))


def refused(call, *said):
    with pytest.raises(InputError) as problem:
        call()
    message = str(problem.value)
    assert "\n" not in message
    for words in said:
        assert str(words) in message


def test_images_and_labels_are_those_of_the_files(folder):
    found = find(folder.parent)
    assert found.train_images.shape == (30, 28, 28, 1)
    assert found.train_images.dtype == np.uint8
    raw = FILES["train-images-idx3-ubyte"]
    for image, row, col in [(0, 0, 0), (7, 3, 20), (29, 27, 27)]:
        assert found.train_images[image, row, col, 0] == raw[16 + 784 * image + 28 * row + col]
    assert found.train_labels.tolist() == [i % 10 for i in range(30)]
    assert found.test_labels.tolist() == [i % 10 for i in range(12)]
    assert found.train_labels.dtype == np.int64
    assert not found.mirrored


@pytest.mark.parametrize("where", ["", "mnist", "MNIST/raw"])
def test_folders_of_other_tools_and_unpacked_files_are_found(tmp_path, folder, where):
    place = tmp_path / "other" / where
    place.mkdir(parents=True)
    for file, raw in FILES.items():
        (place / file).write_bytes(raw)
    np.testing.assert_array_equal(
        find(tmp_path / "other").test_images, find(folder.parent).test_images
    )


def test_a_larger_input_frames_the_digits(folder):
    plain, framed = find(folder.parent), find(folder.parent, shape=(1, 33, 30))
    assert framed.train_images.shape == (30, 33, 30, 1)
    np.testing.assert_array_equal(framed.train_images[:, 2:30, 1:29], plain.train_images)
    whole = int(framed.train_images.astype(np.int64).sum())
    assert whole == int(plain.train_images.astype(np.int64).sum())  # black around
    refused(lambda: find(folder.parent, shape=(1, 27, 28)), "1 x 27 x 28", "MNIST has 1 x 28 x 28")
    refused(lambda: find(folder.parent, shape=(3, 32, 32)), "3 x 32 x 32")


def test_a_name_is_given_to_published_files_alone(folder):
    found = find(folder.parent)
    assert found.name == "MNIST (unverified)"
    assert "not those that were published" in found.note
    unpacked = {f"{file}.gz": hashlib.md5(raw).hexdigest() for file, raw in FILES.items()}
    own = idx.Four(title="X", word="x", mirrored=True, packed=mnist.FILES.packed, unpacked=unpacked)
    found = own.load(folder, Shape(1, 28, 28))
    assert (found.name, found.note, found.mirrored) == ("X", "", True)  # packed anew, same content
    packed = {
        f"{file}.gz": hashlib.md5((folder / f"{file}.gz").read_bytes()).hexdigest()
        for file in FILES
    }
    own = idx.Four(title="X", word="x", mirrored=True, packed=packed, unpacked={})
    assert own.load(folder, Shape(1, 28, 28)).name == "X"


IMAGES, LABELS = "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("file", "raw", "said"),
    [
        (IMAGES, b"", "got nothing"),
        (IMAGES, FILES[IMAGES][:-1], "expected 23,536 bytes for 30 items, got 23,535"),
        (IMAGES, FILES[IMAGES] + b"x", "got more"),
        (IMAGES, FILES["train-labels-idx1-ubyte"], "with 3 axes, got 00000801"),
        (IMAGES, b"\x00\x00\x0d\x03" + FILES[IMAGES][4:], "got 00000d03"),  # floats
        (
            IMAGES,
            FILES[IMAGES][:8] + struct.pack(">II", 56, 14) + FILES[IMAGES][16:],
            "items of 28 x 28 bytes, got 56 x 14",
        ),
        (
            IMAGES,
            FILES[IMAGES][:4] + struct.pack(">I", 2**32 - 1) + FILES[IMAGES][8:],
            "up to 60,000 items, got 4,294,967,295",
        ),
        (IMAGES, FILES[IMAGES][:4] + bytes(4) + FILES[IMAGES][8:], "items, got 0"),
        (LABELS, FILES[LABELS][:-1] + b"\x0a", "labels must be 0 to 9, got 10"),
        (
            LABELS,
            b"\x00\x00\x08\x01" + struct.pack(">I", 11) + FILES[LABELS][8:-1],
            "12 t10k images and 11 labels",
        ),
    ],
    ids=map(str, range(10)),
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_file_is_named(folder, file, raw, said, packed):
    (folder / f"{file}.gz").unlink()
    (folder / (f"{file}.gz" if packed else file)).write_bytes(gzip.compress(raw) if packed else raw)
    refused(lambda: find(folder.parent), folder, said, "neurorebit data fetch mnist")


def test_a_packed_file_that_is_cut_short_is_named(folder):
    path = folder / f"{IMAGES}.gz"
    whole = path.read_bytes()
    for raw in (whole[:-20], whole[:100] + b"\x00" * 50 + whole[150:]):
        path.write_bytes(raw)
        refused(lambda: find(folder.parent), path, "cut short or damaged")


def test_a_packed_file_does_not_fill_the_memory(folder, monkeypatch):
    """Of a file that grows without end no more is unpacked than the largest array has."""
    read = []
    real = gzip.GzipFile.read
    monkeypatch.setattr(
        gzip.GzipFile, "read", lambda self, size=-1: read.append(size) or real(self, size)
    )
    head = b"\x00\x00\x08\x01" + struct.pack(">I", 10)
    (folder / f"{LABELS}.gz").write_bytes(gzip.compress(head + bytes(5_000_000)))
    refused(lambda: find(folder.parent), LABELS, "expected 18 bytes for 10 items, got more")
    assert read[-1] == 8 + 10_000 + 1


def test_a_missing_file_is_named(folder):
    (folder / f"{LABELS}.gz").unlink()
    refused(lambda: find(folder.parent), f"{LABELS}.gz: missing", "data fetch mnist")


def test_the_published_digests_are_described():
    for files in (mnist.FILES, fashion_mnist.FILES):
        assert set(files.packed) == set(idx.NAMES)
        assert len(set(files.packed.values())) == 4
        assert all(len(bytes.fromhex(digest)) == 16 for digest in files.packed.values())
    assert not set(mnist.FILES.packed.values()) & set(fashion_mnist.FILES.packed.values())
