"""``training.csv``: a row for each epoch."""

from __future__ import annotations

from neurorebit.results.document import Json, csv_text, epoch_keys


def write(report: Json) -> str:
    """A row for each epoch; the header alone where nothing was trained."""
    epochs, keys = (report["training"] or {}).get("epochs", []), epoch_keys(report["training"])
    rows = [list(keys), *([epoch[key] for key in keys] for epoch in epochs)]
    return csv_text(rows)
