"""The steps of an evaluation, as tables and pictures call them."""

from __future__ import annotations

from neurorebit.results.document import Json

LABELS = {  # of the keys of rows; those that rest are called by the time
    "software": "software",
    "weights": "levels",
    "inputs": "inputs",
    "converters": "converters",
    "variation": "variation",
    "stuck": "stuck cells",
    "read": "read noise",
    "wires": "wires",
}


def label(row: Json) -> str:
    """A few words for a step."""
    return LABELS.get(row["key"]) or row["adds"].removeprefix("drift for ")
