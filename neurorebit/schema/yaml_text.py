"""YAML text to nodes, or an InputError in plain words; nothing that costs much is taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from neurorebit.schema.errors import File, InputError, Line

LARGEST = 16 << 20  # bytes of a file
DEEPEST = 50  # sections in one another
VALUES = 200_000  # of a file, those that aliases stand for included
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
INDENT = "indent the lines of a section alike, with blanks, and write 'key: value'"
CURES = {  # by a word of the parser's reason: what to do about it
    "mapping values": "write one 'key: value' a line, and put values that hold ': ' in quotes",
    "'\\t'": "indent with blanks, not with tabs",
    "tab": "indent with blanks, not with tabs",
    "expected ',' or": "close the bracket, and put commas between the values",
    "did not find expected key": INDENT,
    "could not find expected ':'": "write 'key: value', with a blank behind the colon",
    "block end": INDENT,
    "alias": "write the value itself, or put it in quotes where it begins with '*'",
    "anchor": "write the value itself, or put it in quotes where it begins with '&'",
    "quoted scalar": "close the quote",
    "escape": "put the value in single quotes, where '\\' stands for itself",
    "cannot start any token": "put values that begin with '%', '@' or '`' in quotes",
    "control characters": "remove the characters that do not print",
    "document": "keep one document, without a line '---' inside",
    "tag": "remove the word that begins with '!', or put it in quotes",
}
OTHERWISE = "write 'key: value' lines, as in vdd: 0.9 V"


def read_text(path: Path, shown: str) -> str:
    """The text of a file; InputError, seen at ``shown``, where it cannot be read."""
    where = File(shown)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "not a UTF-8 text file"
        cure = "give a YAML file in UTF-8"
        raise InputError(f"cannot be read: {reason}", origin=where, cure=cure) from None
    if len(raw) > LARGEST:
        message = f"has more than the {LARGEST >> 20} MiB that are read"
        raise InputError(message, origin=where, cure="give a YAML file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def compose(text: str, shown: str, origin: object = None) -> yaml.Node | None:
    """The node of a text, None where it is empty.

    InputError where it is not YAML, or is nested too deeply; seen at ``origin``, or at a line of
    ``shown`` where there is none.
    """
    try:
        return yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
        where = Line(shown, mark.line + 1) if mark else File(shown)
        reason = str(getattr(problem, "problem", None) or getattr(problem, "reason", None) or "")
        said = f"not valid YAML: {reason or 'it cannot be parsed'}"
        context = f"{getattr(problem, 'context', None) or ''} {reason}"
        cure = next((cure for word, cure in CURES.items() if word in context), OTHERWISE)
        raise InputError(said, origin=origin or where, cure=cure) from None
    except RecursionError:
        raise too_deep(origin or File(shown)) from None


def too_deep(origin: object) -> InputError:
    """The error of a text that is nested without end."""
    message = "nested too deeply, or an alias stands for the section that it stands in"
    return InputError(message, origin=origin, cure="write it without brackets and aliases")
