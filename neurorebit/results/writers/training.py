"""``training.csv``: a row for each epoch."""

from __future__ import annotations

from neurorebit.results.document import Json, csv_text, epoch_keys
from neurorebit.results.spending import UNTIL, after_epochs


def write(report: Json) -> str:
    """A row for each epoch, with what was spent until then; the header alone without training."""
    epochs, keys = (report["training"] or {}).get("epochs", []), epoch_keys(report["training"])
    rows: list[list[object]] = [[*keys, *UNTIL]]
    for epoch, until in zip(epochs, after_epochs(report), strict=True):
        rows.append([*(epoch[key] for key in keys), *(getattr(until, of) for of in UNTIL.values())])
    return csv_text(rows)
