"""``report.html``: the report of a run as a page."""

from __future__ import annotations

from collections.abc import Iterable

from neurorebit.results.document import Json
from neurorebit.results.pages.frame import Page, Section, cards, definitions
from neurorebit.results.pages.report import floorplan, numbers, origins, pipeline, training
from neurorebit.results.pages.report.costs import Costs


def write(report: Json, answers: Iterable[tuple[str, str]]) -> bytes:
    """The page; ``answers`` are words and sentences for its begin."""
    costs = Costs(report)
    given = (report[key] for key in ("network", "architecture"))
    title = " on ".join(map(str, given))
    subtitle = (
        f"{report['technology']}, {report['device']}; NeuroReBIT {report['version']}. Numbers are "
        "those of report.json beside this page."
    )
    head = [cards(numbers.cards(report)), definitions(answers), origins.mind(report)]
    sections = [
        Section("summary", "In short", head),
        Section("learning-part", "Training", training.figures(report)),
        Section("evaluation", "Evaluation", training.evaluation(report)),
        Section("costs", "Energy, time and area", costs.figures()),
        Section("pipeline", "Pipeline", pipeline.figures(report)),
        Section("phases", "Phases and totals", numbers.tables(report)),
        Section("floorplan", "Floorplan", floorplan.figures(report)),
        Section("origins", "Assumed, measured, ablated", origins.body(report)),
        Section("files", "Files", origins.files(report)),
    ]
    return Page(
        title,
        sections,
        subtitle,
        report["command"],
        data={"details": costs.details()},
        scripts=("layers.js",),
    ).write()
