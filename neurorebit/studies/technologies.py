"""The same chip in every CMOS node, as one table: a sweep over technology files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tabulate import tabulate

from neurorebit.inputs.files import Source
from neurorebit.results.sweep import CRITERIA, FEASIBLE, REASON, Table, usual
from neurorebit.results.sweep_text import head_and_values
from neurorebit.results.typed.grid import Sweep
from neurorebit.schema import Argument, Setting, paths
from neurorebit.studies.sweep import sweep

TECHNOLOGY, SHARE = "technology", "leakage share [%]"
SHOWN = (
    CRITERIA["area"], CRITERIA["leakage"], CRITERIA["inference_energy"],
    "backward energy [J/image]", CRITERIA["energy"], SHARE, CRITERIA["inference_latency"],
    CRITERIA["latency"], "inference TOPS/W chip", "backward TOPS/W chip",
)  # fmt: skip
TOLD = (
    "Energy and TOPS/W with leakage, without DRAM. Training is all phases, with an image's share "
    "of an iteration; the leakage share is of its energy, or of inference where nothing is "
    "trained. Activity as the network file assumes it."
)


def nodes(
    network: Source,
    technologies: Sequence[str] = (),
    *,
    architecture: Source = "rebit",
    device: Source | None = None,
    settings: Sequence[Setting | str] = (),
) -> Sweep:
    """What the chip costs in each technology: a row for each, all shipped ones unless named.

    Those in which it cannot exist stay, with nan and the reason. InputError where a file or a
    setting is wrong.
    """
    found = sweep(
        network,
        designs={TECHNOLOGY: list(technologies) or shipped()},
        architecture=architecture,
        device=device,
        settings=settings,
        label=lambda _key, text, _row: Argument("technologies", text),
    )
    of = "" if usual(found.table) == "energy" else "inference_"
    leaked = found[CRITERIA["leakage"]] * found[CRITERIA[f"{of}throughput"]]
    share = 100.0 * leaked / found[CRITERIA[f"{of}energy"]]
    return Sweep({**found.table, SHARE: share}, found.axes)


def shipped() -> list[str]:
    """The shipped technologies: low power first, from the largest node to the smallest."""
    names = reversed(paths.nodes())
    return sorted(names, key=lambda name: name.partition("_")[2], reverse=True)


def text(table: Table) -> str:
    """The table for a reader."""
    feasible = table[FEASIBLE]
    shown = [name for name in SHOWN if np.any(np.isfinite(table[name])) or not np.any(feasible)]
    columns = [(name, table[name][feasible]) for name in (TECHNOLOGY, *shown)]
    head, texts = zip(*(head_and_values(name, values) for name, values in columns), strict=True)
    body = dict(zip(np.flatnonzero(feasible), zip(*texts, strict=True), strict=True))
    names = table[TECHNOLOGY]
    rows = [body.get(row, (names[row], *["-"] * len(shown))) for row in range(len(names))]
    align = ("left", *["right"] * len(shown))
    drawn = tabulate(rows, head, "simple", disable_numparse=True, colalign=align)
    reasons = [f"! {names[row]}: {table[REASON][row]}" for row in np.flatnonzero(~feasible)]
    return "\n\n".join(filter(None, (drawn, "\n".join(reasons), TOLD)))
