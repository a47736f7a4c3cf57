"""CIFAR-100: the archive's two files, read with either kind of labels."""

import os
import pickle

import numpy as np
import pytest

from neurorebit.data.fit import Wanted
from neurorebit.data.locate import load, locate
from neurorebit.layers.base import Shape
from neurorebit.schema import InputError

SHAPE = Shape(3, 32, 32)
SIZES = {"train": 40, "test": 10}
META = {
    b"fine_label_names": [b"fine"] * 100,
    b"coarse_label_names": [b"coarse"] * 20,
}


def content(name):
    size = SIZES[name]
    return {
        b"filenames": [b"x.png"] * size,
        b"fine_labels": [(7 * i) % 100 for i in range(size)],
        b"coarse_labels": [(3 * i) % 20 for i in range(size)],
        b"data": np.random.default_rng(size).integers(0, 256, (size, 3072), np.uint8),
    }


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROREBIT_DATA", raising=False)
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name in SIZES:
        (folder / name).write_bytes(pickle.dumps(content(name), 2))
    (folder / "meta").write_bytes(pickle.dumps(META, 2))
    return tmp_path


def find(place, dataset="cifar100", classes=100):
    return load(locate(Wanted(dataset, None, SHAPE, classes), place), SHAPE)


def refused(call, *said):
    with pytest.raises(InputError) as problem:
        call()
    for words in said:
        assert str(words) in str(problem.value)


@pytest.mark.parametrize(
    ("dataset", "classes", "step"), [("cifar100", 100, 7), ("cifar100_coarse", 20, 3)]
)
def test_both_kinds_of_labels_are_read(place, dataset, classes, step):
    found = find(place, dataset, classes)
    assert found.train_labels.tolist() == [(step * i) % classes for i in range(40)]
    assert found.test_labels.tolist() == [(step * i) % classes for i in range(10)]
    expected = content("test")[b"data"].reshape(10, 3, 32, 32).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(found.test_images, expected)
    assert "(unverified)" in found.name
    assert "not those of the official archive" in found.note


def test_the_classes_are_counted_before_anything_is_looked_for(tmp_path):
    refused(lambda: find(tmp_path / "absent", classes=20), "20 classes, CIFAR-100 has 100")
    refused(
        lambda: find(tmp_path / "absent", "cifar100_coarse", 100), "20 groups has 20", "20 outputs"
    )


class Hostile:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("train", {b"data": Hostile("ran")}, "mkdir, which no data set needs"),
        ("meta", {b"more": Hostile("ran")}, "mkdir, which no data set needs"),
        ("train", {b"fine_labels": [100] * 40}, "labels must be 0 to 99, got 100"),
        ("train", {b"fine_labels": None}, "expected 'fine_labels' of 1 to 50,000 images"),
        ("test", {b"data": np.zeros((9, 3072), np.uint8)}, "(10, 3072), got (9, 3072)"),
        ("meta", {b"fine_label_names": [b"x"] * 10}, "names of 100 classes"),
    ],
)
def test_a_damaged_file_is_named(place, monkeypatch, name, changes, said):
    monkeypatch.chdir(place)
    path = place / "cifar-100-python" / name
    path.write_bytes(pickle.dumps((META if name == "meta" else content(name)) | changes, 2))
    refused(lambda: find(place), path, said, "neurorebit data fetch cifar100")
    assert not (place / "ran").exists()


def test_a_missing_file_is_named(place):
    (place / "cifar-100-python" / "test").unlink()
    refused(lambda: find(place), "test: missing from the data set")
