"""A mapping for a reader: what it costs, and how each layer stands on the chip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from neurorebit.schema.units import scale, show

FIRST = "Mapping of "  # how the first line begins
MM2 = 1e6  # in a square metre
UNITS = {"area": "m2", "energy": "J", "latency": "s", "edp": "J*s"}
NAMES = {"edp": "energy-delay product", "throughput": "time between images"}
CUTS = {  # keys of an entry that say how a layer is cut and where it stands
    "kernel_split": ("kernels split", "kernels whole"),
    "pack_groups": ("groups packed", "groups apart"),
    "share_tile": ("shares a tile", "own tile"),
}


class Amounts(Protocol):
    """What a mapping costs, by the names of the figures."""

    def of(self, objective: str) -> float: ...


class Found(Protocol):
    """A mapping that was made."""

    @property
    def before(self) -> Amounts: ...
    @property
    def best(self) -> Amounts: ...
    @property
    def rows(self) -> tuple[dict[str, Any], ...]: ...
    @property
    def about(self) -> dict[str, Any]: ...
    @property
    def stopped(self) -> bool: ...
    @property
    def objective(self) -> str: ...
    @property
    def gain(self) -> float: ...
    @property
    def gap(self) -> float: ...


def heads(found: Found) -> Iterator[str]:
    """What was mapped, what it costs, and how near it is to the best."""
    about, objective = found.about, found.objective
    name = NAMES.get(objective, objective)
    yield (
        f"{FIRST}{about['network']} on {about['architecture']}: least {name} of {about['work']} "
        f"in {MM2 * about['area']:.4g} mm2"
    )
    for figure, unit in UNITS.items():
        if objective == "throughput":  # of which latency and its products say nothing
            if figure == "edp":
                continue
            figure = "throughput" if figure == "latency" else figure
        before, after = found.before.of(figure), found.best.of(figure)
        yield f"{NAMES.get(figure, figure)}: {_show(after, unit)}, before {_show(before, unit)}"
    stopped = "; the time ran out" if found.stopped else ""
    yield (
        f"gain in {name} {found.gain:.4g}; no mapping is better by more than {100 * found.gap:.2g} "
        f"% ({about['programmes']} integer programmes){stopped}"
    )
    yield (
        f"energy with leakage, without DRAM; {about['technology']}, {about['device']}, "
        f"{about['activity']} activity"
    )


def text(found: Found) -> str:
    """The figures and a table of the layers."""
    rows = [_row(row) for row in found.rows]
    from tabulate import tabulate  # an estimate needs no table of this kind

    head = ("layer", "copies", "", "tiles", "", "latency", "", "cut and place")
    below = ("", "before", "after", "before", "after", "before", "after", "")
    align = ("left", *["right"] * 6, "left")
    table = tabulate([below, *rows], head, "simple", disable_numparse=True, colalign=align)
    return "\n".join((*heads(found), "", table))


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    said = [words[not row[key]] for key, words in CUTS.items() if row[key] is not None]
    return (
        row["layer"],
        f"{row['copies_before']:g}",
        f"{row['copies_after']:g}",
        f"{row['tiles_before']:.4g}",
        f"{row['tiles']:.4g}",
        show(row["latency_before_s"], "s"),
        show(row["latency_s"], "s"),
        ", ".join(said),
    )


def _show(value: float, unit: str) -> str:
    if unit == "m2":
        return f"{MM2 * value:.5g} mm2"
    if "*" not in unit:
        return show(value, unit, 5)
    number, seconds = scale(value, "s")
    return f"{number:.5g} J*{seconds}"
