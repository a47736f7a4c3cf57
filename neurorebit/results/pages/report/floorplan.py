"""Where the layers stand on the chip: tiles, PEs and copies, by area, coloured by utilisation."""

from __future__ import annotations

from collections.abc import Iterator

from neurorebit.results.document import CHIP, Json
from neurorebit.results.pages.figure import Figure
from neurorebit.results.pages.plots import Box, treemap
from neurorebit.results.pages.report.costs import SHARED
from neurorebit.results.pages.table import MOST as ROWS
from neurorebit.results.pages.table import Column, Table, number, share, word
from neurorebit.results.pages.text import percent, pointer

MOST = 600  # rectangles
COUNTS = {"tiles": "tiles", "pes": "PEs", "macros": "macros"}


def figures(report: Json) -> list[Figure]:
    """The floorplan as a treemap, nothing where no layer has area."""
    boxes = sorted(_boxes(report), key=lambda box: -box.value)
    if not boxes:
        return []
    limited = ""
    if len(boxes) > MOST:
        limited = f"The {MOST:,} largest of {len(boxes):,} rectangles; layers.csv has all."
    return [
        Figure(
            "floorplan-map",
            "Tiles of the layers",
            {"": treemap(CHIP, boxes[:MOST], "m2", "cells that hold weights")},
            says="Rectangles are as large as the area; the darker, the more of a layer's cells "
            "hold its weights (copies do not count). No position on the silicon is meant.",
            limited=limited,
            tables=(_counts(report), _layers(report)),
        )
    ]


def _boxes(report: Json) -> Iterator[Box]:
    """A rectangle for each layer in each part of the chip that has tiles, and for the rest."""
    for layer in report["layers"]:
        if layer["name"] == CHIP:
            if layer["area_m2"] > 0.0:
                yield Box((SHARED,), layer["area_m2"], ("buses, buffers, vector unit",))
            continue
        if layer["area_m2"] <= 0.0:
            continue
        used = layer["utilization"]
        notes = [f"{percent(used)} of its cells hold weights"] if used else []
        plan = layer.get("floorplan")
        if plan is None:  # of a report that an older version wrote
            yield Box((layer["name"],), layer["area_m2"], notes, used or None)
            continue
        notes += [f"{plan['copies']:g} copies"] if plan["copies"] > 1 else []
        for part, counts in plan["parts"].items():
            said = ", ".join(f"{counts[key]:.4g} {word}" for key, word in COUNTS.items())
            yield Box((part, layer["name"]), counts["area_m2"], (said, *notes), used or None)


def _counts(report: Json) -> Table:
    """What each part of the chip has."""
    counts = report["chip"]["counts"]
    keys = [*dict.fromkeys(key for part in counts.values() for key in part)]
    columns = [Column("part", numbers=False), *(Column(COUNTS.get(key, key)) for key in keys)]
    rows = [
        [word(part), *(number(one[key], "", pointer("chip", "counts", part, key)) for key in keys)]
        for part, one in counts.items()
    ]
    return Table("Tiles, PEs, macros and converters of the chip", columns, rows)


def _layers(report: Json) -> Table:
    """What each layer has."""
    parts = dict.fromkeys(
        part
        for layer in report["layers"]
        for part in (layer.get("floorplan") or {"parts": ()})["parts"]
    )
    columns = [Column("layer", numbers=False), Column("kind", numbers=False), Column("MACs")]
    columns += [Column("cells that hold weights"), Column("area", "m2")]
    columns += [Column("copies")] if parts else []
    columns += [Column(f"{said}, {part}") for part in parts for said in COUNTS.values()]
    rows = []
    for i, layer in enumerate(report["layers"][:ROWS]):
        at: tuple[str | int, ...] = "layers", i
        area = number(layer["area_m2"], "m2", pointer(*at, "area_m2"))
        if layer["name"] == CHIP:
            none = [number(None)] * (len(columns) - 5)
            rows.append([word(SHARED), word(""), number(None), number(None), area, *none])
            continue
        row = [
            word(layer["name"], pointer(*at, "name")),
            word(layer["kind"], pointer(*at, "kind")),
            number(layer["macs"], "", pointer(*at, "macs")),
            share(layer["utilization"], pointer(*at, "utilization")),
            area,
        ]
        plan = layer.get("floorplan")
        if parts and plan is not None:
            row.append(number(plan["copies"], "", pointer(*at, "floorplan", "copies")))
            for part in parts:
                there, own = plan["parts"].get(part), (*at, "floorplan", "parts", part)
                row += [
                    number(there[key], "", pointer(*own, key)) if there else number(None)
                    for key in COUNTS
                ]
        rows.append([*row, *[number(None)] * (len(columns) - len(row))])
    count = len(report["layers"])
    return Table("Layers", columns, rows, rest="layers.csv has all", there=count)
