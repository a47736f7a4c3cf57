"""NumPy archives from outside: numbers alone, never pickles, bounded before they are taken in."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema.errors import File, InputError, printable

Array = NDArray[Any]

NUMBERS = "biuf"  # kinds of dtypes that are read
LONGEST = 10_000  # bytes of an array's header
LEAST = 1 << 30  # bytes of an archive's arrays that are read whatever its size
PACKED = 20  # times its size that a larger archive may hold: numbers hardly pack
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path: Path, cure: str) -> dict[str, Array]:
    """The arrays of an archive by name.

    InputError where the file cannot be read, is no archive, is damaged, or holds anything but
    numbers; ``cure`` says what to give instead.
    """
    where = File(str(path))
    try:
        with zipfile.ZipFile(path) as archive:
            size = path.stat().st_size
            members = archive.infolist()
            most = max(PACKED * size, LEAST)
            if sum(member.file_size for member in members) > most:
                message = f"says that it holds more than the {most:,} bytes that are read"
                raise InputError(message, origin=where, cure=cure)
            found = {}
            for member in members:
                name = member.filename.removesuffix(".npy")
                found[name] = _array(archive.read(member), name, where, cure)
            return found
    except OSError as problem:
        message = f"cannot be read: {problem.strerror or problem}"
        raise InputError(message, origin=where, cure=cure) from None
    except zipfile.BadZipFile as problem:
        packed = zipfile.is_zipfile(path)  # it has the table at the end of an archive
        message = f"cut short or damaged ({problem})" if packed else "not a NumPy archive"
        raise InputError(message, origin=where, cure=cure) from None
    except (zlib.error, EOFError, NotImplementedError, RuntimeError) as problem:
        message = f"cut short or damaged ({printable(str(problem))[:80]})"
        raise InputError(message, origin=where, cure=cure) from None


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array, of its header; ValueError where it is none."""
    try:
        shape, _, kind = HEADERS[np.lib.format.read_magic(stream)](stream, LONGEST)
    except Exception as problem:  # of the parsers of Python, which read what it says
        raise ValueError(" ".join(str(problem).split())[:80] or type(problem).__name__) from None
    return tuple(shape), kind


def _array(raw: bytes, name: str, where: File, cure: str) -> Array:
    """An array of a member's bytes."""
    stream, shown = io.BytesIO(raw), printable(name)
    try:
        shape, kind = read_header(stream)
    except ValueError:
        message = f"{shown} is not an array of NumPy"
        raise InputError(message, origin=where, key=shown, cure=cure) from None
    if kind.hasobject:
        message = "holds Python objects, which may run code and are not read"
        raise InputError(message, origin=where, key=shown, cure="save arrays of numbers")
    if kind.kind not in NUMBERS:
        message = f"holds {kind}, not numbers"
        raise InputError(message, origin=where, key=shown, cure="save arrays of numbers")
    if math.prod(shape) * kind.itemsize != len(raw) - stream.tell():
        message = "says that it holds another number of bytes than it does"
        raise InputError(message, origin=where, key=shown, cure=cure)
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
