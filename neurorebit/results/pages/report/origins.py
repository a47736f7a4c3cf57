"""Where the numbers come from: what is assumed, measured and left out, and the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neurorebit.results.document import Json
from neurorebit.results.pages.frame import definitions, headed, listed
from neurorebit.results.pages.table import MOST, Cell, Column, Table, number, word
from neurorebit.results.pages.text import pointer

SOURCE = "source"  # the key of a file that says where the numbers beside it are from
ORIGINS = {
    "measured": "measured in the training or evaluation that this report is of",
    "recorded": "recorded in another training of the network",
    "assumed": "assumed, nothing was measured",
}


def mind(report: Json) -> str:
    """What a reader must know before the first number."""
    lines = [*report["ablations"], *report.get("idle", ())]
    changed = report["overrides"]
    settings = [f"changed settings: {', '.join(changed)}"] if changed else []
    return listed(lines, "mind") + listed([*settings, *report["notes"]])


def body(report: Json) -> list[Table | str]:
    """What is assumed, measured and ablated, and the activity of each layer."""
    activity = report["activity"]
    origin = activity["origin"]
    said = [
        ("Activity", ORIGINS.get(origin, origin)),
        ("Its source", activity["source"]),
        ("Area, energy, time", "estimated from the files below, with that activity"),
    ]
    if report["training"] is not None:
        said.append(("Accuracy and writes", "measured in a training on the simulated arrays"))
    if "evaluation" in report:
        said.append(("Accuracy", "measured in an evaluation on the simulated arrays"))
    ablated = listed(report["ablations"], "mind") or "<p>Nothing.</p>"
    return [
        definitions(said),
        headed("Assumed", listed(report["assumptions"])),
        headed("Ablated: where training and estimate are not of the same chip", ablated),
        headed("Set without effect", listed(report.get("idle", ()))),
        _activity(activity["layers"]),
    ]


def _activity(layers: list[Json]) -> Table:
    known = dict.fromkeys(k for layer in layers for k in layer)
    keys = [key for key in known if key not in ("name", "blocks")]  # those are in the document
    columns = [Column("layer", numbers=False), *(Column(key.replace("_", " ")) for key in keys)]
    rows = []
    for i, layer in enumerate(layers[:MOST]):
        at = "activity", "layers", i
        rows.append(
            [
                word(layer["name"]),
                *(
                    _density(layer[key], pointer(*at, key)) if key in layer else number(None)
                    for key in keys
                ),
            ]
        )
    caption = "Activity of each layer: shares, and numbers of levels and words"
    return Table(caption, columns, rows, rest="report.json has all", there=len(layers))


def _density(value: float | list[float] | None, path: str) -> Cell:
    """A number, or those of the bit planes: one where all are the same."""
    if not isinstance(value, list):
        return number(value, "", path)
    texts = [f"{one:.3g}" for one in value]
    shown = texts[0] if len(set(texts)) == 1 else ", ".join(texts)
    return Cell(shown, ", ".join(map(repr, value)))


def files(report: Json) -> list[Table]:
    """The files, what was set over them, and the sources that they name."""
    inputs = report["inputs"]
    columns = [Column(name, numbers=False) for name in ("file", "name", "path", "SHA-256")]
    rows = [
        [word(kind), *(word(read[key], pointer("inputs", kind, key))
                       for key in ("name", "file", "sha256"))]
        for kind, read in inputs.items()
    ]  # fmt: skip
    found = [Table("Files", columns, rows)]
    if settings := report.get("settings"):
        keys = Column("key", numbers=False), Column("value", numbers=False)
        of = [[word(key), word(text)] for key, text in settings.items()]
        found.append(Table("Set over the files", keys, of))
    sources = [
        [word(kind), word(section or "all of it"), word(text)]
        for kind, read in inputs.items()
        for section, text in _sources(read.get("values", {}))
    ]
    if sources:
        heads = [Column(name, numbers=False) for name in ("file", "section", "source")]
        found.append(Table("Sources of the numbers", heads, sources))
    return found


def _sources(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The sections of a file with the source that each names."""
    for key, value in values.items():
        if key == SOURCE and isinstance(value, str) and value:
            yield path, value
        elif isinstance(value, Mapping):
            yield from _sources(value, f"{path}.{key}" if path else key)
