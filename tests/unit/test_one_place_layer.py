"""One change, one place: a kind of layer is a class and a line in a table, in a run as well.

A clipped rectifier, with vector work of its own, and a matrix product of the channels of a pixel.
"""

import json
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from common import refusal

from neurorebit.__main__ import main
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.inputs.files import read_inputs
from neurorebit.inputs.network import read_network
from neurorebit.layers.base import (
    Layer,
    Matmul,
    Operation,
    Shape,
    Size,
    Value,
    VectorWork,
    Weighted,
)
from neurorebit.layers.table import KINDS
from neurorebit.schema import Document
from neurorebit.training.layers import matrix
from neurorebit.training.layers.base import Trained
from neurorebit.training.layers.table import TRAINED

NETWORK = """\
source: by hand
name: own
input: {channels: 1, height: 8, width: 8}
classes: 10
layers:
  - {kind: mix, outputs: 4}
  - {kind: clip, most: 2}
  - {kind: mix, outputs: 6}
  - {kind: clip, most: 3}
  - {kind: flatten}
  - {kind: linear, features: 10}
activity: {source: nothing, input_density: 0.5}
training: {dataset: digits, epochs: 1, batch: 20, calibration_steps: 2}
"""


@dataclass(frozen=True)
class Clip(Layer):
    """A rectifier with an upper bound."""

    most: Size

    def nonnegative(self, *inputs: bool) -> bool:
        return True

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Two comparisons, and a bit kept."""
        operation = Operation(cycles=2.0, additions=((2, Value.INPUT),))
        return (VectorWork(operation, given.size, mask=True),)


@dataclass(frozen=True)
class Mix(Weighted):
    """A product of the channels of each pixel."""

    outputs: Size

    def scaled(self, width: float) -> "Mix":
        return replace(self, outputs=round(self.outputs * width))

    def output(self, *given: Shape) -> Shape:
        return Shape(self.outputs, given[0].height, given[0].width)

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        return Matmul(given.channels, self.outputs, given.height * given.width, given.size)


@dataclass(eq=False)
class TrainedClip:
    """The clipped rectifier as training computes it."""

    most: float
    tools: object
    passes: object = field(init=False, default=None)

    def forward(self, inputs, learning):
        (x,) = inputs
        out = self.tools.workspace.take(x.shape, x.dtype)
        np.clip(x, 0.0, self.most, out=out)
        if learning:
            self.passes = (x > 0.0) & (x < self.most)
        return out

    def backward(self, dy, rate):
        dy *= self.passes
        return (dy,)


@pytest.fixture
def kinds(monkeypatch):
    """The two kinds, a line in each table."""
    monkeypatch.setitem(KINDS, "mix", Mix)
    monkeypatch.setitem(KINDS, "clip", Clip)
    clip = Trained(build=lambda node, given: TrainedClip(float(node.layer.most), given.tools))
    monkeypatch.setitem(TRAINED, "clip", clip)
    monkeypatch.setitem(TRAINED, "mix", Trained(build=matrix.build, learns=True, takes_bytes=True))


def written(folder, text=NETWORK):
    file = folder / "own.yaml"
    file.write_text(text)
    return file


def ran(file, out, *words):
    assert main(["run", str(file), "--out", str(out), *words]) == 0
    return json.loads((out / "report.json").read_text())


@pytest.mark.usefixtures("kinds")
def test_a_file_may_name_it(tmp_path):
    network = read_network(Document(written(tmp_path)))
    assert [node.name for node in network.matrices] == ["mix1", "mix2", "linear1"]
    assert network.macs == 64 * (1 * 4 + 4 * 6) + 384 * 10
    half = NETWORK.replace("classes: 10", "classes: 10\nwidth: 0.5")
    assert read_network(Document(written(tmp_path, half))).nodes[2].shape_out == Shape(3, 8, 8)


@pytest.mark.usefixtures("kinds")
def test_messages_know_it(tmp_path):
    def told(old, new):
        return refusal(lambda: read_network(Document(written(tmp_path, NETWORK.replace(old, new)))))

    assert list(KINDS)[-2:] == ["mix", "clip"]
    assert f"expected one of {', '.join(KINDS)}, got 'clib'; did you mean 'clip'?" in told(
        "kind: clip, most: 2", "kind: clib, most: 2"
    )
    assert "unknown key; it belongs to kind: clip" in told("outputs: 4", "outputs: 4, most: 1")
    assert "the key 'most' is missing" in told(", most: 2", "")
    unknown = told("density: 0.5", 'density: "0.5, 0.5"')
    assert "(one for each matrix product of conv and " in unknown
    assert " and mix)" in unknown


def test_without_its_line_a_file_may_not(tmp_path):
    said = refusal(lambda: read_network(Document(written(tmp_path))))
    assert "layers[0].kind: expected one of conv, " in said


@pytest.mark.usefixtures("kinds")
@pytest.mark.parametrize("chip", ["rebit", "reram"])
def test_its_work_is_billed(tmp_path, chip):
    """Against a plain rectifier: two comparisons of 8 bits for each of 256 and 384 values."""
    own = written(tmp_path)
    words = "--architecture", chip, "--no-train"
    clipped = ran(own, tmp_path / "a", *words)
    text = NETWORK.replace("kind: clip, most: 2", "kind: relu")
    plain = ran(
        written(tmp_path, text.replace("kind: clip, most: 3", "kind: relu")),
        tmp_path / "b", *words,
    )  # fmt: skip
    tech = read_inputs("mlp", chip).technology
    adder = PrefixAdder(tech, 8.0, network="sklansky")
    for row, values in ((0, 256), (1, 384), (2, 0)):
        billed, bare = (report["layers"][row]["phases"]["forward"] for report in (clipped, plain))
        more = [found["energy_by_part_J"]["vector/adder"] for found in (billed, bare)]
        assert more[0] - more[1] == pytest.approx(2 * values * adder.energy, rel=1e-6, abs=1e-24)
        assert billed["dram_energy_J"] == pytest.approx(bare["dram_energy_J"], rel=1e-12)


@pytest.mark.usefixtures("kinds")
def test_it_trains(tmp_path):
    words = "--images", "100", "--seed", "2", "--threads", "1"
    report = ran(written(tmp_path), tmp_path / "out", *words)
    assert [layer["kind"] for layer in report["layers"]] == ["mix", "mix", "linear", "chip"]
    (epoch,) = report["training"]["epochs"]
    assert 0.0 < epoch["loss"] < 3.0
    seen = report["activity"]["layers"]
    assert len(seen) == 3
    assert all(0.0 < layer["error_nonzero"] <= 1.0 for layer in seen)


@pytest.mark.parametrize("chip", ["rebit", "reram", "inference_sram"])
def test_a_product_of_activations_has_no_weights(tmp_path, monkeypatch, chip):
    """A chip forms one without knowing its kind: nothing of it stands in arrays."""

    @dataclass(frozen=True)
    class Similarity(Mix):
        def matmul(self, given: Shape, output: Shape) -> Matmul:
            return replace(super().matmul(given, output), stationary=False)

    monkeypatch.setitem(KINDS, "mix", Similarity)
    monkeypatch.setitem(KINDS, "clip", Clip)
    words = "--no-train", "--architecture", chip
    report = ran(written(tmp_path), tmp_path / "out", *words)
    rows = {layer["name"]: layer for layer in report["layers"]}
    assert rows["mix1"]["macs"] == 1 * 4 * 64
    assert (rows["mix1"]["area_m2"], rows["mix2"]["area_m2"]) == (0.0, 0.0)
    for name in ("gradient", "update", "sync"):
        phase = rows["mix1"]["phases"][name]
        assert phase is None or phase["energy_J"] == 0.0
    assert rows["mix2"]["phases"]["inference"]["energy_J"] > 0.0
