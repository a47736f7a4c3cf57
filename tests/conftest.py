"""How the generated tests draw their cases."""

import atexit
import os
import shutil
import tempfile
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


@pytest.fixture(autouse=True)
def faults_are_seen(monkeypatch):
    """A fault of the program is a traceback in its tests, and not a line."""
    monkeypatch.setenv("NEUROREBIT_DEBUG", "1")
