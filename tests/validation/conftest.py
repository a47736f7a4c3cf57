"""Records by hand, and files of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from validation.neurosim.records.module import Record, read


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with one file of records."""

    def write(*records: Any, tool: str = "SPICE of ours", name: str = "records.json") -> Path:
        document = {"tool": tool, "records": list(records)}
        (tmp_path / name).write_text(json.dumps(document))
        return tmp_path

    return write


@pytest.fixture(scope="session")
def public() -> tuple[Record, ...]:
    """The public records that the project carries."""
    return read(None)
