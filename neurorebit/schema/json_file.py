"""JSON files from outside, plain or packed: bounded in size and depth before they are taken in."""

from __future__ import annotations

import json
import lzma
import re
from pathlib import Path
from typing import Any

from neurorebit.schema.errors import File, InputError, Line, printable

LARGEST = 256 << 20  # bytes of a file, and of what is packed in it
MEMORY = 512 << 20  # bytes that unpacking may take
DIGITS = 30  # of a whole number; longer ones are read as floating-point numbers
ESCAPED = re.compile(  # control characters, and marks that turn the direction of a line
    r"(?<!\\)(?:\\\\)*\\"
    r"(?:u00(?:0[0-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F])|[bf]|u20(?:2[a-eA-E]|6[6-9]))"
)
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # two make a character, one alone is none
RAW = re.compile(r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
PACKED = ".xz"


def read_json(path: Path, cure: str) -> Any:
    """The content of a JSON file; nan and infinity may stand in it.

    InputError where it cannot be read, is too large, is not JSON or is nested too deeply; ``cure``
    says what to give instead.
    """
    where = File(str(path))
    try:
        text = _bytes(path).decode("utf-8-sig")
    except OSError as problem:
        message = f"cannot be read: {problem.strerror or problem}"
        raise InputError(message, origin=where, cure=cure) from None
    except (lzma.LZMAError, EOFError):
        raise InputError("cannot be unpacked", origin=where, cure=cure) from None
    except UnicodeDecodeError:
        message = "cannot be read: not a UTF-8 text file"
        raise InputError(message, origin=where, cure=cure) from None
    return parse_json(text, path, cure)


def parse_json(text: str, path: Path, cure: str) -> Any:
    """The content of a JSON text of a file; InputError as of ``read_json``."""
    _refuse_unprintable(text, path)
    try:
        content = json.loads(text, parse_int=_whole)
        if SURROGATE.search(text):
            json.dumps(content, ensure_ascii=False).encode()
        return content
    except UnicodeEncodeError:
        message = "holds half of a character"
        raise InputError(message, origin=File(str(path)), cure="write it as UTF-8") from None
    except json.JSONDecodeError as problem:
        line = Line(str(path), problem.lineno)
        raise InputError(f"not JSON: {problem.msg}", origin=line, cure=cure) from None
    except RecursionError:
        raise InputError("nested too deeply", origin=File(str(path)), cure=cure) from None


def _refuse_unprintable(text: str, path: Path) -> None:
    """InputError where a text holds characters that do not print."""
    found = RAW.search(text) or (ESCAPED.search(text) if "\\" in text else None)
    if found:
        line = Line(str(path), text.count("\n", 0, found.start()) + 1)
        message = f"holds a character that does not print: {printable(found[0])}"
        raise InputError(message, origin=line, cure="remove it")


def _bytes(path: Path) -> bytes:
    """The content of a file, unpacked if it is packed."""
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if path.suffix == PACKED:
        raw = lzma.LZMADecompressor(memlimit=MEMORY).decompress(raw, max_length=LARGEST + 1)
    if len(raw) > LARGEST:
        message = f"has more than the {LARGEST >> 20} MiB that are read"
        raise InputError(message, origin=File(str(path)), cure="split the file")
    return raw


def _whole(text: str) -> int | float:
    return int(text) if len(text) <= DIGITS else float(text)
