"""Checkpoints: all that a run needs to go on, in a file that appears whole or not at all.

The file is a NumPy archive without pickles: an array for each array of the state, and ``meta``, the
rest as JSON. Every member of an archive has a checksum, so damage is noticed.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import KW_ONLY, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit import __version__
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.data.dataset import Dataset
from neurorebit.layers.network import Network
from neurorebit.schema import Argument, InputError, join, plain
from neurorebit.schema.device import Device
from neurorebit.schema.errors import printable
from neurorebit.training.state import State
from neurorebit.weights.fitting import Start

NAME, PREVIOUS, PART = "checkpoint.npz", "checkpoint.previous.npz", "checkpoint.npz.part"
META = "meta"
TEXTS = ("silent",)  # of an epoch; all else are numbers
POSITION = "run"  # the path of the loop's position in the state
SCHEMA = 3  # of the file; 1 has no number; 3 counts the passes of converters
MOST = 2**60  # of a count
MENTIONED = 3  # differences that an error names
RESUME, CHECKPOINT = Argument("resume"), Argument("checkpoint")
ANEW = ("remove the file and drop ", RESUME, " to start anew")

Json = dict[str, Any]


@dataclass(frozen=True)
class Checkpoints:
    """Where a run keeps its checkpoints, and after how many seconds [s] it writes the next one.

    ``reads``: the keys of its files that the run has read so far, which it adds to as it goes.
    """

    folder: Path
    every: float = 120.0
    reads: Set[str] = frozenset()


@dataclass(frozen=True)
class Saved:
    """A checkpoint as read: which run it is of, its state, and the epochs it has behind it.

    ``reads``: the keys of its files that the run had read, and may not read again.
    """

    path: Path
    identity: Json
    state: State
    epochs: list[Json]
    _: KW_ONLY
    reads: frozenset[str] = frozenset()

    @property
    def length(self) -> str:
        """How far the run was, for a reader."""
        at = {name: self.state.plain[f"{POSITION}.{name}"] for name in ("epoch", "done")}
        return f"{at['epoch']} epochs finished, {at['done']:,} images seen"


def identity(
    network: Network,
    architecture: ArchitectureSpec,
    device: Device,
    data: Dataset,
    *,
    seed: int,
    wires: tuple[float, float] | None = None,
    weights: Start | None = None,
) -> Json:
    """Everything that the result of a run follows from."""
    given = {} if weights is None else {"weights": weights.sha256}
    return given | {
        "network": plain(network.nodes),
        "architecture": plain(architecture),
        "device": plain(device),
        "training": plain(network.training),
        "data": {"name": data.name, "sha256": data.sha256, "mirrored": data.mirrored},
        "seed": seed,
        "wires": plain(wires),
        "version": {
            "neurorebit": __version__,
            **{package: version(package) for package in ("numpy", "numba")},
        },
    }


def save(
    folder: Path, identity: Json, state: State, epochs: list[Json], *, reads: Iterable[str] = ()
) -> None:
    """Write a checkpoint and keep the one before it; InputError where that cannot be done."""
    meta = json.dumps(
        {
            "schema": SCHEMA,
            "identity": identity,
            "plain": state.plain,
            "epochs": epochs,
            "reads": sorted(reads),
        }
    )
    arrays = {META: np.frombuffer(meta.encode(), np.uint8), **state.arrays}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / PART, arrays)
        if (folder / NAME).exists():
            os.replace(folder / NAME, folder / PREVIOUS)
        os.replace(folder / PART, folder / NAME)
        if os.name == "posix":  # so that the names, too, survive a power cut
            handle = os.open(folder, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
    except OSError as problem:
        message = f"{folder / NAME}: cannot be written: {problem.strerror or problem}"
        cure = "make room, or name another folder with ", CHECKPOINT
        raise InputError(message, cure=cure) from None


def _write(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write an archive to a new file, whatever had its name; none is left where that fails."""
    path.unlink(missing_ok=True)  # what a killed run left, or a link, which is not followed
    try:
        with path.open("xb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def find(folder: Path) -> Path | None:
    """The newest checkpoint of a folder. Between two renames only the one before it has a name.

    InputError where a folder is in the place of one.
    """
    for name in (NAME, PREVIOUS, PART):
        if (folder / name).is_dir():
            message = f"{folder / name}: is a folder, and checkpoints have this name"
            cure = "rename it, or name another place with ", CHECKPOINT
            raise InputError(message, cure=cure)
    return next((path for name in (NAME, PREVIOUS) if (path := folder / name).is_file()), None)


def load(folder: Path) -> Saved:
    """The newest checkpoint of a folder; InputError where there is none or it is damaged."""
    path = find(folder)
    if path is None:
        message = f"there is no checkpoint in {folder}"
        elsewhere = ", or name another folder with ", CHECKPOINT
        raise InputError(
            message, origin=RESUME, cure=("drop ", RESUME, " to start anew", *elsewhere)
        )
    try:
        arrays = _arrays(path)
        meta = json.loads(arrays.pop(META).tobytes())
        found = meta.get("schema", 1)
        if found != SCHEMA:
            written = meta["identity"]["version"]["neurorebit"]
            raise InputError(
                f"{path}: a checkpoint of schema {found}, written by NeuroReBIT {written}; this "
                f"version reads schema {SCHEMA}",
                cure=(*ANEW, ", or go on with that version"),
            )
        _check_types(meta)
        state, reads = State(arrays, meta["plain"]), frozenset(meta["reads"])
        saved = Saved(path, meta["identity"], state, meta["epochs"], reads=reads)
        str(saved.length)  # raises where the position is missing
        return saved
    except InputError:
        raise
    except Exception as problem:  # a damaged archive raises nearly anything
        reason = printable(" ".join(str(problem).split())[:80]) or type(problem).__name__
        cure: object = ANEW
        if path.name == NAME and (folder / PREVIOUS).is_file():
            cure = f"rename {PREVIOUS} to {NAME} to go on from the one before it"
        raise InputError(f"{path}: cut short or damaged ({reason})", cure=cure) from None


def _arrays(path: Path) -> dict[str, Any]:
    """The arrays of an archive; ValueError for one that says it holds more than the file does."""
    size = path.stat().st_size
    arrays: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
                raise ValueError(f"{member.filename} is packed, or larger than the file")
            raw = io.BytesIO(archive.read(member))
            major = np.lib.format.read_magic(raw)
            reader = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[major]
            shape, _, kind = reader(raw)
            if kind.kind not in "biuf" or math.prod(shape) * kind.itemsize > size:
                raise ValueError(f"{member.filename} holds no numbers, or more than the file does")
            raw.seek(0)
            name = member.filename.removesuffix(".npy")
            arrays[name] = np.lib.format.read_array(raw, allow_pickle=False)
    return arrays


def _check_types(meta: Any) -> None:
    """ValueError unless the parts of a checkpoint that are no arrays have their types."""
    plain, epochs = meta["plain"], meta["epochs"]
    if not isinstance(plain, dict) or not isinstance(meta["identity"], dict):
        raise ValueError("its values have no names")
    for name, value in plain.items():
        if not isinstance(value, int | float | str | None):
            raise ValueError(f"{name} is no number or text")
    reads = meta["reads"]
    if not isinstance(reads, list) or not all(isinstance(key, str) for key in reads):
        raise ValueError("the keys that were read are no list of names")
    if not isinstance(epochs, list) or not all(isinstance(epoch, dict) for epoch in epochs):
        raise ValueError("its epochs are no list of values")
    for epoch in epochs:
        for name, value in epoch.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            text = name in TEXTS and isinstance(value, str)
            if not number and not text and value is not None:
                raise ValueError(f"{name} of an epoch is no number")
    names = (f"{POSITION}.{name}" for name in ("epoch", "step", "steps", "done"))
    at = [plain[name] for name in names if name in plain]
    if any(not isinstance(count, int) or not 0 <= count < MOST for count in at):
        raise ValueError("its position is no count")


def check(saved: Saved, identity: Json) -> None:
    """InputError where a checkpoint is of another run; it names what differs."""
    if different := differences(saved.identity, identity):
        message = f"{saved.path}: is of another run: {different}"
        raise InputError(message, cure=("give what it was started with, or ", *ANEW))


def differences(run: Json, other: Json) -> str:
    """What the first run ("there") and the other ("here") were given differently, or nothing."""
    there, here = (dict(_leaves(json.loads(json.dumps(of)))) for of in (run, other))
    differing = [
        key for key in sorted(there.keys() | here.keys()) if _said(there, key) != _said(here, key)
    ]
    named = [
        f"{key} is {_said(there, key)} there, {_said(here, key)} here"
        for key in differing[:MENTIONED]
    ]
    more = len(differing) - MENTIONED
    return "; ".join([*named, f"and {more} more"] if more > 0 else named)


def refuse_unfinished(folder: Path) -> None:
    """InputError if a run that starts anew would replace another's checkpoints."""
    if (path := find(folder)) is not None:
        message = f"{path}: an unfinished run is there"
        cure = "go on with ", RESUME, ", or remove the file to start anew"
        raise InputError(message, cure=cure)


def remove(folder: Path) -> None:
    """Remove the checkpoints of a run that is finished."""
    for name in (NAME, PREVIOUS, PART):
        (folder / name).unlink(missing_ok=True)


def _leaves(value: Any, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*loc, key))
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            yield from _leaves(item, (*loc, i))
    else:
        yield join(loc), value


def _said(leaves: Mapping[str, Any], key: str) -> str:
    return json.dumps(leaves[key]) if key in leaves else "nothing"
