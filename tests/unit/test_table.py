"""The table of a sweep: front, best designs, files."""

import csv
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurorebit.results import sweep as tables
from neurorebit.results import sweep_text
from neurorebit.results.writers import sweep_file
from neurorebit.schema import InputError

NAMES = ("energy", "latency", "area")


def table(costs, feasible=None):
    costs = np.asarray(costs, float)
    count = len(costs)
    feasible = np.ones(count, bool) if feasible is None else np.asarray(feasible)
    made = {"technology.vdd [V]": np.linspace(0.8, 1.0, count)}
    made["architecture.apim.pe_side"] = np.array(["auto"] * count, dtype=object)
    made |= {name: np.full(count, 1e-6) for name in sweep_text.SHOWN}
    for name, values in zip(NAMES, costs.T, strict=False):
        made[tables.CRITERIA[name]] = np.where(feasible, values, np.nan)
    made["feasible"] = feasible
    made["reason"] = np.where(feasible, "", "analog: cannot be built").astype(object)
    return made


@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.tuples(*[st.integers(0, 5)] * n), min_size=1, max_size=30)
    ),
    st.randoms(use_true_random=False),
)
def test_the_front_is_what_nothing_beats(costs, random):
    feasible = [random.random() < 0.8 for _ in costs]
    found = tables.front(table(costs, feasible), NAMES[: len(costs[0])])
    points = np.array(costs)
    for i, point in enumerate(points):
        beaten = any(
            feasible[j] and np.all(other <= point) and np.any(other < point)
            for j, other in enumerate(points)
        )
        assert found[i] == (feasible[i] and not beaten)


def test_a_front_of_many_is_that_of_all():
    """Rounded, so that ties abound."""
    points = np.round(np.random.default_rng(0).normal(size=(2500, 3)) + 4, 1)
    found = tables.front(table(points), NAMES)
    no_worse = np.all(points[:, None] <= points, axis=2)
    better = np.any(points[:, None] < points, axis=2)
    np.testing.assert_array_equal(found, ~np.any(no_worse & better, axis=0))
    assert 10 < np.count_nonzero(found) < 500


def test_the_best_come_first_with_units_and_reasons():
    made = table([(3e-6, 1, 1), (1e-6, 1, 1), (2e-6, 1, 1)], [True, True, False])
    text = sweep_text.best(made)
    assert text.startswith("3 designs, 2 feasible\n! 1: analog: cannot be built")
    rows = [line.split() for line in text.splitlines() if "auto" in line]
    assert [row[0] for row in rows] == ["900", "800"]
    assert "[uJ/image]" in text


def test_nothing_feasible_is_told():
    text = sweep_text.best(table([(1, 1, 1)], [False]))
    assert text.startswith("1 designs, 0 feasible")


def test_a_front_is_what_is_shown():
    made = table([(1, 2, 0), (2, 1, 0), (3, 3, 0)])
    made["pareto"] = tables.front(made, ("latency", "energy"))
    text = sweep_text.best(made, ("latency", "energy"))
    assert "2 on the front of latency, energy" in text
    assert "Best by latency: 2 of 2" in text


def test_a_csv_holds_every_number_exactly(tmp_path):
    made = table([(1 / 3, 1, 1), (np.pi, 1, 1)], [True, False])
    sweep_file.claim(tmp_path / "new" / "sweep.csv")
    sweep_file.write(made, tmp_path / "new" / "sweep.csv")
    with (tmp_path / "new" / "sweep.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == list(made)
    for i, row in enumerate(rows):
        for name, text in zip(head, row, strict=True):
            value = made[name][i]
            same = text == str(value) if isinstance(value, str | np.bool_) else float(text) == value
            assert same or (np.isnan(value) and text == "nan")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["sweep.csv"]


def test_parquet_holds_the_same(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    made = table([(1 / 3, 1, 1), (np.pi, 1, 1)])
    sweep_file.write(made, tmp_path / "sweep.parquet")
    found = parquet.read_table(tmp_path / "sweep.parquet").to_pydict()
    assert found == {name: values.tolist() for name, values in made.items()}


def test_parquet_without_pyarrow_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'neurorebit\[parquet\]'"):
        sweep_file.claim(tmp_path / "sweep.parquet")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("sweep.xlsx", "ends in .csv or .parquet"),
        ("folder.csv", "is a folder"),
        ("file/sweep.csv", "cannot be written"),
    ],
)
def test_an_impossible_file_is_refused_before_any_work(tmp_path, path, message):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=message):
        sweep_file.claim(tmp_path / path)
