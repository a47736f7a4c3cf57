"""What may be served: files that runs wrote, by name, and never through a link."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from neurorebit.store.record import Run

KINDS = {  # of files that are shown, by how they end; others are sent to be saved
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/plain; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
}
FIRST = "report.html"
SAVED = "application/octet-stream"
SERVED = frozenset({*KINDS, ".parquet", ".npz", ".safetensors"})  # of a folder that is named
DEEPEST = 2  # folders below one that is named


@dataclass(frozen=True)
class Shelf:
    """A folder, and the files in it that may be served, as paths from it."""

    title: str
    folder: str
    files: tuple[str, ...]

    @property
    def first(self) -> str | None:
        """What to begin with: the report, else a page of the folder itself, else a text."""
        pages = [name for name in self.files if name.endswith(".html")]
        own = [name for name in pages if "/" not in name]
        texts = [name for name in self.files if name.endswith(".txt")]
        return next(iter([FIRST] if FIRST in own else own or pages or texts), None)

    def open(self, name: str) -> BinaryIO | None:
        """A file, open for reading; None unless it is one of those that may be served.

        No link is followed below the folder, and nothing but a plain file is opened.
        """
        if name not in self.files:
            return None
        parts = name.split("/")
        if not all(map(is_plain, parts)):
            return None
        with suppress(OSError, ValueError):
            return _opened(self.folder, parts)
        return None


def of_run(run: Run) -> Shelf:
    """The shelf of what a run wrote."""
    return Shelf(f"run {run.number}", run.folder or "", run.files if run.folder else ())


def of_folder(folder: Path) -> Shelf:
    """The shelf of a folder that is named: its files of known kinds, but for hidden ones."""
    return Shelf(folder.name or str(folder), os.path.abspath(folder), tuple(_listed(folder)))


def quoted(name: str) -> str:
    """The name of a file as a part of an address."""
    return quote(name, errors="surrogateescape")


def kind(name: str) -> str:
    """The content type of a file by its name."""
    return KINDS.get(Path(name).suffix.lower(), SAVED)


def is_plain(part: str) -> bool:
    """Whether a step of a path is a name that leads down, and nothing else."""
    return (
        part not in ("", ".", "..")
        and not part.startswith(".")
        and not any(char in part for char in ("/", "\\", "\0"))
        and not (sys.platform == "win32" and ":" in part)
    )


def _listed(folder: Path, depth: int = 0) -> Iterator[str]:
    try:
        found = sorted(os.scandir(folder), key=lambda one: (one.is_dir(), one.name))
    except OSError:
        return
    for one in found:
        if not is_plain(one.name):
            continue
        if one.is_file(follow_symlinks=False) and Path(one.name).suffix.lower() in SERVED:
            yield one.name
        elif one.is_dir(follow_symlinks=False) and depth < DEEPEST:
            yield from (f"{one.name}/{below}" for below in _listed(Path(one.path), depth + 1))


def _opened(folder: str, parts: Sequence[str]) -> BinaryIO | None:
    if os.open not in os.supports_dir_fd:  # Windows
        return _opened_by_path(folder, parts)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for step in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            below = os.open(step, flags, dir_fd=held)
            os.close(held)
            held = below
        handle = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=held)
    finally:
        os.close(held)
    return _plain(handle)


def _opened_by_path(folder: str, parts: Sequence[str]) -> BinaryIO | None:
    path = Path(folder, *parts)
    if Path(os.path.realpath(path)) != Path(os.path.realpath(folder), *parts):
        return None
    return _plain(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)))


def _plain(handle: int) -> BinaryIO | None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    return os.fdopen(handle, "rb")
