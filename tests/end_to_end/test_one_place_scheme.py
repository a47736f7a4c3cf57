"""A scheme of one's own: a description and weights in one file, one line in the table, end to end.

Cells learn by the sign of a running mean of the gradient, each by a burst of pulses. The scheme
adds a key to the section ``training`` and keeps one word of each weight in digital memory.
"""

import csv
import json
from dataclasses import dataclass, field, replace
from typing import Annotated

import numpy as np
import pytest
from pydantic import Field

from neurorebit.schema import Section
from neurorebit.schemes.parts.in_place import InPlaceWeights
from neurorebit.schemes.parts.scheme import CELL_KEYS, Held, Scheme
from neurorebit.schemes.table import SCHEMES


@dataclass(frozen=True)
class TrendKeys(Section):
    """``burst``: pulses that each cell gets in each step."""

    burst: Annotated[int, Field(ge=1, le=100)] = 1


@dataclass(eq=False)
class TrendWeights(InPlaceWeights):
    trend: np.ndarray = field(init=False)

    def __post_init__(self):
        super().__post_init__()
        self.trend = np.zeros(self.cells.weight.size, self.site.dtype)

    def plan(self, gradient, pulses, start, rate):
        trend = self.trend[start : start + gradient.size]
        trend += 0.5 * (gradient - trend)
        pulses[...] = -np.sign(trend) * self.site.training.own(TrendKeys).burst


TREND = Scheme(
    summary="Cells learn by the sign of a running mean of the gradient.",
    held=Held.CELLS,
    organisation="in_place",
    architecture="reram",
    chip="learns by trends",
    heeds=CELL_KEYS,
    kept=1,
    velocity=False,
    keys=TrendKeys,
    load=lambda: TrendWeights,
)
ON_CHIP = ("--architecture", "reram", "--scheme", "trend")


@pytest.fixture(autouse=True)
def _one_line(monkeypatch):
    monkeypatch.setitem(SCHEMES, "trend", TREND)


def report(folder):
    return json.loads((folder / "report.json").read_text())


def test_its_chip_is_estimated_with_the_words_that_it_keeps(command, tiny, place, monkeypatch):
    """A word of 32 bits a weight is read and written once an iteration, 3.9 pJ a bit."""
    monkeypatch.setitem(SCHEMES, "lean", replace(TREND, kept=0))
    found = []
    for name in ("trend", "lean"):
        words = ("--architecture", "reram", "--scheme", name, "--no-train", "--out", name)
        assert command("run", tiny, *words).code == 0
        found.append(report(place / name))
    assert [done["scheme"] for done in found] == ["trend", "lean"]
    dram = [done["phases"]["update"]["dram_energy_J"] for done in found]
    weights = 27 * 6 + 24 * 10
    assert dram[0] - dram[1] == pytest.approx(2 * 32 * weights * 3.9e-12)


def test_it_trains_and_its_key_is_heeded(command, tiny, data, place):
    """A burst of two pulses in three steps: each cell whose trend is not zero gets six."""
    words = ("run", tiny, *ON_CHIP, "--data", data, "--epochs", "1")
    assert command(*words, "--out", "one").code == 0
    assert command(*words, "--out", "two", "--set", "training.burst=2").code == 0
    one, two = (report(place / folder) for folder in ("one", "two"))
    assert two["inputs"]["network"]["values"]["training"]["burst"] == 2
    assert (one["training"]["scheme"], one["ablations"]) == ("trend", [])
    assert one["training"]["test_accuracy"] is not None
    demands = [done["training"]["demands"] for done in (one, two)]
    assert [d["memory_bits_per_weight"] for d in demands] == [32, 32]
    pulses = [d["pulses_per_weight_and_epoch"] for d in demands]
    assert 0 < pulses[0] <= 3
    assert 3 < pulses[1] <= 6


def test_it_goes_on_from_a_checkpoint_to_the_bit(command, tiny, data, place):
    words = ("run", tiny, *ON_CHIP, "--data", data)
    assert command(*words, "--out", "whole").code == 0
    assert command(*words, "--out", "cut", "--stop-after", "0").code == 3
    assert command(*words, "--out", "cut", "--resume").code == 0
    digests = [report(place / name)["training"]["weights_sha256"] for name in ("whole", "cut")]
    assert digests[0] == digests[1]


def test_it_stands_in_the_comparison(command, tiny, data, place):
    words = ("schemes", tiny, "--data", data, "--epochs", "1", "--images", "32", "--out", "both")
    done = command(*words, "--schemes", "trend,real")
    assert done.code == 0
    assert "trend: learns by trends; real: none, software" in done.out
    with (place / "both/schemes.csv").open() as file:
        rows = {row["scheme"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["trend", "real"]
    assert report(place / "both/trend_seed0")["architecture"] == "reram"


@pytest.mark.parametrize("words", [("run", "--help"), ("schemes", "--help")])
def test_help_names_it(words, capsys):
    from neurorebit.__main__ import main

    with pytest.raises(SystemExit):
        main(list(words))
    assert "trend" in capsys.readouterr().out.replace("\n", " ")


def test_errors_name_it_and_its_key(command, tiny):
    done = command("run", tiny, "--scheme", "trent", "--no-train")
    assert done.code == 2
    assert list(SCHEMES)[-1] == "trend"
    assert f"expected one of {', '.join(SCHEMES)}, got 'trent'; did you mean" in done.err
    done = command("run", tiny, "--set", "training.bust=2", "--no-train")
    assert "did you mean 'burst'?" in done.err
    done = command("run", tiny, "--set", "training.burst=0", "--no-train")
    assert "training.burst: should be greater than or equal to 1" in done.err


def test_another_scheme_is_said_to_ignore_its_key(command, tiny, data, place):
    words = ("--data", data, "--epochs", "1", "--images", "32", "--set", "training.burst=2")
    assert command("run", tiny, *words, "--out", "other").code == 0
    (said,) = report(place / "other")["idle"]
    assert said == "training.burst=2: without effect, scheme=hybrid knows no such choice"
