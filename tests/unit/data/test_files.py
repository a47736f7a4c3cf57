"""A user's own data: NumPy archives, folders of pictures, arrays; what fits and what does not."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from neurorebit.data import layout
from neurorebit.data.dataset import Dataset
from neurorebit.data.fit import Wanted, fitting
from neurorebit.data.locate import known, load, locate
from neurorebit.inputs.network import read_network
from neurorebit.layers.base import Shape
from neurorebit.schema import Document, InputError

TEXT = """\
name: small
input: {{channels: {c}, height: {h}, width: {w}}}
classes: {classes}
layers:
  - {{kind: flatten}}
  - {{kind: linear, features: {classes}}}
training: {{{training}}}
"""


def network(tmp_path, shape, classes=5, training="batch: 4"):
    c, h, w = shape
    text = TEXT.format(c=c, h=h, w=w, classes=classes, training=training)
    path = tmp_path / "net.yaml"
    path.write_text(text)
    return read_network(Document(path))


def refused(call, *said):
    with pytest.raises(InputError) as problem:
        call()
    message = str(problem.value)
    assert "\n" not in message
    for words in said:
        assert str(words) in message
    return message


def numbers(*shape, dtype=np.uint8, low=0, high=256):
    random = np.random.default_rng(len(shape))
    return random.integers(low, high, shape).astype(dtype)


def arrays(*sample, dtype=np.uint8, train=12, test=6):
    return {
        "x_train": numbers(train, *sample, dtype=dtype),
        "y_train": np.arange(train) % 5,
        "x_test": numbers(test, *sample, dtype=dtype),
        "y_test": np.arange(test) % 5,
    }


def save(path, **content):
    np.savez_compressed(path, **content)
    return path


def found(tmp_path, shape, content, **how):
    """The data of an archive, as a network with this input trains on them."""
    save(tmp_path / "own.npz", **content)
    net = network(tmp_path, shape, **how)
    wanted = replace(Wanted.by(net, tmp_path), dataset="own.npz")
    return fitting(load(locate(wanted), net.input), net)


# archives


@pytest.mark.parametrize(
    ("sample", "given", "shape"),
    [
        ((6, 7), None, (1, 6, 7)),
        ((6, 7), None, (6, 1, 7)),  # a signal of 6 channels
        ((6, 7), None, (7, 1, 6)),  # a signal of 7 channels, steps first
        ((9,), None, (1, 1, 9)),
        ((9,), None, (9, 1, 1)),
        ((6, 7, 3), None, (3, 6, 7)),
        ((3, 6, 7), None, (3, 6, 7)),
        ((4, 4, 4), "NHWC", (4, 4, 4)),
        ((4, 4, 4), "NCHW", (4, 4, 4)),
        ((5, 5), "NCL", (5, 1, 5)),
        ((5, 5), "NLC", (5, 1, 5)),
        ((1, 8), None, (1, 1, 8)),  # however it is read, the same numbers
    ],
)
def test_every_layout_gives_channels_last(tmp_path, sample, given, shape):
    content = arrays(*sample)
    more = {} if given is None else {"layout": given}
    images = found(tmp_path, shape, content | more).train_images
    channels, height, width = shape
    assert images.shape == (12, height, width, channels)
    assert images.flags.c_contiguous
    raw = content["x_train"]
    first = {  # how the one number of an image is found by hand
        (1, 6, 7): lambda n, h, w, c: raw[n, h, w],
        (6, 1, 7): lambda n, h, w, c: raw[n, c, w],
        (7, 1, 6): lambda n, h, w, c: raw[n, w, c],
        (1, 1, 9): lambda n, h, w, c: raw[n, w],
        (9, 1, 1): lambda n, h, w, c: raw[n, c],
        (1, 1, 8): lambda n, h, w, c: raw[n, 0, w],
    }.get(shape)
    if sample == (6, 7, 3) or given == "NHWC":
        first = lambda n, h, w, c: raw[n, h, w, c]  # noqa: E731
    elif len(sample) == 3:
        first = lambda n, h, w, c: raw[n, c, h, w]  # noqa: E731
    elif given == "NCL":
        first = lambda n, h, w, c: raw[n, c, w]  # noqa: E731
    elif given == "NLC":
        first = lambda n, h, w, c: raw[n, w, c]  # noqa: E731
    for index in np.ndindex(images.shape):
        assert images[index] == first(*index)


def test_an_order_of_axes_that_is_open_is_refused(tmp_path):
    for sample, shape in (((4, 4, 4), (4, 4, 4)), ((5, 5), (5, 1, 5))):
        refused(
            lambda s=sample, n=shape: found(tmp_path, n, arrays(*s)), "more than one way", "layout"
        )
    assert layout.fitting((1, 8), Shape(1, 1, 8)) in (("NCL",), ("NLC",), ("NHW",))


def test_floats_stay_floats_and_below_zero_needs_a_word(tmp_path):
    content = arrays(4, 4)
    for dtype in (np.float16, np.float32, np.float64):
        floats = {k: v / 16.0 if k[0] == "x" else v for k, v in content.items()}
        floats = {k: v.astype(dtype) if k[0] == "x" else v for k, v in floats.items()}
        data = found(tmp_path, (1, 4, 4), floats)
        assert data.train_images.dtype == np.float32
        np.testing.assert_array_equal(data.train_images[..., 0], floats["x_train"])
    floats["x_test"] = floats["x_test"] - 20.0
    refused(lambda: found(tmp_path, (1, 4, 4), floats), "test images go below zero", "normalise")
    floats["x_test"][0, 0, 0] = np.nan
    refused(lambda: found(tmp_path, (1, 4, 4), floats), "what is not a number")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"x_test": None}, "has no x_test; it holds"),
        ({"y_train": np.arange(11) % 5}, "12 samples in x_train, 11 in y_train"),
        ({"x_train": numbers(12, 4, 4, dtype=np.int16)}, "x_train: expected uint8"),
        ({"x_test": numbers(6, 4, 5)}, "x_test is uint8 [6, 4, 5], x_train uint8 [12, 4, 4]"),
        ({"y_test": np.array(["a"] * 6)}, "y_test: expected numbers"),
        ({"layout": "NHWC"}, "layout: expected one of NCL, NLC, NHW, got NHWC"),
        ({"layout": np.array(["NHW", "NCL"])}, "layout: expected one value, got [2]"),
        ({"x_val": numbers(3, 4, 4)}, "has x_val and no y_val"),
        ({"y_train": np.arange(12) % 6}, "the network has 5 classes, own.npz has 6"),
        ({"y_train": np.arange(12) % 5 - 1}, "numbers as targets, the network has 5 classes"),
        ({"y_train": np.arange(12) / 2, "y_test": np.arange(6) / 2}, "numbers as targets"),
        ({"y_train": np.zeros((12, 5)), "y_test": np.zeros((6, 5))}, "numbers as targets"),
    ],
)
def test_an_archive_that_does_not_fit_is_refused(tmp_path, changes, said):
    content = arrays(4, 4) | changes
    content = {key: value for key, value in content.items() if value is not None}
    refused(lambda: found(tmp_path, (1, 4, 4), content), said)


def test_integers_wider_than_bytes_are_refused(tmp_path):
    content = arrays(4, 4, dtype=np.int16)
    refused(lambda: found(tmp_path, (1, 4, 4), content), "expected uint8", "got int16", "astype")


def test_another_size_than_the_network_takes_is_refused(tmp_path):
    refused(
        lambda: found(tmp_path, (1, 4, 5), arrays(4, 4)),
        "input is 1 x 4 x 5",
        "own.npz has 4 x 1 x 4 or 1 x 4 x 4",
    )


def test_fewer_labels_than_classes_are_taken(tmp_path):
    assert found(tmp_path, (1, 4, 4), arrays(4, 4), classes=7).train_labels.max() == 4


@pytest.mark.parametrize("damage", ["no zip", "cut", "object", "header", "member"])
def test_a_damaged_archive_is_named(tmp_path, damage):
    path = save(tmp_path / "own.npz", **arrays(40, 40))
    raw = path.read_bytes()
    if damage == "no zip":
        path.write_bytes(b"PK\x03\x04 something else")
    elif damage == "cut":
        path.write_bytes(raw[:2000])
    elif damage == "object":
        save(path, **arrays(40, 40) | {"y_test": np.array([{}] * 6, object)})
    elif damage == "header":
        with zipfile.ZipFile(path, "a") as packed:
            packed.writestr("x_val.npy", b"\x93NUMPY\x01\x00\x10\x00not a header")
    else:
        path.write_bytes(raw[:200] + bytes(50) + raw[250:])
    net = network(tmp_path, (1, 40, 40))
    wanted = replace(Wanted.by(net, tmp_path), dataset="own.npz")
    refused(lambda: load(locate(wanted), net.input), path)


def test_images_are_not_read_before_they_are_found_to_fit(tmp_path):
    """An archive that claims more images than any machine holds is described by its headers."""
    content = arrays(4, 4)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (10**12, 4, 4)}
    )
    with zipfile.ZipFile(tmp_path / "own.npz", "w") as packed:
        packed.writestr("x_train.npy", head.getvalue())
        for name in ("y_train", "x_test", "y_test"):
            stream = io.BytesIO()
            np.save(stream, content[name])
            packed.writestr(f"{name}.npy", stream.getvalue())
    net = network(tmp_path, (1, 4, 4))
    wanted = replace(Wanted.by(net, tmp_path), dataset="own.npz")
    refused(lambda: locate(wanted), "1,000,000,000,000 samples in x_train, 12 in y_train")


def test_validation_images_take_the_place_of_test_images(tmp_path):
    content = arrays(4, 4) | {"x_val": numbers(3, 4, 4), "y_val": np.array([4, 3, 2])}
    data = found(tmp_path, (1, 4, 4), content, training="evaluate_on: validation")
    assert data.test_labels.tolist() == [4, 3, 2]
    np.testing.assert_array_equal(data.test_images[..., 0], content["x_val"])
    assert found(tmp_path, (1, 4, 4), content).test_labels.tolist() == content["y_test"].tolist()
    refused(
        lambda: found(tmp_path, (1, 4, 4), arrays(4, 4), training="evaluate_on: validation"),
        "no validation images",
    )


# regression


@pytest.mark.parametrize(("targets", "classes"), [((), 1), ((1,), 1), ((3,), 3)])
def test_targets_are_numbers(tmp_path, targets, classes):
    content = arrays(4, 4)
    content |= {
        "y_train": np.random.default_rng(1).normal(size=(12, *targets)),
        "y_test": np.random.default_rng(2).normal(size=(6, *targets)),
    }
    data = found(tmp_path, (1, 4, 4), content, classes=classes, training="loss: squared")
    assert data.train_labels.shape == (12, classes)
    assert data.train_labels.dtype == np.float32
    np.testing.assert_allclose(data.test_labels, content["y_test"].reshape(6, -1), rtol=1e-6)
    refused(
        lambda: found(tmp_path, (1, 4, 4), content, classes=2, training="loss: squared"),
        "2 outputs",
        f"last layer {classes}",
    )


def test_a_single_output_learns_whole_numbers_too(tmp_path):
    data = found(tmp_path, (1, 4, 4), arrays(4, 4), classes=1)
    assert data.train_labels[:, 0].tolist() == [float(i % 5) for i in range(12)]


def test_data_sets_of_classes_have_no_targets(tmp_path):
    net = network(tmp_path, (1, 28, 28), 1, "dataset: digits")
    refused(lambda: locate(Wanted.by(net)), "has classes", "cross_entropy or squared_one_hot")


# where it is looked for


def test_a_path_is_looked_for_beside_the_file_and_where_data_are(tmp_path, monkeypatch):
    beside, data, variable = (tmp_path / name for name in ("beside", "data_dir", "variable"))
    for place in (beside, data, variable):
        place.mkdir()
    net = network(tmp_path, (1, 4, 4))
    wanted = replace(Wanted.by(net, beside), dataset="own.npz")
    refused(lambda: locate(wanted), "own.npz was not found in", beside)
    monkeypatch.setenv("NEUROREBIT_DATA", str(variable))
    places = {}
    for place in (variable, tmp_path, beside):
        save(place / "own.npz", **arrays(4, 4))
        places[place] = locate(wanted).folder
    assert [p.resolve() for p in places.values()] == [p / "own.npz" for p in places]
    refused(lambda: locate(wanted, data), "not found in", data)
    save(data / "own.npz", **arrays(4, 4))
    assert locate(wanted, data).folder == data / "own.npz"


def test_data_that_are_named_take_the_place_of_the_networks(tmp_path):
    own = save(tmp_path / "own.npz", **arrays(4, 4))
    for dataset in (None, "cifar10", "absent.npz"):
        wanted = Wanted(dataset, None, Shape(1, 4, 4), 5)
        if dataset != "cifar10":
            source = locate(wanted, own)
            assert (source.folder, source.known.train_images) == (own, 12)
    refused(lambda: locate(Wanted(None, None, Shape(1, 4, 4), 5)), "names no data set", "mnist")
    refused(
        lambda: locate(Wanted(None, None, Shape(1, 4, 4), 5), tmp_path / "absent"),
        "no data set there",
    )


def test_a_fallback_must_fit_as_well(tmp_path):
    wanted = Wanted("absent.npz", "digits", Shape(1, 4, 4), 5)
    refused(lambda: locate(wanted), "5 classes", "digits (scikit-learn) has 10")
    source = locate(replace(wanted, classes=10))
    assert source.dataset == "digits"
    assert "absent.npz was not found" in source.note
    refused(lambda: locate(Wanted("cifar10", "digits", Shape(3, 32, 32), 5)), "5 classes")


def test_what_is_known_is_never_of_another_set(tmp_path):
    assert known(Wanted(None, None, Shape(3, 224, 224), 1000)) is None
    assert known(Wanted("cifar10", None, Shape(3, 224, 224), 1000)) is None
    assert known(Wanted("absent.npz", None, Shape(1, 4, 4), 5)) is None
    assert known(Wanted("cifar100", None, Shape(3, 32, 32), 100)).train_images == 50_000
    save(tmp_path / "own.npz", **arrays(4, 4))
    assert known(Wanted("own.npz", None, Shape(1, 4, 4), 5)).train_images == 12


# arrays


def dataset(**changes):
    images = numbers(12, 4, 4)
    given = {"test_images": images[:5], "test_labels": np.arange(5), "origin": "memory"} | changes
    return Dataset("own", images, np.arange(12) % 5, layout="", **given)


def test_arrays_are_checked_as_files_are(tmp_path):
    net = network(tmp_path, (1, 4, 4))
    assert fitting(dataset(), net).train_images.shape == (12, 4, 4, 1)
    refused(lambda: fitting(dataset(test_labels=np.arange(5) / 2), net), "whole numbers")
    refused(lambda: fitting(dataset(test_labels=np.arange(5) + 1), net), "go from 1 to 5")
    refused(lambda: fitting(dataset(test_labels=np.arange(4)), net), "a label for each of 5")
    floats = dataset(test_images=numbers(5, 4, 4) / 2.0)
    refused(lambda: fitting(floats, net), "training images are uint8, test images float32")
    refused(lambda: fitting(dataset(test_images=numbers(5, 4, 5)), net), "got axes of 4 x 5")


# normalisation


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_standard_images_have_mean_0_and_deviation_1(tmp_path, dtype):
    content = arrays(4, 6, 3, dtype=dtype, train=50)
    content["x_train"][..., 2] = 9  # never changes
    save(tmp_path / "own.npz", **content)
    net = replace(
        network(tmp_path, (3, 4, 6)),
        training=replace(network(tmp_path, (3, 4, 6)).training, normalise="standard"),
    )
    data = fitting(load(locate(Wanted("own.npz", None, net.input, 5)), net.input), net)
    scaled = data.scaling(data.train_images)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=(0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(0, 1, 2)), [1, 1, 0], atol=1e-5)
    unit = 255.0 if dtype == np.uint8 else 1.0
    raw = content["x_train"].astype(np.float64) / unit
    expected = (content["x_test"] / unit - raw.mean(axis=(0, 1, 2))) / [
        *raw.std(axis=(0, 1, 2))[:2], 1.0,
    ]  # fmt: skip
    np.testing.assert_allclose(data.scaling(data.test_images), expected, atol=2e-5)
