"""DNN+NeuroSim V2.1: its figures, what it is known to get wrong, and the walk to our chips.

``documents`` says its records of circuits in the package's own words, ``chips`` holds its chips
against ours. The package needs none of this: it carries what ``translate`` made of the records.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neurorebit.schema import InputError
from validation.neurosim.records.chip import read_chips
from validation.neurosim.records.module import read
from validation.neurosim.translate import translated
from validation.neurosim.walk.compare import compare_chips
from validation.neurosim.walk.report import chip_text, waterfall_text


def documents(source: Path) -> list[dict[str, Any]]:
    """The records of circuits in a file or folder of the tool's, as documents of the package."""
    return translated(read(source))


def chips(source: Path | None) -> tuple[str, list[dict[str, Any]], bool]:
    """Its chips held against ours: text, plain values, and whether all bounds hold.

    ``source`` is a file or folder of the tool's; None means the public ones.
    """
    compared = compare_chips(read_chips(source))
    text = chip_text(compared) if compared else ""
    return text, [chip.outcome for chip in compared], not any(chip.broken for chip in compared)


def waterfall(source: Path | None, name: str) -> tuple[str, bool]:
    """One chip's way from the tool's figures to ours, and whether all bounds hold."""
    records = read_chips(source)
    if name not in [record.name for record in records]:
        known = ", ".join(record.name for record in records) or "none"
        raise InputError(f"there is no chip '{name}'; there are: {known}")
    return waterfall_text(records, name)
