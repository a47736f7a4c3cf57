"""Streams that are closed, full or ASCII, and words that are no text: an exit code and one line."""

import os
import subprocess
import sys

import pytest

from neurorebit.__main__ import main
from neurorebit.schema.paths import folder_name

MODULE = f"'{sys.executable}' -m neurorebit"


def shell(line, folder, **environment):
    """Exit code, stdout and stderr of a line of the shell, run in a folder."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, "NEUROREBIT_DEBUG": "", **environment},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_stdout_is_one_line(tmp_path):
    code, _, err = shell(f"{MODULE} show mlp >/dev/full", tmp_path)
    assert (code, err) == (
        2,
        "the output: No space left on device; make room, or write to another place\n",
    )


def test_a_closed_stdout_is_no_fault(tmp_path):
    assert shell(f"{MODULE} show mlp >&-", tmp_path) == (0, b"", "")
    assert shell(f"{MODULE} show nosuch >&- 2>&-", tmp_path) == (2, b"", "")


def test_a_terminal_of_ascii_gets_escapes(tmp_path):
    text = "source: caf\u00e9\nname: caf\u00e9\n"
    network = tmp_path / "n.yaml"
    network.write_text(
        f"{text}input: {{channels: 1, height: 8, width: 8}}\nclasses: 2\nlayers:\n"
        "  - {kind: flatten}\n  - {kind: linear, features: 2}\n"
        "activity: {source: x, input_density: 0.5}\n",
        encoding="utf-8",
    )
    code, out, err = shell(f"{MODULE} show n.yaml", tmp_path, PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert rb"caf\xe9" in out


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (
            "technology.vdd=\udcff",
            r"'technology.vdd=\udcff': holds a byte that is not UTF-8",
        ),
        ("technology.vdd=\x1b[31m", r"'technology.vdd=\x1b[31m': holds a control character; "),
        ("technology.vdd=1\n2", "'technology.vdd=1 2': holds a control character; "),
    ],
)
def test_words_that_are_no_text_are_refused(capsys, tmp_path, monkeypatch, word, told):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "mlp", "--no-train", "--set", word]) == 2
    err = capsys.readouterr().err
    assert err.startswith(told)
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (MemoryError(), "there is not enough memory for this; take fewer designs"),
        (OSError(28, "No space left on device", "x"), "x: No space left on device; make room"),
        (ValueError("a\x1bb"), r"a fault of neurorebit, please report it (ValueError: a\x1bb, at "),
    ],
)
def test_what_nobody_expected_is_one_line(capsys, monkeypatch, problem, told):
    def fail(name):
        raise problem

    monkeypatch.setenv("NEUROREBIT_DEBUG", "")
    monkeypatch.setattr("neurorebit.studies.show.show", fail)
    code = main(["show", "mlp"])
    err = capsys.readouterr().err
    assert code == (70 if isinstance(problem, ValueError) else 2)
    assert err.startswith(told)
    assert err.count("\n") == 1


def test_names_that_differ_have_folders_that_differ():
    names = ["a/b", "a_b", "a b", "..", ".", "", "\U0001f600", "\U0001f601", "caf\u00e9", "x" * 300]
    names += ["x" * 299, "a", "a\nb", "-x"]
    folders = [folder_name(name) for name in names]
    assert len(set(folders)) == len(names)
    for name, folder in zip(names, folders, strict=True):
        assert folder.isascii()
        assert 0 < len(folder) < 100
        assert not {"/", "\\", " ", "."} & set(folder)
        assert folder == name or len(folder) >= 8
    assert [folder_name(name) for name in ("a_b", "VGG-8", "x")] == ["a_b", "VGG-8", "x"]
