"""Records by hand, and files of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neurorebit.checking import records
from neurorebit.checking.compare import Comparison, compare
from neurorebit.checking.entry import Entry
from neurorebit.checking.report import text
from validation.neurosim import documents
from validation.neurosim.records.module import Record, read
from validation.neurosim.translate import translated


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


@pytest.fixture(scope="session")
def translation(public: tuple[Record, ...]) -> dict[str, Any]:
    """The public records in the package's words."""
    (document,) = translated(public)
    return document


@pytest.fixture(scope="session")
def compared(translation: dict[str, Any]) -> Comparison:
    """What comes of them."""
    return compare(records.parse(Entry("public", "", translation)))


@pytest.fixture
def held() -> Callable[[Path], tuple[str, bool]]:
    """Hold the records of a folder of the tool's against our blocks: text, and whether all hold."""

    def hold(folder: Path) -> tuple[str, bool]:
        found = [compare(records.parse(Entry(str(folder), "", d))) for d in documents(folder)]
        return "\n\n".join(map(text, found)), not any(each.broken for each in found)

    return hold
