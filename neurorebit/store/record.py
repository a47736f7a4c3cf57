"""A recorded run: what was asked for, with which inputs, and what came of it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neurorebit.store import process

RUNNING = "running"
FAULT = "fault"
STATES = {  # how a command ended, by its exit code
    0: "finished",
    1: "diverged",
    2: "refused",
    3: "stopped",
    70: FAULT,
    130: "interrupted",
}
KILLED = "killed"  # of a run that never said how it ended, and whose process is gone
ALL_STATES = (RUNNING, *STATES.values(), KILLED)


@dataclass(frozen=True)
class Input:
    """A file or a data set that a run read; ``sha256`` is the digest of its content."""

    kind: str
    name: str
    place: str | None
    sha256: str


@dataclass(frozen=True)
class Figure:
    """A number that came of a run: its SI unit, and how it came about.

    ``of``: whose number it is, where a run has several of a kind (a scheme, a step of an
    evaluation); nothing where it is the headline's.
    """

    name: str
    value: float
    unit: str = ""
    origin: str = ""
    of: str = field(default="", kw_only=True)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command says of what it did."""

    folder: Path | None = None
    files: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    scheme: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A recorded run; times are seconds since 1970 (UTC), None where it has not ended.

    ``key`` is a random name that no other run has, ``number`` what the store calls it. ``words``
    are those of the command line, given in the folder ``place``. ``files`` are in ``folder``.
    """

    key: str
    command: str
    words: tuple[str, ...]
    place: str
    started: float
    process: str
    number: int = 0
    ended: float | None = None
    state: str = RUNNING
    code: int | None = None
    message: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    scheme: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    folder: str | None = None
    files: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    figures: tuple[Figure, ...] = ()

    @property
    def line(self) -> str:
        """The command line that asks for it again, quoted for a shell."""
        return shlex.join(["neurorebit", *self.words])

    @property
    def seconds(self) -> float | None:
        """How long it took [s]."""
        return None if self.ended is None else self.ended - self.started

    @property
    def shown_state(self) -> str:
        """How it ended, also where it could not say so itself."""
        if self.state == RUNNING and process.is_gone(self.process):
            return KILLED
        return self.state

    def named(self, kind: str) -> tuple[str, ...]:
        """The names of its inputs of a kind."""
        return tuple(dict.fromkeys(one.name for one in self.inputs if one.kind == kind))

    def figure(self, name: str, of: str = "") -> Figure | None:
        """One of its numbers."""
        found = (one for one in self.figures if (one.name, one.of) == (name, of))
        return next(found, None)
