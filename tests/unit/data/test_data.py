"""Data sets: what is found, what is refused, and which images an epoch sees."""

import hashlib
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from neurorebit.data import cifar10, digits
from neurorebit.data.dataset import Dataset
from neurorebit.data.fit import Wanted
from neurorebit.data.locate import load, locate
from neurorebit.layers.base import Shape
from neurorebit.schema import InputError
from neurorebit.schema.training import Augment
from neurorebit.training.batches import PLAIN, batches, test_batches

CASES = 20
FILES = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"]
FILES.append("test_batch")
SHAPE = Shape(3, 32, 32)


def pixels(which):
    return np.random.default_rng(which).integers(0, 256, (CASES, 3072), np.uint8)


def labels(which):
    return [(7 * i + which) % 10 for i in range(CASES)]


def content(which):
    return {b"batch_label": b"some", b"labels": labels(which), b"data": pixels(which)}


META = {b"label_names": [b"name"] * 10, b"num_cases_per_batch": CASES, b"num_vis": 3072}


@pytest.fixture(autouse=True)
def _nowhere(tmp_path, monkeypatch):
    """No data set lies around: an empty working directory, cache and environment."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NEUROREBIT_DATA", raising=False)


def write(place, protocol=4):
    folder = place / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for which, name in enumerate(FILES):
        (folder / name).write_bytes(pickle.dumps(content(which), protocol))
    (folder / "batches.meta").write_bytes(pickle.dumps(META, protocol))
    return folder


def refused(call, *said):
    with pytest.raises(InputError) as problem:
        call()
    message = str(problem.value)
    assert "\n" not in message
    for words in said:
        assert str(words) in message
    return message


def find(place=None, **changes):
    given = {"dataset": "cifar10", "fallback": None, "shape": SHAPE, "classes": 10} | changes
    return load(locate(Wanted(**given), place), given["shape"])


# reading


@pytest.mark.parametrize("protocol", range(2, 6))
def test_images_are_channels_last_and_in_order(tmp_path, protocol):
    write(tmp_path, protocol)
    found = find(tmp_path)
    assert found.train_images.shape == (5 * CASES, 32, 32, 3)
    assert found.train_images.dtype == np.uint8
    assert found.train_images.flags.c_contiguous
    assert found.train_labels.tolist() == [x for k in range(5) for x in labels(k)]
    assert found.test_labels.tolist() == labels(5)
    assert found.test_labels.dtype == np.int64
    raw = pixels(3)[7]  # 1024 values of red, then green, then blue, row by row
    image = found.train_images[3 * CASES + 7]
    for channel, row, col in [(0, 0, 0), (1, 0, 5), (2, 31, 31), (0, 17, 4)]:
        assert image[row, col, channel] == raw[1024 * channel + 32 * row + col]


def python_2(batch):
    """The batch as Python 2 and its NumPy pickled it, opcode by opcode."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    def number(value):
        return b"M" + value.to_bytes(2, "little")

    raw = batch[b"data"].tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
        b"(K\x01" + number(CASES) + number(3072) + b"\x86"
        b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R"
        b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T" + len(raw).to_bytes(4, "little") + raw + b"tb"
    )
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in batch[b"labels"]) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


def test_the_official_python_2_pickles_are_read(tmp_path):
    folder = write(tmp_path)
    (folder / "data_batch_2").write_bytes(python_2(content(1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy deprecates what its old pickles say
        numpys = pickle.loads(python_2(content(1)), encoding="bytes")
    expected = numpys[b"data"].reshape(CASES, 3, 32, 32).transpose(0, 2, 3, 1)
    found = find(tmp_path)
    np.testing.assert_array_equal(found.train_images[CASES : 2 * CASES], expected)
    assert found.train_labels[CASES : 2 * CASES].tolist() == numpys[b"labels"]


def test_an_array_that_lies_by_column_is_read(tmp_path):
    folder = write(tmp_path)
    turned = content(0) | {b"data": np.asfortranarray(pixels(0))}
    expected = find(tmp_path).train_images
    for protocol in (2, 4, 5):
        (folder / "data_batch_1").write_bytes(pickle.dumps(turned, protocol))
        np.testing.assert_array_equal(find(tmp_path).train_images, expected)


def test_the_name_says_what_the_files_are(tmp_path, monkeypatch):
    folder = write(tmp_path)
    found = find(tmp_path)
    assert found.name == "CIFAR-10 (unverified)"
    assert "not those of the official archive" in found.note

    order = bytes(x for k in range(6) for x in labels(k))
    monkeypatch.setattr(cifar10, "JPEG_ORDER", hashlib.sha256(order).hexdigest())
    found = find(tmp_path)
    assert found.name == "CIFAR-10 (JPEG)"
    assert "JPEG" in found.note

    digests = {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in FILES}
    monkeypatch.setattr(cifar10, "OFFICIAL", digests)
    found = find(tmp_path)
    assert (found.name, found.note) == ("CIFAR-10", "")


class Hostile:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_a_pickle_runs_no_code(tmp_path):
    folder = write(tmp_path)
    for name in ("batches.meta", "test_batch"):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(pickle.dumps({b"data": Hostile(tmp_path / "ran")}))
        refused(lambda: find(tmp_path), folder / name, "mkdir", "neurorebit data fetch cifar10")
        (folder / name).write_bytes(kept)
    assert not (tmp_path / "ran").exists()


def spoiled(name, **changes):
    whole = content(1) if name != "batches.meta" else META
    return pickle.dumps(whole | {key.encode(): value for key, value in changes.items()}, 4)


@pytest.mark.parametrize(
    ("name", "bad", "said"),
    [
        ("data_batch_2", b"", "cut short or damaged"),
        ("data_batch_2", spoiled("data_batch_2")[:-5000], "cut short or damaged"),
        ("data_batch_2", b"\x80\x04 not a pickle", "cut short or damaged"),
        ("data_batch_2", b"Psomewhere\n.", "cut short or damaged"),  # Python explains in two lines
        ("data_batch_2", b"cos\nsystem\x1b[2J\n.", "asks for os.system?[2J"),
        ("data_batch_2", pickle.dumps([1, 2]), "expected a dictionary, got list"),
        ("data_batch_2", spoiled("data_batch_2", data=None), "expected 'data'"),
        ("data_batch_2", spoiled("data_batch_2", data=pixels(1)[:-1]), "(20, 3072), got (19, 3072"),
        ("data_batch_2", spoiled("data_batch_2", data=pixels(1)[:, :-1]), "got (20, 3071)"),
        ("data_batch_2", spoiled("data_batch_2", data=pixels(1) / 255), "expected bytes, got f8"),
        ("data_batch_2", spoiled("data_batch_2", data=np.array([{}])), "damaged"),
        ("data_batch_2", spoiled("data_batch_2", labels=labels(1)[:-1]), "20 labels, got 19"),
        ("data_batch_2", spoiled("data_batch_2", labels=[10] * 20), "0 to 9, got 10"),
        ("data_batch_2", spoiled("data_batch_2", labels=[-1] * 20), "0 to 9, got -1"),
        ("data_batch_2", spoiled("data_batch_2", labels=["cat"] * 20), "0 to 9, got 'cat'"),
        ("batches.meta", spoiled("batches.meta", label_names=[b"a"] * 100), "10 classes"),
        ("batches.meta", spoiled("batches.meta", num_cases_per_batch=-1), "10,000 images a batch"),
        ("batches.meta", spoiled("batches.meta", num_vis=784), "3,072 values"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, bad, said):
    folder = write(tmp_path)
    (folder / name).write_bytes(bad)
    refused(lambda: find(tmp_path), f"{folder / name}: ", said, "neurorebit data fetch cifar10")


@pytest.mark.parametrize("name", [*FILES, "batches.meta"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = write(tmp_path)
    (folder / name).unlink()
    refused(lambda: find(tmp_path, fallback="digits"), folder / name, "missing from the data set")


# looking for it


def test_a_folder_may_be_the_data_set_or_hold_it(tmp_path):
    folder = write(tmp_path)
    for given in (tmp_path, folder, str(folder)):
        assert locate(Wanted("cifar10", None, SHAPE, 10), given).folder == folder
        assert find(given).origin == str(folder)


def test_the_places_are_tried_in_order(tmp_path, monkeypatch):
    def located(given=None):
        return locate(Wanted("cifar10", None, SHAPE, 10), given).folder

    cache = write(tmp_path / "cache" / "neurorebit")
    assert located() == cache
    write(Path("data"))
    assert located() == Path("data/cifar-10-batches-py")
    variable = write(tmp_path / "variable")
    monkeypatch.setenv("NEUROREBIT_DATA", str(tmp_path / "variable"))
    assert located() == variable
    option = write(tmp_path / "option")
    assert located(tmp_path / "option") == option
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("NEUROREBIT_DATA", str(tmp_path / "empty"))
    assert located() == Path("data/cifar-10-batches-py")


def test_a_place_the_user_names_is_not_passed_over(tmp_path, monkeypatch):
    write(tmp_path / "cache" / "neurorebit")
    (tmp_path / "empty").mkdir()
    for given in (tmp_path / "empty", tmp_path / "absent"):
        refused(
            lambda given=given: find(given, fallback="digits"), f"data {given}: no", "fetch cifar10"
        )
    monkeypatch.setenv("NEUROREBIT_DATA", str(tmp_path / "absent"))
    refused(lambda: find(fallback="digits"), "$NEUROREBIT_DATA", tmp_path / "absent")


def test_a_folder_that_is_missing_is_told_though_digits_need_none(tmp_path):
    refused(lambda: find(tmp_path / "absent", dataset="digits"), "data ", "no such folder")
    assert find(tmp_path, dataset="digits").name == "handwritten digits (scikit-learn)"


def test_without_cifar_the_fallback_is_used_and_said(tmp_path):
    source = locate(Wanted("cifar10", "digits", SHAPE, 10))
    assert source.folder is None
    for said in ("handwritten digits", "fallback", "CIFAR-10 was not found", "data fetch cifar10"):
        assert said in str(source)
    found = find(fallback="digits")
    assert found.name == "handwritten digits (scikit-learn)"
    assert found.note == source.note
    assert str(tmp_path / "cache" / "neurorebit") in found.note
    assert "not found" not in find(dataset="digits").note


def test_without_cifar_and_fallback_there_is_nothing_to_train_on():
    refused(find, "CIFAR-10 was not found", "data fetch cifar10", "data names a folder")


def test_a_network_must_fit_the_data_set(tmp_path):
    write(tmp_path)
    refused(
        lambda: find(tmp_path, shape=Shape(1, 28, 28)),
        "1 x 28 x 28",
        "3 x 32 x 32",
        "dataset=digits",
    )
    refused(lambda: find(tmp_path, classes=100), "100 classes", "10")
    refused(lambda: find(dataset="digits", classes=26), "26 classes")
    refused(lambda: find(dataset="digits", shape=Shape(784, 1, 1)), "784 x 1 x 1", "flatten")
    refused(lambda: find(dataset="svhn"), "svhn: no such data set")
    refused(lambda: find(fallback="svhn"), "svhn: no such data set")


# digits


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 28, 20), (2, 5, 9)])
def test_digits_are_scaled_to_any_shape(shape):
    from sklearn.datasets import load_digits

    channels, height, width = shape
    raw = load_digits()
    found = digits.load(None, Shape(*shape))
    assert found.train_images.shape[1:] == (height, width, channels)
    assert found.train_images.dtype == np.uint8
    assert found.train_images.flags.c_contiguous
    first = ndimage.zoom(
        raw.images[0] * (255 / 16), (height / 8, width / 8), order=1, mode="nearest", grid_mode=True
    )
    for channel in range(channels):
        difference = found.train_images[0, :, :, channel] - first
        assert np.abs(difference).max() <= 0.5 + 1e-6  # rounded to whole numbers


def test_digits_are_split_alike_in_every_class():
    found = digits.load(None, Shape(1, 8, 8))
    counts = np.bincount(found.test_labels, minlength=10)
    assert counts.sum() == 359
    assert len(found.train_labels) == 1797 - 359
    share = counts / (counts + np.bincount(found.train_labels, minlength=10))
    assert np.abs(share - 0.2).max() < 0.005
    together = np.concatenate([found.train_images, found.test_images]).reshape(1797, 64)
    assert len(np.unique(together, axis=0)) == 1797  # none in both, none twice


# epochs


@pytest.fixture
def small():
    """Images that tell their number and place: value = 3 * image + row + 2 * column + 1."""
    image, row, col = np.ogrid[0:30, 0:6, 0:5]
    images = np.repeat((3 * image + row + 2 * col + 1)[..., None], 2, axis=3).astype(np.uint8)
    images[..., 1] += 100
    every = np.arange(30)
    return Dataset(
        "small",
        images,
        every,
        test_images=images[:20],
        test_labels=np.sort(every[:20] % 4),
        origin="here",
    )


def epoch(dataset, images, batch, seed, epoch, augment=PLAIN):
    given = {"seed": seed, "epoch": epoch, "augment": augment}
    parts = list(batches(dataset, images, batch, **given))
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def test_images_and_labels_stay_together(small):
    for images, labels in batches(small, 30, 8, seed=1, epoch=0):
        assert images.flags.c_contiguous
        np.testing.assert_array_equal(images, small.train_images[labels])


def test_an_epoch_has_the_images_asked_for(small):
    def sizes(images, batch):
        return [len(y) for _, y in batches(small, images, batch, seed=1, epoch=0)]

    assert sizes(30, 8) == [8, 8, 8, 6]
    assert sizes(12, 4) == [4, 4, 4]
    assert sizes(1000, 16) == sizes(None, 16) == [16, 14]


def test_short_epochs_see_every_image_in_turn(small):
    for lap in range(2):
        seen = [epoch(small, 10, 4, seed=5, epoch=3 * lap + i)[1] for i in range(3)]
        assert sorted(np.concatenate(seen)) == list(range(30))
    row = np.concatenate([epoch(small, 12, 5, seed=5, epoch=i)[1] for i in range(5)])
    assert sorted(row[:30]) == sorted(row[30:]) == list(range(30))


def test_an_epoch_follows_from_seed_and_epoch_alone(small):
    def order(batch, seed, number):
        return epoch(small, 30, batch, seed, number, Augment(2, True))

    for mine, again in zip(order(7, 1, 2), order(30, 1, 2), strict=True):
        np.testing.assert_array_equal(mine, again)
    assert order(7, 1, 2)[1].tolist() != order(7, 1, 3)[1].tolist()
    assert order(7, 1, 2)[1].tolist() != order(7, 2, 2)[1].tolist()


def test_crops_are_windows_of_the_padded_image(small):
    seen = set()
    for number in range(20):
        for image, label in zip(*epoch(small, 30, 30, 3, number, Augment(2, False)), strict=True):
            padded = np.zeros((10, 9, 2), np.uint8)
            padded[2:8, 2:7] = small.train_images[label]
            matches = {
                (down, right)
                for down in range(5)
                for right in range(5)
                if np.array_equal(image, padded[down : down + 6, right : right + 5])
            }
            assert len(matches) == 1
            seen |= matches
    assert len(seen) == 25


def test_half_of_the_images_are_mirrored(small):
    mirrored = 0
    for number in range(20):
        for image, label in zip(*epoch(small, 30, 8, 3, number, Augment(0, True)), strict=True):
            original = small.train_images[label]
            same = np.array_equal(image, original)
            assert same or np.array_equal(image, original[:, ::-1])
            mirrored += not same
    assert 230 < mirrored < 370  # 600 throws: 300 +- 12


def test_digits_are_never_mirrored():
    found = digits.load(None, Shape(1, 8, 8))
    images, _ = epoch(found, 100, 50, 1, 0, Augment(0, True))
    plain, _ = epoch(found, 100, 50, 1, 0)
    np.testing.assert_array_equal(images, plain)


def test_augmentation_leaves_the_data_set_alone(small):
    kept = small.train_images.copy()
    for images, _ in batches(small, 30, 10, seed=1, epoch=0, augment=Augment(1, True)):
        images[:] = 0
    np.testing.assert_array_equal(small.train_images, kept)


def test_a_short_test_is_even_over_the_classes(small):
    parts = list(test_batches(small, 12, 5))
    assert [len(y) for _, y in parts] == [5, 5, 2]
    counts = np.bincount(np.concatenate([y for _, y in parts]))
    assert counts.tolist() == [3, 3, 3, 3]
    for images in (1000, None):
        assert sum(len(y) for _, y in test_batches(small, images, 7)) == 20
