"""What is read while somebody notes it: kind, name, place and digest of each input.

Readers note what they read; nothing comes of it unless a ``noting`` is open, which is one of the
process. So a command that records its inputs names none of them, and a new reader is noted wherever
it is used.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Read:
    """An input that was read: a file, or a data set, which is known by its name and content alone.

    ``digest``: the SHA-256 of the content, or a function that computes it.
    """

    kind: str
    name: str
    place: Path | None
    digest: str | Callable[[], str]

    @property
    def sha256(self) -> str:
        """The digest of the content."""
        return self.digest if isinstance(self.digest, str) else self.digest()


Noted = dict[tuple[str, str, Path | None], Read]  # each input once, however often it is read
_open: list[Noted] = []


@contextlib.contextmanager
def noting() -> Iterator[Noted]:
    """What gets all that is read as long as the context is open, in whichever thread."""
    found: Noted = {}
    _open.append(found)
    try:
        yield found
    finally:
        _open.pop()


def note(kind: str, name: str, place: Path | None, digest: str | Callable[[], str]) -> None:
    """Note an input, if anybody does."""
    for found in _open:
        found.setdefault((kind, name, place), Read(kind, name, place, digest))


def of_file(path: Path) -> str:
    """The SHA-256 of a file; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
