"""``training.csv``: a row for each epoch."""

from __future__ import annotations

from neurorebit.results.document import EPOCH_KEYS, Json, csv_text


def write(report: Json) -> str:
    """A row for each epoch; the header alone where nothing was trained."""
    epochs = (report["training"] or {}).get("epochs", [])
    rows = [list(EPOCH_KEYS), *([epoch[key] for key in EPOCH_KEYS] for epoch in epochs)]
    return csv_text(rows)
