"""The outcome of a comparison: tables for a reader, and plain values for a program."""

from __future__ import annotations

from typing import Any

from tabulate import tabulate

from neurorebit.checking.compare import UNCOMPARED, Comparison, Figure
from neurorebit.checking.records import TOLERANCE


def outcome(found: Comparison) -> dict[str, Any]:
    """Everything that was compared, as plain values by group and figure."""
    return {
        name: {
            "source": found.source,
            "values": group.values,
            "compared": group.compared,
            "quantities": {
                figure: values.summary | {"correction": _said(found, values)}
                for figure, values in group.figures.items()
            },
            "not_compared": [{"reason": reason, "n": n} for reason, n in group.left_out.items()],
        }
        for name, group in found.groups.items()
    }


def _said(found: Comparison, values: Figure) -> str | None:
    """What the source does in a figure, without which it was compared."""
    said = (found.corrections[number].source for number in values.corrections)
    return "; ".join(said) or None


def text(found: Comparison) -> str:
    """The table of figures, the corrections of the source, what was left out, the verdict."""
    numbers = {correction: n for n, correction in enumerate(_met(found), start=1)}
    parts = [_figures(found, numbers)]
    if numbers:
        parts.append(_corrections(found, numbers))
    if any(group.left_out for group in found.groups.values()):
        parts.append(_left_out(found))
    return "\n\n".join([*parts, _verdict(found)])


def _met(found: Comparison) -> list[int]:
    """The corrections that changed a value, in the order of the table."""
    figures = (figure for group in found.groups.values() for figure in group.figures.values())
    return list(dict.fromkeys(number for figure in figures for number in figure.corrections))


def _figures(found: Comparison, numbers: dict[int, int]) -> str:
    rows = []
    for name, group in found.groups.items():
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
        f"Relative deviation of our figures from those of {found.source}, and the median of ours "
        f"over theirs\n\n{table}"
    )


def _corrections(found: Comparison, numbers: dict[int, int]) -> str:
    lines = [f"Corrections of the figures of {found.source}, made before the comparison"]
    for number, shown in numbers.items():
        correction = found.corrections[number]
        values = found.corrected[number]
        lines.append(f"{shown:3d}  {correction.of}, {values} values: {correction.source}")
        lines.append(f"     right: {correction.right}")
    return "\n".join(lines)


def _left_out(found: Comparison) -> str:
    lines = ["Not compared"]
    for name, group in found.groups.items():
        for reason, count in group.left_out.items():
            lines.append(f"     {name}, {count} values: {reason}")
    return "\n".join(lines)


def _verdict(found: Comparison) -> str:
    broken = found.broken
    if broken:
        return "\n".join(["Bounds that do not hold", *(f"     {line}" for line in broken)])
    return (
        f"{found.compared} of {found.values} values compared, each within {TOLERANCE:.0%} or its "
        f"record's tolerance; at most {UNCOMPARED:.0%} may be left out"
    )
