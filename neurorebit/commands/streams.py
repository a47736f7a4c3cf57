"""The streams and words of a command: closed, full or ASCII streams and bytes that are no text."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from neurorebit.schema import InputError
from neurorebit.schema.errors import printable

SHOWN = 80  # characters of a word in an error


def prepare() -> None:
    """Give a process that has no stdout or stderr one that takes all, and let no character fail."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_WRONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_stdout() -> None:
    """Write no more to stdout, so that the end of the process does not fail on what is left."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a file: there is nothing left to fail
        return


def check(words: Sequence[str]) -> None:
    """InputError for a word that holds a byte that is no UTF-8, or a control character."""
    for word in words:
        if word.isprintable() or printable(word.replace("\xa0", " ")) == word.replace("\xa0", " "):
            continue
        kind = "a control character"
        try:
            word.encode()
        except UnicodeEncodeError:
            kind = "a byte that is not UTF-8"
        cure = "write it in UTF-8 and without such characters; rename a file that has them"
        shown = printable(word)
        raise InputError(f"holds {kind}", origin=f"'{shown[:SHOWN]}'", value=word, cure=cure)
