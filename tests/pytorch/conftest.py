"""The tests of the PyTorch front end, which are left out as one where PyTorch is not installed."""

from importlib.util import find_spec

import pytest

PRESENT = find_spec("torch") is not None

if PRESENT:
    import torch

    torch.set_num_threads(1)


def pytest_ignore_collect(collection_path, config):
    """Without PyTorch one module says so; the others are not read."""
    if not PRESENT and collection_path.suffix == ".py":
        return collection_path.name != "test_torch_absent.py" or None
    return None


@pytest.fixture(autouse=True)
def _same_draws():
    """PyTorch draws the same numbers in each test."""
    if PRESENT:
        torch.manual_seed(0)
