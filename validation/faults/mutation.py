"""Inputs of every kind, and what is done to them."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from neurorebit.schema import paths

PIECES = [
    b"\xff", b"\x00", b"\x1b[31m", b"\n", b"\t", b":", b"- ", b"[", b"{", b"*a", b"&a ", b"'", b'"',
    b",", b";", b"-1", b"0", b"1e309", b"nan", b"9" * 400, b"\xe2\x80\xae", b"\xc2\xb2", b"=1+1",
    b"true", b"null", b"../", b"%", b"!!x ", b"\xef\xbb\xbf", b"V", b"m", b"x" * 5000,
]  # fmt: skip
VALUES = [
    b"-1", b"0", b"1e300", b"1e-300", b"nan", b"inf", b"1e400", b"[]", b"{}", b"''", b"null", b"x",
    b"true", b"0.5", b"1000000000", b"99999999999999999999", b"1 V", b"3 mm", b"[1, 2, 3]", b"*a",
    b"{a: 1}", b"\xc2\xb2", b"1,5", b"-0", b"0x10", b"1_000",
]  # fmt: skip


def mutated(raw: bytes, seed: object) -> bytes:
    """The bytes with one to four cuts, copies, foreign pieces, or other values behind a colon."""
    rng = random.Random(str(seed))
    for _ in range(rng.randint(1, 4)):
        lines = raw.split(b"\n")
        if rng.random() < 0.4 and (keys := [i for i, one in enumerate(lines) if b": " in one]):
            i = rng.choice(keys)
            lines[i] = lines[i].partition(b": ")[0] + b": " + rng.choice(VALUES)
            raw = b"\n".join(lines)
            continue
        at = rng.randrange(len(raw) + 1)
        end = min(len(raw), at + rng.choice((0, 1, 5, 40)))
        piece = rng.choice((*PIECES, b"", raw[at:end] * 2))
        raw = raw[:at] + piece + raw[end:]
    return raw


@dataclass(frozen=True)
class Kind:
    """A kind of input: the file that is mutated, its content, and the command that reads it.

    ``beside``: further files that the command reads, which stay as they are.
    """

    name: str
    content: bytes
    words: tuple[str, ...]
    beside: Mapping[str, bytes] = field(default_factory=dict)


def _shipped(kind: str, name: str) -> bytes:
    return paths.shipped(kind, name).read_bytes()


def _archive(**arrays: np.ndarray) -> bytes:
    raw = io.BytesIO()
    np.savez(raw, **arrays)  # type: ignore[arg-type]  # arrays by name
    return raw.getvalue()


def _idx(array: np.ndarray) -> bytes:
    head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


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
_RNG = np.random.default_rng(1)
IMAGES = _archive(
    x_train=_RNG.integers(0, 256, (16, 4, 4), np.uint8),
    y_train=_RNG.integers(0, 2, 16),
    x_test=_RNG.integers(0, 256, (8, 4, 4), np.uint8),
    y_test=np.arange(8) % 2,
)
WEIGHTS = _archive(
    **{
        "conv1.weight": _RNG.standard_normal((3, 1, 3, 1)).astype(np.float32),
        "conv1.bias": np.zeros(3, np.float32),
        "linear1.weight": _RNG.standard_normal((2, 48)).astype(np.float32),
    }
)
TRAIN = ("run", "small.yaml", "--scheme", "real", "--threads", "1", "--out", "o", "--replace")


def _forged() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("meta.npy", b"\x93NUMPY\x01\x00" + b" " * 60)
    return raw.getvalue()


def _estimate(*words: str) -> tuple[str, ...]:
    return ("run", *words, "--no-train", "--out", "o", "--replace")


SMALL_FILES = {"small.yaml": SMALL, "images.npz": IMAGES}
KINDS: dict[str, Kind] = {
    "network": Kind("x.yaml", _shipped("network", "mlp"), _estimate("x.yaml")),
    "network of blocks": Kind("x.yaml", BLOCKS, _estimate("x.yaml")),
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
    "settings": Kind("x.yaml", SETTINGS, _estimate("mlp", "--settings", "x.yaml")),
    "shown": Kind("x.yaml", _shipped("network", "mlp"), ("show", "x.yaml")),
    "designs": Kind(
        "x.csv",
        b"technology.vdd [V],architecture.apim.adc_bits\n0.9,4\n0.8,5\n",
        ("sweep", "mlp", "--designs", "x.csv"),
    ),
    "pulses": Kind("x.csv", CSV.encode(), ("fit", "x.csv", "--voltage", "1V", "--width", "50ns")),
    "table of layers": Kind("x.csv", LAYERS, _estimate("x.csv")),
    "records": Kind("x.json", json.dumps(RECORDS).encode(), ("validate", "x.json")),
    "reports": Kind(
        "x.json",
        json.dumps(REPORT).encode(),
        ("compare", "x.json", "other.json"),
        {"other.json": json.dumps(REPORT).encode()},
    ),
    "images": Kind("images.npz", IMAGES, TRAIN, {"small.yaml": SMALL}),
    "weights": Kind(
        "x.npz", WEIGHTS, (*TRAIN, "--weights-from", "x.npz", "--images", "8"), SMALL_FILES
    ),
    "checkpoint": Kind("o/checkpoint.npz", _forged(), (*TRAIN, "--resume"), SMALL_FILES),
}
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


Place = Callable[[str, bytes], None]


def case(kind: Kind, seed: object, place: Place) -> list[str]:
    """Put the files of a mutated case in their places; the command that reads them."""
    for name, content in kind.beside.items():
        place(name, content)
    place(kind.name, mutated(kind.content, seed))
    return list(kind.words)
