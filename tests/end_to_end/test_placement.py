"""Where results go: no training is replaced that nobody asked to replace."""

import csv
import json

import pytest

from neurorebit.training import checkpoint

REAL = ("--scheme", "real", "--epochs", "1")
TRAINED = "holds the report of a training; name another folder, or have it replaced with --replace"


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def report(folder):
    return json.loads((folder / "report.json").read_text())


@pytest.fixture
def train(command, tiny, data):
    def run(*words):
        return command("run", tiny, "--data", data, *REAL, *words)

    return run


@pytest.fixture
def compared(command, tiny, data):
    def run(*words):
        return command("schemes", tiny, "--data", data, "--epochs", "1", *words)

    return run


@pytest.mark.parametrize("words", [("--seed", "1"), ("--no-train", "--technology", "22nm")])
def test_a_default_folder_counts_up_and_says_so(command, train, tiny, place, words):
    assert train().err.startswith("training on ")
    before = files(place / "reports/tiny")
    for number in (2, 3):
        done = command("run", tiny, *REAL, *words) if "--no-train" in words else train(*words)
        assert done.code == 0
        if number == 3 and "--no-train" in words:
            number = 2  # an estimate takes the place of the one before
        line = f"reports/tiny holds a training; the report goes to reports/tiny-{number}"
        assert done.err.splitlines()[0] == line
        assert f"written to reports/tiny-{number}: report.txt" in done.out
    assert files(place / "reports/tiny") == before


def test_an_estimate_is_replaced_by_another_and_by_a_training(command, train, tiny, place):
    for words in (("--no-train",), ("--no-train", "--technology", "22nm")):
        done = command("run", tiny, *words)
        assert (done.code, done.err) == (0, "")
    assert report(place / "reports/tiny")["technology"] == "22nm_lstp"
    assert "reports/tiny: report.txt" in train().out
    assert report(place / "reports/tiny")["training"] is not None


@pytest.mark.parametrize("words", [("--seed", "1"), ("--no-train",)])
def test_a_named_folder_with_a_training_is_refused(train, tiny, command, place, words):
    assert train("--out", "mine").code == 0
    before = files(place / "mine")
    again = command("run", tiny, "--out", "mine", *words)
    assert (again.code, again.out) == (2, "")
    assert again.err == f"--out mine: {TRAINED}\n"
    assert files(place / "mine") == before
    assert command("run", tiny, "--no-train", "--out", "mine", "--replace").code == 0
    assert report(place / "mine")["training"] is None


def test_what_is_asked_to_be_replaced_is(train, place):
    assert train().code == 0
    done = train("--replace", "--seed", "5")
    assert (done.code, report(place / "reports/tiny")["seed"]) == (0, 5)
    assert not (place / "reports/tiny-2").exists()


def test_a_report_that_cannot_be_read_may_be_of_a_training(command, tiny, place):
    (place / "mine").mkdir()
    (place / "mine/report.json").write_text("{cut off")
    assert command("run", tiny, "--no-train", "--out", "mine").code == 2
    assert (place / "mine/report.json").read_text() == "{cut off"


def test_a_run_is_gone_on_with_in_the_folder_that_counted_up(train, place):
    assert train().code == 0
    stopped = train("--epochs", "2", "--stop-after", "0")
    assert stopped.code == 3
    assert (place / "reports/tiny-2" / checkpoint.NAME).is_file()
    anew = train("--epochs", "2")
    assert anew.code == 2
    assert "reports/tiny-2/checkpoint.npz: an unfinished run is there" in anew.err
    done = train("--epochs", "2", "--resume")
    assert done.code == 0
    assert "written to reports/tiny-2: " in done.out
    assert len(report(place / "reports/tiny-2")["training"]["epochs"]) == 2
    assert len(report(place / "reports/tiny")["training"]["epochs"]) == 1


def test_a_run_that_goes_on_elsewhere_replaces_no_other_training(train, place):
    """The checkpoint is of a run that had no report yet, the folder has another one's."""
    assert train("--out", "mine").code == 0
    assert train("--out", "other", "--checkpoint", "kept", "--stop-after", "0").code == 3
    done = train("--out", "mine", "--checkpoint", "kept", "--resume")
    assert (done.code, done.err) == (2, f"--out mine: {TRAINED}\n")
    assert train("--out", "other", "--checkpoint", "kept", "--resume").code == 0


# --- schemes


def rows(folder):
    with (folder / "schemes.csv").open(newline="") as file:
        return [(row["scheme"], row["seeds"]) for row in csv.DictReader(file)]


def test_a_default_comparison_counts_up_and_says_so(compared, place):
    assert compared("--schemes", "real").code == 0
    before = files(place / "reports/schemes_tiny")
    done = compared("--schemes", "real", "--seed", "1")
    assert done.code == 0
    assert done.err.splitlines()[0] == (
        "reports/schemes_tiny holds a comparison; this one goes to reports/schemes_tiny-2"
    )
    assert "written to reports/schemes_tiny-2: " in done.out
    assert files(place / "reports/schemes_tiny") == before
    again = compared("--schemes", "real", "--seed", "1", "--resume")
    assert "written to reports/schemes_tiny-2: " in again.out


def test_a_table_is_not_replaced_unasked(compared, place):
    assert compared("--schemes", "real,quantized", "--out", "o").code == 0
    before = files(place / "o")
    done = compared("--schemes", "real", "--seeds", "2", "--out", "o")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "--out o: holds the table of a comparison, or trainings of it; name another folder, or "
        "have it replaced with --replace\n"
    )
    done = compared("--schemes", "real", "--seeds", "2", "--out", "o", "--resume")
    assert done.code == 2
    assert done.err.startswith("--out o: the table there has runs that this one would not have: ")
    assert ": quantized; name these schemes, too, with as many seeds; " in done.err
    assert files(place / "o") == before
    more = compared("--schemes", "real,quantized", "--seeds", "2", "--out", "o", "--resume")
    assert more.code == 0
    assert rows(place / "o") == [("real", "2"), ("quantized", "2")]
    fewer = compared("--schemes", "real,quantized", "--out", "o", "--resume")
    assert fewer.code == 2
    done = compared("--schemes", "real", "--out", "o", "--replace")
    assert done.code == 0
    assert rows(place / "o") == [("real", "1")]


def test_a_training_in_the_place_of_a_row_is_not_replaced(train, compared, place):
    assert train("--out", "o/real_seed0").code == 0
    before = files(place / "o")
    assert compared("--schemes", "quantized,real", "--out", "o").code == 2
    assert files(place / "o") == before
