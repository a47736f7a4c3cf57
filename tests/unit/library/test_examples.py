"""The examples of the documentation run, and draw what they say they draw."""

import subprocess
import sys
from pathlib import Path

import pytest

CLONE = Path(__file__).parents[3]
DRAWN = {
    "first_estimate": "first_estimate.png",
    "design_sweep": "design_sweep.png",
    "first_training": "first_training/training.png",
    "whole_api": "whole_api/training.png",
    "two_digits": "two_digits/hybrid/training.png",
}
ALONE = "whole_api"  # which says what its process has not imported
FEWER = {"two_digits": ("(4_000, 1_000, 3)", "(400, 100, 1)")}  # pairs to train and test, epochs


def test_all_examples_are_tested():
    assert {path.stem for path in (CLONE / "examples").glob("*.py")} == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_an_example_runs_and_draws_its_picture(name, tmp_path, monkeypatch):
    """In this process, in which warnings are errors as well, and one in a process of its own."""
    script = CLONE / "examples" / f"{name}.py"
    words = [str(script), str(tmp_path)]
    if name == ALONE:
        subprocess.run([sys.executable, "-W", "error", *words], cwd=CLONE, check=True)
    else:
        many, few = FEWER.get(name, ("", ""))
        source = script.read_text()
        assert many in source
        monkeypatch.chdir(CLONE)
        monkeypatch.setattr(sys, "argv", words)
        exec(compile(source.replace(many, few), script, "exec"), {"__name__": "__main__"})
    assert (tmp_path / DRAWN[name]).read_bytes().startswith(b"\x89PNG")
    assert not (CLONE / "examples" / "out").exists()
