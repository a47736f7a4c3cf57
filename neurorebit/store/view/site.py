"""What a path of the served site means: a list, a run, or a file on a shelf."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from neurorebit.schema import InputError
from neurorebit.store import select
from neurorebit.store.view import index, shelf
from neurorebit.store.view.shelf import Shelf

MOST = 500  # runs in the list


@dataclass(frozen=True)
class Found:
    """A page that was made, or a file that is open; ``name`` is the file's."""

    page: str = ""
    file: BinaryIO | None = None
    name: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Site:
    """The runs of a store, or the files of one folder. Read anew for each request."""

    store: Path | None
    folder: Path | None = None

    def find(self, parts: list[str]) -> Found | None:
        """What the steps of a path mean, the last of them empty for a list; None for nothing.

        InputError where the store cannot be read.
        """
        if self.folder is not None:
            return self._in_folder(shelf.of_folder(self.folder), parts)
        assert self.store is not None
        if parts == [""]:
            found = select.find(self.store, select.Filter(last=MOST, refused=False))
            return Found(index.runs(found, str(self.store), MOST))
        if len(parts) < 3 or parts[0] != "run" or not re.fullmatch("[1-9][0-9]{0,14}", parts[1]):
            return None
        try:
            run = select.one(self.store, parts[1])
        except InputError:
            return None
        if parts[2:] == [""]:
            return Found(index.run(run))
        return _file(shelf.of_run(run), parts[2:])

    def _in_folder(self, found: Shelf, parts: list[str]) -> Found | None:
        if parts == [""]:
            return Found(index.folder(found))
        return _file(found, parts[1:]) if parts[0] == "folder" else None


def _file(found: Shelf, parts: list[str]) -> Found | None:
    name = "/".join(parts)
    opened = found.open(name)
    return None if opened is None else Found(file=opened, name=name)
