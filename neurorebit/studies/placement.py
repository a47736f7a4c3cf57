"""Which folder results go to, so that none replaces a training that nobody asked to replace.

An estimate is made again in a second, so its report may be replaced; a training takes up to days.
A folder by default counts up (``reports/mlp``, ``reports/mlp-2``); one that was named is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from neurorebit.results import document
from neurorebit.schema import Argument, InputError
from neurorebit.studies.request import Request

CURE = ("name another folder, or have it replaced with ", Argument("replace"))
Say = Callable[[str], None]


def place(request: Request, network: str, say: Say) -> Request:
    """The request with the folder of its report, by default after the network's name.

    InputError where the folder was named and holds a training that the report would replace.
    ``say`` gets a line where a default folder counts up.
    """
    if request.out is not None:
        if not request.replace and _in_the_way(request, request.out):
            raise occupied(request.out, "the report of a training")
        return request
    first = request.placed(network).folder
    if request.replace:
        return replace(request, out=first)
    if request.resume:
        folder = latest(first)
        if _in_the_way(request, folder):
            folder = vacant(first, lambda folder: _in_the_way(request, folder))
    else:
        folder = vacant(first, lambda folder: _in_the_way(request, folder))
        if folder != first:
            say(f"{first} holds a training; the report goes to {folder}")
    return replace(request, out=folder)


def occupied(folder: Path, what: str) -> InputError:
    """What is wrong with a folder that was named and holds what nobody asked to replace."""
    return InputError(f"holds {what}", origin=Argument("out", folder), value=folder, cure=CURE)


def vacant(first: Path, taken: Callable[[Path], bool]) -> Path:
    """The first folder of those counted up that is not taken."""
    return next(folder for folder in _counted(first) if not taken(folder))


def latest(first: Path) -> Path:
    """The last folder of those counted up that is there, the first if none is."""
    there = list(itertools.takewhile(Path.exists, _counted(first)))
    return there[-1] if there else first


def _counted(first: Path) -> Iterator[Path]:
    """A folder, and those that follow it: ``mlp``, ``mlp-2``, ``mlp-3`` ..."""
    yield first
    for number in itertools.count(2):
        yield first.with_name(f"{first.name}-{number}")


def holds_training(folder: Path) -> bool:
    """Whether a folder has the report of a training, or one that cannot be read."""
    if not (folder / document.NAME).is_file():
        return False
    try:
        return document.read_any(folder).get("training") is not None
    except InputError:
        return True


def has_ended(folder: Path) -> bool:
    """Whether a folder has the report of a training that was not cut short."""
    report = document.find(folder)
    if report is None or report["training"] is None:
        return False
    return not (report["training"]["interrupted"] or report["training"]["out_of_time"])


def _in_the_way(request: Request, folder: Path) -> bool:
    """Whether the report of a request would replace a training.

    Not where the request goes on with it, nor where that training is unfinished: whether a run may
    start anew there is decided by its checkpoint.
    """
    if not holds_training(folder):
        return False
    if not request.train:
        return True
    from neurorebit.training import checkpoint

    begun = checkpoint.find(request.checkpoint or folder) is not None
    if request.resume:
        return begun and has_ended(folder)
    return not begun
