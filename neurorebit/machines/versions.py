"""What the machines of one piece of work must have alike: the versions that results depend on."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import neurorebit
from neurorebit.schema import InputError

PACKAGES = ("numpy", "numba", "scipy", "dask", "distributed", "pyarrow")
FIGURES = ("neurorebit", "sources", "Python", "numpy")  # those that figures of an estimate rest on
CURE = "install the same versions there, and start the worker again"


@cache
def versions() -> dict[str, str]:
    """The version of each, ``none`` where it is not installed; of our sources a digest."""
    found = {
        "neurorebit": neurorebit.__version__,
        "sources": _sources(Path(neurorebit.__file__).parent),
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "none"
    return found


def refuse_others(worker: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """InputError where a worker has other versions than its client."""
    different = [
        f"{name} {theirs.get(name, 'none')} instead of {ours[name]}"
        for name in ours
        if theirs.get(name) != ours[name]
    ]
    if different:
        message = f"worker {worker} has {', '.join(different)}"
        raise InputError(message, cure=CURE)


def _sources(package: Path) -> str:
    """A digest of all Python files of a package."""
    sha = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        sha.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()[:12]
