"""An output format is one function in one table: this module defines one and uses it end to end."""

import json

import pytest

from neurorebit.__main__ import main
from neurorebit.results.writers.table import SWEEP_WRITERS, WRITERS


def write_markdown(report):
    """The phases of a report as a table in Markdown."""
    lines = ["| phase | energy [J] |", "|---|---|"]
    lines += [f"| {name} | {phase['energy_J']!r} |" for name, phase in report["phases"].items()]
    return "\n".join(lines) + "\n"


def write_lines(table, path):
    """The table of a sweep as a JSON object a line."""
    with path.open("w") as file:
        for row in zip(*(values.tolist() for values in table.values()), strict=True):
            file.write(json.dumps(dict(zip(table, row, strict=True))) + "\n")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs the command line in an empty folder; its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)

    def made(*words):
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return made


def test_a_format_of_a_report_is_one_function(run, tmp_path, monkeypatch):
    monkeypatch.setitem(WRITERS, "phases.md", write_markdown)
    code, out, err = run("run", "mlp", "--no-train", "--out", "out")
    assert (code, err) == (0, "")
    written = out.rstrip().splitlines()[-1].removeprefix("written to out: ").split(", ")
    assert "phases.md" in written
    assert sorted(written) == sorted(path.name for path in (tmp_path / "out").iterdir())
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    energy = report["phases"]["forward"]["energy_J"]
    assert f"| forward | {energy!r} |" in (tmp_path / "out" / "phases.md").read_text()


def test_a_format_that_fails_leaves_all_files_as_they_were(run, tmp_path, monkeypatch):
    assert run("run", "mlp", "--no-train", "--out", "out")[0] == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    monkeypatch.setitem(WRITERS, "phases.md", write_markdown)
    (tmp_path / "out" / "phases.md").mkdir()
    code, out, err = run("run", "mlp", "--no-train", "--out", "out", "--set", "technology.vdd=0.8V")
    assert (code, out) == (2, "")
    assert err == (
        "--out out: cannot be written: a folder has this name (out/phases.md); name another "
        "folder\n"
    )
    after = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir() if p.is_file()}
    assert after == before


def test_a_writer_that_raises_leaves_all_files_as_they_were(run, tmp_path, monkeypatch):
    assert run("run", "mlp", "--no-train", "--out", "out")[0] == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def broken(report):
        raise ZeroDivisionError(report["network"])

    monkeypatch.setitem(WRITERS, "broken.md", broken)
    with pytest.raises(ZeroDivisionError):
        run("run", "mlp", "--no-train", "--out", "out", "--set", "technology.vdd=0.8V")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_format_of_a_sweep_is_one_function(run, tmp_path, monkeypatch):
    words = ("sweep", "mlp", "--axis", "technology.vdd=0.85V,0.9V", "--out", "all.jsonl")
    code, _, err = run(*words)
    assert code == 2
    assert "expected a file that ends in .csv or .parquet" in err
    monkeypatch.setitem(SWEEP_WRITERS, ".jsonl", write_lines)
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert out.endswith("written to all.jsonl\n")
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [row["technology.vdd [V]"] for row in rows] == [0.85, 0.9]
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]
