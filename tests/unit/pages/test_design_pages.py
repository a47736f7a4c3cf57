"""Pages of many designs, of two runs and of schemes, as a parser reads them; and where they go."""

import copy
import json
import math
import shlex
from pathlib import Path

import numpy as np
import pytest
from made_report import built
from pages import HOSTILE, Page, size, trained

import neurorebit as nr
from neurorebit.__main__ import main
from neurorebit.commands.words import estimate_of
from neurorebit.results.pages import compare, file, schemes, sweep
from neurorebit.results.pages.frame import MARK
from neurorebit.results.sweep import CRITERIA, FEASIBLE, PARETO, REASON, front
from neurorebit.studies import compare as studies
from neurorebit.studies.scheme_table import COLUMNS

ENERGY, AREA = CRITERIA["energy"], CRITERIA["area"]


def designs(count=12, word="taox_hfox"):
    """A table of designs: energy falls with the row and area rises; every fifth cannot exist."""
    rows = np.arange(count)
    there = rows % 5 != 4
    table = {
        "technology.vdd [V]": 0.8 + 0.01 * rows,
        "architecture.apim.adc_bits": rows % 3 + 4,
        "device": np.array([word] * count, dtype=object),
    }
    for name in CRITERIA.values():
        table[name] = np.where(there, 1e-6 * (1.0 + rows % 7), np.nan)
    for name in ("forward TOPS/W chip", "backward TOPS/W chip"):
        table[name] = np.where(there, 1.0 + rows, np.nan)
    table[ENERGY] = np.where(there, 1e-6 * (count - rows), np.nan)
    table[AREA] = np.where(there, 1e-6 * (1 + rows), np.nan)
    table[FEASIBLE] = there
    table[REASON] = np.where(there, "", f"because {HOSTILE}").astype(object)
    return table


def spell(settings):
    return f"design {json.dumps(settings)}"


def test_designs_have_their_values_fronts_and_commands():
    table = designs()
    table[PARETO] = front(table, ["energy", "area"])
    page = Page(sweep.write(table, ["energy", "area"], spell, title="12 designs"))
    found = page.data["designs"]
    rows = [row for row in range(12) if row % 5 != 4]
    columns = {one["name"]: one["values"] for one in found["columns"]}
    assert columns["training energy"] == [1e-6 * (12 - row) for row in rows]
    assert columns["technology.vdd"] == [0.8 + 0.01 * row for row in rows]
    assert "device" not in columns, "which all share"
    assert found["front"] == list(range(10)), "less energy is more area"
    assert found["fronts"]["training energy|area"] == list(range(10))
    first = json.loads(found["commands"][0].removeprefix("design "))
    assert first == {
        "technology.vdd": "0.8 V", "architecture.apim.adc_bits": "4", "device": "taox_hfox",
    }  # fmt: skip
    parallel = page.data["figures"]["parallel"][""]
    assert parallel["order"] == list(range(10))
    named = {one["label"]: one["values"] for one in parallel["data"][0]["dimensions"]}
    assert named["training energy [µJ]"] == pytest.approx([12 - row for row in rows])
    assert len(page.ids) == len(set(page.ids))


def test_accuracies_of_designs_are_shares():
    table = designs() | {"accuracy": np.linspace(0.9, 0.99, 12)}
    page = Page(content := sweep.write(table, (), spell, title="x"))
    (found,) = (one for one in page.data["designs"]["columns"] if one["name"] == "accuracy")
    assert (found["unit"], found["values"][0]) == ("%", 0.9)
    parallel = page.data["figures"]["parallel"][""]["data"][0]["dimensions"]
    (drawn,) = (one for one in parallel if one["label"] == "accuracy [%]")
    assert drawn["values"][0] == pytest.approx(90.0)
    assert "90.00 %" in content.decode()


def test_many_designs_are_limited_to_fronts_and_every_so_manyth():
    table = designs(30_000)
    page = Page(content := sweep.write(table, (), spell, title="many"))
    found = page.data["designs"]
    assert sweep.MOST * 0.5 < len(found["commands"]) <= sweep.MOST * 1.01
    kept = {json.loads(c.removeprefix("design "))["technology.vdd"] for c in found["commands"]}
    assert len(kept) == len(found["commands"])
    assert f"{len(kept):,} of 24,000 designs" in content.decode()
    for pair, rows in found["fronts"].items():
        assert all(0 <= row < len(kept) for row in rows), pair


def test_where_nothing_can_exist_the_page_says_why():
    table = designs()
    table[FEASIBLE][:] = False
    table[REASON][:] = "too low"
    text = sweep.write(table, (), spell, title="none").decode()
    assert "too low" in text
    assert "Two figures" not in text


def test_names_of_designs_are_only_text():
    table = designs(word=HOSTILE)
    table["device"][::2] = "other"
    page = Page(content := sweep.write(table, ["energy"], spell, title=HOSTILE))
    ours = content.decode().replace(page.scripts["script 1"], "")
    assert "<img" not in ours
    assert "\x1b" not in ours
    assert not [tag for tag, _ in page.tags if tag in ("img", "b ")]


def test_the_command_of_a_design_is_what_a_shell_reads():
    given = {"network": "a b.yaml", "architecture": "rebit", "technology": "22nm"}
    settings = {"technology.vdd": "0.8 V", "device": "x;y", "architecture": "reram"}
    words = shlex.split(estimate_of(given, settings, "--set", "device.r_on=1 kohm"))
    assert words == [
        "neurorebit", "run", "a b.yaml", "--no-train", "--architecture", "reram", "--technology",
        "22nm", "--device", "x;y", "--set", "device.r_on=1 kohm", "--set", "technology.vdd=0.8 V",
    ]  # fmt: skip


def test_a_comparison_lists_what_was_given_and_what_came_of_it():
    one, two = built(), copy.deepcopy(built())
    two["phases"]["forward"]["energy_J"] *= 1.5
    two["layers"][0]["area_m2"] = 3e-6
    two["device"] = HOSTILE
    found = studies.compare(one, two, 0.01)
    page = Page(content := compare.write((("a", one), (HOSTILE, two)), found))
    text = content.decode()
    assert "2 of 2 changed results are beyond the tolerance of 0.01" in text
    assert "+50 %" in text
    ours = text.replace(page.scripts["script 1"], "")
    assert "<img" not in ours
    energy = page.data["figures"]["phases"]["energy"]["data"]
    forward = [trace["x"][1] for trace in energy]
    assert forward[1] == pytest.approx(1.5 * forward[0])
    same = compare.write((("a", one), ("a", one)), studies.compare(one, one, 0.0)).decode()
    assert "No result differs" in same


def test_schemes_are_drawn_over_epochs_energy_and_writes():
    report = trained() | {"seed": 1}
    software = copy.deepcopy(report)
    software["activity"]["origin"] = "assumed"  # of a training without arrays
    for epoch in software["training"]["epochs"]:
        epoch["cells_programmed"] = 0
    row = {"scheme": "hybrid", "chip": "ReBIT", "test_accuracy": 0.5, "area_m2": 4e-4}
    row |= {"energy_with_dram_J_per_epoch": 2.0, "latency_s_per_epoch": 3.0}
    other = row | {"scheme": HOSTILE, "test_accuracy": 0.6, "area_m2": 1e-4}
    runs = {"hybrid": [report], HOSTILE: [software]}
    content = schemes.write([row, other], runs, COLUMNS, (["mean"], ["mind"]), command="c")
    page = Page(content)
    figures = page.data["figures"]
    assert [len(figures["learning"][over]["data"]) for over in ("epochs", "energy", "writes")] == [
        2, 1, 1,
    ]  # fmt: skip
    assert figures["learning"]["writes"]["data"][0]["x"] == [12.0, 19.0]
    points = figures["front"]["area"]["data"][0]
    assert points["x"] == pytest.approx([400.0, 100.0])
    assert points["marker"]["color"][0] != points["marker"]["color"][1], "only one is on the front"
    ours = content.decode().replace(page.scripts["script 1"], "")
    assert "<img" not in ours


def test_plotly_takes_the_plots_of_designs():
    graph_objects = pytest.importorskip("plotly.graph_objects")
    table = designs()
    one = built()
    contents = (
        sweep.write(table, ["energy", "area"], spell, title="x"),
        compare.write((("a", one), ("b", one)), studies.compare(one, one, 0.0)),
    )
    for content in contents:
        for views in Page(content).data["figures"].values():
            for plot in views.values():
                graph_objects.Figure({"data": plot["data"], "layout": plot["layout"]})


# --- where pages go


def refused(action):
    with pytest.raises(nr.InputError) as problem:
        action()
    return str(problem.value)


def test_a_page_replaces_pages_alone(tmp_path):
    path = tmp_path / "new" / "x.html"
    file.claim(path)
    assert not path.parent.exists(), "on trial"
    file.write(path, MARK + b"one")
    file.write(path, MARK + b"two")
    assert path.read_bytes() == MARK + b"two"
    assert [one.name for one in path.parent.iterdir()] == ["x.html"]
    (mine := tmp_path / "mine.html").write_text("mine")
    assert "is there, and is no page" in refused(lambda: file.claim(mine))
    assert mine.read_text() == "mine"
    assert refused(lambda: file.claim(tmp_path / "x.txt")).endswith("name another file")
    (tmp_path / "d.html").mkdir()
    assert "is a folder; name a file" in refused(lambda: file.claim(tmp_path / "d.html"))
    assert "cannot be written" in refused(lambda: file.claim(Path("/proc/none/x.html")))


def test_a_page_that_cannot_be_written_is_refused_before_any_estimate(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("mine.html").write_text("mine")
    assert main(["sweep", "nowhere", "--axis", "technology.vdd=1V", "--page", "mine.html"]) == 2
    assert capsys.readouterr().err.startswith("--page mine.html: is there, and is no page")
    assert main(["compare", "nowhere", "nowhere", "--page", "mine.html"]) == 2
    assert capsys.readouterr().err.startswith("--page mine.html: is there, and is no page")


def test_the_library_writes_the_same_pages(tmp_path):
    grid = nr.sweep("mlp", "rebit", {"technology.vdd": [0.9, 1.0], "device": ["taox_hfox"]})
    page = Page(grid.page(tmp_path / "grid.html", "energy", "area").read_bytes())
    assert page.data["designs"]["commands"][0] == (
        "nr.chip('rebit', device='taox_hfox').set({'technology.vdd': '0.9 V'})"
    )
    energies = {one["name"]: one["values"] for one in page.data["designs"]["columns"]}
    assert energies["training energy"] == grid[ENERGY].tolist()
    assert "expected one or more of" in refused(lambda: grid.page(tmp_path / "x.html", "beauty"))
    assert not (tmp_path / "x.html").exists()
    one = nr.estimate("mlp", "rebit")
    nr.compare(one, nr.estimate("mlp", "reram"), page=tmp_path / "both.html")
    rows = Page((tmp_path / "both.html").read_bytes())
    assert "phases" in rows.data["figures"]
    assert math.isclose(size("420.9 mm²"), 420.9e-6)
