"""``report.html``: the report as a page for a browser."""

from __future__ import annotations

from neurorebit.results.document import Json
from neurorebit.results.pages.report import page
from neurorebit.results.writers.summary import ABOUT, answers

SHOWN = ("Area in", "Energy in", "Mind")  # answers; the others are headline numbers there


def write(report: Json) -> bytes:
    """One file that needs no network and no other file."""
    said = {word: text for word, text in answers(report) if word in SHOWN}
    said["Mind"] = said["Mind"].replace(f"{ABOUT} ", "")  # a mark of numbers in report.txt
    return page.write(report, said.items())
