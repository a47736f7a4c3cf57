"""The outcome of a comparison: tables for a reader, and plain values for a program."""

from __future__ import annotations

from typing import Any

from tabulate import tabulate

from neurorebit.checking.compare import UNCOMPARED, Comparison, Figure
from neurorebit.checking.records import TOLERANCE


def outcome(comparison: Comparison) -> dict[str, Any]:
    """Everything that was compared, as plain values by group and figure."""
    return {
        name: {
            "source": comparison.source,
            "values": group.values,
            "compared": group.compared,
            "quantities": {
                figure: values.summary | {"correction": _said(comparison, values)}
                for figure, values in group.figures.items()
            },
            "not_compared": [{"reason": reason, "n": n} for reason, n in group.left_out.items()],
        }
        for name, group in comparison.groups.items()
    }


def _said(comparison: Comparison, values: Figure) -> str | None:
    """The slips of the source that a figure has been corrected for."""
    said = (comparison.corrections[number].source for number in values.corrections)
    return "; ".join(said) or None


def text(comparison: Comparison) -> str:
    """The table of figures, corrections of the source, values not compared, and the verdict."""
    numbers = {correction: n for n, correction in enumerate(_met(comparison), start=1)}
    parts = [_figures(comparison, numbers)]
    if numbers:
        parts.append(_corrections(comparison, numbers))
    if any(group.left_out for group in comparison.groups.values()):
        parts.append(_left_out(comparison))
    return "\n\n".join([*parts, _verdict(comparison)])


def _met(comparison: Comparison) -> list[int]:
    """The corrections that apply to a value, in the order of the table."""
    figures = (figure for group in comparison.groups.values() for figure in group.figures.values())
    return list(dict.fromkeys(number for figure in figures for number in figure.corrections))


def _figures(comparison: Comparison, numbers: dict[int, int]) -> str:
    rows = []
    for name, group in comparison.groups.items():
        for figure, values in group.figures.items():
            seen = values.summary
            marks = " ".join(str(numbers[number]) for number in values.corrections)
            shares = (f"{seen[key]:.1e}" for key in ("median_rel", "p95_rel", "max_rel"))
            ratio = f"{seen['ratio']['median']:.4g}"
            rows.append((name, figure, seen["n"], *shares, ratio, marks))
    head = ("block", "figure", "values", "median", "95 %", "largest", "ratio", "correction")
    table: str = tabulate(
        rows, head, disable_numparse=True, colalign=("left",) * 2 + ("right",) * 5 + ("left",)
    )
    return (
        f"Relative deviation of our figures from the figures of {comparison.source}, and the "
        f"median ratio of ours to theirs\n\n{table}"
    )


def _corrections(comparison: Comparison, numbers: dict[int, int]) -> str:
    lines = [f"Corrections of the figures of {comparison.source}, made before the comparison"]
    for number, shown in numbers.items():
        correction = comparison.corrections[number]
        values = comparison.corrected[number]
        lines.append(f"{shown:3d}  {correction.of}, {values} values: {correction.source}")
        lines.append(f"     right: {correction.right}")
    return "\n".join(lines)


def _left_out(comparison: Comparison) -> str:
    lines = ["Not compared"]
    for name, group in comparison.groups.items():
        for reason, count in group.left_out.items():
            lines.append(f"     {name}, {count} values: {reason}")
    return "\n".join(lines)


def _verdict(comparison: Comparison) -> str:
    broken = comparison.broken
    if broken:
        return "\n".join(["Bounds that do not hold", *(f"     {line}" for line in broken)])
    return (
        f"{comparison.compared} of {comparison.values} values compared, each within "
        f"{TOLERANCE:.0%} or its record's tolerance; at most {UNCOMPARED:.0%} may be left out"
    )
