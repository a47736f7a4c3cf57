"""A data set is one file: what is known of it, and how it is read. A run takes it by its word."""

import json

import numpy as np
import pytest

from neurorebit.__main__ import main
from neurorebit.data import table
from neurorebit.data.dataset import Archive, Dataset, Format, ImageSet
from neurorebit.layers.base import Shape

NETWORK = """\
name: stripes
input: {channels: 1, height: 8, width: 8}
classes: 2
layers:
  - {kind: flatten}
  - {kind: linear, features: 2}
training: {dataset: WORD, epochs: 2, batch: 20, calibration_steps: 2}
"""


def stripes(folder, shape):
    """Images of upright and of level stripes, which a file says the brightness of."""
    bright = int((folder / "stripes.txt").read_text()) if folder.is_dir() else 200
    images = np.zeros((100, shape.height, shape.width, 1), np.uint8)
    images[::2, :, ::2] = bright
    images[1::2, ::2] = bright
    labels = np.arange(100) % 2
    return Dataset(
        "stripes",
        images[:80],
        labels[:80],
        test_images=images[80:],
        test_labels=labels[80:],
        origin=str(folder),
        mirrored=False,
    )


STRIPES = ImageSet(
    title="stripes",
    train_images=80,
    classes=2,
    shapes=(Shape(1, 8, 8),),
    archive=Archive(("http://localhost/",), {"s.tar": "0" * 32}, "stripes", {"stripes.txt": None}),
    load=stripes,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEUROREBIT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def report(out):
    return json.loads((out / "report.json").read_text())


def test_a_run_takes_a_data_set_by_its_word(folder, monkeypatch, capsys):
    monkeypatch.setitem(table.DATASETS, "stripes", STRIPES)
    (folder / "net.yaml").write_text(NETWORK.replace("WORD", "stripes"))
    assert main(["run", "net.yaml", "--no-train", "--out", "costs"]) == 0
    assert report(folder / "costs")["totals"]["epoch"]["images"] == 80  # before it is there
    assert main(["run", "net.yaml", "--out", "out"]) == 2
    assert "stripes was not found" in capsys.readouterr().err
    (folder / "data" / "stripes").mkdir(parents=True)
    (folder / "data" / "stripes" / "stripes.txt").write_text("200")
    assert main(["run", "net.yaml", "--out", "out"]) == 0
    training = report(folder / "out")["training"]
    assert (training["dataset"], training["images"], training["test_images"]) == ("stripes", 80, 20)
    assert training["test_accuracy"] == 1.0
    capsys.readouterr()
    assert main(["list", "data"]) == 0
    assert "stripes" in capsys.readouterr().out


def test_a_kind_of_file_is_known_by_its_path(folder, monkeypatch, capsys):
    form = Format(
        written="FOLDER.stripes/",
        summary="stripes",
        fits=lambda path: path.suffix == ".stripes",
        describe=lambda path: ImageSet(
            title=path.name,
            train_images=80,
            classes=2,
            shapes=(Shape(1, 8, 8),),
            load=lambda _, shape: stripes(path, shape),
        ),
    )
    monkeypatch.setattr(table, "FORMATS", {"stripes": form, **table.FORMATS})
    (folder / "own.stripes").mkdir()
    (folder / "own.stripes" / "stripes.txt").write_text("150")
    (folder / "net.yaml").write_text(NETWORK.replace("WORD", "./own.stripes"))
    assert main(["run", "net.yaml", "--out", "out"]) == 0
    assert report(folder / "out")["training"]["test_accuracy"] == 1.0
