"""A folder of designs: one Parquet file for each part of a sweep, and what the sweep was asked.

A part appears whole, under a name that says which designs it holds, so that a folder is right
whoever dies: what has a name is finished. ``_sweep.json`` says what the designs are of. Names that
begin with ``_`` or ``.`` are not data to readers of Parquet folders.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit.results import folder, lock
from neurorebit.results.sweep import FEASIBLE, Table
from neurorebit.results.writers import sweep_file
from neurorebit.schema import Argument, File, InputError
from neurorebit.schema.json_file import read_json

SCHEMA = 1
MANIFEST, FRONT = "_sweep.json", "_front.parquet"
SUFFIX = ".parquet"
NAMED = re.compile(rf"designs-([0-9]+)-[0-9]+{re.escape(SUFFIX)}")
ASKED = "asked"  # the key of what must be the same where a sweep goes on
CURE = "name the folder of a sweep"
Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """The folder of a sweep, and the number of its designs."""

    path: Path
    count: int

    def file(self, first: int, designs: int) -> Path:
        """The file of a part."""
        digits = len(str(self.count - 1))
        return self.path / f"designs-{first:0{digits}}-{first + designs - 1:0{digits}}{SUFFIX}"

    def write(self, table: Table, first: int) -> None:
        """Write a part; InputError where that cannot be done, and then nothing of it is there."""
        try:
            sweep_file.write(table, self.file(first, len(table[FEASIBLE])))
        except InputError as problem:
            cure = "make room there, and go on with ", Argument("resume")
            raise InputError(problem.message, origin=problem.origin, cure=cure) from None

    def write_front(self, table: Table) -> None:
        """Write the designs of the front."""
        sweep_file.write(table, self.path / FRONT)

    def is_there(self, first: int, designs: int) -> bool:
        """Whether a part is there with all of its designs."""
        import pyarrow
        import pyarrow.parquet

        try:
            found = pyarrow.parquet.read_metadata(self.file(first, designs))
        except (OSError, pyarrow.ArrowException):
            return False
        return bool(found.num_rows == designs)

    def read(self, first: int, designs: int) -> Table:
        """The columns of a part."""
        return read_table(self.file(first, designs))

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[tuple[int, Table]]:
        """The parts that are there in order, one after the other: the first design, the columns."""
        for path in sorted(self.path.glob(f"*{SUFFIX}")):
            if found := NAMED.fullmatch(path.name):
                yield int(found[1]), read_table(path, columns)


def read_table(path: Path, columns: Sequence[str] | None = None) -> Table:
    """The columns of a Parquet file as arrays; InputError where it is none."""
    import pyarrow
    import pyarrow.parquet

    try:
        with path.open("rb") as file:
            listed = None if columns is None else list(columns)
            found = pyarrow.parquet.read_table(file, columns=listed, use_threads=False)
    except (OSError, pyarrow.ArrowException) as problem:
        message = f"cannot be read: {str(problem) or type(problem).__name__}"
        cure = "remove it, and go on with the sweep"
        raise InputError(message, origin=File(str(path)), cure=cure) from None
    return {
        name: np.asarray(found.column(name).to_numpy(zero_copy_only=False))
        for name in found.column_names
    }


def claim(path: Path) -> None:
    """InputError unless a folder can hold designs in Parquet files, or a sweep that goes on."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        cure = "run pip install 'neurorebit[parquet]', or name a .csv file"
        raise InputError(
            "a folder of designs needs pyarrow", origin=_out(path), cure=cure
        ) from None
    if path.exists() and not path.is_dir():
        raise InputError("is a file", origin=_out(path), value=path, cure="name a folder")
    folder.claim(path)


def begin(place: Place, manifest: Json, resume: bool) -> None:
    """Write what a sweep asks into its folder, or go on with the one that is there.

    InputError where the folder has a sweep and is not to go on, has another one (what differs is
    named), or has other files. The caller holds the folder's lock.
    """
    known = find(place.path)
    if known is None:
        others = sorted(
            name
            for name in os.listdir(place.path)
            if name != lock.NAME and not name.startswith(folder.SCRATCH)
        )
        if others:
            message = f"holds other files ({others[0]}), and no sweep"
            raise InputError(message, origin=_out(place.path), cure="name an empty folder")
        folder.write(place.path, {MANIFEST: _text(manifest)})
    elif not resume:
        state = "finished" if known.get("finished") else "unfinished"
        message = f"holds a sweep, which is {state}"
        cure = ("go on with it with ", Argument("resume"), ", or name another folder")
        raise InputError(message, origin=_out(place.path), cure=cure)
    else:
        refuse_another(place.path, known, manifest)
        for scratch in place.path.iterdir():  # of workers that were killed
            if scratch.name.startswith(folder.SCRATCH) and scratch.is_file():
                scratch.unlink(missing_ok=True)


def refuse_another(path: Path, known: Json, manifest: Json) -> None:
    """InputError where the sweep of a folder is not the one that is asked for."""
    from neurorebit.training.checkpoint import differences

    if different := differences(known[ASKED], manifest[ASKED]):
        message = f"{path} has another sweep: {different}"
        cure = "give what it was begun with, or name another folder with ", Argument("out")
        raise InputError(message, origin=Argument("resume"), cure=cure)


def end(path: Path, manifest: Json) -> None:
    """Note in the folder that the sweep has come to its end."""
    folder.write(path, {MANIFEST: _text({**manifest, "finished": True})})


def find(path: Path) -> Json | None:
    """What a folder's sweep was asked, if it has one; InputError where that cannot be read."""
    file = path / MANIFEST
    if not file.is_file():
        return None
    found: Any = read_json(file, CURE)
    where = File(str(file))
    if not isinstance(found, dict) or found.get("kind") != "sweep":
        raise InputError("is not of a sweep", origin=where, cure=CURE)
    if found.get("schema") != SCHEMA:
        message = f"a sweep of schema {found.get('schema')!r}, this version knows {SCHEMA}"
        cure = "take the version that began it, or name another folder"
        raise InputError(message, origin=where, key="schema", cure=cure)
    if not isinstance(found.get(ASKED), dict) or not _is_shape(found.get("shape")):
        raise InputError("is damaged", origin=where, cure="name another folder, and sweep anew")
    return found


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and n > 0 for n in value) and bool(value)


def _text(manifest: Json) -> str:
    return f"{json.dumps({'schema': SCHEMA, 'kind': 'sweep', **manifest}, indent=1)}\n"


def _out(path: Path) -> Argument:
    return Argument("out", path)
