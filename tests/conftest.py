"""What holds for all tests: cases, stores, and pictures, which few of them look at."""

import atexit
import os
import shutil
import signal
import struct
import sys
import tempfile
import zlib
from pathlib import Path

import pytest
from hypothesis import settings

# No test writes to the user's store of runs, nor does a process that one starts: each process of
# the suite has a store of its own, in memory where the system has such a folder.
MEMORY = Path("/dev/shm")
STORE = tempfile.mkdtemp(
    prefix="neurorebit-tests-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None
)
atexit.register(shutil.rmtree, STORE, ignore_errors=True)
os.environ["NEUROREBIT_STORE"] = str(Path(STORE, "runs.sqlite"))

# The same cases in every run, so that a failure comes with the change that made it. New ones are
# looked for with `pytest --hypothesis-profile=explore`.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("steady")


# a job in the background of a shell starts with Ctrl-C ignored, and so would what it starts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def faults_are_seen(monkeypatch):
    """A fault of the program is a traceback in its tests, and not a line."""
    monkeypatch.setenv("NEUROREBIT_DEBUG", "1")


def chunk(kind, content):
    """A part of a PNG file."""
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def blank(figure, file, *, metadata=None, **options):
    """What saves a figure where nobody looks at it: one pixel, and what is said of the picture."""
    texts = (f"{key}\0{text}".encode() for key, text in (metadata or {}).items() if text)
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
            *(chunk(b"tEXt", text) for text in texts),
            chunk(b"IDAT", zlib.compress(b"\0\0")),
            chunk(b"IEND", b""),
        )
    )
    if hasattr(file, "write"):
        file.write(content)
    else:
        Path(file).write_bytes(content)


@pytest.fixture(autouse=True)
def rendering(request, monkeypatch):
    """Figures are made, but rendered only where a test is to have them ``rendered``.

    It takes longer than a small training. Where no test before has loaded Matplotlib it is not
    loaded for this either.
    """
    figures = sys.modules.get("matplotlib.figure")
    if figures and "rendered" not in request.fixturenames:
        monkeypatch.setattr(figures.Figure, "savefig", blank)


@pytest.fixture
def rendered():
    """The pictures of this test are rendered."""
