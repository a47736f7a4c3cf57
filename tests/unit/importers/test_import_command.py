"""``neurorebit import``, and documents that are made when they are first asked for."""

from pathlib import Path

import onnx
import pytest
from graphs import Made

import neurorebit as nr
from neurorebit.__main__ import main


@pytest.fixture
def graph(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Made("n", 3, "h", "w")
    made.add("Conv", "x", made.weight(8, 3, 3, 3), pads=[1, 1, 1, 1], name="stem")
    made.add("Relu", name="act")
    made.add("GlobalAveragePool", name="pool")
    made.add("Flatten", name="flat")
    made.add("Gemm", made.last, made.weight(8, 10), name="head")
    onnx.save(made.model(), "net.onnx")
    return "net.onnx"


SIZE = ("--set", "network.input.height=6", "--set", "network.input.width=5")


def test_a_file_to_edit(graph, tmp_path, capsys):
    assert main(["import", graph, *SIZE]) == 0
    macs = 30 * 27 * 8 + 80
    said = f"4 layers, 296 weights in arrays, {macs:,} multiply-accumulates an image"
    assert capsys.readouterr().out.strip() == f"written to net.yaml: {said}"
    network = nr.network("net.yaml")
    assert list(network.layers.index) == ["stem", "act", "pool", "head"]
    assert int(network.layers["macs"].sum()) == macs
    assert (tmp_path / "net.yaml").read_text().splitlines()[2] == (
        "input: {channels: 3, height: 6, width: 5}"
    )


def test_it_replaces_nothing_unasked(graph, capsys):
    assert main(["import", graph, "-o", "mine.yaml", *SIZE]) == 0
    assert main(["import", graph, "-o", "mine.yaml", *SIZE]) == 2
    assert "mine.yaml: is there already" in capsys.readouterr().err
    assert main(["import", graph, "-o", "mine.yaml", "--replace", *SIZE]) == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("net.onnx", "--out net.onnx: is no name of a network file; end its name in .yaml or .yml"),
        ("other.yaml", "--out other.yaml: is there, and is no network file; name another file"),
        ("link.yaml", "--out link.yaml: is there, and is no network file"),
        ("gone/net.yaml", "--out gone/net.yaml: cannot be written: its folder is missing; make it"),
    ],
)
def test_it_replaces_no_file_of_another_kind(graph, tmp_path, capsys, name, told):
    (tmp_path / "other.yaml").write_text("mine: 1\n")
    (tmp_path / "link.yaml").symlink_to("nowhere")
    before = Path(graph).read_bytes()
    assert main(["import", graph, "-o", name, "--replace", *SIZE]) == 2
    assert told in capsys.readouterr().err
    assert Path(graph).read_bytes() == before
    assert (tmp_path / "other.yaml").read_text() == "mine: 1\n"


def test_an_open_axis_leaves_no_file(graph, tmp_path, capsys):
    assert main(["import", graph]) == 2
    assert "set network.input.height and network.input.width" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.onnx"]


def test_a_network_file_needs_no_import(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["import", "mlp", "-o", "again.yaml"]) == 2
    assert "a network file already" in capsys.readouterr().err


def test_other_keys_are_set_in_the_file(graph):
    assert main(["import", graph, *SIZE, "--set", "network.layers[0].channels=16"]) == 0
    assert nr.network("net.yaml").layers.loc["head", "weights"] == 160


def test_settings_of_the_input_and_of_layers_in_any_order(graph):
    network = nr.network(graph, input={"height": 6, "width": 5})
    wide = network.set("layers[0].channels", 16).set("input.width", 10)
    assert wide.layers.loc["stem", "macs"] == 60 * 27 * 16
    assert network.layers.loc["stem", "macs"] == 30 * 27 * 8


def test_a_run_of_a_graph(graph, capsys):
    words = ["run", graph, "--no-train", "--out", "report", "--quiet", *SIZE]
    assert main(words) == 0
    again = ["run", "net.yaml", "--no-train", "--out", "again", "--quiet"]
    assert main(["import", graph, *SIZE]) == 0
    assert main(again) == 0
    assert main(["compare", "report", "again", "--tolerance", "1e-12"]) == 0
    assert "no result differs" in capsys.readouterr().out
