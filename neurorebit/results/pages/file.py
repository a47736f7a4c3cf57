"""A page that is written to a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neurorebit.results import folder
from neurorebit.results.pages.frame import MARK
from neurorebit.schema import Argument, InputError

SUFFIX = ".html"


def claim(path: Path, argument: str = "page") -> None:
    """InputError unless a page can be written there: a new file, or one that is a page already.

    ``argument`` is what named it.
    """
    origin = Argument(argument, path)
    if path.suffix != SUFFIX:
        message = f"expected a file that ends in {SUFFIX}"
        raise InputError(message, origin=origin, value=path, cure="name another file")
    if path.is_dir():
        raise InputError("is a folder", origin=origin, value=path, cure="name a file")
    if path.is_file() and not _is_page(path):
        message = "is there, and is no page that was written before"
        raise InputError(message, origin=origin, value=path, cure="name another file")
    with _named(origin, path):
        folder.claim(path.parent, [path.name], argument=argument)


def write(path: Path, content: bytes, argument: str = "page") -> None:
    """Write a page: the file appears whole or not at all, InputError if it cannot."""
    claim(path, argument)
    with _named(Argument(argument, path), path):
        folder.write(path.parent, {path.name: content}, argument=argument)


@contextmanager
def _named(origin: Argument, path: Path) -> Iterator[None]:
    """What is wrong with the folder is said of the file in it."""
    try:
        yield
    except InputError as problem:
        message, cure = problem.message, "name another file"
        raise InputError(message, origin=origin, value=path, cure=cure) from None


def _is_page(path: Path) -> bool:
    """Whether a file begins as a page does; an empty one may be replaced too."""
    try:
        with path.open("rb") as file:
            begin = file.read(len(MARK))
    except OSError:
        return True  # writing will say
    return begin in (b"", MARK)
