"""Records of silicon: what is wrong in one is said with file, line, key and cure."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from silicon import RECORD, Lines, changed, file

import neurorebit as nr
from neurorebit.checking.silicon.record import Record
from neurorebit.macros.table import STRUCTURES
from neurorebit.schema import InputError

LOW = RECORD["points"][0]
EDGES = {"name": "edges", "parts": ["edges"]}


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRUCTURES, "lines", Lines)


def point(**more: Any) -> dict[str, Any]:
    return {"points": [LOW | more]}


WRONG = {
    "an unknown key": (changed(vpp="1 V"), "vpp: unknown key", 19),
    "an unknown key of a point": (changed(**point(vdd_mV=800)), "points[0].vdd_mV: unknown", 15),
    "a number with a unit": (changed(**point(vdd_V="0.8 V")), "vdd: expected a number in V", 11),
    "both forms": (changed(**point(vdd="0.8 V")), "'vdd' is given too; keep one of them", 11),
    "an unknown structure": (
        changed(macro={"kind": "line"}), "did you mean 'lines'?", 4,
    ),
    "an unknown key of the structure": (
        changed(macro=RECORD["macro"] | {"size": 3}), "macro.size: unknown key", 7,
    ),
    "an unknown figure": (
        changed(**point(measured={"tops_per_kW": 2})),
        "measured.tops_per_kW: neither a figure of a macro nor one of the record's 'blocks'", 13,
    ),
    "a figure with a unit": (
        changed(**point(measured={"tops": "2 TOPS"})), "without a unit, which its key has", 13,
    ),
    "a figure without a unit": (
        changed(**point(measured={"power": 2})), "with its unit, as in 1 W", 13,
    ),
    "a figure in two forms": (
        changed(**point(measured={"W": 2, "power": "2 W"})), "'W' is given too; keep one", 14,
    ),
    "a figure of zero": (changed(**point(measured={"tops": 0})), "a number above zero", 13),
    "parts of a throughput": (
        changed(**point(measured={"tops": {"a": 1}})), "only energies have parts", 13,
    ),
    "no figures by name": (changed(**point(measured=[3])), "expected figures by name", 12),
    "two points of one name": (changed(points=[LOW, LOW | {"part": "held"}]), "this id", 15),
    "two points to fit on": (
        changed(points=[LOW, LOW | {"id": "b"}]), "a constant is fitted on one; make it public", 18,
    ),
    "no point": (changed(points=[]), "a record has one point or more", 9),
    "no point to fit on": (
        changed(points=[LOW | {"part": "held"}], constant=EDGES), "no point to fit on", 15,
    ),
    "an unknown supply": (
        changed(supplies={"core": "22nm_lstp", "perifery": "22nm_lstp"}),
        "supplies.perifery: the macro has no such supply; did you mean 'periphery'?", 9,
    ),
    "no core": (changed(supplies={"periphery": "22nm_lstp"}), "the core has no technology", 7),
    "an unknown technology": (changed(supplies={"core": "21nm_lstp"}), "no such technology", 8),
    "a technology's unknown key": (
        changed(supplies={"core": {"file": "22nm_lstp", "set": {"treshold": "0.3 V"}}}),
        "unknown key; did you mean 'threshold'?", 11,
    ),
    "an unknown part": (
        changed(constant=EDGES | {"parts": ["edge"]}),
        "constant.parts: the macro has no part 'edge'; there are: edges, lines", 21,
    ),
    "an unknown part of a split": (
        changed(shares={"energy": {"pieces": {"a": {"share": 0.5, "parts": ["wires"]}}}}),
        "no part 'wires'", 24,
    ),
    "a part in two pieces": (
        changed(shares={"area": {"pieces": {
            "a": {"share": 0.5, "parts": ["edges"]}, "b": {"share": 0.1, "parts": ["edges/x"]},
        }}}),
        "shares.area.pieces.b.parts: 'edges/x' is in 'a' already; name each part once", 28,
    ),
    "shares of more than all": (
        changed(shares={"area": {"pieces": {"a": 0.9, "b": "20 %"}}}), "are 110.0% together", 21,
    ),
    "two amounts of what is given": (
        changed(given=[{"what": "a", "share": 0.1, "power": "1 mW"}]), "says how much is", 20,
    ),
    "a part and a key": (changed(constant=EDGES | {"key": "macro.cap"}), "one of 'parts' and", 19),
    "a key without bounds": (
        changed(constant={"name": "a", "key": "macro.cap"}), "a key needs bounds", 19,
    ),
    "bounds of other units": (
        changed(constant={"name": "a", "key": "macro.cap", "least": "1 fF", "most": "3 pF"}),
        "expected bounds in one unit, the lower first", 23,
    ),
    "a factor with a unit": (changed(constant=EDGES | {"least": "1 V"}), "a factor above zero", 23),
    "an energy of no figure": (
        changed(constant=EDGES | {"of": "time"}), "the fit point measures no time", 23,
    ),
    "an unknown supply of a point": (
        changed(**point(supplies={"perifery": "1 V"})),
        "points[0].supplies.perifery: the record has no such supply; there are: core", 16,
    ),
    "an unknown criterion": (
        changed(unmet={"share": "why"}), "unmet.share: no such criterion; begin with one of", 20,
    ),
    "a constant that is no property": (
        changed(constant={"name": "a", "key": "ops.per_mac", "least": "1", "most": "3"}),
        "'ops.per_mac' is no property of the macro that could be fitted; name a key of macro,", 21,
    ),
    "a constant of no key": (
        changed(constant={"name": "a", "key": "macro.nosuch", "least": "1", "most": "3"}),
        "constant.key: macro.nosuch: unknown key", 21,
    ),
    "figures that contradict": (
        changed(**point(measured={"tops_per_W": 2, "J_per_op": 5e-13, "ops_per_J": 1e12})),
        "measured.ops_per_J: another energy than 'J_per_op' says, 2 times as much", 15,
    ),
    "shares of zero": (
        changed(shares={"energy": {"pieces": {"a": {"share": 0, "parts": ["lines"]}}}}),
        "all pieces with parts of ours have a share of zero", 21,
    ),
    "a point that a split lacks": (
        changed(shares={"energy": {"pieces": {}, "point": "middle"}}), "no point 'middle'", 22,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name: str, tmp_path: Path) -> None:
    record, said, line = WRONG[name]
    place = file(tmp_path, record)
    with pytest.raises(InputError) as caught:
        nr.validate_silicon(place)
    assert said in str(caught.value)
    assert caught.value.cure
    assert str(caught.value).startswith(f"{place}:{line}"), str(caught.value)


def test_what_the_guide_shows_is_a_record(tmp_path: Path) -> None:
    """Each piece of YAML has keys of a record; those of the worked example make one."""
    guide = Path(nr.__file__).parents[1] / "docs" / "guide" / "silicon.md"
    whole: dict[str, Any] = {}
    for text in re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL):
        for line in re.split(r"\n(?=\w)", text):  # of two forms of a key each is one
            found = yaml.safe_load(line)
            assert set(found) <= {one.name for one in fields(Record)}, line
            whole = found | whole
    places = file(tmp_path, whole | {"supplies": {"core": "22nm_lstp"}, "device": None})
    one = nr.validate_silicon(places).outcome.macros[0]
    assert [row.figure for row in one.rows if not row.of] == ["energy", "energy", "speed", "area"]


def test_paths_count_from_the_record(tmp_path: Path) -> None:
    from neurorebit.schema import paths

    text = paths.shipped("technology", "22nm_lstp").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "records").mkdir()
    place = file(tmp_path / "records", changed(supplies={"core": "../mine.yaml"}))
    assert nr.validate_silicon(place).frame["blind"].notna().all()


def test_records_are_found_in_folders_and_have_their_own_names(tmp_path: Path) -> None:
    file(tmp_path, RECORD)
    file(tmp_path, changed(id="L2"), "other.yaml")
    assert [each.name for each in nr.validate_silicon(tmp_path).outcome.macros] == ["L2", "L1"]
    file(tmp_path, RECORD, "third.yaml")
    with pytest.raises(InputError, match="has the same id; give each macro an id of its own"):
        nr.validate_silicon(tmp_path)
    with pytest.raises(InputError, match="no such record"):
        nr.validate_silicon(tmp_path / "none.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no record"):
        nr.validate_silicon(tmp_path / "empty")


@pytest.mark.parametrize(
    ("further", "said"),
    [
        ({"id": "L9", "points": []}, "no record has it; name a record: L1"),
        ({"points": []}, "the key 'id' is missing"),
        ({"id": "L1", "points": 3}, "points: expected a list of points"),
        ({"id": "L1", "points": [{"id": "a", "vd_V": 1}]}, "points[0].vd_V: unknown key"),
        ({"id": "L1", "points": [LOW | {"id": "a"}, LOW]}, "a constant is fitted on one"),
    ],
)
def test_further_points_that_are_wrong(further: Any, said: str, tmp_path: Path) -> None:
    place = file(tmp_path, further, "held.yaml")
    with pytest.raises(InputError) as caught:
        nr.validate_silicon(file(tmp_path, RECORD), points=[place])
    assert said in str(caught.value)
    assert str(place) in str(caught.value)
