"""The examples of the documentation run, each by itself, and draw what they say they draw."""

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


def test_all_examples_are_tested():
    assert {path.stem for path in (CLONE / "examples").glob("*.py")} == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_an_example_runs_and_draws_its_picture(name, tmp_path):
    script = CLONE / "examples" / f"{name}.py"
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), str(tmp_path)],
        cwd=CLONE,
        capture_output=True,
        text=True,
        timeout=120,  # on a machine that does other work
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / DRAWN[name]).read_bytes().startswith(b"\x89PNG")
    assert not (CLONE / "examples" / "out").exists()
