"""Components beside published figures: within a factor of two, or a reason is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from validation.components import __main__ as program
from validation.components.table import FIGURES, OURS, Row, rows


@pytest.fixture(scope="module")
def found() -> list[Row]:
    return list(rows())


def test_every_component_is_within_a_factor_of_two_or_says_why(found: list[Row]) -> None:
    assert sum(row.within for row in found) >= 24
    for row in found:
        assert row.within or row.misses, (row.what, row.ratio)


def test_there_are_the_components_that_chips_are_made_of(found: list[Row]) -> None:
    words = " ".join(row.what for row in found)
    for word in ("SRAM read", "MAC", "adder", "SAR", "wire", "HBM2", "current", "writes"):
        assert word in words
    bits = [row.what for row in found if "effective bits" in row.what and row.within]
    assert len(bits) == 7  # 4 to 10


def test_every_figure_has_its_source(found: list[Row]) -> None:
    entries = yaml.safe_load(FIGURES.read_text())
    assert {entry["ours"] for entry in entries} == set(OURS)
    for entry, row in zip(entries, found, strict=True):
        assert entry["source"]
        assert ("(secondary)" in row.source) == (not entry["opened"])


def test_the_page_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "PAGE", tmp_path / "components.md")
    assert program.main() == 0
    text = capsys.readouterr().out
    assert (tmp_path / "components.md").read_text() == text
    assert "| adder 8 bits | 45 nm 0.9 V |" in text
