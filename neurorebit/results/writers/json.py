"""``report.json``: all that a run has to say."""

from __future__ import annotations

import json

from neurorebit.results.document import NAME, Json


def write(report: Json) -> dict[str, str]:
    """The document itself, keys sorted; ValueError where it holds a number that JSON has not."""
    return {NAME: json.dumps(report, indent=1, sort_keys=True, allow_nan=False) + "\n"}
