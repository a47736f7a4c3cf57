"""Numba kernels: numbers and C-contiguous arrays in, numbers and arrays out.

Compiled code is kept on disk, in a folder named after a digest of these sources and of Numba's
version, because Numba does not notice a change in a function imported from another file.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numba


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
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


_folder = cache_base(numba.config.CACHE_DIR, os.environ) / digest(Path(__file__).parent)
if not usable(_folder):  # compile for this process only; a shared folder would not be safe
    _temporary = tempfile.TemporaryDirectory(prefix="neurorebit-")
    _folder = Path(_temporary.name)
numba.config.CACHE_DIR = str(_folder)
