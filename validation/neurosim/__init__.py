"""Our circuits and chips held against reference records, of another tool or of a user's own."""

from __future__ import annotations

import json as encoding
from pathlib import Path

from neurorebit.schema import InputError
from validation.neurosim.compare import compare
from validation.neurosim.records.chip import read_chips
from validation.neurosim.records.module import read
from validation.neurosim.report import outcome, text
from validation.neurosim.walk.compare import compare_chips
from validation.neurosim.walk.report import chip_text, waterfall_text


def run(
    reference: Path | None, json: Path | None, waterfall: str | None = None
) -> tuple[str, bool]:
    """Compare with the records of ``reference`` (None: the public ones); text, and whether all
    bounds hold. ``json`` is a file that the outcome is written to, ``waterfall`` a chip whose way
    from their figures to ours is shown instead.
    """
    records = read_chips(reference)
    if waterfall is not None:
        return waterfall_text(records, waterfall)
    found, chips = compare(read(reference)), compare_chips(records)
    if json is not None:
        outcomes = outcome(found, [chip.outcome for chip in chips])
        whole = encoding.dumps(outcomes, indent=1, allow_nan=False)
        try:
            json.write_text(whole + "\n", encoding="utf-8")
        except OSError as problem:
            raise InputError(f"{json}: cannot be written: {problem.strerror}") from None
    parts = [text(found)] if found.modules else []
    parts += [chip_text(chips)] if chips else []
    holds = not found.broken and not any(chip.broken for chip in chips)
    return "\n\n".join(parts), holds
