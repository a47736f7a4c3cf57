"""How a command is recorded in the store: at its begin, when it goes on, and at its end.

A command whose options have those of ``options.add_store`` is recorded. It calls ``asked.record``
with what came of it; what it read is noted by the readers, how it ended by ``__main__``. A store
that cannot be written costs one line on stderr and nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit import __version__
from neurorebit.commands import DEBUG
from neurorebit.commands.progress import say
from neurorebit.commands.words import spell
from neurorebit.schema.errors import InputError, shortened

if TYPE_CHECKING:  # at run time where a command is recorded
    from neurorebit.results.sweep import Table
    from neurorebit.schema.provenance import Noted
    from neurorebit.store.record import Figure, Input, Run

PACKAGES = ("numpy", "numba", "scipy", "optuna", "dask", "pyarrow", "onnx")  # if they are loaded
SOON = 2.0  # s, after which a command that goes on has read its inputs
SHOWN = 400  # characters of what went wrong with a record


class Recording:
    """The record of one command; of one that is not recorded, it does nothing."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._path = Path()
        self._begun = False
        self._noted: Noted = {}
        self._open = ExitStack()
        self._turn = threading.Lock()

    # --- what a command calls

    def __call__(
        self,
        folder: Path | None = None,
        files: Iterable[str] = (),
        *,
        figures: Iterable[Figure] = (),
        scheme: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Say what came of the command; what is said again replaces what was.

        ``files`` are the names of those it wrote, in ``folder``. ``figures``: its headline, each
        with unit and origin; see ``store.figures``.
        """
        if self._run is not None:
            self._run = replace(
                self._run,
                folder=None if folder is None else os.path.abspath(folder),
                files=tuple(files),
                figures=tuple(figures),
                scheme=scheme,
                settings=dict(settings or {}),
            )

    def report(self, report: Mapping[str, Any], folder: Path, files: Iterable[str]) -> None:
        """Say of a run or an evaluation its report document, and where its files are."""
        if self._run is None:
            return
        with self._harmless("what came of this run is"):
            from neurorebit.store.figures import of_report

            given = {"scheme": report["scheme"], "settings": report["settings"]}
            self(folder, files, figures=of_report(report), **given)

    def designs(self, table: Table, *written: Path | None) -> None:
        """Say of designs their table, and the files it was written to."""
        if self._run is None:
            return
        with self._harmless("what came of this run is"):
            from neurorebit.store.figures import of_designs

            files = [os.path.abspath(path) for path in written if path is not None]
            folder = Path(os.path.commonpath(map(os.path.dirname, files))) if files else None
            names = [Path(file).relative_to(folder).as_posix() for file in files if folder]
            self(folder, names, figures=of_designs(table))

    def schemes(
        self, rows: Iterable[Mapping[str, Any]], folder: Path, files: Iterable[str]
    ) -> None:
        """Say of schemes that were trained the rows of their table, and where its files are."""
        if self._run is None:
            return
        with self._harmless("what came of this run is"):
            from neurorebit.store.figures import of_schemes

            listed = list(rows)
            names = ",".join(str(row["scheme"]) for row in listed)
            self(folder, files, figures=of_schemes(listed), scheme=names)

    # --- what __main__ calls

    def begin(self, asked: argparse.Namespace) -> None:
        """Record that a command begins, if it is one that is recorded and there is a store."""
        if not getattr(asked, "recorded", False) or asked.no_store:
            return
        from neurorebit.schema import provenance
        from neurorebit.store import place, process
        from neurorebit.store.record import Run

        with self._harmless("this run is"):
            path = place.store(asked.store)
            if path is None:
                return
            run = Run(
                key=os.urandom(16).hex(),
                command=asked.called,
                words=tuple(asked.words),
                place=os.getcwd(),
                started=time.time(),
                process=process.own(),
                versions=_versions(),
            )
            self._path = path
            self._begun = self._save(run)  # where that fails, nothing more is tried
            self._run = run
            self._noted = self._open.enter_context(provenance.noting())
            later = threading.Timer(SOON, self._say_inputs)
            later.daemon = True
            self._open.callback(later.cancel)
            later.start()

    def _say_inputs(self) -> None:
        """Record what a command that takes its time has read, should it never come to its end."""
        with self._turn, suppress(Exception):  # the end tries again, and says what is wrong
            if self._run is not None:
                inputs = tuple(_inputs(dict(self._noted)))
                self._save(replace(self._run, inputs=inputs, versions=_versions()))

    def end(self, code: int, message: str = "") -> None:
        """Record how the command ended; once."""
        self._open.close()
        if self._run is None:
            return
        with self._harmless("how this run ended is" if self._begun else "this run is"):
            from neurorebit.store.record import FAULT, STATES

            ended = replace(
                self._run,
                ended=time.time(),
                code=code,
                state=STATES.get(code, FAULT),
                message=message,
                versions=_versions(),
                inputs=tuple(_inputs(self._noted)),
            )
            with self._turn:
                self._run = None
                self._save(ended)

    def _save(self, run: Run) -> bool:
        """Write a record, or leave it to the end where another process holds the store."""
        from neurorebit.store import file, rows

        try:
            with file.writing(self._path) as store:
                rows.save(store, run)
        except file.BusyError:
            if run.ended is not None:
                raise
            return False
        return True

    @contextmanager
    def _harmless(self, what: str) -> Iterator[None]:
        """One line for what goes wrong with the record; the command goes on."""
        try:
            yield
        except Exception as problem:
            if os.environ.get(DEBUG) and not isinstance(problem, InputError | OSError):
                raise
            if isinstance(problem, InputError):
                text = problem.text(spell)
            else:
                text = f"{type(problem).__name__}: {problem}"
            say(f"{what} not recorded: {shortened(text, SHOWN)}")


def _inputs(noted: Noted) -> Iterator[Input]:
    from neurorebit.store.record import Input

    for read in noted.values():
        place = None if read.place is None else os.path.abspath(read.place)
        try:
            digest = read.sha256
        except OSError:  # it was there, and is gone
            digest = ""
        yield Input(read.kind, read.name, place, digest)


def _versions() -> dict[str, str]:
    """What computes: this program, Python, and the packages that are loaded."""
    loaded = {name: getattr(sys.modules.get(name), "__version__", None) for name in PACKAGES}
    return {
        "neurorebit": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        **{name: str(version) for name, version in loaded.items() if version is not None},
    }
