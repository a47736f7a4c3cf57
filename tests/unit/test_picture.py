"""The picture of a training: what it shows, and that it is the same for the same report."""

import io

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from neurorebit.results import pictures as picture

pytestmark = pytest.mark.usefixtures("rendered")


def trained(epochs=3, **changes):
    return {
        "network": "small",
        "training": {
            "dataset": "noise",
            "scheme": "hybrid",
            "test_accuracy": 0.6,
            "epochs": [
                {
                    "epoch": i + 1,
                    "train_accuracy": 0.25 * (i + 1),
                    "test_accuracy": None if i == 2 else 0.2 * (i + 1),
                    "cells_programmed": 4_000_000 - 1_000_000 * i,
                }
                for i in range(epochs)
            ],
            "histogram": {
                "layer": "conv2",
                "largest": 0.5,
                "counts": {"real": [1, 3], "analog": [2, 6]},
            },
            **changes,
        },
    }


def drawn(report, monkeypatch):
    """What the picture's panels hold."""
    figures, save = [], Figure.savefig

    def saved(self, *given, **options):
        figures.append(self)
        save(self, *given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Figure, "savefig", saved)
        content = picture.training(report)
    assert matplotlib.image.imread(io.BytesIO(content)).shape == (360, 1200, 4)
    return figures[0].axes


def test_curves_are_those_of_the_epochs(monkeypatch):
    accuracy, cells, _ = drawn(trained(), monkeypatch)
    train, test, level, mark = accuracy.get_lines()
    np.testing.assert_allclose(level.get_ydata(), [60, 60])
    np.testing.assert_allclose(mark.get_xydata(), [[3, 60]])
    assert mark.get_label() == "at the end: 60.00 %"
    assert accuracy.get_ylim() == (0.0, 103.0)
    np.testing.assert_allclose(train.get_xydata(), [[1, 25], [2, 50], [3, 75]])
    np.testing.assert_allclose(test.get_xydata(), [[1, 20], [2, 40], [3, np.nan]])
    np.testing.assert_allclose(cells.get_lines()[0].get_xydata(), [[1, 4], [2, 3], [3, 2]])
    assert cells.get_ylabel() == "cells programmed [millions]"


def test_histograms_are_shares_of_the_weights(monkeypatch):
    *_, weights = drawn(trained(), monkeypatch)
    real, analog = (stairs.get_data() for stairs in weights.patches)
    for found in (real, analog):
        np.testing.assert_allclose(found.values, [25.0, 75.0])
        np.testing.assert_allclose(found.edges, [-0.5, 0.0, 0.5])
    assert "conv2" in weights.get_title()
    assert [text.get_text() for text in weights.get_legend().get_texts()] == [
        "real weights",
        "analog weights",
    ]


@pytest.mark.parametrize("report", [trained(1), trained(60), trained(histogram=None)])
def test_short_long_and_diverged_runs_have_a_picture(report, monkeypatch):
    assert len(drawn(report, monkeypatch)) == 3


def test_the_same_report_gives_the_same_bytes():
    assert picture.training(trained()) == picture.training(trained())
    assert picture.training(trained()) != picture.training(trained(2))


@pytest.mark.parametrize("report", [{"training": None}, trained(0)])
def test_without_an_epoch_there_is_none(report):
    assert picture.training(report) is None
