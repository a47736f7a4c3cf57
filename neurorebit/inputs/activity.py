"""The reader of activity files: what trainings of a network measured, for estimates without one."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import Any

from neurorebit.schema import Document, File, InputError, paths
from neurorebit.schema.activity import ActivityFile, RecordedActivity
from neurorebit.schema.json_file import read_json
from neurorebit.schema.provenance import note, of_file
from neurorebit.schemes.table import SCHEMES

SCHEMA = 1  # of an activity file
FOLDER = "activity"  # beside the shipped network files
OTHERS = "mean.json"  # the mean of layers of several networks
CURE = "give a file that the command 'activity' wrote"


def read_activity(path: Path, shown: str) -> tuple[RecordedActivity, ...]:
    """The activities in a file; ``shown`` is how errors name it.

    InputError where it cannot be read, or is not an activity file of this version.
    """
    where = File(shown)
    if not path.is_file():
        raise InputError("no such activity file", origin=where, cure=CURE)
    note("activity", path.stem, path, partial(of_file, path))
    return _read(str(path), shown, path.stat().st_mtime_ns)


@cache
def _read(path: str, shown: str, changed: int) -> tuple[RecordedActivity, ...]:
    content: Any = read_json(Path(path), CURE)
    where = File(shown)
    if not isinstance(content, dict):
        raise InputError("not an activity file", origin=where, cure=CURE)
    if content.get("schema") != SCHEMA:
        message = f"expected an activity file of schema {SCHEMA}, got {content.get('schema')!r}"
        raise InputError(message, origin=where, cure=CURE)
    document = Document.of_values(content, shown, root="activity")
    recorded = document.read(ActivityFile).recorded
    for i, one in enumerate(recorded):
        if one.scheme not in SCHEMES:
            known = ", ".join(SCHEMES)
            raise document.error(("recorded", i, "scheme"), "unknown scheme", f"take {known}")
        if not one.layers or not all(layer.input_density for layer in one.layers.values()):
            raise document.error(("recorded", i, "layers"), "no activity in it", CURE)
    return recorded


def of_network(document: Document, given: str, layers: list[str]) -> tuple[RecordedActivity, ...]:
    """The activities in the file that a network file names, by a path from its own folder.

    What is not there may be among the shipped files: a copy of a shipped network file, wherever it
    lies, has the activity of its original. Activities of other ``layers`` than the network has are
    left out: layers may have been changed since. InputError at the key where there is no such file.
    """
    loc = "activity", "recorded"
    path = Path(os.path.join(document.path.parent, given))
    shipped = paths.folder("network") / given
    if not path.is_file() and shipped.is_file():
        path = shipped
    try:
        recorded = read_activity(path, given)
    except InputError as problem:
        origin = document.error(loc, "")
        raise problem.seen_from(origin.origin, origin.key) from None
    return tuple(one for one in recorded if list(one.layers) == layers)


def of_others() -> tuple[RecordedActivity, ...]:
    """The mean activity of layers over the shipped networks whose trainings are recorded."""
    path = paths.folder("network") / FOLDER / OTHERS
    return read_activity(path, str(paths.FOLDERS["network"] / FOLDER / OTHERS))
