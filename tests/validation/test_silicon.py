"""The shipped records of silicon: what holds, and that what does not is said in the record."""

import json
from functools import cache

import pytest

from neurorebit.checking.silicon import against, reader

NAMES = [path.stem for path in reader.files(reader.SHIPPED)]


@cache
def compared(name):
    found = reader.read_record(reader.SHIPPED / f"{name}.yaml")
    (one,) = against.compare([found]).macros
    return one


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_record_meets_the_criteria_but_those_that_it_names(name):
    one = compared(name)
    broken = {each.key: each.text for each in one.broken()}
    assert set(broken) == set(one.silicon.record.unmet), broken


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_record_says_where_its_figures_are_from(name):
    """At most one constant, a reason for it, one point to fit on, a source, and no nan."""
    one = compared(name)
    record = one.silicon.record
    assert record.doi or record.source
    assert record.constant is None or (record.constant.why and one.fitted is not None)
    assert sum(point.part == "fit" for point in record.points) == 1
    assert all(assumed.why for assumed in record.assumptions)
    assert all(row.ratio() is not None and row.ratio() > 0.0 for row in one.rows)


def test_records_count_as_those_who_hold_points_back_do():
    """Identifiers of macros are short, as files of further points have them."""
    assert all(
        compared(name).name == name.partition("_")[0].upper().replace("7B", "7b") for name in NAMES
    )


def test_points_in_json_are_taken_as_they_are_handed_out(tmp_path):
    """A file as the reference has them, with keys that only its own record has."""
    first = reader.read_record(reader.SHIPPED / f"{NAMES[0]}.yaml")
    point = {"id": "x", "vdd_V": first.fit.vdd, "input_toggle": None, "part": "held"}
    point["measured"] = {"tops_per_W": 10, "tops": 1}
    handed = {"id": first.name, "technology": "1nm", "macro": {}, "points": [point]}
    (tmp_path / "held.json").write_text(json.dumps(handed))
    (found,) = [m for m in reader.read_all((), [tmp_path / "held.json"]) if m.name == first.name]
    assert found.record.points[-1].part == "held"
