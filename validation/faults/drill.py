"""What the drills of the store share: commands, writers, file systems, and what is held of them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neurorebit.store import file, rows, select
from neurorebit.store.record import Run
from validation.faults import writer

NET = """\
source: a drill
name: small
input: {channels: 1, height: 8, width: 8}
classes: 2
layers: [{kind: flatten}, {kind: linear, features: 2}]
activity: {source: x, input_density: 0.5}
"""
WORDS = ["sweep", "small.yaml", "--axis", "technology.vdd=0.8V,0.9V", "--out", "designs.csv"]
LINE = "this run is not recorded: "


@dataclass
class Found:
    """For each drill what was counted; what was not as it should be."""

    counts: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, half or stopped."""
        return not self.wrong

    def lines(self) -> Iterator[str]:
        """A line for each drill, and what was wrong."""
        for name, text in self.counts.items():
            yield f"{name:24}{text}"
        yield f"{'wrong':24}{len(self.wrong)}"
        yield from self.wrong


def start(folder: Path, store: Path | None, **more: str) -> subprocess.Popen[str]:
    stored = ["--no-store"] if store is None else ["--store", str(store)]
    return subprocess.Popen(
        [sys.executable, "-m", "neurorebit", *WORDS, *stored],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command(folder: Path, store: Path | None, **more: str) -> tuple[int, str]:
    """The exit code of a command, and what it said on stderr."""
    process = start(folder, store, **more)
    said = process.communicate(timeout=300)[1]
    return process.returncode, said


def check_goes_on(folder: Path, store: Path, found: Found, what: str, **more: str) -> str:
    """The command does what it does without a store; what it said."""
    designs = folder / "designs.csv"
    designs.unlink(missing_ok=True)
    code, said = command(folder, store, **more)
    if code != 0 or not designs.is_file() or said.count("\n") > 1:
        found.wrong.append(f"{what}: exit code {code}: {said}")
    return said


def check_refused(folder: Path, store: Path, found: Found, what: str, **more: str) -> None:
    """The same, and one line says that nothing is recorded."""
    said = check_goes_on(folder, store, found, what, **more)
    if not said.startswith(LINE) or "; " not in said:
        found.wrong.append(f"{what}: {said or 'not a word'}")


def started_writer(store: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "validation.faults.writer", str(store), name, str(count)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )


def save(store: Path, key: str) -> None:
    with file.writing(store) as opened:
        rows.save(opened, writer.made(key))


def runs(store: Path, found: Found) -> list[Run]:
    """The runs of a store, which SQLite finds whole."""
    if not store.exists():
        return []
    with file.reading(store) as opened:
        if opened is not None:
            (said,) = opened.execute("PRAGMA integrity_check").fetchone()
            if said != "ok":
                found.wrong.append(f"{store.name}: {said}")
    return select.find(store, select.Filter())


def check_keys(store: Path, keys: set[str], found: Found) -> None:
    """Every record that was acknowledged is there, and every one that is there is whole."""
    kept = {run.key: run for run in runs(store, found)}
    if lost := keys - kept.keys():
        found.wrong.append(f"{len(lost)} records are lost: {sorted(lost)[:3]}")
    for run in kept.values():  # all of them are a writer's
        made = writer.made(run.key)
        if (run.inputs, run.figures, run.words) != (made.inputs, made.figures, made.words):
            found.wrong.append(f"record {run.key} is not whole")


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[bool]:
    """A file system in memory of its own at a folder, where this user may mount one."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
