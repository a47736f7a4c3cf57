"""Searches: the same trials by seed, killed or not; fronts, conditions, refusals."""

import contextlib
import itertools
import json
import os
import sqlite3
import sys

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.results.sweep import CRITERIA
from neurorebit.schema import InputError
from neurorebit.studies.search import importance
from neurorebit.studies.search import search as searches
from neurorebit.studies.search.objectives import condition, objectives

SPACE = {
    "architecture.apim.adc_bits": range(4, 9),
    "architecture.apim.rows": [64, 128, 256],
    "technology.vdd": {"low": 0.8, "high": 1.0, "step": 0.05},
}
ENERGY, AREA = CRITERIA["energy"], CRITERIA["area"]


def found(space=SPACE, **more):
    return nr.search("mlp", "rebit", space, progress=False, **{"budget": 16, "batch": 6, **more})


@pytest.fixture(scope="module", autouse=True)
def small_forests():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importance, "TREES", 4)
        yield


@pytest.fixture(scope="module")
def whole():
    return found()


def test_a_seed_gives_the_same_trials_in_the_same_order(whole):
    assert found().frame.equals(whole.frame)
    assert not found(seed=1).frame.equals(whole.frame)


def test_no_design_is_tried_twice_and_costs_are_those_of_an_estimate(whole):
    keys = whole.about["keys"]
    designs = list(zip(*(whole.table[key].tolist() for key in keys), strict=True))
    assert len(set(designs)) == len(designs) == 16
    bits, rows, vdd = designs[7]
    chip = nr.chip("rebit").set({keys[0]: bits, keys[1]: rows, keys[2].partition(" [")[0]: vdd})
    estimate = nr.estimate("mlp", chip)
    assert whole.table[AREA][7] == pytest.approx(estimate.area, rel=1e-12)
    assert "estimate(network('mlp')" in whole.table["command"][7]
    assert eval(f"nr.{_qualified(whole.table['command'][7])}").area == estimate.area


def _qualified(call):
    return call.replace("network(", "nr.network(").replace("chip(", "nr.chip(")


def test_the_front_is_what_no_trial_beats(whole):
    costs = list(zip(whole.table[ENERGY], whole.table[AREA], strict=True))
    beaten = [any(o != c and o[0] <= c[0] and o[1] <= c[1] for o in costs) for c in costs]
    assert [not one for one in beaten] == whole.table["front"].tolist()
    assert whole.front[ENERGY].is_monotonic_increasing
    assert whole.about["front"] == [i for i, one in enumerate(beaten) if not one]


def test_a_space_is_searched_to_its_end():
    space = {"architecture.apim.adc_bits": [4, 5, 6], "technology.vdd": ["0.8 V", "0.9 V"]}
    all_of_it = found(space, budget=50)
    assert len(all_of_it) == 6
    assert all_of_it.about["exhausted"]
    assert all_of_it.about["designs"] == 6
    pairs = zip(*(all_of_it.table[key].tolist() for key in all_of_it.about["keys"]), strict=True)
    assert set(pairs) == set(itertools.product([4, 5, 6], [0.8, 0.9]))


def test_a_killed_search_loses_no_trial_and_goes_on_as_if_it_had_not_been(
    whole, tmp_path, monkeypatch
):
    """It is stopped after some trials, in the middle of a batch."""
    stop = 10
    place = tmp_path / "search.db"
    keep = searches.Storage.keep

    def dies(self, trial, fidelity):
        if trial.index == stop:
            raise SystemExit
        keep(self, trial, fidelity)

    monkeypatch.setattr(searches.Storage, "keep", dies)
    with pytest.raises(SystemExit):
        found(storage=place)
    monkeypatch.undo()
    with sqlite3.connect(place) as database:
        assert database.execute("select count(*) from trials").fetchone() == (stop,)
    again = found(storage=place, resume=True)
    assert again.frame.equals(whole.frame)
    assert again.importances.equals(whole.importances)


def test_a_budget_may_grow(whole, tmp_path):
    place = tmp_path / "search.db"
    found(storage=place, budget=8)
    assert found(storage=place, resume=True).frame.equals(whole.frame)


def test_a_database_is_of_one_search(tmp_path):
    place = tmp_path / "search.db"
    found(storage=place, budget=3)
    for more, message in (
        ({}, "holds a search; give resume"),
        ({"resume": True, "seed": 5}, "its seed was 0, not 5"),
        ({"resume": True, "objectives": ["latency", "area"]}, "its objectives was"),
        ({"resume": True, "where": "area<60mm2"}, "its where was"),
    ):
        with pytest.raises(InputError, match=message):
            found(storage=place, budget=3, **more)
    other = tmp_path / "other.db"
    other.write_text("not a database")
    with pytest.raises(InputError, match="no database of a search"):
        found(storage=other)
    assert other.read_text() == "not a database"
    others = tmp_path / "others.db"
    with contextlib.closing(sqlite3.connect(others)) as database:
        database.execute("CREATE TABLE somebodys (own)")
        database.commit()
    content = others.read_bytes()
    for more in ({}, {"resume": True}):
        with pytest.raises(InputError, match="no database of a search"):
            found(storage=others, **more)
    assert others.read_bytes() == content
    with pytest.raises(InputError, match="nothing to go on with"):
        found(resume=True)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_database_is_the_file_that_is_named_whatever_its_name(tmp_path):
    place = tmp_path / "a?mode=memory#%41&'" / "b?c.db"
    place.parent.mkdir()
    found(storage=place, budget=3)
    assert [one.name for one in tmp_path.iterdir()] == [place.parent.name]
    assert [one.name for one in place.parent.iterdir()] == [place.name]
    assert len(found(storage=place, budget=6, resume=True).frame) == 6


def test_optuna_reads_the_database(whole, tmp_path):
    optuna = pytest.importorskip("optuna")
    place = tmp_path / "search.db"
    found(storage=place, budget=4)
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{place}")
    values = [trial.values for trial in study.trials]
    assert values == [[whole.table[ENERGY][i], whole.table[AREA][i]] for i in range(4)]
    study._storage.remove_session()


def test_designs_that_cannot_exist_and_those_beyond_a_condition_have_their_reasons():
    space = {
        "technology.vdd": ["0.9 V", "9 V"],
        "architecture.dpim.copies": [1, 2],
        "architecture.apim.rows": [64, 512],
    }
    bound = nr.estimate("mlp", nr.chip("rebit").set({"technology.vdd": 0.9})).area
    text = f"area<={bound * 1e6:.9f}mm2"
    result = found(space, budget=8, where=text)
    table = result.table
    for row in range(8):
        reason, vdd = table["reason"][row], table["technology.vdd [V]"][row]
        if vdd == 9.0:
            assert "below 5 V" in reason
        elif table["architecture.dpim.copies"][row] == 2:
            assert "2 copies" in reason
        else:
            beyond = table[AREA][row] > bound * (1 + 1e-9)
            assert (reason == f"beyond {text}") == beyond
        assert table["feasible"][row] == (reason == "")
    assert not np.any(table["front"] & ~table["feasible"])
    assert result.importances.empty


def test_keys_of_one_chip_are_searched_on_it():
    space = {
        "architecture": ["rebit", "reram"],
        "architecture.apim.adc_bits": {"values": [4, 5], "if": {"architecture": "rebit"}},
        "architecture.arrays.adc_bits": {"values": [5, 6, 7], "if": {"architecture": ["reram"]}},
    }
    result = found(space, budget=20)
    assert len(result) == 5
    rebit = result.table["architecture"] == "rebit"
    assert np.array_equal(np.isfinite(result.table["architecture.apim.adc_bits"]), rebit)
    assert np.all(result.table["state"] == "complete")


def test_another_sampler_resumes_too(tmp_path):
    more = {"sampler": "nsga2", "budget": 8, "batch": 3}
    once = found(**more)
    found(storage=tmp_path / "search.db", **{**more, "budget": 4})
    again = found(storage=tmp_path / "search.db", resume=True, **more)
    assert again.frame.equals(once.frame)


def test_a_search_beats_random_designs_and_finds_the_least_energy():
    """On 3 x 75 designs of which the sweep knows the best."""
    space = {**SPACE, "architecture.dpim.vectors": [2, 8, 32]}
    grid = {**space, "technology.vdd": "0.8V:1.0V:5"}
    best = np.nanmin(nr.sweep("mlp", "rebit", grid, progress=False)[ENERGY])
    result = found(space, budget=60, batch=10, objectives="energy")
    assert np.nanmin(result.table[ENERGY]) == pytest.approx(best, rel=1e-12)


def test_what_is_asked_for_is_checked():
    for more, message in (
        ({"sampler": "foo"}, "tpe, nsga2, nsga3, random"),
        ({"pruner": "foo"}, "halving, median, none"),
        ({"budget": 0}, "from 1 to"),
        ({"batch": 0}, "from 1 to"),
        ({"seed": -1}, "from 0 to"),
        ({"objectives": []}, "1 to 4 objectives"),
        ({"objectives": ["energy", "training_energy"]}, "given twice"),
        ({"objectives": ["engery"]}, "did you mean 'energy'"),
        ({"objectives": ["accuracy"]}, "an accuracy needs trainings"),
        ({"train": "images=10"}, "trainings are for an accuracy"),
        ({"where": "area<60"}, "the unit is missing"),
        ({"where": "area=60mm2"}, "expected a name, a sign and a number"),
        ({"space": {}}, "expected keys with their values"),
        ({"space": {"technology.vdd": [float("nan")]}}, "nan"),
    ):
        with pytest.raises(InputError, match=message):
            found(**{"space": SPACE, **more})
    with pytest.raises(InputError, match="the same choice twice"):
        nr.search("mlp", nr.chip("rebit").set("technology.vdd", 0.9), SPACE)


def test_conditions_have_units_and_signs():
    area = condition("area < 60 mm2")
    assert (area.bound, area.upper, area.strict) == (60e-6, True, True)
    assert area.violation(np.array([60e-6, 59e-6, 90e-6]))[1:].tolist() == [0.0, pytest.approx(0.5)]
    assert area.violation(np.array([60e-6]))[0] > 0.0
    assert condition("energy<=5 uJ/image").violation(np.array([5e-6])).tolist() == [0.0]
    assert condition("accuracy>=95%").bound == 0.95
    assert condition("power<2mW").column == "training power [W]"
    assert objectives(["forward_tops_per_w_chip"])[0].more


def test_power_is_energy_over_time(whole):
    table = whole.table
    power = table[ENERGY] / table["training latency [s/image]"]
    assert table["training power [W]"] == pytest.approx(power, rel=1e-12)


def test_files_hold_the_trials(whole, tmp_path):
    place = whole.save(tmp_path / "out")
    names = {path.name for path in place.iterdir()}
    assert names == {"trials.csv", "front.csv", "search.txt", "search.html", "search.json"}
    document = json.loads((place / "search.json").read_text())
    assert document["schema"] == 1
    assert [one["unit"] for one in document["objectives"]] == ["J/image", "m2"]
    lines = (place / "trials.csv").read_text().splitlines()
    assert len(lines) == 17
    assert lines[0].startswith("trial,architecture.apim.adc_bits,architecture.apim.rows,")
    assert (place / "search.txt").read_text() == f"{whole!r}\n"
    pytest.importorskip("pyarrow")
    whole.save(place, format=".parquet")
    assert {path.name for path in place.iterdir()} == names - {"trials.csv"} | {"trials.parquet"}
    with pytest.raises(InputError, match="expected one of"):
        whole.save(place, format=".xls")


def test_markup_of_words_stays_text(tmp_path):
    chip = {**nr.chip("rebit").architecture.document.tree, "name": "<b>mine</b>"}
    result = found({"architecture": [chip, "rebit"], "technology.vdd": ["0.9 V"]}, budget=2)
    assert "<b>" not in result._repr_html_().replace("<div><b>", "").replace("</b><table", "")


def test_without_optuna_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"a search needs Optuna; .*neurorebit\[search\]"):
        found(budget=1)
