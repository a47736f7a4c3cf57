"""Our circuits held against reference records, of another tool or of a user's own."""

from __future__ import annotations

import json as encoding
from pathlib import Path

from neurorebit.schema import InputError
from neurorebit.validate.chips import chips
from neurorebit.validate.compare import compare
from neurorebit.validate.records import read
from neurorebit.validate.report import outcome, text


def run(reference: Path | None, json: Path | None) -> tuple[str, bool]:
    """Compare with the records of ``reference`` (None: the public ones); text, and whether all
    bounds hold. ``json`` is a file that the outcome is written to.
    """
    found = compare(read(reference))
    if json is not None:
        whole = encoding.dumps(outcome(found, chips(reference)), indent=1, allow_nan=False)
        try:
            json.write_text(whole + "\n", encoding="utf-8")
        except OSError as problem:
            raise InputError(f"{json}: cannot be written: {problem.strerror}") from None
    return text(found), not found.broken
