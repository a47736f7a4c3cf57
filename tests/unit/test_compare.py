"""Two reports: what they were given apart from what came of it, and by how much it changed."""

import copy
import json
import math

import pytest

from neurorebit.results import document
from neurorebit.results.comparison import Change
from neurorebit.schema import InputError
from neurorebit.studies.compare import compare

REPORT = {
    "version": "1",
    "schema": 3,
    "command": "neurorebit run a",
    "notes": ["a note"],
    "overrides": [],
    "seed": 0,
    "inputs": {"technology": {"sha256": "aa", "values": {"vdd": 0.9}}},
    "chip": {"area_m2": 2e-6, "area_by_part_m2": {"adc": 2e-6}},
    "phases": {"forward": {"energy_J": 4e-6, "tops_per_W": 50.0, "tops": 0.0}},
    "layers": [
        {"name": "conv1", "phases": {"forward": {"energy_J": 3e-6}}},
        {"name": "chip", "phases": {"forward": {"energy_J": 1e-6}}},
    ],
    "training": {
        "test_accuracy": 0.5,
        "weights_sha256": "11",
        "epochs": [{"epoch": 1, "loss": 2.0, "seconds": 3.0, "images_per_second": 9.0}],
    },
}


def changed(*steps, to):
    """The report with one value changed, or removed."""
    report = copy.deepcopy(REPORT)
    place = report
    for step in steps[:-1]:
        place = place[step]
    if to is None:
        del place[steps[-1]]
    else:
        place[steps[-1]] = to
    return report


def test_a_report_equals_itself():
    found = compare(REPORT, copy.deepcopy(REPORT), 0.0)
    assert (found.given, found.results, found.beyond) == ((), (), ())
    assert found.text() == "no difference (timings are not compared)"


@pytest.mark.parametrize("key", ["seconds", "images_per_second"])
def test_timings_are_never_compared(key):
    other = changed("training", "epochs", 0, key, to=77.0)
    assert compare(REPORT, other, 0.0).results == ()


@pytest.mark.parametrize("key", ["command", "notes"])
def test_what_is_said_twice_is_compared_once(key):
    assert compare(REPORT, changed(key, to=["else"]), 0.0).results == ()


@pytest.mark.parametrize(
    ("steps", "to", "path"),
    [
        (("seed",), 1, "seed"),
        (("version",), "2", "version"),
        (("overrides",), ["--epochs 3"], "overrides[0]"),
        (("inputs", "technology", "sha256"), "bb", "inputs.technology.sha256"),
        (("inputs", "technology", "values", "vdd"), 0.8, "inputs.technology.values.vdd"),
    ],
)
def test_other_inputs_are_told_and_are_no_change_of_results(steps, to, path):
    found = compare(REPORT, changed(*steps, to=to), 0.0)
    assert [change.path for change in found.given] == [path]
    assert found.results == ()
    assert found.beyond == ()
    assert path in found.text()
    assert "no result differs" in found.text()


@pytest.mark.parametrize(
    ("steps", "to", "path", "size"),
    [
        (("chip", "area_m2"), 4e-6, "chip.area_m2", 0.5),
        (("chip", "area_m2"), 1e-6, "chip.area_m2", 0.5),
        (("phases", "forward", "tops"), 1.0, "phases.forward.tops", 1.0),
        (("training", "epochs", 0, "loss"), 2.5, "training.epochs[1].loss", 0.2),
        (
            ("layers", 0, "phases", "forward", "energy_J"),
            3.3e-6,
            "layers[conv1].phases.forward.energy_J",
            1 / 11,
        ),
        (("layers", 1, "name"), "dram", "layers[chip].name", math.inf),
        (("chip", "area_by_part_m2", "adc"), None, "chip.area_by_part_m2.adc", math.inf),
        (("chip", "area_by_part_m2", "dac"), 1e-6, "chip.area_by_part_m2.dac", math.inf),
    ],
)
def test_a_change_is_measured_by_the_larger_value(steps, to, path, size):
    found = compare(REPORT, changed(*steps, to=to), 0.0)
    change = next(change for change in found.results if change.path == path)
    assert change.size == pytest.approx(size)
    assert found.beyond


@pytest.mark.parametrize(
    ("tolerance", "beyond"), [(0.0, True), (0.0099, True), (0.0101, False), (1.0, False)]
)
def test_the_tolerance_decides_what_is_beyond(tolerance, beyond):
    other = changed("phases", "forward", "energy_J", to=4e-6 * 1.01)
    found = compare(REPORT, other, tolerance)
    assert len(found.results) == 1
    assert bool(found.beyond) is beyond


def test_no_tolerance_covers_what_is_missing():
    assert compare(REPORT, changed("training", to=None), 1e9).beyond


def test_a_digest_differs_and_not_by_how_much():
    other = changed("training", "weights_sha256", to="22")
    assert compare(REPORT, other, 0.0).beyond
    assert not compare(REPORT, other, 1e-12).beyond


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (2.0, 3.0, "+50 %"),
        (2.0, 1.0, "-50 %"),
        (-2.0, -3.0, "-50 %"),
        (1.0, 1.000001, "+0.0001 %"),
        (1.0, 42.0, "x 42"),
        (0.0, 3.0, "new"),
        (None, 3.0, "new"),
        (3.0, None, "gone"),
        ("a", "b", "other"),
        (False, True, "other"),
    ],
)
def test_a_change_is_said_in_percent_of_the_first(first, second, said):
    assert Change("x", first, second).growth == said


def test_of_many_small_changes_the_largest_are_listed():
    first, second = copy.deepcopy(REPORT), copy.deepcopy(REPORT)
    first["chip"]["area_by_part_m2"] = {f"part{i}": 1.0 for i in range(50)}
    second["chip"]["area_by_part_m2"] = {f"part{i}": 1.0 + i / 100 for i in range(50)}
    found = compare(first, second, 0.0)
    text = found.text()
    assert "part49 " in text
    assert "part1 " not in text
    assert "... and 29 more" in text
    assert found.shortened
    assert "49 of 49 changed results are beyond the tolerance of 0" in text
    assert "part1 " in found.text(every=True)
    assert "more" not in found.text(every=True)
    assert not compare(first, first, 0.0).shortened


def test_what_only_one_chip_has_is_summed_up_by_owner():
    first, second = copy.deepcopy(REPORT), copy.deepcopy(REPORT)
    first["chip"]["area_by_part_m2"] = {"adc": 2e-6, "analog/array": 1e-6, "analog/pe/bus": 3e-6}
    second["chip"]["area_by_part_m2"] = {"adc": 2e-6, "tile/array": 5e-6, "tile/pe": 6e-6}
    first["inputs"]["technology"]["values"]["apim"] = {"rows": 128, "cols": 128}
    lines = compare(first, second, 0.0).text().splitlines()
    told = {line.split()[0]: line.split()[1:] for line in lines if line}
    assert told["chip.area_by_part_m2.analog"] == ["4e-06", "gone"]
    assert told["chip.area_by_part_m2.tile"] == ["1.1e-05", "new"]
    assert told["inputs.technology.values.apim"] == ["2", "keys", "gone"]
    assert not any("bus" in line for line in lines)


# --- reading


def test_a_run_is_its_folder_or_its_file(tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    assert document.read(str(tmp_path)) == REPORT
    assert document.read(str(tmp_path / "report.json")) == REPORT


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "report.json: cannot be read: No such file or directory; name the folder of a run"),
        (
            b"{",
            "report.json:1: not JSON: Expecting property name enclosed in double quotes; name the "
            "folder of a run",
        ),
        (
            b"\xff\xfe",
            "report.json: cannot be read: not a UTF-8 text file; name the folder of a run",
        ),
        (b"[1, 2]", "report.json: not the report of a run; name the folder of a run"),
        (b'{"chip": {}}', "report.json: not the report of a run; name the folder of a run"),
    ],
)
def test_what_is_no_report_is_told(tmp_path, content, told):
    if content is not None:
        (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(InputError) as caught:
        document.read(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}/{told}"


@pytest.mark.parametrize(
    ("schema", "cure"),
    [
        (None, "bill it anew with 'neurorebit rebill {0}', which makes it current"),
        (4, "read it with a version that writes this schema"),
    ],
)
def test_a_report_of_another_schema_is_refused_with_both_named(tmp_path, schema, cure):
    report = {**REPORT, "schema": schema}
    if schema is None:
        del report["schema"]
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(InputError) as caught:
        document.read(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/report.json: schema: a report of schema {schema or 1}, this version reads "
        f"schema 3; {cure.format(tmp_path)}"
    )
    assert (caught.value.file, caught.value.key) == (f"{tmp_path}/report.json", "schema")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**400])
def test_what_is_not_finite_is_a_change_beyond_every_tolerance(number):
    first, second = {"phases": {"forward": {"energy_J": 1.0}}}, {"phases": {"forward": {}}}
    second["phases"]["forward"]["energy_J"] = float("inf") if number == 10**400 else number
    for one, other in ((first, second), (second, first)):
        found = compare(one, other, 1e9)
        assert [change.path for change in found.beyond] == ["phases.forward.energy_J"]
        assert "phases.forward.energy_J" in found.text()
    assert not compare(second, second, 0.0).results


def test_a_report_of_others_writes_no_control_characters():
    first, second = ({"phases": {"a\nb\u202e": value}} for value in ("x\ny", "z"))
    text = compare(first, second, 0.0).text()
    assert text.replace("\n", "").isprintable()
    assert r"phases.a b\u202e" in text
    assert "x y" in text
