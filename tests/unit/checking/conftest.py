"""Files of records, by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """A file with these records, at 32 nm LSTP, and ``more`` keys."""

    def write(*records: Any, **more: Any) -> Path:
        whole = {"source": "silicon of ours", "technology": "32nm_lstp", "records": list(records)}
        path = tmp_path / "mine.json"
        path.write_text(json.dumps(whole | more))
        return path

    return write
