"""CIFAR-10 in the layout of the official Python archive: where it lies, what it holds.

The files are Python pickles. They are read without running anything they say: what they may name
are stand-ins that keep an array's bytes, and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.data.dataset import Archive, Dataset, ImageSet
from neurorebit.layers.base import Shape
from neurorebit.schema import Argument, InputError
from neurorebit.schema.errors import printable

FOLDER = "cifar-10-batches-py"
META = "batches.meta"
TEST = "test_batch"
SHAPE = (3, 32, 32)
LARGEST = 64 << 20  # bytes of a file; those of the official archive have 31 MB
DIGITS = 100  # binary ones of a number that an error shows
MEMOS = ("PUT", "BINPUT", "LONG_BINPUT")  # operations that name a place of the memo
CLASSES = 10
CURE = (
    "remove the folder and run 'neurorebit data fetch cifar10', or name another with ",
    Argument("data"),
)

# MD5 of the files of the official archive, https://www.cs.toronto.edu/~kriz/cifar.html
OFFICIAL = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    TEST: "40351d587109b95175f43aff81a1287e",
}
TRAINING = tuple(name for name in OFFICIAL if name != TEST)

# SHA-256 of the 60,000 labels in order, a byte each, of a known copy whose images went through
# JPEG: its pixels depend on the decoder, its order does not
JPEG_ORDER = "bfecf51857bbd06be1ba2f34c9213e92d5c95dff289417c8b3392370e6abc96b"


def load(folder: Path | None, shape: Shape) -> Dataset:
    """Read and check a CIFAR-10 folder; InputError names the file at fault."""
    assert folder is not None
    cases = _cases(folder / META)
    images = np.empty((cases * len(OFFICIAL), *SHAPE[1:], SHAPE[0]), np.uint8)
    labels = np.empty(cases * len(OFFICIAL), np.int64)
    genuine = True
    for i, name in enumerate((*TRAINING, TEST)):
        content = _content(folder / name)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        genuine = genuine and digest == OFFICIAL[name]
        part = slice(i * cases, (i + 1) * cases)
        pixels, labels[part] = _batch(folder / name, content, cases)
        for c, channel in enumerate(pixels.reshape(cases, *SHAPE).transpose(1, 0, 2, 3)):
            images[part, ..., c] = channel  # twice as fast as all channels at once
    name, note = _provenance(genuine, labels)
    split = cases * len(TRAINING)
    return Dataset(
        name,
        images[:split],
        labels[:split],
        test_images=images[split:],
        test_labels=labels[split:],
        origin=str(folder),
        note=note,
    )


def _provenance(genuine: bool, labels: NDArray[np.int64]) -> tuple[str, str]:
    if genuine:
        return "CIFAR-10", ""
    if hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest() == JPEG_ORDER:
        return "CIFAR-10 (JPEG)", (
            "the images are CIFAR-10 re-encoded as JPEG, slightly lossy; "
            "results on the official archive may differ by about a point"
        )
    return "CIFAR-10 (unverified)", (
        "the files are in the layout of CIFAR-10 but are not those of the official archive"
    )


def _cases(path: Path) -> int:
    """Images in each batch, as the meta file says (10,000 in the official one)."""
    meta = _load(path, _content(path))
    names, cases, values = (
        meta.get(key) for key in ("label_names", "num_cases_per_batch", "num_vis")
    )
    if not (isinstance(names, list) and len(names) == CLASSES):
        raise InputError(f"{path}: expected the names of {CLASSES} classes", cure=CURE)
    if type(cases) is not int or not 0 < cases <= 10_000:
        raise InputError(
            f"{path}: expected up to 10,000 images a batch, got {_shown(cases)}", cure=CURE
        )
    if values not in (None, int(np.prod(SHAPE))):
        raise InputError(f"{path}: expected 3,072 values an image, got {_shown(values)}", cure=CURE)
    return cases


def _batch(path: Path, content: bytes, cases: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    batch = _load(path, content)
    labels, data = batch.get("labels"), batch.get("data")
    if not isinstance(labels, list) or not isinstance(data, _Array):
        raise InputError(f"{path}: expected 'data' (an array) and 'labels' (a list)", cure=CURE)
    try:
        pixels = data.pixels()
    except Exception as problem:  # the state comes from the file and may be anything
        raise InputError(f"{path}: its images are damaged ({_said(problem)})", cure=CURE) from None
    expected = (cases, int(np.prod(SHAPE)))
    if pixels.shape != expected:
        raise InputError(
            f"{path}: expected images of shape {expected}, got {pixels.shape}", cure=CURE
        )
    if len(labels) != cases:
        raise InputError(f"{path}: expected {cases} labels, got {len(labels)}", cure=CURE)
    strange = [x for x in labels if type(x) is not int or not 0 <= x < CLASSES]
    if strange:
        raise InputError(
            f"{path}: labels must be 0 to {CLASSES - 1}, got {_shown(strange[0])}", cure=CURE
        )
    return pixels, np.array(labels, np.int64)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            message = f"{path}: is larger than any file of this data set"
            raise InputError(message, cure=CURE)
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: missing from the data set", cure=CURE) from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}", cure=CURE) from None


def _load(path: Path, content: bytes) -> dict[str, Any]:
    """The pickled dictionary, its keys as text."""
    try:
        _refuse_bombs(content)
        found = _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as problem:  # a damaged pickle raises nearly anything
        raise InputError(f"{path}: cut short or damaged ({_said(problem)})", cure=CURE) from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected a dictionary, got {type(found).__name__}", cure=CURE)
    return {k.decode("latin1") if isinstance(k, bytes) else str(k): v for k, v in found.items()}


def _refuse_bombs(content: bytes) -> None:
    """UnpicklingError for a memo that is larger than the file: reading it would take the memory.

    Files of the official archive need no such check.
    """
    if hashlib.md5(content, usedforsecurity=False).hexdigest() in OFFICIAL.values():
        return
    for operation, argument, _ in pickletools.genops(content):
        if operation.name in MEMOS and int(argument or 0) > len(content):
            raise pickle.UnpicklingError("its memo is larger than the file")


def _shown(value: object) -> str:
    """A value that a file gave, in few characters."""
    if isinstance(value, int) and value.bit_length() > DIGITS:
        return "a number of many digits"
    simple = isinstance(value, int | float | str | bytes)
    return printable(f"{value!r:.40}") if simple else f"a {type(value).__name__}"


def _said(problem: Exception) -> str:
    """What an error says in one line of plain text, whatever the file made it say."""
    line = " ".join(str(problem).split())[:80] or type(problem).__name__
    return "".join(char if char.isprintable() else "?" for char in line)


class _Type:
    """Stands in for numpy.dtype: keeps its code."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        self.code = code.decode("latin1") if isinstance(code, bytes) else code

    def __setstate__(self, state: object) -> None:
        """Ignore byte order and the like, which bytes do not have."""


class _Array:
    """Stands in for numpy.ndarray: keeps the bytes and how they lie."""

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def pixels(self) -> NDArray[np.uint8]:
        _version, shape, kind, by_column, raw = self.state
        if kind.code.lstrip("|=<>") not in ("u1", "B", "uint8"):
            raise ValueError(f"expected bytes, got {kind.code}")
        flat = np.frombuffer(raw, np.uint8)
        return flat.reshape(shape, order="F" if by_column else "C")


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _from_buffer(raw: object, kind: object, shape: object, order: object, *_: object) -> _Array:
    array = _Array()
    array.state = 1, shape, kind, order in ("F", b"F"), raw
    return array


def _encode(text: str, _encoding: object) -> bytes:
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,  # bytes, in protocols that had none
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"asks for {module}.{name}, which no data set needs")
        return _STAND_INS[module, name]


CIFAR10 = ImageSet(
    title="CIFAR-10",
    train_images=50_000,
    classes=CLASSES,
    shape=Shape(*SHAPE),
    archive=Archive(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        FOLDER,
        {META: None, **OFFICIAL},
    ),
    load=load,
)
