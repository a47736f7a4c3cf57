"""Python pickles of arrays, read without running anything they say.

What a pickle may name are stand-ins that keep an array's bytes, and nothing else.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import InputError
from neurorebit.schema.errors import Words, printable

DIGITS = 100  # binary ones of a number that an error shows
MEMOS = ("PUT", "BINPUT", "LONG_BINPUT")  # operations that name a place of the memo


def content(path: Path, largest: int, cure: Words) -> bytes:
    """The bytes of a file; InputError where it is missing, or has more than ``largest``."""
    try:
        if path.stat().st_size > largest:
            message = f"{path}: is larger than any file of this data set"
            raise InputError(message, cure=cure)
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: missing from the data set", cure=cure) from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}", cure=cure) from None


def dictionary(path: Path, pickled: bytes, *, trusted: bool, cure: Words) -> dict[str, Any]:
    """The pickled dictionary, its keys as text; arrays in it are ``Array``.

    ``trusted``: these are the bytes of an official archive, which need no check of their length.
    """
    try:
        if not trusted:
            _refuse_bombs(pickled)
        found = _Unpickler(io.BytesIO(pickled), encoding="bytes").load()
    except Exception as problem:  # a damaged pickle raises nearly anything
        raise InputError(f"{path}: cut short or damaged ({said(problem)})", cure=cure) from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected a dictionary, got {type(found).__name__}", cure=cure)
    return {k.decode("latin1") if isinstance(k, bytes) else str(k): v for k, v in found.items()}


def images(
    path: Path, batch: dict[str, Any], key: str, *, cases: int, classes: int, cure: Words
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The images [cases, 3072] of a batch and their labels at ``key``; InputError unless whole."""
    labels, data = batch.get(key), batch.get("data")
    if not isinstance(labels, list) or not isinstance(data, Array):
        raise InputError(f"{path}: expected 'data' (an array) and '{key}' (a list)", cure=cure)
    try:
        pixels = data.pixels()
    except Exception as problem:  # the state comes from the file and may be anything
        raise InputError(f"{path}: its images are damaged ({said(problem)})", cure=cure) from None
    expected = (cases, 3072)
    if pixels.shape != expected:
        raise InputError(
            f"{path}: expected images of shape {expected}, got {pixels.shape}", cure=cure
        )
    if len(labels) != cases:
        raise InputError(f"{path}: expected {cases} labels, got {len(labels)}", cure=cure)
    strange = [x for x in labels if type(x) is not int or not 0 <= x < classes]
    if strange:
        raise InputError(
            f"{path}: labels must be 0 to {classes - 1}, got {shown(strange[0])}", cure=cure
        )
    return pixels, np.array(labels, np.int64)


def _refuse_bombs(pickled: bytes) -> None:
    """UnpicklingError for a memo that is larger than the file: reading it would take the memory."""
    for operation, argument, _ in pickletools.genops(pickled):
        if operation.name in MEMOS and int(argument or 0) > len(pickled):
            raise pickle.UnpicklingError("its memo is larger than the file")


def shown(value: object) -> str:
    """A value that a file gave, in few characters."""
    if isinstance(value, int) and value.bit_length() > DIGITS:
        return "a number of many digits"
    simple = isinstance(value, int | float | str | bytes)
    return printable(f"{value!r:.40}") if simple else f"a {type(value).__name__}"


def said(problem: Exception) -> str:
    """What an error says in one line of plain text, whatever the file made it say."""
    line = " ".join(str(problem).split())[:80] or type(problem).__name__
    return "".join(char if char.isprintable() else "?" for char in line)


class _Type:
    """Stands in for numpy.dtype: keeps its code."""

    def __init__(self, code: str | bytes, *_: object) -> None:
        self.code = code.decode("latin1") if isinstance(code, bytes) else code

    def __setstate__(self, state: object) -> None:
        """Ignore byte order and the like, which bytes do not have."""


class Array:
    """Stands in for numpy.ndarray: keeps the bytes and how they lie."""

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def pixels(self) -> NDArray[np.uint8]:
        """The array, if it is one of bytes; any exception where it is not."""
        _version, shape, kind, by_column, raw = self.state
        if kind.code.lstrip("|=<>") not in ("u1", "B", "uint8"):
            raise ValueError(f"expected bytes, got {kind.code}")
        flat = np.frombuffer(raw, np.uint8)
        return flat.reshape(shape, order="F" if by_column else "C")


def _reconstruct(*_: object) -> Array:
    return Array()


def _from_buffer(raw: object, kind: object, shape: object, order: object, *_: object) -> Array:
    array = Array()
    array.state = 1, shape, kind, order in ("F", b"F"), raw
    return array


def _encode(text: str, _encoding: object) -> bytes:
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): Array,
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
