"""Numba kernels: numbers and C-contiguous arrays in, numbers and arrays out.

Compiled code is kept on disk, in a folder named after a digest of these sources and of Numba's
version, because Numba does not notice a change in a function imported from another file.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numba


def cache_folder() -> Path:
    """The folder of the compiled code of exactly these sources."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    given = os.environ.get("XDG_CACHE_HOME", "")
    user = Path(given) if os.path.isabs(given) else Path.home() / ".cache"
    folder = Path(numba.config.CACHE_DIR or user / "neurorebit") / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    return folder if writable else Path(tempfile.gettempdir()) / f"neurorebit-{name}"


numba.config.CACHE_DIR = str(cache_folder())
