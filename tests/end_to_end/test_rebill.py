"""A recorded run is billed anew: same inputs, same activity, what the training reached stays."""

import json
import shutil
from pathlib import Path

import pytest

import neurorebit as nr
from neurorebit.schema import InputError, paths
from neurorebit.studies import rebill as study

REFERENCE = Path(__file__).parents[2] / "reports" / "reference"


def read(folder):
    return json.loads((folder / "report.json").read_text())


def as_schema_1(folder):
    """The report of a run as versions before the schema wrote it."""
    report = read(folder)
    del report["schema"]
    report["weights"] = report.pop("scheme")
    if report["training"]:
        report["training"]["weights"] = report["training"].pop("scheme")
    values = report["inputs"]["architecture"]["values"]
    values["weights"] = values.pop("scheme")
    del report["inputs"]["network"]["layers"]
    values = report["inputs"]["technology"]["values"]
    values["sensing"] = {  # converters were fits
        "source": "fits", "read_voltage": values["sensing"]["read_voltage"], "sar_cycle": 1e-9,
        "sar": {"source": "fit", "fixed": 8.9e-6}, "current_latency": {"kind": "constant"},
    }  # fmt: skip
    for key in ("command", "overrides"):
        text = json.dumps(report[key]).replace("--scheme ", "--weights ")
        report[key] = json.loads(text.replace("architecture.scheme=", "architecture.weights="))
    (folder / "report.json").write_text(json.dumps(report))
    return report


def without_note(report):
    *notes, last = report["notes"]
    assert last.startswith("billed anew by version ")
    return {**report, "notes": notes}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    "words",
    [
        ("--set", "network.activity.input_density=0.3"),
        ("--architecture", "reram", "--set", "architecture.scheme=reram", "--technology", "22nm"),
        ("--architecture", "sram", "--set", "technology.vdd=0.85V", "--seed", "3"),
    ],
)
def test_an_estimate_is_billed_the_same(command, tiny, place, words, old):
    assert command("run", tiny, "--no-train", "--out", "a", *words).code == 0
    before = read(place / "a")
    if old:
        as_schema_1(place / "a")
    done = command("rebill", "a")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("a: 0 totals, phases or layers changed; 0 names of parts are gone, ")
    assert without_note(read(place / "a")) == before


def test_what_was_set_without_effect_is_named_again_and_nothing_else(command, tiny, place):
    """A recorded value that was the default of its day was not set: nobody is told of it."""
    words = ("run", tiny, "--no-train", "--out", "a", "--set", "device.pulses.nonlinearity_ltp=0.5")
    assert command(*words).code == 0
    report = read(place / "a")
    told = report["idle"]
    assert [line.partition(":")[0] for line in told] == ["device.pulses.nonlinearity_ltp=0.5"]
    report["inputs"]["network"]["values"]["training"]["tiki_taka"]["rate"] = 1.0
    del report["idle"], report["settings"]  # as versions before wrote it
    (place / "a" / "report.json").write_text(json.dumps(report))
    assert command("rebill", "a").code == 0
    assert read(place / "a")["idle"] == told


@pytest.mark.parametrize("scheme", ["hybrid", "tiki_taka"])
def test_what_a_training_reached_stays(command, tiny, data, place, scheme):
    chip = {"hybrid": "rebit", "tiki_taka": "reram"}[scheme]
    words = ("--architecture", chip, "--scheme", scheme, "--epochs", "1")
    assert command("run", tiny, "--data", data, "--out", "a", *words).code == 0
    before = read(place / "a")
    as_schema_1(place / "a")
    assert command("rebill", "a").code == 0
    assert command("rebill", "a").code == 0, "again, it is the same"
    after = read(place / "a")
    assert without_note(after) == before
    assert after["training"]["epochs"][0]["seconds"] == before["training"]["epochs"][0]["seconds"]
    assert "billed anew by version " in (place / "a" / "report.txt").read_text()
    assert command("compare", "a", "a").code == 0


def test_recorded_values_hold_and_not_those_of_today_s_files(command, tiny, mine, place):
    file = mine("device", "taox_hfox", "r_on: 100 kohm", "r_on: 150 kohm")
    command("run", tiny, "--no-train", "--device", file, "--out", "a")
    before = read(place / "a")
    (place / file).unlink()
    (place / tiny).unlink()
    assert command("rebill", "a").code == 0
    assert without_note(read(place / "a")) == before


def test_recorded_activity_is_of_the_report_and_its_file_need_not_be_there(command, place):
    """The network names it by a path from its own folder, where no report lies."""
    shutil.copy(paths.folder("network") / "lenet5.yaml", "mine.yaml")
    Path("own").mkdir()
    shutil.copy(paths.folder("network") / "lenet5.yaml", "own/lenet5.yaml")
    shutil.copy(paths.folder("network") / "activity" / "lenet5.json", "own/mine.json")
    text = Path("own/lenet5.yaml").read_text()
    Path("own/lenet5.yaml").write_text(text.replace("activity/lenet5.json", "mine.json"))
    chip = ("--architecture", "reram", "--set", "architecture.scheme=tiki_taka")
    chosen = "training.tiki_taka.rate=0.5"  # the activity of the fast array rests on it
    names = {"lenet5": "activity/lenet5.json", "mine.yaml": "activity/lenet5.json"}
    for network, file in (names | {"own/lenet5.yaml": "mine.json"}).items():
        words = ("run", network, "--no-train", "--out", "a", "--replace", *chip)
        assert command(*words, "--set", chosen).code == 0
        before = read(place / "a")
        assert before["inputs"]["network"]["values"]["activity"]["recorded"] == file
        assert command("rebill", "a").code == 0
        assert without_note(read(place / "a")) == before
    Path("own/mine.json").unlink()
    assert command("rebill", "a").code == 0
    after = read(place / "a")
    for name in ("activity", "phases", "layers", "inputs", "totals"):
        assert after[name] == before[name]


def test_a_changed_figure_is_said(command, tiny, place):
    command("run", tiny, "--no-train", "--out", "a")
    report = read(place / "a")
    energy = report["phases"]["forward"]["energy_J"]
    report["phases"]["forward"]["energy_J"] = 2.0 * energy
    (place / "a" / "report.json").write_text(json.dumps(report))
    done = command("rebill", "a")
    assert done.code == 1
    assert done.out.startswith("a: 1 totals, phases or layers changed; ")
    assert f"  phases.forward.energy_J: {2.0 * energy} -> {energy}" in done.out.splitlines()
    assert read(place / "a")["phases"]["forward"]["energy_J"] == energy


def test_what_cannot_be_billed_anew_is_told_and_stays(command, tiny, place):
    command("run", tiny, "--no-train", "--out", "a")
    as_schema_1(place / "a")
    before = (place / "a" / "report.json").read_bytes()
    (place / tiny).write_text((place / tiny).read_text() + "# changed\n")
    refused = command("rebill", "a")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(
        "tiny.yaml: the layers were not recorded, and the file is not the one that was used; put "
    )
    refused = command("rebill", "none")
    assert refused.err.startswith("none: cannot be read: ")
    assert (place / "a" / "report.json").read_bytes() == before


@pytest.fixture(scope="module")
def billable():
    """The text of a report."""
    return json.dumps(nr.run("mlp", training=False).document)


@pytest.mark.parametrize(
    "forge",
    [
        lambda report: report["inputs"].pop("device"),
        lambda report: report["activity"].update(layers=[3]),
        lambda report: report["activity"]["layers"][0].update(input_density=["x"]),
        lambda report: report["activity"]["layers"][0].update(error_density=1e308),
        lambda report: report.update(training={"images": 3}),
        lambda report: report.update(totals=3),
        lambda report: report.pop("overrides"),
        lambda report: report["phases"].update(forward=3),
        lambda report: report.update(chip=3),
        lambda report: report["inputs"]["technology"].update(values=None),
    ],
)
def test_a_report_that_no_run_wrote_is_refused_and_stays(command, billable, place, forge):
    report = json.loads(billable)
    forge(report)
    (place / "a").mkdir()
    (place / "a" / "report.json").write_text(json.dumps(report))
    done = command("rebill", "a")
    assert done.code == 2, done.err
    assert done.err.startswith("a/report.json: ")
    assert done.err.count("\n") == 1
    assert [path.name for path in (place / "a").iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_stays_whole(command, tiny, place):
    command("run", tiny, "--no-train", "--out", "a")
    (place / "a" / "layers.csv").unlink()
    (place / "a" / "layers.csv").mkdir()
    before = {p.name: p.read_bytes() for p in (place / "a").iterdir() if p.is_file()}
    refused = command("rebill", "a")
    assert refused.code == 2
    assert "cannot be written: a folder has this name (a/layers.csv)" in refused.err
    assert {p.name: p.read_bytes() for p in (place / "a").iterdir() if p.is_file()} == before


def test_a_later_schema_is_refused_with_both_named(tmp_path):
    report = {"schema": 7, "chip": {}, "inputs": {}, "layers": [], "phases": {}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(InputError, match="of schema 7, this version knows schemas up to 3"):
        study.rebill(tmp_path)


@pytest.mark.parametrize("name", ["vgg11", "vgg11_cifar10", "vgg11_half/tiki_taka_seed1"])
def test_a_committed_report_is_what_today_s_models_bill(tmp_path, name):
    shutil.copytree(REFERENCE / name, tmp_path / "copy")
    before = read(tmp_path / "copy")
    done = study.rebill(tmp_path / "copy")
    assert done.changes(1e-9) == ()
    assert done.after["training"] == (before["training"] and done.before["training"])


def test_a_report_without_a_schema_is_refused_until_it_is_billed_anew(command, tiny, data, place):
    """By ``compare`` and by ``schemes --resume``, which names both schemas and the cure."""
    words = ("schemes", tiny, "--data", data, "--schemes", "real", "--epochs", "1", "--out", "all")
    assert command(*words).code == 0
    folder = place / "all" / "real_seed0"
    as_schema_1(folder)
    line = (
        "all/real_seed0/report.json: schema: a report of schema 1, this version reads schema 3; "
        "bill it anew with 'neurorebit rebill all/real_seed0', which makes it current\n"
    )
    for refused in (
        command(*words, "--resume"),
        command("compare", "all/real_seed0", "all/real_seed0"),
    ):
        assert (refused.code, refused.out, refused.err) == (2, "", line)
    assert command("rebill", "all/real_seed0").code == 0
    assert "epoch 1" not in command(*words, "--resume").err
    assert command("compare", "all/real_seed0", "all/real_seed0").code == 0


def test_a_folder_without_a_report_is_refused_before_another_is_written(command, tiny, place):
    assert command("run", tiny, "--no-train", "--out", "a").code == 0
    (place / "b").mkdir()
    before = {file: file.stat().st_mtime_ns for file in (place / "a").iterdir()}
    done = command("rebill", "a", "b")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("b/report.json: cannot be read"), done.err
    assert {file: file.stat().st_mtime_ns for file in (place / "a").iterdir()} == before
