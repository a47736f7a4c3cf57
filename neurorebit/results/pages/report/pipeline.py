"""The pipeline of a report on its page: how busy each layer is, and what each step waits for."""

from __future__ import annotations

from neurorebit.results.document import Json
from neurorebit.results.pages.figure import Figure, Plot
from neurorebit.results.pages.plots import PALETTE, Series, bars
from neurorebit.results.pages.table import Column, Table, number, share, word
from neurorebit.results.pages.text import pointer
from neurorebit.results.pipeline import KINDS, longest, name

MOST = 150  # layers of a figure
SAYS = (
    "Share of the time between images in which the part that a layer takes longest is at work; in "
    "a training share of the iteration. A layer at 100 % is what the others wait for."
)


def figures(report: Json) -> list[Figure]:
    """The stages of the pipeline; nothing where layers follow each other."""
    found = report.get("pipeline")
    if found is None:
        return []
    kinds = [kind for kind in KINDS if found[kind] is not None]
    limited = ""
    if (layers := len(found[kinds[0]]["utilization_of_layers"])) > MOST:
        limited = f"The first {MOST:,} of {layers:,} layers; report.json has all."
    return [
        Figure(
            "pipeline-stages",
            "How busy each layer is",
            {kind: _busy(found[kind], PALETTE[i]) for i, kind in enumerate(kinds)},
            {"Of": tuple(kinds)},
            says=SAYS,
            limited=limited,
            tables=(_rates(found, kinds), *(_steps(found[kind], kind) for kind in kinds)),
        )
    ]


def _busy(found: Json, colour: str) -> Plot:
    shares = dict(list(found["utilization_of_layers"].items())[:MOST])
    limits = {
        limit["layer"]: name(limit) for step in longest(found)[::-1] for limit in step["limits"][:1]
    }
    notes = [f"waited for: {limits[who]}" if who in limits else "" for who in shares]
    series = Series("busy", list(shares.values()), colour, notes=notes)
    return bars(list(shares), [series], "busy", "%")


def _rates(found: Json, kinds: list[str]) -> Table:
    """Images a second, and the time between them."""
    keys = {
        "images_per_s": "", "interval_s": "s", "latency_s": "s", "time_of_images_s": "s",
        "without_pipeline_s": "s",
    }  # fmt: skip
    heads = (
        "images/s", "time between images", "one image alone", "time of a batch",
        "time between images, layer after layer",
    )  # fmt: skip
    columns = [Column("of", numbers=False)]
    columns += [Column(head, unit) for head, unit in zip(heads, keys.values(), strict=True)]
    rows = [
        [
            word(kind),
            *(
                number(found[kind][key], unit, pointer("pipeline", kind, key))
                for key, unit in keys.items()
            ),
        ]
        for kind in kinds
    ]
    return Table("Images a second", columns, rows)


def _steps(found: Json, kind: str) -> Table:
    """The steps, and what each waits for."""
    columns = [Column(head, numbers=False) for head in ("step", "layers", "waits for")]
    columns += [Column("interval", "s"), Column("fill", "s"), Column("share of a batch's time")]
    rows = []
    for i, step in enumerate(found["steps"]):
        at: tuple[str | int, ...] = ("pipeline", kind, "steps", i)
        rows.append([
            word(", ".join(step["phases"])),
            word(", ".join(step["layers"])),
            word(name(step["limits"][0]) if step["limits"] else ""),
            number(step["interval_s"], "s", pointer(*at, "interval_s")),
            number(step["fill_s"], "s", pointer(*at, "fill_s")),
            share(step["time_s"] / found["time_of_images_s"]),
        ])  # fmt: skip
    return Table(f"Steps of {kind}", columns, rows, rest="report.json has all")
