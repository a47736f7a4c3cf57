"""``report.html``: the report as a page for a browser."""

from __future__ import annotations

from neurorebit.results.document import Json
from neurorebit.results.pages.report import page
from neurorebit.results.writers.summary import answers

SHOWN = ("Area in", "Energy in", "Mind")  # answers; the others are headline numbers there


def write(report: Json) -> bytes:
    """One file that needs no network and no other file."""
    return page.write(report, [pair for pair in answers(report) if pair[0] in SHOWN])
