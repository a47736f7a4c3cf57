"""Weights out of runs and into others: the same numbers, whatever held them."""

import dataclasses

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.schema import InputError
from neurorebit.studies.notes import of_range
from neurorebit.studies.trained import beyond
from neurorebit.weights.archive import read
from neurorebit.weights.fitting import LayerStart, Start

SMALL = {"network.width": 0.1, "training.calibration_steps": 1, "training.batch": 64}
STILL = {**SMALL, "training.learning_rate": 1e-30, "training.augment.pad": 0}


def trained(net, scheme, **options):
    given = {"data": "digits", "epochs": 1, "images": 128, "progress": False, **options}
    return nr.train(
        net, scheme.partition("/")[2] or "rebit", scheme=scheme.partition("/")[0], **given
    )


@pytest.fixture(scope="module")
def net():
    return nr.network("mlp").set(SMALL)


@pytest.fixture(scope="module")
def done(net):
    return trained(net, "real")


ARRAYS = {
    "real": {"weight"},
    "quantized": {"weight", "full", "levels"},
    "hybrid": {"weight", "full", "levels", "conductance", "reference"},
    "reram/reram": {"weight", "full", "conductance", "reference"},
    "tiki_taka/reram": {"weight", "full", "conductance", "reference", "conductance_fast"},
    "quantized/sram": {"weight", "full", "levels"},
}


@pytest.mark.parametrize("scheme", ARRAYS)
def test_every_scheme_gives_its_arrays(net, scheme):
    weights = trained(net, scheme, images=64).weights
    assert set(weights.layers) == {
        "linear1", "batch_norm1", "linear2", "batch_norm2", "linear3",
    }  # fmt: skip
    assert set(weights.layers["linear2"]) - {"input_clip"} == ARRAYS[scheme]
    assert set(weights.layers["batch_norm1"]) == {"gain", "shift", "mean", "variance"}
    assert weights.layers["linear2"]["weight"].shape == (1, 26, 13)
    assert weights.header["scheme"] == scheme.partition("/")[0]


def test_cells_conduct_what_the_device_allows_and_follow_levels(net):
    device = {"device.variation.d2d": 0.0, "device.variation.c2c": 0.0}
    weights = nr.train(
        net, nr.chip("rebit").set(device), data="digits", epochs=1, images=64, progress=False
    ).weights
    held = weights.layers["linear1"]
    low, high = 1e-6, 1e-5  # 1 / (on/off ratio * r_on) and 1 / r_on of taox_hfox
    share = held["levels"] / 3.0  # 3-bit weights: levels -3..3
    wanted = 0.5 * (low + high) + 0.5 * (high - low) * share
    np.testing.assert_allclose(held["conductance"], wanted, rtol=1e-5)
    np.testing.assert_allclose(held["reference"], 0.5 * (low + high), rtol=1e-5)
    rounded = np.clip(np.floor(held["weight"] * 3.0 / held["full"] + 0.5), -3, 3)
    np.testing.assert_array_equal(held["levels"], rounded)


def test_a_run_that_learns_nothing_keeps_what_it_was_given(net, done, tmp_path):
    """The rate is as good as zero: weights come out as they went in, and so does the accuracy."""
    path = done.weights.save(tmp_path / "w.npz")
    again = trained(nr.network("mlp").set(STILL), "real", weights_from=path, images=64)
    for layer in ("linear1", "linear2", "linear3"):
        np.testing.assert_array_equal(
            again.weights.layers[layer]["weight"], done.weights.layers[layer]["weight"]
        )
    np.testing.assert_allclose(
        again.weights.layers["batch_norm1"]["gain"], done.weights.layers["batch_norm1"]["gain"]
    )
    assert again.training["weights_from"]["sha256"] == done.weights.sha256
    assert any("started from the weights of" in note for note in again.notes)


def test_a_path_and_the_object_are_the_same_start(net, done, tmp_path):
    path = done.weights.save(tmp_path / "w.npz")
    runs = [trained(net, "hybrid", weights_from=given) for given in (path, done.weights)]
    digests = {run.training["weights_sha256"] for run in runs}
    assert len(digests) == 1
    assert digests != {trained(net, "hybrid").training["weights_sha256"]}


def test_a_saved_file_follows_from_the_training_alone(net, done, tmp_path):
    first, second = (done.weights.save(tmp_path / name).read_bytes() for name in ("a.npz", "b.npz"))
    assert first == second
    assert trained(net, "real").weights.sha256 == done.weights.sha256
    assert read(tmp_path / "a.npz").header["training"]["test_accuracy"] == done.accuracy


@pytest.mark.parametrize("scheme", ["hybrid", "reram/reram"])
def test_a_run_that_starts_from_weights_resumes_to_the_same_bits(net, done, tmp_path, scheme):
    whole = trained(net, scheme, weights_from=done.weights)
    options = {"weights_from": done.weights, "checkpoint": tmp_path}
    part = trained(net, scheme, stop_after=0.0, **options)
    assert part.interrupted
    rest = trained(net, scheme, resume=True, **options)
    assert rest.training["weights_sha256"] == whole.training["weights_sha256"]


def test_a_checkpoint_is_not_gone_on_with_from_other_weights(net, done, tmp_path):
    trained(net, "real", weights_from=done.weights, checkpoint=tmp_path, stop_after=0.0)
    changed = {name: array * 1.5 for name, array in done.weights.arrays.items()}
    other = dataclasses.replace(done.weights, arrays=changed)
    with pytest.raises(InputError, match="is of another run: weights is"):
        trained(net, "real", weights_from=other, checkpoint=tmp_path, resume=True)


def test_first_weights_beyond_the_range_of_cells_are_counted_and_said():
    """Of four weights one lies beyond 0.5, and of the other layer none; a third has no cells."""
    matrices = {
        "a": LayerStart(np.array([[[0.1, -0.4], [0.9, 0.5]]])),
        "b": LayerStart(np.array([[[0.1]]])),
        "c": LayerStart(np.array([[[9.0]]])),
    }
    kept = {"a.full": np.array(0.5), "b.full": np.array(0.5)}
    found = beyond(Start(matrices, {}, ""), kept)
    assert found == {"a": 0.25}
    assert beyond(None, kept) == {}
    (note,) = of_range(found)
    assert note.startswith("first weights beyond the range of the cells are held at its end: 25 %")
    assert of_range({}) == []
