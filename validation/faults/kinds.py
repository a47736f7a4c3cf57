"""The kinds of input: the file that is changed, how, and the command that reads it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from importlib.util import find_spec

from neurorebit.schema import paths
from validation.faults import contents as c
from validation.faults.mutation import in_archive, in_graph, in_json, in_safetensors, mutated

Place = Callable[[str, bytes], None]
Files = Mapping[str, bytes]
EACH = 5  # how often a kind of few steps is tried where one that trains is tried once


@dataclass(frozen=True)
class Kind:
    """A kind of input: the file that is changed, its content, and the command that reads it.

    ``beside``: further files that the command reads, which stay as they are. ``change``: what is
    done to it. ``content`` and ``beside`` may be made where they are needed. ``trains``: a good one
    takes a training, or nearly as long. ``needs``: a package that reads it.
    """

    name: str
    content: bytes | Callable[[], bytes]
    words: tuple[str, ...]
    beside: Files | Callable[[], Files] = field(default_factory=dict)
    _: KW_ONLY
    change: Callable[[bytes, object], bytes] = mutated
    trains: bool = False
    needs: str = ""

    @property
    def files(self) -> dict[str, bytes]:
        """All of its files as they are to be."""
        beside = self.beside() if callable(self.beside) else self.beside
        return {**beside, self.name: self.content() if callable(self.content) else self.content}


def _shipped(kind: str, name: str) -> bytes:
    return paths.shipped(kind, name).read_bytes()


def _estimate(*words: str) -> tuple[str, ...]:
    return ("run", *words, "--no-train", "--out", "o", "--replace", "--quiet")


def _trained(name: str) -> Callable[[], bytes]:
    return lambda: c.trained()[name]


def _of(files: Callable[[], Files], name: str) -> Callable[[], bytes]:
    return lambda: files()[name]


def _with(network: bytes, files: Callable[[], Files]) -> Callable[[], Files]:
    return lambda: {"small.yaml": network, **files()}


BASE = ("run", "small.yaml", "--threads", "1", "--out", "o", "--replace", "--quiet")
TRAIN = (*BASE, "--scheme", "real", "--images", "8")
FROM = (*TRAIN, "--weights-from")
BOTH = {"small.yaml": c.SMALL, "images.npz": c.IMAGES}
MNIST, CIFAR = "m/train-images-idx3-ubyte.gz", "cifar-10-batches-py/data_batch_1"
PICTURE = "p/train/a/1.png"
ALL: dict[str, Kind] = {
    "network": Kind("x.yaml", _shipped("network", "mlp"), _estimate("x.yaml")),
    "network of blocks": Kind("x.yaml", c.BLOCKS, _estimate("x.yaml")),
    "large network": Kind("x.yaml", _shipped("network", "mobilenet_v2"), _estimate("x.yaml")),
    "technology": Kind(
        "x.yaml", _shipped("technology", "32nm"), _estimate("mlp", "--technology", "x.yaml")
    ),
    "device": Kind(
        "x.yaml", _shipped("device", "taox_hfox"), _estimate("mlp", "--device", "x.yaml")
    ),
    "architecture": Kind(
        "x.yaml", _shipped("architecture", "rebit"), _estimate("mlp", "--architecture", "x.yaml")
    ),
    "settings": Kind("x.yaml", c.SETTINGS, _estimate("mlp", "--settings", "x.yaml")),
    "shown": Kind("x.yaml", _shipped("network", "mlp"), ("show", "x.yaml")),
    "designs": Kind(
        "x.csv",
        b"technology.vdd [V],architecture.apim.adc_bits\n0.9,4\n0.8,5\n",
        ("sweep", "mlp", "--designs", "x.csv"),
    ),
    "pulses": Kind("x.csv", c.CSV.encode(), ("fit", "x.csv", "--voltage", "1V", "--width", "50ns")),
    "table of layers": Kind("x.csv", c.LAYERS, _estimate("x.csv")),
    "imported table": Kind("x.csv", c.LAYERS, ("import", "x.csv", "--out", "y.yaml", "--replace")),
    "records": Kind("x.json", json.dumps(c.RECORDS).encode(), ("validate", "x.json")),
    "reports": Kind(
        "x.json",
        json.dumps(c.REPORT).encode(),
        ("compare", "x.json", "other.json"),
        {"other.json": json.dumps(c.REPORT).encode()},
    ),
    "compared report": Kind(
        "o/report.json",
        _trained("report.json"),
        ("compare", "o", "p"),
        lambda: {"p/report.json": c.trained()["report.json"]},
        change=in_json,
    ),
    "billed report": Kind(
        "o/report.json", _trained("report.json"), ("rebill", "o"), change=in_json, trains=True
    ),
    "report of an activity": Kind(
        "o/report.json",
        _trained("report.json"),
        ("activity", "o", "--out", "a.json"),
        change=in_json,
    ),
    "activity": Kind(
        "activity.json",
        _trained("activity.json"),
        _estimate("small.yaml"),
        {"small.yaml": c.RECORDED},
        change=in_json,
    ),
    "images": Kind("images.npz", c.IMAGES, TRAIN, {"small.yaml": c.SMALL}),
    "members of images": Kind(
        "images.npz", c.IMAGES, TRAIN, {"small.yaml": c.SMALL}, change=in_archive, trains=True
    ),
    "weights": Kind("x.npz", c.WEIGHTS, (*FROM, "x.npz"), BOTH),
    "members of weights": Kind(
        "x.npz", _trained("weights.npz"), (*FROM, "x.npz"), BOTH, change=in_archive, trains=True
    ),
    "evaluated weights": Kind(
        "x.npz",
        _trained("weights.npz"),
        ("evaluate", "small.yaml", "--weights-from", "x.npz", "--draws", "1", "--calibration", "8",
         "--threads", "1", "--out", "o", "--replace", "--quiet"),
        BOTH,
        change=in_archive,
        trains=True,
    ),
    "safetensors": Kind(
        "x.safetensors", c.safetensors, (*FROM, "x.safetensors"), BOTH, change=in_safetensors,
        trains=True, needs="safetensors",
    ),
    "ONNX weights": Kind(
        "x.onnx", c.graph, (*FROM, "x.onnx"), BOTH, change=in_graph, trains=True, needs="onnx"
    ),
    "ONNX network": Kind(
        "x.onnx", c.graph, _estimate("x.onnx"), change=in_graph, needs="onnx"
    ),
    "ONNX file": Kind(
        "x.onnx", c.graph, ("import", "x.onnx", "--out", "y.yaml", "--replace"), needs="onnx"
    ),
    "checkpoint": Kind("o/checkpoint.npz", c.FORGED, (*TRAIN, "--resume"), BOTH),
    "members of a checkpoint": Kind(
        "o/checkpoint.npz", _trained("checkpoint.npz"), (*BASE, "--resume"), BOTH,
        change=in_archive, trains=True,
    ),
    "IDX file": Kind(
        MNIST, _of(c.idx_files, MNIST), (*TRAIN, "--data", "m"),
        _with(c.of(1, 28, "mnist"), c.idx_files), trains=True,
    ),
    "CIFAR-10": Kind(
        CIFAR, _of(c.cifar10_files, CIFAR), (*TRAIN, "--data", "."),
        _with(c.of(3, 32, "cifar10"), c.cifar10_files), trains=True,
    ),
    "CIFAR-100": Kind(
        "cifar-100-python/train", _of(c.cifar100_files, "cifar-100-python/train"),
        (*TRAIN, "--data", "."),
        _with(c.of(3, 32, "cifar100").replace(b"features: 10", b"features: 100"), c.cifar100_files),
        trains=True,
    ),
    "pictures": Kind(
        PICTURE, _of(c.pictures, PICTURE), TRAIN,
        _with(c.of(3, 4, "p/").replace(b"features: 10", b"features: 2"), c.pictures),
        trains=True, needs="PIL",
    ),
}  # fmt: skip
KINDS = {name: kind for name, kind in ALL.items() if not kind.needs or find_spec(kind.needs)}
OPTIONS = [
    b"--set=technology.vdd=0.9V",
    b"--set=network.layers[1].features=128",
    b"--set=training.batch=8",
    b"--set=architecture.apim.adc=sar",
    b"--set=network.input={channels: 1, height: 28, width: 28}",
    b"--axis=technology.vdd=0.8V:1V:3",
    b"--axis=device.r_on=1e5ohm,2e5ohm",
]


def option(seed: object) -> list[str]:
    """A command with one mutated option."""
    rng = random.Random(f"option {seed}")
    given = rng.choice(OPTIONS)
    word = mutated(given, f"word {seed}").replace(b"\0", b"").decode("utf-8", "surrogateescape")
    words = _estimate("mlp") if given.startswith(b"--set") else ("sweep", "mlp")
    return [*words, word]


def case(kind: Kind, seed: object, place: Place) -> list[str]:
    """Put the files of a mutated case in their places; the command that reads them."""
    for name, content in kind.files.items():
        place(name, kind.change(content, seed) if name == kind.name else content)
    return list(kind.words)
