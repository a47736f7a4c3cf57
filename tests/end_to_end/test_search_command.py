"""``neurorebit search`` and ``sweep --train``, as a user types them."""

import csv
import json
import shlex

import pytest

from neurorebit.__main__ import main

SPACE = """
space:
  architecture.apim.adc_bits: [4, 5, 6, 7]
  technology.vdd: {low: 0.8 V, high: 1 V, step: 0.1 V}
where:
  - energy < 1 mJ
"""


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "space.yaml"
    path.write_text(SPACE)
    return path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_search_writes_its_folder_and_goes_on(space, tmp_path, capsys):
    out = tmp_path / "found"
    line = [
        "search",
        "mlp",
        "--space",
        str(space),
        "--budget",
        "5",
        "--batch",
        "3",
        "--out",
        str(out),
    ]
    assert main([*line, "--seed", "2"]) == 0
    shown = capsys.readouterr().out
    assert "5 designs of a space of 12 for energy, area: 5 complete" in shown
    assert shown.endswith(f"written to {out}\n")
    names = {path.name for path in out.iterdir()}
    assert names == {
        "trials.csv", "front.csv", "search.txt", "search.html", "search.json", "search.db",
    }  # fmt: skip
    first = rows_of(out / "trials.csv")
    document = json.loads((out / "search.json").read_text())
    assert document["seed"] == 2
    assert document["where"] == [{"text": "energy < 1 mJ", "column": "training energy [J/image]"}]

    assert main([*line, "--seed", "2"]) == 2  # not over the one that is there
    assert "holds a search; give --resume" in capsys.readouterr().err
    line[line.index("5")] = "9"
    assert main([*line, "--seed", "2", "--resume", "--quiet"]) == 0
    assert capsys.readouterr().out == f"written to {out}\n"
    again = rows_of(out / "trials.csv")
    assert len(again) == 9
    assert again[:5] == first


def test_the_command_of_a_trial_gives_its_costs(space, tmp_path, capsys):
    out = tmp_path / "found"
    assert main(["search", "mlp", "--space", str(space), "--budget", "2", "--out", str(out)]) == 0
    row = rows_of(out / "trials.csv")[1]
    program, *words = shlex.split(row["command"])
    assert program == "neurorebit"
    assert main([*words, "--out", str(tmp_path / "one"), "--quiet"]) == 0
    report = json.loads((tmp_path / "one/report.json").read_text())
    assert report["chip"]["area_m2"] == pytest.approx(float(row["area [m2]"]), rel=1e-12)
    assert report["totals"]["image"]["energy_J"] == pytest.approx(
        float(row["training energy [J/image]"]), rel=1e-12
    )


def test_mistakes_are_one_line_with_the_option(space, capsys):
    bad = space.with_name("bad.yaml")
    bad.write_text("space:\n  technology.vdd: [0.8]\n")
    line = ["search", "mlp", "--budget", "2"]
    for more, said in (
        (["--space", str(bad)], f"{bad}:2: technology.vdd=0.8: vdd: "),
        (["--space", str(space), "--where", "area<60"], "--where area<60: the unit is missing"),
        (["--space", str(space), "--objectives", "energy,accuracy"], "give --train images=1000"),
        (["--space", str(space), "--sampler", "foo"], "--sampler foo: expected one of tpe"),
        (["--space", str(space), "--technology", "22nm", "--set", "technology.vdd=1V"],
         "--space technology.vdd and --set technology.vdd=1V: the same choice twice"),
        (["--space", str(space), "--resume"], "--resume: there is nothing to go on with; name"),
        (["--space", str(space.with_name("none.yaml"))], "none.yaml: cannot be read"),
    ):  # fmt: skip
        assert main([*line, *more]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


def test_a_sweep_trains_its_designs(tmp_path, capsys):
    out = tmp_path / "all.csv"
    small = ["--set", "network.width=0.1", "--set", "training.calibration_steps=1"]
    axes = ["--axis", "architecture.apim.adc_bits=4,5", "--axis", "technology.vdd=0.8V,9V"]
    train = ["--train", "images=32,epochs=1", "--out", str(out), "--quiet"]
    assert main(["sweep", "mlp", *axes, *small, *train]) == 0
    rows = rows_of(out)
    assert [row["training"] for row in rows] == ["1 epoch of 32 images, 1 seed", ""] * 2
    assert all((row["accuracy"] == "nan") == (row["feasible"] == "False") for row in rows)
    assert main(["sweep", "mlp", *axes, "--train", "images=many"]) == 2
    assert "--train images=many: expected a number" in capsys.readouterr().err
