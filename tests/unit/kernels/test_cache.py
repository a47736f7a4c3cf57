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


def test_what_is_kept_is_private_and_no_link(tmp_path):
    folder = tmp_path / "cache" / "kernels"
    assert kernels.usable(folder)
    assert [place.stat().st_mode & 0o777 for place in (folder.parent, folder)] == [0o700, 0o700]
    folder.chmod(0o777)
    assert not kernels.usable(folder), "others may put code there"
    (tmp_path / "link").symlink_to(folder.parent)
    folder.chmod(0o700)
    (folder.parent / "other").symlink_to(folder)
    assert not kernels.usable(folder.parent / "other")


def test_a_full_disk_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "ROOM", 1 << 62)
    assert not kernels.usable(tmp_path / "kernels")
    (tmp_path / "kernels" / "x.nbi").write_bytes(b"")
    assert kernels.usable(tmp_path / "kernels"), "what is there already is read"
