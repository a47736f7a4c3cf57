"""What a report says of a training that learned nothing, and of data from which nothing follows."""

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.data.dataset import Dataset
from neurorebit.schema import InputError
from neurorebit.studies.learning import ending, most_frequent, of_data

NETWORK = {"classes": 10, "training": {"epochs": 3, "batch": 10}}


def training(accuracy, *, guess=0.1, seen=3000, tests=1000, answers=10, silent="", loss=2.0):
    epoch = {
        "train_accuracy": accuracy,
        "test_accuracy": accuracy,
        "loss": loss,
        "answers": answers,
        "silent": silent,
    }
    return {
        "epochs": [epoch] * 3,
        "images": 1000,
        "images_seen": seen,
        "test_images": tests,
        "guess": guess,
        **dict.fromkeys(("diverged", "interrupted", "out_of_time"), False),
    }


@pytest.mark.parametrize(
    ("record", "note"),
    [
        (training(0.95), None),
        (training(0.95, loss=9.0), None),  # right, if not sure: learned
        (
            training(0.10),
            "did not learn: 10.00% of the test images are right, and 10.00% would be by always "
            "giving the most frequent class; try another training.learning_rate",
        ),
        (  # more than one in ten, because seven in ten are of one class
            training(0.71, guess=0.7),
            "did not learn: 71.00% of the test images are right, and 70.00% would be by always "
            "giving the most frequent class; try another training.learning_rate",
        ),
        (  # 16 tests: 31 % are within 3 sigma, sqrt(0.09 / 16) = 7.5 %, of 10 %
            training(0.3125, tests=16),
            "did not learn: 31.25% of the test images are right, and 10.00% would be by always "
            "giving the most frequent class; try another training.learning_rate",
        ),
        (training(0.3125, tests=400), None),
        (
            training(0.1, seen=20),
            "did not learn: 10.00% of the test images are right, and 10.00% would be by always "
            "giving the most frequent class; 2 steps are too few to judge it; train longer",
        ),
        (
            training(0.3, answers=1),
            "did not learn: it gives one class to all 1,000 test images; try another "
            "training.learning_rate",
        ),
        (
            training(0.1, answers=1, silent="linear2"),
            "did not learn: it gives one class to all 1,000 test images; no input reaches linear2: "
            "the layers before are dead; try a lower training.learning_rate",
        ),
        (training(1.0, guess=1.0, answers=1), None),  # the note on the data says it
    ],
)
def test_learning_is_judged_by_accuracy_and_data(record, note):
    assert ending(record, NETWORK) == ([] if note is None else [note])


def test_the_most_frequent_class():
    assert most_frequent(np.array([3, 3, 3, 0])) == 0.75


def data(images, labels):
    images, labels = np.asarray(images, np.uint8), np.asarray(labels)
    return Dataset("made", images, labels, test_images=images, test_labels=labels, origin="memory")


def test_data_from_which_nothing_follows():
    images = np.arange(4 * 2 * 2).reshape(4, 2, 2, 1)
    assert not list(of_data(data(images, [0, 1, 0, 1])))
    (note,) = of_data(data(images, [1, 1, 1, 1]))
    assert note.startswith("one class only: all 4 training images are of class 1, ")
    assert list(of_data(data(np.ones((4, 2, 2, 1)), [0, 1, 0, 1]))) == [
        "constant inputs: all 4 training images are alike"
    ]


PLAIN = {
    "name": "plain",
    "input": {"channels": 1, "height": 2, "width": 2},
    "classes": 2,
    "layers": [
        {"kind": "linear", "features": 8},
        {"kind": "batch_norm"},
        {"kind": "relu"},
        {"kind": "linear", "features": 2},
    ],
}


def trained(images, *, layers=PLAIN["layers"], **options):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (images, 2, 2, 1), np.uint8)
    y = (x[:, 0, 0, 0] > 127).astype(np.int64)
    made = nr.network(PLAIN | {"layers": layers})
    for key, value in options.items():
        made = made.set(f"training.{key}", value)
    return nr.train(made, "rebit", scheme="real", data=(x, y, x, y), threads=1)


@pytest.mark.parametrize(
    ("images", "batch", "told"),
    [
        (8, 1, "layer 'batch_norm1' normalises over a batch, and each batch has one image"),
        (9, 4, "and the last batch of an epoch of 9 images has one image; take another"),
        (1, 4, "and each batch has one image; take more images"),
    ],
)
def test_a_batch_of_one_cannot_be_normalised(images, batch, told):
    with pytest.raises(InputError) as refused:
        trained(images, batch=batch, epochs=1)
    assert told in str(refused.value)


def test_a_batch_of_one_without_a_norm_learns():
    layers = [layer for layer in PLAIN["layers"] if layer["kind"] != "batch_norm"]
    done = trained(9, layers=layers, batch=4, epochs=1)
    assert len(done.epochs) == 1


def test_dead_layers_are_named():
    """A step this large leaves no rectifier that a positive number reaches."""
    layers = [layer for layer in PLAIN["layers"] if layer["kind"] != "batch_norm"]
    layers = [*layers[:2], *({"kind": "linear", "features": 8}, {"kind": "relu"}), layers[2]]
    layers = [{**one, "bias": True} if one["kind"] == "linear" else one for one in layers]
    for rate in ("30", "100", "300"):
        done = trained(64, layers=layers, batch=8, epochs=20, learning_rate=rate, weight_decay="0")
        notes = [note for note in done.notes if note.startswith("did not learn")]
        if any("the layers before are dead" in note for note in notes):
            return
    raise AssertionError(notes)
