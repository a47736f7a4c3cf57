"""A sweep that no memory holds: workers write its parts to files, and a summary comes back."""

from __future__ import annotations

import hashlib
import math
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from neurorebit import __version__
from neurorebit.inputs.files import opened
from neurorebit.machines.tasks import Executor, unwanted
from neurorebit.machines.versions import FIGURES, versions
from neurorebit.results.lock import held
from neurorebit.results.summary import Summary
from neurorebit.results.sweep import Table
from neurorebit.results.typed.partitions import Partitions
from neurorebit.results.writers import partitions
from neurorebit.results.writers.partitions import ASKED, Place
from neurorebit.schema import Argument, Document, InputError, plain
from neurorebit.schema.provenance import noting
from neurorebit.studies.axes import FILES, Axis
from neurorebit.studies.grid import Box, Question, extent, first_of, tasks
from neurorebit.studies.sweep import Progress, form, kept, part

KINDS = ("network", *FILES)  # of files that a question has
MOST = 10_000_000_000  # designs of a sweep in files
Job = tuple[Question, Place, tuple[str, ...], str]


def partitioned(
    asked: Question,
    out: Path,
    machines: Executor,
    *,
    pareto: Sequence[str] = (),
    resume: bool = False,
    progress: Progress | None = None,
    command: str = "",
) -> Partitions:
    """The designs of a question, as a folder of Parquet files that ``machines`` write.

    What is there of the same sweep stays where it is to ``resume``: finished parts are never lost,
    whoever dies. An interrupt (Ctrl-C) keeps them too. InputError where the folder cannot be
    written, has other files or another sweep, or a worker does not read the same inputs or does
    not see the folder.
    """
    if asked.count > MOST:
        message = f"a sweep takes at most {MOST:,} designs, these axes make {asked.count:,}"
        raise InputError(message, cure="take fewer values")
    partitions.claim(out)
    place = Place(out.absolute(), asked.count)
    manifest = manifest_of(asked, command)
    interrupted = False
    found = Summary()
    with held(out):
        partitions.begin(Place(out, asked.count), manifest, resume)
        job = asked, place, tuple(pareto), digest(manifest)
        machines.everywhere(check, job)
        try:
            jobs = machines.run(partial(written, job), tasks(asked.shape))
            with closing(jobs) as running:
                for _, summary in running:
                    found = Summary.merged((found, summary))
                    if progress:
                        progress(found.designs, asked.count)
        except KeyboardInterrupt:
            interrupted = True
        if found.designs == asked.count:
            if pareto:
                place.write_front(found.front)
            partitions.end(out, manifest)
    missing = interrupted or found.designs < asked.count
    return Partitions(place, form(asked), found, missing)


def manifest_of(asked: Question, command: str = "") -> dict[str, Any]:
    """What a folder says of its sweep: under ``asked`` all that its figures follow from."""
    return {
        "version": __version__,
        "command": command,
        "versions": versions(),
        "shape": list(asked.shape),
        ASKED: {
            "versions": {name: versions()[name] for name in FIGURES},
            "inputs": inputs_of(asked),
            "settings": {one.key: one.text for one in asked.settings},
            "axes": [_axis(axis) for axis in asked.axes],
        },
    }


def inputs_of(asked: Question) -> dict[str, str]:
    """The digest of every file that a sweep reads, and of every document made in memory."""
    with noting() as noted:
        with suppress(InputError):  # of values that axes set anew: the files were read
            asked.read()
        for axis in asked.axes:
            for column in axis.columns:
                if column.key in FILES:
                    for word in column.nouns:
                        with suppress(InputError):
                            opened(column.key, asked.files.get((column.key, word), word))
    found: dict[str, list[str]] = {}
    for one in noted.values():
        found.setdefault(f"{one.kind} {one.name}", []).append(one.sha256)
    made = {(kind, str(getattr(asked, kind))): getattr(asked, kind) for kind in KINDS}
    for (kind, word), document in {**made, **asked.files}.items():
        if isinstance(document, Document):
            content = repr(plain(document.tree)).encode()
            found.setdefault(f"{kind} {word}", []).append(hashlib.sha256(content).hexdigest())
    return {name: ", ".join(sorted(digests)) for name, digests in found.items()}


def digest(manifest: Mapping[str, Any]) -> str:
    """A digest of all that the figures of a sweep follow from."""
    return hashlib.sha256(repr(manifest[ASKED]).encode()).hexdigest()


# --- what a worker does


def written(job: Job, box: Box) -> Summary:
    """The summary of a part, which is in its file by then; nothing where nobody waits for it."""
    check(job)
    asked, place, criteria, _ = job
    first, designs = first_of(box, asked.shape), math.prod(extent(box))
    if place.is_there(first, designs):
        return Summary.of(place.read(first, designs), first, criteria)
    table: Table = kept(asked).axes_of(box) | part(asked, box)
    if unwanted():
        return Summary()
    place.write(table, first)
    return Summary.of(table, first, criteria)


@lru_cache(maxsize=1)
def check(job: Job) -> None:
    """InputError where this process reads other inputs than its client, or not its folder."""
    asked, place, _, expected = job
    here = f"the worker on {socket.gethostname()}"
    known = partitions.find(place.path)
    if known is None or digest(known) != expected:
        message = f"{here} does not see this folder"
        cure = "name one that all machines share"
        raise InputError(message, origin=Argument("out", place.path), cure=cure)
    theirs = known[ASKED]["inputs"]
    found = inputs_of(asked)
    for name, sha256 in theirs.items():
        if found.get(name) != sha256:
            state = "has another" if name in found else "does not find"
            cure = "copy it there, or start the worker in a folder that has it"
            raise InputError(f"{here} {state} {name}", cure=cure)


def _axis(axis: Axis) -> str:
    """The keys of an axis, how many values they have, and a digest of these."""
    sha = hashlib.sha256()
    for column in axis.columns:
        sha.update(column.numbers.tobytes() + "\0".join(column.nouns).encode() + b"\0\0")
    keys = ", ".join(column.heading for column in axis.columns)
    return f"{keys}: {len(axis)} values {sha.hexdigest()[:12]}"
