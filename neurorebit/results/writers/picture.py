"""``training.png``: what a training learned, wrote and holds."""

from __future__ import annotations

from neurorebit.results import pictures
from neurorebit.results.document import Json


def write(report: Json) -> dict[str, bytes]:
    """The picture; nothing where no epoch was trained."""
    record = report["training"]
    return pictures.training(report) if record is not None and record["epochs"] else {}
