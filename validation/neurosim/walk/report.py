"""Chips as text: the table of all, the steps, and one chip's way from their figures to ours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from tabulate import tabulate

from validation.neurosim.records.chip import ChipRecord
from validation.neurosim.walk.compare import LARGEST, Chip, Walk, compare_chips, tool_of

SHORT = {
    "area_m2": "area",
    "forward_energy_J": "forward energy",
    "forward_latency_s": "forward time",
    "activation_gradient_energy_J": "backward energy",
    "activation_gradient_latency_s": "backward time",
}
UNITS = {"area_m2": "m2", "energy_J": "J", "latency_s": "s"}


def chip_text(chips: list[Chip]) -> str:
    """What came of all chips."""
    parts = [_table(chips)]
    if any(walk.changes for chip in chips for walk in chip.figures.values()):
        parts.append(_steps(chips))
    left_out = [
        f"     {chip.record.name}, {name}: {reason}"
        for chip in chips
        for name, reason in chip.not_compared.items()
    ]
    if left_out:
        parts.append("\n".join(["Of chips not compared", *left_out]))
    return "\n\n".join([*parts, _verdict(chips)])


def _table(chips: Iterable[Chip]) -> str:
    """A row a chip: our figure over theirs, and what is left of the difference."""
    rows = []
    for chip in chips:
        worst = max((walk.deviation for walk in _all(chip)), default=0.0)
        cells = []
        for name in SHORT:
            walk = chip.figures.get(name)
            cells.append(
                "" if walk is None else f"{walk.ours / walk.theirs:.2f}  {walk.deviation:.2%}"
            )
        rows.append((chip.record.name, *cells, f"{worst:.2%}"))
    head = ("chip", *SHORT.values(), "worst layer")
    aligned = ("left",) + ("right",) * (len(SHORT) + 1)
    table: str = tabulate(rows, head, disable_numparse=True, colalign=aligned)
    return (
        "Chips: our figure over theirs, and how far the two are apart after corrections\n\n"
        f"{table}\n\n{_spread(chips)}"
    )


def _spread(chips: Iterable[Chip]) -> str:
    """Median and largest deviation of each figure, of chips and of layers."""
    lines = []
    for name, short in SHORT.items():
        whole = [chip.figures[name].deviation for chip in chips if name in chip.figures]
        layers = [walk.deviation for chip in chips for walk in chip.layers.get(name, {}).values()]
        parts = [
            f"{len(deviations)} {of}, median {np.median(deviations):.2%}, "
            f"largest {max(deviations):.2%}"
            for of, deviations in (("chips", whole), ("layers", layers))
            if deviations
        ]
        if parts:
            lines.append(f"  {short}: {'; '.join(parts)}")
    return "\n".join(["After corrections", *lines])


def _steps(chips: list[Chip]) -> str:
    """Every step that was met, and the median of what it changes."""
    lines = ["From their chips to ours, step by step; median change in units of their figure"]
    met: dict[tuple[str, str], dict[str, list[float]]] = {}
    texts = {}
    for chip in chips:
        steps = tool_of(chip.record).steps
        for name, walk in chip.figures.items():
            for step, change in walk.changes.items():
                texts[step] = steps[step]
                shares = met.setdefault((step, name), {}).setdefault("shares", [])
                shares.append(change / walk.theirs)
    order = dict.fromkeys(step for chip in chips for step in tool_of(chip.record).steps)
    for step in (step for step in order if step in texts):
        text = texts[step]
        medians = (
            f"{SHORT[name]} {np.median(values['shares']):+.3f}"
            for (other, name), values in met.items()
            if other == step
        )
        lines += [
            f"  {step}: {', '.join(medians)}",
            f"     theirs: {text.tool}",
            f"     ours: {text.right}",
        ]
    return "\n".join(lines)


def _verdict(chips: list[Chip]) -> str:
    broken = [line for chip in chips for line in chip.broken]
    if broken:
        return "\n".join(["Bounds of chips that do not hold", *(f"     {line}" for line in broken)])
    walks = [walk for chip in chips for walk in _all(chip)]
    far = [walk.open_share for walk in walks if abs(walk.ours / walk.theirs - 1.0) > LARGEST]
    return (
        f"{len(walks)} figures of {len(chips)} chips and their layers compared, each within "
        f"{LARGEST:.0%} after corrections; where ours differ from theirs by more, the steps leave "
        f"at most {max(far, default=0.0):.1%} of a difference open"
    )


def _all(chip: Chip) -> list[Walk]:
    layers = (walk for walks in chip.layers.values() for walk in walks.values())
    return [*chip.figures.values(), *layers]


def waterfall_text(records: tuple[ChipRecord, ...], name: str) -> tuple[str, bool]:
    """One chip's way from their figures to ours, and whether its bounds hold."""
    chosen = next(record for record in records if record.name == name)
    (chip,) = compare_chips([chosen])
    steps = list(dict.fromkeys(step for walk in chip.figures.values() for step in walk.changes))
    rows = [["theirs", *(f"{walk.theirs:.4g}" for walk in chip.figures.values())]]
    for step in steps:
        changes = (walk.changes.get(step) for walk in chip.figures.values())
        rows.append([step, *("" if c is None else f"{c:+.3g}" for c in changes)])
    rows.append(["unexplained", *(f"{walk.unexplained:+.3g}" for walk in chip.figures.values())])
    rows.append(["ours", *(f"{walk.ours:.4g}" for walk in chip.figures.values())])
    head = (name, *(SHORT[figure] for figure in chip.figures))
    aligned = ("left",) + ("right",) * len(chip.figures)
    table: str = tabulate(rows, head, disable_numparse=True, colalign=aligned)
    return f"{table}\n\n{_verdict([chip])}", not chip.broken
