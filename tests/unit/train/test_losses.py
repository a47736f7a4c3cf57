"""Losses against numerical differentiation and plain loops; scores against scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import mean_squared_error, r2_score

from neurorebit.schema.training import LOSSES as WORDS
from neurorebit.training.losses import LOSSES, one_hot_loss, softmax_loss, squared_loss
from neurorebit.training.scores import Score, Scoring

RANDOM = np.random.default_rng(4)
SCORES = RANDOM.normal(size=(5, 4))
LABELS = np.array([3, 0, 0, 2, 1])
TARGETS = RANDOM.normal(size=(5, 4))


def differentiated(loss, outputs, labels, smoothing):
    """The gradient by central differences."""
    gradient, step = np.empty_like(outputs), 1e-6
    for index in np.ndindex(outputs.shape):
        ends = []
        for sign in (1, -1):
            moved = outputs.copy()
            moved[index] += sign * step
            ends.append(loss(moved, labels, smoothing)[0])
        gradient[index] = (ends[0] - ends[1]) / (2 * step)
    return gradient


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("word", LOSSES)
def test_gradients_are_those_of_the_losses(word, smoothing):
    labels = TARGETS if word == "squared" else LABELS
    _, gradient = LOSSES[word](SCORES, labels, smoothing)
    expected = differentiated(LOSSES[word], SCORES, labels, smoothing)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_the_words_of_files_are_those_of_the_losses():
    assert [*list(LOSSES), "mse"] == list(WORDS)


def smoothed(label, classes, smoothing):
    """What is wanted of each class: the share spread evenly, the rest on the label."""
    return [smoothing / classes + (1 - smoothing) * (c == label) for c in range(classes)]


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_cross_entropy_by_plain_loops(smoothing):
    total = 0.0
    for scores, label in zip(SCORES, LABELS, strict=True):
        whole = sum(math.exp(s) for s in scores)
        for score, wanted in zip(scores, smoothed(label, 4, smoothing), strict=True):
            total -= wanted * math.log(math.exp(score) / whole)
    assert softmax_loss(SCORES, LABELS, smoothing)[0] == pytest.approx(total / 5, rel=1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_squared_losses_by_plain_loops(smoothing):
    total = regression = 0.0
    for i, (scores, label) in enumerate(zip(SCORES, LABELS, strict=True)):
        for c, wanted in enumerate(smoothed(label, 4, smoothing)):
            total += 0.5 * (scores[c] - wanted) ** 2
            regression += 0.5 * (scores[c] - TARGETS[i, c]) ** 2
    assert one_hot_loss(SCORES, LABELS, smoothing)[0] == pytest.approx(total / 5, rel=1e-12)
    assert squared_loss(SCORES, TARGETS)[0] == pytest.approx(regression / 5, rel=1e-12)


def test_gradients_have_the_type_of_the_scores_and_huge_scores_are_harmless():
    for loss, labels in ((softmax_loss, LABELS), (one_hot_loss, LABELS), (squared_loss, TARGETS)):
        assert loss(SCORES.astype(np.float32), labels)[1].dtype == np.float32
    loss, gradient = softmax_loss(1e4 * SCORES, LABELS, 0.1)
    assert math.isfinite(loss)
    assert np.isfinite(gradient).all()


def test_a_regression_is_scored_as_scikit_learn_scores_it():
    outputs, targets = RANDOM.normal(size=(50, 3)), RANDOM.normal(size=(50, 3)) * [1, 5, 0.1] + 3
    test = Scoring(regression=True)
    for part in (slice(0, 20), slice(20, 50)):
        test.add(outputs[part], targets[part])
    found = test.result
    assert found.accuracy is None
    assert found.rmse == pytest.approx(math.sqrt(mean_squared_error(targets, outputs)), rel=1e-9)
    assert found.r2 == pytest.approx(r2_score(targets, outputs), rel=1e-9)


def test_targets_that_never_change_have_no_r2():
    test = Scoring(regression=True)
    test.add(np.zeros((4, 1)), np.full((4, 1), 2.0))
    assert test.result == Score(rmse=2.0)


def test_classes_are_scored_by_the_share_that_is_right():
    test = Scoring(regression=False)
    test.add(SCORES[:3], SCORES[:3].argmax(axis=1))
    test.add(SCORES[3:], (SCORES[3:].argmax(axis=1) + 1) % 4)
    given = {max(range(4), key=row.__getitem__) for row in SCORES.tolist()}
    assert test.result == Score(3 / 5, len(given))


@pytest.mark.parametrize(("outputs", "meant"), [(1, "squared"), (2, "squared_one_hot")])
def test_mse_is_the_squared_loss_of_what_there_is(outputs, meant):
    import neurorebit as nr

    network = {
        "input": {"channels": 1, "height": 2, "width": 2},
        "classes": outputs,
        "layers": [{"kind": "linear", "features": outputs}],
    }
    rng = np.random.default_rng(1)
    x = rng.random((8, 2, 2, 1), np.float32)
    y = rng.random(8) if outputs == 1 else rng.integers(0, 2, 8)
    done = {
        loss: nr.train(
            nr.network(network | {"name": "n", "training": {"loss": loss, "batch": 4}}),
            "rebit", scheme="real", data=(x, y, x, y), epochs=1, threads=1,
        )
        for loss in ("mse", meant)
    }  # fmt: skip
    assert done["mse"].epochs["loss"].equals(done[meant].epochs["loss"])
