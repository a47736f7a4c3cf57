"""Mutated inputs through the commands: exit codes, one plain line for a refusal, nothing else."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurorebit.__main__ import main
from validation.faults.kinds import EACH, KINDS, case, option

LONGEST = 4000  # characters of a refusal
PATIENCE = 60  # seconds of a processor after which a command hangs
WAIT = 600  # and by the clock, for one that waits; a busy machine is slow
OPTION = "options"


class Hangs(Exception):
    """A command that took too long."""


@dataclass
class Found:
    """Counts by kind of input: accepted, refused with and without a cure, and what went wrong."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    without_cure: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether all ended as they should."""
        return not self.wrong

    def lines(self) -> Iterator[str]:
        """A table, and each case that went wrong."""
        yield f"{'input':24}{'accepted':>10}{'refused':>10}{'no cure':>10}{'wrong':>10}"
        wrong = Counter(kind for kind, _ in self.wrong)
        for kind in (*KINDS, OPTION):
            counts = self.accepted[kind], self.refused[kind], self.without_cure[kind], wrong[kind]
            yield f"{kind:24}" + "".join(f"{n:>10,}" for n in counts)
        sums = self.accepted, self.refused, self.without_cure, wrong
        yield f"{'sum':24}" + "".join(f"{sum(one.values()):>10,}" for one in sums)
        yield from (f"{kind}: {what}" for kind, what in self.wrong[:20])


def run(count: int, seed: int) -> Found:
    """Try ``count`` inputs, the kinds in turn, in a folder of their own.

    Kinds whose good inputs take a training are tried less often.
    """
    quick = [*(name for name, kind in KINDS.items() if not kind.trains), OPTION]
    found, kinds = Found(), [*quick * EACH, *(name for name in KINDS if name not in quick)]
    before, folder = os.getcwd(), tempfile.mkdtemp()
    os.environ["NEUROREBIT_STORE"] = str(Path(folder, "runs.sqlite"))
    try:
        for number in range(count):
            kind, name = kinds[number % len(kinds)], f"{seed}-{number}"
            place = Path(folder) / str(number)
            place.mkdir()
            os.chdir(place)
            words = option(name) if kind == OPTION else case(KINDS[kind], name, _put)
            judge(found, kind, *ended(words), f"{name}: {' '.join(words)}")
            os.chdir(folder)
            shutil.rmtree(place)
    finally:
        os.chdir(before)
        shutil.rmtree(folder)
    return found


def _put(name: str, content: bytes) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def ended(words: list[str]) -> tuple[object, str, str]:
    """The exit code of a command, or the exception that it ended with, and what it printed."""

    def ring(*_: Any) -> None:
        raise Hangs

    out, err = io.StringIO(), io.StringIO()
    old = {number: signal.signal(number, ring) for number in (signal.SIGALRM, signal.SIGPROF)}
    signal.alarm(WAIT)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    code: object
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(words)
    except SystemExit as stopped:  # --help
        code = stopped.code or 0
    except BaseException as problem:
        code = repr(problem)[:200]
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for number, handler in old.items():
            signal.signal(number, handler)
    return code, out.getvalue(), err.getvalue()


def judge(found: Found, kind: str, code: object, out: str, err: str, case: str) -> None:
    said = [line for line in err.splitlines() if line]
    wrong = ""
    if code not in (0, 1, 2):
        wrong = f"ended with {code}: {err[-200:]!r}"
    elif not all(char == "\n" or char.isprintable() for char in (out + err).replace("\t", " ")):
        wrong = "printed what does not print"
    elif code == 2 and (len(said) != 1 or len(err) > LONGEST):
        wrong = f"a refusal of {len(said)} lines and {len(err)} characters"
    if wrong:
        found.wrong.append((kind, f"{case}: {wrong}"))
    elif code == 2:
        found.refused[kind] += 1
        found.without_cure[kind] += "; " not in err
    else:
        found.accepted[kind] += 1
