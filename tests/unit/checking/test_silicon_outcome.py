"""Macros held against silicon: figures, the constant, shares, criteria, the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from common import near
from silicon import RECORD, Lines, changed, file

import neurorebit as nr
from neurorebit import __main__ as program
from neurorebit.checking.silicon.outcome import Compared
from neurorebit.checking.silicon.rows import Row
from neurorebit.macros.table import STRUCTURES
from neurorebit.schema import InputError


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRUCTURES, "lines", Lines)


def compared(folder: Path, record: dict[str, Any]) -> Compared:
    (one,) = nr.validate_silicon(file(folder, record)).outcome.macros
    return one


def row(of: Compared, figure: str, point: str = "low", part: str = "") -> Row:
    (one,) = (r for r in of.rows if (r.figure, r.point, r.of) == (figure, point, part))
    return one


@pytest.mark.parametrize(
    ("measured", "figure", "silicon"),
    [
        ({"J_per_op": 5e-13}, "energy", 5e-13),
        ({"J_per_mac": 1e-12}, "energy", 5e-13),
        ({"J": 1.6e-11}, "energy", 5e-13),
        ({"J_per_op": {"a": 2e-13, "b": 3e-13}}, "energy", 5e-13),
        ({"tops_per_W": 2}, "energy", 5e-13),
        ({"gops_per_W": 2000}, "energy", 5e-13),
        ({"ops_per_J": 2e12}, "energy", 5e-13),
        ({"macs_per_J": 1e12}, "energy", 5e-13),
        ({"W": 1.6e-3, "s": 1e-8}, "energy", 5e-13),
        ({"W": 1.6e-3, "tops": 3.2e-3}, "energy", 5e-13),
        ({"W": 1.6e-3}, "energy", 5e-13),  # our own time, 10 ns
        ({"energy_per_op": "500 fJ"}, "energy", 5e-13),
        ({"power": "1.6 mW", "time": "10 ns"}, "energy", 5e-13),
        ({"s": 1e-8}, "speed", 3.2e9),
        ({"gops": 3.2}, "speed", 3.2e9),
        ({"macs_per_s": 1.6e9}, "speed", 3.2e9),
        ({"products_per_s": 1e8}, "speed", 3.2e9),
        ({"tops_per_mm2": 1.5}, "density", 1.5e18),
        ({"gops_per_mm2": 1500}, "density", 1.5e18),
        ({"clock_Hz": 1e8}, "clock", 1e8),
        ({"leakage_W": 1e-6}, "leakage", 1e-6),
        ({"area_mm2": 0.01}, "area", 1e-8),
        ({"area_um2": 1e4}, "area", 1e-8),
        ({"area": "0.01 mm2"}, "area", 1e-8),
    ],
)
def test_a_figure_may_have_any_usual_form(
    measured: dict[str, Any], figure: str, silicon: float, tmp_path: Path
) -> None:
    """32 operations of 16 multiply-accumulates in a product."""
    point = {"id": "low", "vdd": "0.8 V", "measured": measured}
    leaking = {"leak": "2 uW"} if figure == "leakage" else {}
    found = compared(tmp_path, changed(points=[point], macro=RECORD["macro"] | leaking))
    expected = {
        "energy": 4e-13, "speed": 3.2e9, "area": 8e-9, "density": 3.2e9 / 8e-9,
        "clock": 2e8, "leakage": 2e-6,
    }  # fmt: skip
    one = row(found, figure, "" if figure == "area" else "low")
    near(one.silicon, silicon)
    near(one.blind, expected[figure])
    near(one.fitted, expected[figure])


def test_operations_are_counted_as_the_source_does(tmp_path: Path) -> None:
    """Three for each multiply-accumulate of 4 x 2 bits, as so many of 1 x 1 bit: 24 for one."""
    found = compared(tmp_path, changed(ops={"per_mac": 3, "normalised_to": "1, 1"}))
    near(row(found, "energy").blind, 1.28e-11 / (16 * 24))


def test_a_clock_decides_the_time_and_what_leaks_in_it(tmp_path: Path) -> None:
    """Two cycles of 1 MHz: 2 us, in which 3 uW leak 6 pJ beside 12.8 pJ."""
    macro = RECORD["macro"] | {"leak": "3 uW"}
    point = RECORD["points"][0] | {"clock_Hz": 1e6}
    found = compared(tmp_path, changed(macro=macro, points=[point]))
    near(row(found, "energy").blind, (12.8e-12 + 6e-12) / 32)


def test_a_factor_is_fitted_on_one_point_and_holds_at_the_others(tmp_path: Path) -> None:
    """16 pJ are 10.24 pJ and 2.25 times 2.56 pJ; at 0.9 V all is (0.9 / 0.8)^2 times as much."""
    constant = {"name": "edges", "parts": ["edges"]}
    found = compared(tmp_path, changed(constant=constant))
    assert found.fitted is not None
    near(found.fitted.value, 2.25)
    near(row(found, "energy").fitted, 5e-13)
    other = row(found, "energy", "high")
    near(other.fitted, 5e-13 * 1.265625)
    near(other.blind, 4e-13 * 1.265625)
    near(other.silicon, 6.25e-13)
    near(found.mean, 5 * 1.265625 / 6.25 - 1)
    assert [r.point for r in found.others] == ["high"]


def test_a_mean_of_fewer_than_three_points_neither_holds_nor_fails(tmp_path: Path) -> None:
    """At 0.9 V ours is a quarter of silicon's: said, and not judged before the third such point."""
    low, high = RECORD["points"]
    far = high | {"measured": {"tops_per_W": 1.0}}
    points = [low, *(far | {"id": name} for name in ("high", "again", "third"))]
    found = nr.validate_silicon(file(tmp_path, changed(points=points[:3])))
    assert found.outcome.macros[0].mean == pytest.approx(1 - 0.50625, rel=1e-9)
    assert found.holds
    assert "too few such points to judge, fewer than 3: L1" in repr(found)
    found = nr.validate_silicon(file(tmp_path, changed(points=points)))
    assert [one.key for one in found.outcome.macros[0].broken()] == ["mean"]


def test_a_clock_that_is_given_makes_the_speed_no_prediction(tmp_path: Path) -> None:
    """Two cycles of 1 MHz are given; of 1 GHz ours takes its own 10 ns, 3.2 GOPS."""
    for clock, ours, given in ((1e6, 16e6, "clock"), (1e9, 3.2e9, "")):
        point = RECORD["points"][0] | {"clock_Hz": clock, "measured": {"gops": 3.2}}
        one = row(compared(tmp_path, changed(points=[point])), "speed")
        near(one.blind, ours)
        assert one.given == given


def test_what_is_given_for_a_row_counts_rows_that_work(tmp_path: Path) -> None:
    """1 pJ for each of 8 or 16 rows, two operations each: 0.5 pJ of 1 pJ."""
    given = [{"what": "drivers", "energy": "1 pJ", "each": "rows"}]
    points = [
        {"id": f"{rows}", "rows": rows, "measured": {"J_per_op": 1e-12}, "part": part}
        for rows, part in ((8, "fit"), (16, "public"))
    ]
    found = compared(tmp_path, changed(given=given, points=points, conditions={"vdd": "0.8 V"}))
    for point in ("8", "16"):
        near(row(found, "energy", point).silicon, 5e-13)


def test_a_condition_that_the_record_fixes_is_said(tmp_path: Path) -> None:
    """A supply of its own leaves nothing to the point's; nobody asks for a clock without cycles."""
    supplies = {"core": {"file": "22nm_lstp", "vdd": "0.8 V"}}
    (found,) = nr.validate_silicon(file(tmp_path, changed(supplies=supplies))).outcome.macros
    fixed = "'vdd' is given, and changes nothing: fixed by the record: supplies.core.vdd"
    assert f"high: {fixed}" in found.notes
    near(row(found, "energy", "high").blind, 4e-13)


def test_a_key_may_be_the_constant(tmp_path: Path) -> None:
    """Edges of 9 pF take 5.76 pJ, where 4 pF take 2.56 pJ."""
    constant = {"name": "edges", "key": "macro.edge", "least": "1 pF", "most": "20 pF"}
    found = compared(tmp_path, changed(constant=constant))
    assert found.fitted is not None
    near(found.fitted.value, 9.0)
    assert found.fitted.shown == "9 pF"
    near(row(found, "energy", "high").fitted, 5e-13 * 1.265625)


@pytest.mark.parametrize(
    ("constant", "said"),
    [
        ({"parts": ["edges"], "most": "2"}, "a factor of 0.01 to 2 gives 321 fJ to 480 fJ"),
        (
            {"key": "macro.edge", "least": "1 pF", "most": "5 pF"},
            "macro.edge of 1 pF to 5 pF gives 340 fJ to 420 fJ",
        ),
    ],
)
def test_a_constant_that_cannot_meet_its_point_is_refused(
    constant: dict[str, Any], said: str, tmp_path: Path
) -> None:
    found = nr.validate_silicon(file(tmp_path, changed(constant={"name": "edges"} | constant)))
    (first, *_) = found.broken
    assert "cannot meet the fit point low: silicon has 500 fJ" in first
    assert said in first
    assert not found.holds


def test_what_is_given_is_left_out_on_both_sides(tmp_path: Path) -> None:
    """A fifth of 0.5 pJ is the edges': 0.4 pJ of silicon beside 0.32 pJ of lines."""
    given = [{"what": "edges", "share": "20 %", "parts": ["edges"], "area": "1000 um2"}]
    found = compared(tmp_path, changed(given=given, area="0.009 mm2"))
    energy, area = row(found, "energy"), row(found, "area", "")
    near(energy.silicon, 4e-13)
    near(energy.blind, 3.2e-13)
    near(area.silicon, 8e-9)
    near(area.blind, 4e-9 / 0.75)


def test_more_than_was_measured_cannot_be_given(tmp_path: Path) -> None:
    found = compared(tmp_path, changed(given=[{"what": "edges", "energy": "18 pJ"}]))
    (first, *_) = found.broken()
    assert "given: at low 562 fJ of an operation are given, of 500 fJ" in first.text
    assert row(found, "energy", "high").reason == ""


def test_parts_beside_the_scope_are_not_counted(tmp_path: Path) -> None:
    without = {"energy": ["edges"], "area": ["lines"]}
    found = compared(tmp_path, changed(without=without, area="0.01 mm2"))
    near(row(found, "energy").blind, 3.2e-13)
    near(row(found, "area", "").blind, 2e-9 / 0.75)


def test_splits_are_of_what_is_attributed(tmp_path: Path) -> None:
    """80 and 20 % are ours, 4 and 2 sixths of the area; silicon's are 60 and 20 of 80 %."""
    pieces = {"a": {"share": 0.6, "parts": ["lines"]}, "b": {"share": "20 %", "parts": ["edges"]}}
    shares = {
        "energy": {"pieces": pieces | {"rest": 0.2}},
        "area": {"pieces": {"a": {"share": 0.1, "parts": ["lines"]}, "b": pieces["b"]}},
    }
    found = compared(tmp_path, changed(shares=shares))
    seen = {(s.of, s.name): (s.silicon, s.blind) for s in found.shares}
    for key, (silicon, blind) in {
        ("energy", "a"): (0.75, 0.8),
        ("energy", "b"): (0.25, 0.2),
        ("area", "a"): (1 / 3, 2 / 3),
        ("area", "b"): (2 / 3, 1 / 3),
    }.items():
        near(seen[key][0], silicon)
        near(seen[key][1], blind)
    assert sum("points apart" in one.text for one in found.broken()) == 2


def test_energies_of_parts_are_compared_and_make_a_split(tmp_path: Path) -> None:
    measured = {"J_per_op": {"inner": 3e-13, "outer": 1e-13}}
    parts = {"inner": ["lines"], "outer": ["edges"]}
    point = RECORD["points"][0] | {"measured": measured}
    found = compared(tmp_path, changed(points=[point], parts=parts))
    near(row(found, "energy", part="inner").blind, 3.2e-13)
    near(row(found, "energy", part="outer").blind, 0.8e-13)
    near({s.name: s.silicon for s in found.shares}["inner"], 0.75)


def test_single_blocks_decide_where_no_more_is_known(tmp_path: Path) -> None:
    """Two edges of 1.28 pJ, of which silicon's takes 4 pJ; the macro's energy is not judged."""
    blocks = {"edge_J": {"parts": ["edges"], "count": 2}}
    measured = {"tops_per_W": 0.1, "edge_J": 4e-12}
    point = RECORD["points"][0] | {"measured": measured}
    found = compared(tmp_path, changed(points=[point], blocks=blocks, grade="C"))
    near(row(found, "energy", part="edge_J").blind, 1.28e-12)
    (one,) = found.broken()
    assert "energy of edge_J at low is 0.32 times silicon's" in one.text
    assert one.key == "blocks.edge_J"


def test_figures_of_several_macros_are_divided(tmp_path: Path) -> None:
    copies = {"count": 4, "counted_in": ["throughput", "area"]}
    point = RECORD["points"][0] | {"measured": {"gops": 6.4, "W": 1.6e-3}}
    found = compared(tmp_path, changed(points=[point], copies=copies, area="0.04 mm2"))
    near(row(found, "speed").silicon, 1.6e9)
    near(row(found, "energy").silicon, 1e-12)
    near(row(found, "area", "").silicon, 1e-8)


def test_supplies_have_voltages_of_their_own(tmp_path: Path) -> None:
    """Edges at 0.9 V, and at one point at 0.7 V: 4 pF of 0.81 or 0.49 V2."""
    supplies = {"core": "22nm_lstp", "periphery": {"file": "22nm_lstp", "vdd": "0.9 V"}}
    first = RECORD["points"][0]
    second = first | {"id": "again", "part": "public", "supplies": {"periphery": "0.7 V"}}
    found = compared(tmp_path, changed(supplies=supplies, points=[first, second]))
    near(row(found, "energy").blind, (10.24e-12 + 3.24e-12) / 32)
    near(row(found, "energy", "again").blind, (10.24e-12 + 1.96e-12) / 32)


def test_what_is_assumed_and_what_is_not_taken_is_said(tmp_path: Path) -> None:
    point = RECORD["points"][0] | {"input_toggle": 0.2}
    (found,) = nr.validate_silicon(file(tmp_path, changed(points=[point]))).outcome.macros
    said = " ".join(found.notes)
    assert "rows = 16, assumed by the model: as many as there are" in said
    assert "low: 'input_toggle' is given, and changes nothing: this structure does not" in said


def test_a_point_may_be_of_another_mode(tmp_path: Path) -> None:
    """Edges of 8 pF at one point: 5.12 pJ; and a key that the structure does not have."""
    low = RECORD["points"][0]
    other = low | {"id": "mode", "part": "public", "macro": {"edge": "8 pF"}}
    found = compared(tmp_path, changed(points=[low, other]))
    near(row(found, "energy", "mode").blind, (10.24e-12 + 5.12e-12) / 32)
    near(row(found, "energy").blind, 4e-13)
    with pytest.raises(InputError, match=r"points\[0\].macro.edgy: macro.edgy: unknown key"):
        compared(tmp_path, changed(points=[low | {"macro": {"edgy": 1}}]))


def test_a_macro_that_cannot_exist_says_why(tmp_path: Path) -> None:
    """Supplies that no technology covers, keys that do not fit, numbers that no block takes."""
    few, volts = dict(RECORD["points"][0]), dict(RECORD["points"][1])
    record = changed(points=[few | {"rows": 65}, volts | {"vdd": "4.9 V"}, volts | {"id": "fine"}])
    found = nr.validate_silicon(file(tmp_path, record))
    text = " ".join(line.reason for line in found.outcome.macros[0].rows)
    assert "points[0].rows: has 64 rows, and 65 are to work; take 64 or fewer" in text
    assert "record.yaml:17: points[1].vdd: vdd: must lie" in text
    assert found.frame["blind"].isna().tolist() == [True, True, False]
    assert not found.holds
    assert "e+" not in repr(found)


def test_further_points_come_from_another_file(tmp_path: Path) -> None:
    """The form of figures that others hand out: points that replace or add, whatever else."""
    further = {
        "id": "L1", "macro": {"kind": "whatever"}, "given": {},
        "points": [
            {"id": "high", "vdd_V": 0.9, "measured": {"tops_per_W": 2.0}, "part": "held"},
            {"id": "new", "vdd_V": 0.85, "input_toggle": None, "measured": {"J_per_op": 4e-13}},
        ],
    }  # fmt: skip
    place = tmp_path / "held.json"
    place.write_text(json.dumps(further), encoding="utf-8")
    found = nr.validate_silicon(file(tmp_path, RECORD), points=place)
    rows = {r.point: r for r in found.outcome.macros[0].rows}
    assert list(rows) == ["low", "high", "new"]
    assert rows["high"].part == "held"
    near(rows["high"].silicon, 5e-13)
    near(rows["new"].blind, 4e-13 * 1.12890625)


def test_a_point_keeps_what_the_one_over_it_does_not_say(tmp_path: Path) -> None:
    """A point to fit on replaces the one that there is, under whichever name; splits follow."""
    pieces = {"a": {"share": 0.9, "parts": ["lines"]}, "b": {"share": 0.1, "parts": ["edges"]}}
    low = RECORD["points"][0] | {"rows": 8}
    record = changed(points=[low], shares={"energy": {"pieces": pieces, "point": "low"}})
    further = {"id": "L1", "points": [{"id": "L1 low", "measured": {"J": 1e-11}, "part": "fit"}]}
    place = tmp_path / "held.json"
    place.write_text(json.dumps(further), encoding="utf-8")
    (one,) = nr.validate_silicon(file(tmp_path, record), points=place).outcome.macros
    (energy,) = (r for r in one.rows if r.figure == "energy")
    assert (energy.point, energy.part) == ("L1 low", "fit")
    near(energy.blind, (8 * 0.64e-12 + 2.56e-12) / 16)
    near(energy.silicon, 1e-11 / 16)
    assert {share.point for share in one.shares} == {"L1 low"}


def test_a_point_that_is_replaced_keeps_its_mode_and_comes_once(tmp_path: Path) -> None:
    """Edges of 8 pF at 0.9 V, whoever measures there; and not two points of one id."""
    low, high = RECORD["points"]
    record = file(tmp_path, changed(points=[low, high | {"macro": {"edge": "8 pF"}}]))
    again = {"id": "high", "measured": {"J": 1e-11}, "part": "held"}
    place = tmp_path / "held.json"
    place.write_text(json.dumps({"id": "L1", "points": [again]}), encoding="utf-8")
    (one,) = nr.validate_silicon(record, points=place).outcome.macros
    near(row(one, "energy", "high").blind, (16 + 8) * 0.81e-12 / 32)
    place.write_text(json.dumps({"id": "L1", "points": [again, again]}), encoding="utf-8")
    with pytest.raises(InputError, match=r"points\[1\].id: two points have this id"):
        nr.validate_silicon(record, points=place)


def test_the_command_prints_writes_and_judges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    constant = {"name": "charge of the edges", "parts": ["edges"]}
    low, high = RECORD["points"]
    points = [low, *(high | {"id": name} for name in ("high", "again", "third"))]
    place = file(tmp_path, changed(constant=constant, doi="10.0/x", points=points))
    out, plot = tmp_path / "out.json", tmp_path / "parity.png"
    words = ["validate", "--silicon", str(place), "--json", str(out), "--plot", str(plot)]
    assert program.main(words) == 0
    said = capsys.readouterr().out
    assert "constant: charge of the edges = 2.25, factor on edges" in said
    assert "doi 10.0/x" in said
    assert "All criteria hold" in said
    assert plot.read_bytes().startswith(b"\x89PNG")
    written = json.loads(out.read_text())["silicon"][0]
    near(written["constant"]["value"], 2.25)
    near(written["rows"][1]["ratio_fitted"], 5 * 1.265625 / 6.25)
    assert program.main([*words, "--tolerance", "0.005"]) == 1
    assert (
        "energies are 1.3% off on average at points that nothing was fitted on, more than 0.5%"
        in (capsys.readouterr().out)
    )
    assert program.main(["validate", "--points", "x"]) == 2
    assert program.main(["validate", "--silicon", str(place), "--plot", str(place)]) == 2
    assert "is no outcome of this command" in capsys.readouterr().err


def test_a_macro_alone_gets_its_bill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    point = {"id": "low", "vdd": "0.8 V", "input_ones": 0.5}
    place = file(tmp_path, changed(points=[point, point | {"id": "no", "rows": 65}]))
    found = nr.macro(place)
    near(found.frame.loc["low", "energy_J"], 1.28e-11)
    near(found.frame.loc["low", "tops_per_W"], 2.5)
    near(found.parts.set_index("part").loc["edges", "area_m2"], 2e-9 / 0.75)
    out = tmp_path / "bill.json"
    assert program.main(["macro", str(place), "--json", str(out)]) == 0
    said = capsys.readouterr().out
    assert "12.8 pJ" in said
    assert "low: 'clock' is given, and changes nothing: this structure does not" not in said
    assert "low: 'input_ones' is given, and changes nothing: this structure does not" in said
    assert "no: " in said
    assert json.loads(out.read_text())["macros"][1]["energy_J"] is None


def test_the_tolerance_is_a_share() -> None:
    with pytest.raises(InputError, match="tolerance -1"):
        nr.validate_silicon(tolerance=-1)
