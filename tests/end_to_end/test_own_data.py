"""Runs on data of one's own: classes, regression, signals, pictures; and what a report says."""

import json

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.results.document import EPOCH_KEYS

NETWORK = """\
name: own
input: {{channels: {channels}, height: {height}, width: {width}}}
classes: {classes}
layers:
  - {{kind: flatten}}
  - {{kind: linear, features: 16}}
  - {{kind: relu}}
  - {{kind: linear, features: {classes}}}
training: {{epochs: {epochs}, batch: 20, learning_rate: 0.1, calibration_steps: 3, {training}}}
"""


def write(place, shape, classes, training="dataset: own.npz", epochs=3):
    channels, height, width = shape
    text = NETWORK.format(
        channels=channels, height=height, width=width, classes=classes, training=training,
        epochs=epochs,
    )  # fmt: skip
    (place / "own.yaml").write_text(text)
    return "own.yaml"


def report(folder):
    return json.loads((folder / "report.json").read_text())


@pytest.fixture
def regression(place):
    """Two numbers that are linear in four."""
    random = np.random.default_rng(7)
    x = random.random((260, 4)).astype(np.float32)
    y = x @ np.array([[1.0, -1.0], [0.5, 1.0], [-1.0, 0.0], [0.0, 0.7]])
    np.savez(place / "own.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    return write(place, (4, 1, 1), 2, "dataset: own.npz, loss: squared", epochs=40)


@pytest.mark.parametrize("scheme", ["real", "hybrid"])
def test_a_regression_is_judged_by_r2_and_rmse(command, place, regression, scheme):
    done = command("run", regression, "--scheme", scheme, "--out", "out")
    assert done.code == 0, done.err
    made = report(place / "out")
    training = made["training"]
    assert training["test_accuracy"] is None
    assert training["test_r2"] > 0.9
    with np.load(place / "own.npz") as data:
        spread = np.sqrt(((data["y_test"] - data["y_test"].mean(axis=0)) ** 2).mean())
    assert training["test_rmse"] < 0.35 * spread
    last = training["epochs"][-1]
    assert (last["test_rmse"], last["test_r2"]) == (training["test_rmse"], training["test_r2"])
    text = (place / "out" / "report.txt").read_text()
    assert text.splitlines()[1].startswith(f"R2         {training['test_r2']:.4f}, RMSE ")
    assert "Accuracy " not in text
    head = (place / "out" / "training.csv").read_text().splitlines()[0]
    assert head == (
        "epoch,loss,train_rmse,test_rmse,test_r2,cells_programmed,images_per_second,seconds,"
        "energy_until_J,energy_with_dram_until_J,cells_programmed_until"
    )
    assert (place / "out" / "training.png").read_bytes().startswith(b"\x89PNG")
    again = command(
        "run", regression, "--scheme", scheme, "--out", "two", "--set", "training.epochs=2"
    )
    assert again.code == 0
    told = command("compare", "out", "two").out
    assert "training.test_r2" in told
    assert "training.test_rmse" in told


def test_a_regression_in_python(place, regression):
    done = nr.train(regression, scheme="real", progress=False)
    assert done.accuracy is None
    assert done.r2 > 0.9
    assert done.rmse > 0.0
    assert done.epochs.columns.tolist()[:4] == ["loss", "train_rmse", "test_rmse", "test_r2"]


def test_schemes_of_a_regression_have_errors_in_their_table(command, place, regression):
    done = command(
        "schemes", regression, "--schemes", "real,quantized", "--epochs", "2", "--out", "s"
    )
    assert done.code == 0, done.err
    head, *rows = (place / "s" / "schemes.csv").read_text().splitlines()
    assert {"test_r2", "test_rmse"} <= set(head.split(","))
    assert len(rows) == 2
    assert "RMSE" in done.out


def test_a_regression_goes_on_from_a_checkpoint_to_the_same_bits(command, place, regression):
    whole = command("run", regression, "--scheme", "real", "--out", "whole")
    assert whole.code == 0
    part = command("run", regression, "--scheme", "real", "--out", "part", "--stop-after", "0")
    assert part.code != 0
    done = command("run", regression, "--scheme", "real", "--out", "part", "--resume")
    assert done.code == 0, done.err
    one, two = (report(place / name)["training"] for name in ("whole", "part"))
    for key in ("weights_sha256", "test_rmse", "test_r2"):
        assert one[key] == two[key]


def signals(place, classes=3, **changes):
    """Steps at a place that tells their class."""
    random, count = np.random.default_rng(8), 240
    labels = np.arange(count) % classes
    x = random.integers(0, 40, (count, 24), np.uint8)
    for i, label in enumerate(labels):
        x[i, 8 * label : 8 * label + 8] += 180
    content = {
        "x_train": x[:180], "y_train": labels[:180], "x_test": x[180:], "y_test": labels[180:]
    }  # fmt: skip
    np.savez(place / "own.npz", **content | changes)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_one_hot"])
def test_a_signal_is_told_apart_by_either_loss(command, place, loss):
    signals(place)
    words = f"dataset: own.npz, loss: {loss}, label_smoothing: 0.05, augment: {{pad: 0}}"
    done = command("run", write(place, (1, 1, 24), 3, words, epochs=5), "--out", "out")
    assert done.code == 0, done.err
    training = report(place / "out")["training"]
    assert training["test_accuracy"] > 0.95
    assert set(training["epochs"][0]) >= set(EPOCH_KEYS)
    assert not {"train_rmse", "test_rmse", "test_r2"} & set(training["epochs"][0])
    assert training["dataset"] == "own.npz"


@pytest.mark.parametrize("normalise", ["standard", "{mean: [0.3], std: [0.3]}"])
def test_normalised_images_reach_arrays_signed(command, place, normalise):
    signals(place)
    words = f"dataset: own.npz, normalise: {normalise}, augment: {{pad: 0}}"
    file = write(place, (1, 1, 24), 3, words, epochs=5)
    done = command("run", file, "--out", "out", "--replace")
    assert done.code == 0, done.err
    assert report(place / "out")["training"]["test_accuracy"] > 0.95


def test_validation_images_are_named(command, place):
    signals(place, x_val=np.zeros((6, 24), np.uint8), y_val=np.arange(6) % 3)
    file = write(place, (1, 1, 24), 3, "dataset: own.npz, evaluate_on: validation", epochs=1)
    assert command("run", file, "--out", "out").code == 0
    assert report(place / "out")["training"]["test_images"] == 6
    assert "of 6 validation images" in (place / "out" / "report.txt").read_text()


def test_pictures_are_a_data_set(command, place):
    from PIL import Image

    for split, count in (("train", 12), ("test", 4)):
        for label, name in enumerate(("ground", "sky")):
            folder = place / "photos" / split / name
            folder.mkdir(parents=True)
            for i in range(count):  # bright below, or bright above
                made = Image.new("RGB", (20 + i, 20), (10, i, 20))
                made.paste((200, 180, 10 * i), (0, 10 * label, 20 + i, 10 + 10 * label))
                made.save(folder / f"{i}.png")
    file = write(place, (3, 8, 8), 2, "dataset: photos/, augment: {pad: 1}", epochs=20)
    done = command("run", file, "--out", "out")
    assert done.code == 0, done.err
    training = report(place / "out")["training"]
    assert training["dataset"] == "photos/ (2 classes)"
    assert training["images"] == 24
    assert training["test_accuracy"] == 1.0


def test_data_of_an_option_need_no_key(command, place, tmp_path):
    signals(place)
    (place / "own.npz").rename(tmp_path / "signals.npz")
    file = write(place, (1, 1, 24), 3, "schedule: constant", epochs=1)
    refused = command("run", file, "--out", "out")
    assert refused.code == 2
    assert "names no data set" in refused.err
    assert refused.err.count("\n") == 1
    done = command("run", file, "--out", "out", "--data", tmp_path / "signals.npz")
    assert done.code == 0, done.err
    assert report(place / "out")["training"]["dataset"] == "signals.npz"


def test_an_epoch_of_unknown_length_is_left_out(command, place):
    file = write(place, (1, 1, 24), 3, "schedule: constant", epochs=1)
    done = command("run", file, "--no-train", "--out", "out")
    assert done.code == 0, done.err
    made = report(place / "out")
    assert made["totals"]["epoch"] is None
    assert "an epoch has no length: no data set is named" in " ".join(made["notes"])
    assert command("rebill", "out").code == 0
    known = command("run", file, "--no-train", "--out", "two", "--set", "training.images=70")
    assert known.code == 0
    assert report(place / "two")["totals"]["epoch"]["images"] == 70
    for key in ("training.dataset=cifar10", "training.dataset=absent.npz"):
        file_of_another = command(
            "run", file, "--no-train", "--out", "three", "--set", key, "--replace"
        )
        assert file_of_another.code == 0
        assert report(place / "three")["totals"]["epoch"] is None


@pytest.mark.parametrize(
    ("training", "classes", "said"),
    [
        ("loss: MSE", 3, "got 'MSE'; for numbers it is squared, for classes squared_one_hot"),
        ("loss: cross_entropy", 1, "classes are told apart from two on; take loss=squared"),
        ("loss: squared, label_smoothing: 0.1", 3, "no labels to smooth"),
        ("label_smoothing: 1", 3, "label_smoothing: must be at least 0 and below 1"),
        ("normalise: {mean: [0.1, 0.2], std: [1]}", 3, "expected 1 number or 1 (one for each"),
        ("normalise: {mean: [0.1], std: [0]}", 3, "must be above 0"),
        ("normalise: wide", 3, "normalise"),
        ("dataset: own", 3, "expected one of cifar10"),
        ("augment: {cutout: -1}", 3, "training.augment.cutout"),
    ],
)
def test_a_wrong_key_is_told_in_a_line(command, place, training, classes, said):
    done = command("run", write(place, (1, 1, 24), classes, training), "--no-train", "--out", "out")
    assert done.code == 2
    assert done.err.startswith("own.yaml:9: ")
    assert said in done.err
    assert done.err.count("\n") == 1
