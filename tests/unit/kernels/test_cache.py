"""Where compiled kernels are kept, and for which sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from neurorebit import kernels

SOURCES = Path(kernels.__file__).parent


def test_a_change_in_any_source_means_another_folder(tmp_path):
    for source in SOURCES.glob("*.py"):
        shutil.copy(source, tmp_path)
    assert kernels.digest(tmp_path) == kernels.digest(SOURCES)
    cell = tmp_path / "cell.py"
    cell.write_text(cell.read_text().replace("0.5", "0.6", 1))
    assert kernels.digest(tmp_path) != kernels.digest(SOURCES)


def test_the_users_settings_are_heeded(tmp_path):
    home = Path.home() / ".cache" / "neurorebit"
    assert kernels.cache_base("/given", {"XDG_CACHE_HOME": "/xdg"}) == Path("/given")
    assert kernels.cache_base("", {"XDG_CACHE_HOME": "/xdg"}) == Path("/xdg/neurorebit")
    assert kernels.cache_base("", {"XDG_CACHE_HOME": "relative"}) == home
    assert kernels.cache_base("", {}) == home


def test_kernels_run_where_nothing_can_be_kept(tmp_path):
    """A file stands where the cache should be, so no user may write there."""
    (tmp_path / "blocked").write_text("")
    code = (
        "from neurorebit.kernels import cell; print(cell.level(0.9, 3.0, 3));"
        "import numba; print(numba.config.CACHE_DIR)"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "blocked")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=SOURCES.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    level, folder = done.stdout.split()
    assert level == "3"
    assert not Path(folder).exists(), "it is gone with the process"
