"""A small network, a small data set in the layout of CIFAR-10, and the command line."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from neurorebit.__main__ import main
from neurorebit.schema import paths

TINY = """\
source: a test
name: tiny
input: {channels: 3, height: 32, width: 32}
classes: 10
layers:
  - {kind: conv, channels: 6, kernel: 3, stride: 4, padding: 1}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: max_pool, kernel: 4}
  - {kind: flatten}
  - {kind: linear, features: 10}
activity:
  source: a guess
  input_density: 0.5, 0.25
training:
  dataset: cifar10
  fallback: digits
  epochs: 2
  batch: 32
  calibration_steps: 3
recipe: quick
recipes:
  quick: {images: 80}
  paper: {epochs: 50}
"""
CASES = 20  # images of each of the six files


@dataclass(frozen=True)
class Result:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working directory, and no data set anywhere on the machine."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("NEUROREBIT_DATA", raising=False)
    monkeypatch.setattr("neurorebit.data.locate.cache_dir", lambda: tmp_path / "cache")
    return folder


@pytest.fixture
def tiny(place):
    (place / "tiny.yaml").write_text(TINY)
    return "tiny.yaml"


@pytest.fixture
def data(tmp_path):
    """Random images whose brightness tells their class."""
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    random = np.random.default_rng(5)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        labels = [i % 10 for i in range(CASES)]
        noise = random.integers(0, 40, (CASES, 3072))
        images = (20 * np.array(labels)[:, None] + noise).astype(np.uint8)
        content = {b"labels": labels, b"data": images}
        (folder / name).write_bytes(pickle.dumps(content))
    meta = {b"label_names": [b"class"] * 10, b"num_cases_per_batch": CASES, b"num_vis": 3072}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
    return str(folder.parent)


@pytest.fixture
def command(place, capsys):
    """Runs the command line in this process."""

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def mine(place):
    """Copies a shipped file into the working directory, with a change, and returns its name."""

    def copy(kind, name, old="", new=""):
        text = paths.shipped(kind, name).read_text()
        assert old in text
        path = place / f"my_{kind}.yaml"
        path.write_text(text.replace(old, new, 1))
        return path.name

    return copy
