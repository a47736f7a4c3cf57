"""How the generated tests draw their cases."""

import pytest
from hypothesis import settings

# The same cases in every run, so that a failure comes with the change that made it. New ones are
# looked for with `pytest --hypothesis-profile=explore`.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def faults_are_seen(monkeypatch):
    """A fault of the program is a traceback in its tests, and not a line."""
    monkeypatch.setenv("NEUROREBIT_DEBUG", "1")
