"""``evaluation.csv``, and the section of ``report.txt`` on an evaluation."""

from __future__ import annotations

from neurorebit.results.document import Json, csv_text
from neurorebit.results.evaluation import label
from neurorebit.results.writers.layout import defined, number, percent, table, wrapped

COLUMNS = (
    "key", "adds", "rest_s", "draws", "accuracy", "lost", "spread", "least", "most", "mean_low",
    "mean_high", "images_low", "images_high", "agreement",
)  # fmt: skip
MEANINGS = (
    "accuracy: the mean over the draws, each a chip with cells of its own; every row has what the "
    "rows above it have",
    "spread: standard deviation from chip to chip; 95 %: bounds of the mean over all chips "
    "(Student's t)",
    "of images: bounds of 95 % for other test images of the same kind (Wilson)",
    "as software: share of the images that get the class which software gives them",
)


def write(report: Json) -> str:
    """A row for each step of the evaluation; shares are fractions, times in seconds."""
    rows = report["evaluation"]["rows"]
    return csv_text([list(COLUMNS), *([row[key] for key in COLUMNS] for row in rows)])


def tables(report: Json) -> list[str]:
    """The steps, what the columns mean, and the layers; nothing where nothing was evaluated."""
    evaluation = report.get("evaluation")
    if evaluation is None:
        return []
    head = [
        "what is added", "accuracy", "lost", "spread", "95 %\nfrom", "to", "of images\nfrom", "to",
        "as soft-\nware", "chips",
    ]  # fmt: skip
    rows = [
        [
            label(row),
            percent(row["accuracy"], 2),
            _points(row["lost"]),
            _points(row["spread"]),
            *(_share(row[key]) for key in ("mean_low", "mean_high", "images_low", "images_high")),
            percent(row["agreement"], 2),
            f"{row['draws']}",
        ]
        for row in evaluation["rows"]
    ]
    added = defined((label(row), row["adds"]) for row in evaluation["rows"])
    meanings = "\n".join(wrapped(line, later="  ") for line in MEANINGS)
    return [table(head, rows), added, meanings, _layers(evaluation["layers"])]


def _points(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:.2f}"


def _layers(layers: list[Json]) -> str:
    """The ranges of each layer, and how its converters used their codes."""
    head = ["layer", "outermost\nweight", "rounding\nerror", "largest\ninput"]
    rows = [
        [
            layer["name"],
            number(layer["outermost_weight"], 3),
            "" if layer["rounding_error"] is None else percent(layer["rounding_error"]),
            number(layer["input_clip"], 3),
        ]
        for layer in layers
    ]
    if any(layer["conversions"] for layer in layers):
        head += ["clipped", "codes\nin use", "of"]
        for row, layer in zip(rows, layers, strict=True):
            use = layer["conversions"]
            row += (
                [percent(use["clipped"], 2), number(use["effective"], 3), f"{use['codes']}"]
                if use
                else ["", "", ""]
            )
    return table(head, rows)
