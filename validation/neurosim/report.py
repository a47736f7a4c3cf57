"""The outcome as tables for a reader, and as JSON for a program."""

from __future__ import annotations

from typing import Any

from tabulate import tabulate

from validation.neurosim.compare import LARGEST, UNCOMPARED, Comparison
from validation.neurosim.quirks.quirk import Quirk


def outcome(found: Comparison, chips: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that was found, as plain values."""
    return {
        "modules": {
            name: {
                "values": module.values,
                "compared": module.compared,
                "quantities": {
                    quantity: values.summary for quantity, values in module.quantities.items()
                },
                "not_compared": [
                    {"reason": reason, "n": n} for reason, n in module.not_compared.items()
                ],
            }
            for name, module in found.modules.items()
        },
        "chips": chips,
    }


def text(found: Comparison) -> str:
    """The table of quantities, the quirks that were undone, what was left out, the verdict."""
    numbers = {quirk: number for number, quirk in enumerate(found.met, start=1)}
    parts = [_quantities(found, numbers)]
    if numbers:
        parts.append(_quirks(found, numbers))
    if any(module.not_compared for module in found.modules.values()):
        parts.append(_not_compared(found))
    return "\n\n".join([*parts, _verdict(found)])


def _quantities(found: Comparison, numbers: dict[Quirk, int]) -> str:
    rows = []
    for name, module in found.modules.items():
        for quantity, values in module.quantities.items():
            seen = values.summary
            undone = [
                str(n) for quirk, n in numbers.items() if (name, quantity) in found.where[quirk]
            ]
            share = (f"{seen[key]:.1e}" for key in ("median_rel", "p95_rel", "max_rel"))
            rows.append((name, quantity, seen["n"], *share, " ".join(undone)))
    head = ("module", "quantity", "values", "median", "95 %", "largest", "quirk")
    table: str = tabulate(
        rows, head, disable_numparse=True, colalign=("left",) * 2 + ("right",) * 4
    )
    return f"Relative deviation of our figures from the reference's\n\n{table}"


def _quirks(found: Comparison, numbers: dict[Quirk, int]) -> str:
    lines = ["Quirks of the reference, undone before the comparison"]
    for quirk, number in numbers.items():
        of = f"{quirk.module} {quirk.variant}".strip()
        lines.append(f"{number:3d}  {of}, {found.met[quirk]} values: {quirk.tool}")
        lines.append(f"     right: {quirk.right}")
    return "\n".join(lines)


def _not_compared(found: Comparison) -> str:
    lines = ["Not compared"]
    for name, module in found.modules.items():
        for reason, count in module.not_compared.items():
            lines.append(f"     {name}, {count} values: {reason}")
    return "\n".join(lines)


def _verdict(found: Comparison) -> str:
    values = sum(module.values for module in found.modules.values())
    compared = sum(module.compared for module in found.modules.values())
    broken = found.broken
    if broken:
        return "\n".join(["Bounds that do not hold", *(f"     {line}" for line in broken)])
    return (
        f"{compared} of {values} values compared, each within {LARGEST:.0%}; at most "
        f"{UNCOMPARED:.0%} may be left out"
    )
