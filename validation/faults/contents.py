"""Valid files of every kind, small ones; those that a run writes are written once."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import struct
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit.__main__ import main
from neurorebit.data import cifar10, idx

CSV = "cell,cycle,direction,pulse,conductance_S\n" + "".join(
    f"a,1,{way},{n},{1e-6 * (1 + (n if way == 'ltp' else 8 - n)):.3g}\n"
    for way in ("ltp", "ltd")
    for n in range(9)
)
RECORDS = {
    "source": "x",
    "records": [
        {
            "block": "Register",
            "technology": "32nm_lstp",
            "fields": {"bits": 8},
            "area_m2": 1e-12,
        }
    ],
}
REPORT = {
    "schema": 3,
    "chip": {"area_m2": 1.0},
    "inputs": {},
    "layers": [{"name": "a", "x": 1}],
    "phases": {"forward": {"energy_J": 1.0}},
    "totals": {},
}
SMALL = b"""\
source: a test
name: small
input: {channels: 1, height: 4, width: 4}
classes: 2
layers:
  - {kind: conv, channels: 3, kernel: [3, 1], padding: [1, 0], bias: true}
  - {kind: relu}
  - {kind: linear, features: 2}
training: {dataset: images.npz, epochs: 1, batch: 8}
"""
RECORDED = SMALL.replace(b"training:", b"activity: {recorded: activity.json}\ntraining:")
BLOCKS = b"""\
name: blocks
input: {channels: 4, height: 8, width: 8}
blocks:
  residual:
    parameters: {width: 4}
    layers:
      - {kind: conv, channels: $width, kernel: 3, padding: 1}
      - {kind: relu}
      - {kind: add, other: input}
layers:
  - {block: residual, repeat: 3}
  - {kind: avg_pool}
  - {kind: linear, features: 3}
"""
LAYERS = b"32,32,3,3,3,64,1,1\n16,16,64,3,3,128,1,1\n1,1,8192,1,1,10,0,1\n"
SETTINGS = b"technology: {vdd: 0.9 V}\narchitecture.weight_bits: 3\ntraining: {batch: 8}\n"


def archive(**arrays: np.ndarray) -> bytes:
    """A NumPy archive."""
    raw = io.BytesIO()
    np.savez(raw, **arrays)  # type: ignore[arg-type]  # arrays by name
    return raw.getvalue()


_RNG = np.random.default_rng(1)
IMAGES = archive(
    x_train=_RNG.integers(0, 256, (16, 4, 4), np.uint8),
    y_train=_RNG.integers(0, 2, 16),
    x_test=_RNG.integers(0, 256, (8, 4, 4), np.uint8),
    y_test=np.arange(8) % 2,
)
ARRAYS = {
    "conv1.weight": _RNG.standard_normal((3, 1, 3, 1)).astype(np.float32),
    "conv1.bias": np.zeros(3, np.float32),
    "linear1.weight": _RNG.standard_normal((2, 48)).astype(np.float32),
}
WEIGHTS = archive(**ARRAYS)
FORGED = archive(meta=np.zeros(9))  # as if a checkpoint


def of(channels: int, side: int, dataset: str) -> bytes:
    """A network of one layer for images of a size."""
    sizes = f"{{channels: {channels}, height: {side}, width: {side}}}"
    lines = [
        "name: small",
        f"input: {sizes}",
        "layers: [{kind: flatten}, {kind: linear, features: 10}]",
        f"training: {{dataset: {dataset}, epochs: 1, batch: 8}}",
    ]
    return "\n".join([*lines, ""]).encode()


def idx_files() -> dict[str, bytes]:
    """Three images, in the files of MNIST."""
    images, labels = np.zeros((3, 28, 28), np.uint8), np.arange(3, dtype=np.uint8)
    made = {}
    for name in idx.NAMES:
        array = images if "images" in name else labels
        head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
        made[f"m/{name}"] = head + array.tobytes()
    return made


def cifar10_files() -> dict[str, bytes]:
    """Two images in each file of CIFAR-10."""
    batch = {"data": np.zeros((2, 3072), np.uint8), "labels": [0, 1]}
    meta = {"label_names": ["x"] * 10, "num_cases_per_batch": 2, "num_vis": 3072}
    files = {name: pickle.dumps(batch, 2) for name in cifar10.OFFICIAL}
    folder = cifar10.FOLDER
    return {f"{folder}/{n}": raw for n, raw in (files | {cifar10.META: pickle.dumps(meta)}).items()}


def cifar100_files() -> dict[str, bytes]:
    """Two images in each file of CIFAR-100."""
    batch = {"data": np.zeros((2, 3072), np.uint8), "fine_labels": [0, 1], "coarse_labels": [0, 1]}
    meta = {"fine_label_names": ["x"] * 100, "coarse_label_names": ["x"] * 20}
    files: Mapping[str, Any] = {"train": batch, "test": batch, "meta": meta}
    return {f"cifar-100-python/{name}": pickle.dumps(one, 2) for name, one in files.items()}


def pictures() -> dict[str, bytes]:
    """A picture of each class for training and for the test."""
    from PIL import Image

    raw = io.BytesIO()
    Image.new("RGB", (5, 4), (9, 9, 9)).save(raw, "PNG")
    return {f"p/{split}/{c}/1.png": raw.getvalue() for split in ("train", "test") for c in "ab"}


@cache
def safetensors() -> bytes:
    """The weights as a file of safetensors, which is written by hand."""
    head, body = dict[str, Any](), b""
    for name, array in ARRAYS.items():
        start, body = len(body), body + array.tobytes()
        head[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [start, len(body)]}
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + body


@cache
def graph() -> bytes:
    """The small network as an ONNX graph, weights included."""
    from onnx import helper, numpy_helper

    made = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "conv1.weight", "conv1.bias"], ["a"], pads=[1, 0, 1, 0]),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("Flatten", ["b"], ["c"]),
            helper.make_node("Gemm", ["c", "linear1.weight"], ["y"], transB=1),
        ],
        "small",
        [helper.make_tensor_value_info("x", 1, [1, 1, 4, 4])],
        [helper.make_tensor_value_info("y", 1, [1, 2])],
        [numpy_helper.from_array(array, name) for name, array in ARRAYS.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
    return bytes(model.SerializeToString())


@cache
def trained() -> dict[str, bytes]:
    """What trainings leave: a report, weights, an activity, and a checkpoint of another one."""
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        Path("small.yaml").write_bytes(SMALL)
        Path("images.npz").write_bytes(IMAGES)
        words = ["run", "small.yaml", "--threads", "1", "--quiet"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            main([*words, "--out", "whole", "--save-weights", "weights.npz"])
            main(["activity", "whole", "--out", "activity.json"])
            main([*words, "--out", "part", "--stop-after", "0"])
        names = "whole/report.json", "weights.npz", "activity.json", "part/checkpoint.npz"
        return {os.path.basename(name): Path(name).read_bytes() for name in names}
