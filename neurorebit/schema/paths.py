"""Paths of the files shipped with the package, and of the user's cache and data."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import sys
from pathlib import Path

from neurorebit.schema.errors import InputError

PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = {
    "technology": Path("tech/cmos"),
    "device": Path("tech/device"),
    "architecture": Path("tech/architecture"),
    "network": Path("networks"),
}
LONGEST = 80  # characters of a folder's name
SUFFIX = ".yaml"
HIGH_VOLTAGE = "_io"  # transistors for input and output and for high levels, not for whole chips
DEFAULT_FLAVOUR = "_lstp"  # low standby power; for a technology named by its feature size alone


def folder(kind: str) -> Path:
    """The folder of the shipped files of this kind, in a wheel or in a checkout."""
    packaged = PACKAGE / "_data"
    return (packaged if packaged.is_dir() else PACKAGE.parent) / FOLDERS[kind]


def names(kind: str) -> tuple[str, ...]:
    """The names of the shipped files of this kind, sorted by feature size, smallest first."""
    stems = (path.stem for path in folder(kind).glob(f"*{SUFFIX}"))
    return tuple(sorted(stems, key=_natural))


def nodes() -> tuple[str, ...]:
    """The shipped technologies that whole chips are made in, smallest feature size first."""
    return tuple(name for name in names("technology") if not name.endswith(HIGH_VOLTAGE))


def shipped(kind: str, name: str) -> Path:
    """The path of a file: ``name`` itself if it is a file, else the shipped file of this name.

    InputError where ``name`` is neither; it lists the shipped names and suggests the nearest.
    """
    path = Path(name)
    if os.path.isfile(name):
        return path
    known = names(kind)
    meanings = (name, name + DEFAULT_FLAVOUR) if kind == "technology" else (name,)
    for stem in meanings:
        if stem in known:
            return folder(kind) / f"{stem}{SUFFIX}"
    shown = name or "''"
    listed = f"shipped: {', '.join(known)}" if known else f"none is shipped in {folder(kind)}"
    if os.path.isdir(name):
        cure = f"give a {kind} file, or a name ({listed})"
        raise InputError("is a folder", origin=shown, value=name, cure=cure)
    a_path = path.suffix or len(path.parts) > 1
    message = f"no such {kind} file" if a_path else f"no such {kind}, by path or by name"
    near = difflib.get_close_matches(path.stem or name, known, n=1)
    cure = f"did you mean '{near[0]}'? ({listed})" if near else listed
    raise InputError(message, origin=shown, value=name, cure=cure)


def cache_dir() -> Path:
    """The user's cache for data sets and compiled kernels; it may not exist yet."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(configured) if os.path.isabs(configured) else Path.home() / ".cache"
    return base / "neurorebit"


def data_dir() -> Path:
    """The user's data: what cannot be made again. It may not exist yet."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        configured = os.environ.get("XDG_DATA_HOME", "")
        base = Path(configured) if os.path.isabs(configured) else Path.home() / ".local/share"
    return base / "neurorebit"


def folder_name(name: str) -> str:
    """A name that a folder can have; names that differ give folders that differ.

    One that a folder cannot have, or that another system would change, ends in its digest.
    """
    plain = re.sub(r"[^\w-]+", "_", name, flags=re.ASCII)
    if plain == name and 0 < len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{plain[:LONGEST].strip('_')}-{digest[:8]}".lstrip("-")


def _natural(stem: str) -> tuple[int, str]:
    """A key to sort by: the number that a name begins with, then the name."""
    digits = stem[: len(stem) - len(stem.lstrip("0123456789"))]
    return (int(digits) if digits else 0, stem)
