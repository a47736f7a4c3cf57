"""Numba kernels: numbers and C-contiguous arrays in, numbers and arrays out.

Compiled code is kept on disk, in a folder named after a digest of these sources and of Numba's
version, because Numba does not notice a change in a function imported from another file.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

import numba

ROOM = 64 << 20  # bytes that all kernels take


def digest(folder):
    """A name for exactly the sources in ``folder``, compiled by this Numba."""
    sha = hashlib.sha256(numba.__version__.encode())
    for source in sorted(folder.glob("*.py")):
        sha.update(source.name.encode() + b"\0" + source.read_bytes())
    return f"kernels-{sha.hexdigest()[:16]}"


def cache_base(given, environment):
    """Where compiled code is kept: Numba's own setting, or else the user's cache."""
    if given:
        return Path(given)
    user = environment.get("XDG_CACHE_HOME", "")
    return (Path(user) if os.path.isabs(user) else Path.home() / ".cache") / "neurorebit"


def usable(folder):
    """Whether the folder is there, made if need be, and can be written to."""
    try:
        for place in (folder.parent, folder):  # what is kept there is run, so nobody else writes it
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
        full = shutil.disk_usage(folder).free < ROOM and not any(folder.rglob("*.nbi"))
    except OSError:
        return False
    return (
        stat.S_ISDIR(about.st_mode)
        and is_private(about)
        and not full
        and os.access(folder, os.W_OK)
    )


def is_private(about):
    """Whether a folder is this user's and nobody else may write to it."""
    if not hasattr(os, "getuid"):
        return True
    return about.st_uid == os.getuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


_folder = cache_base(numba.config.CACHE_DIR, os.environ) / digest(Path(__file__).parent)
if not usable(_folder):  # compile for this process only; a shared folder would not be safe
    _temporary = tempfile.TemporaryDirectory(prefix="neurorebit-")
    _folder = Path(_temporary.name)
numba.config.CACHE_DIR = str(_folder)
