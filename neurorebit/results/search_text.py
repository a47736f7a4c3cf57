"""A search for a reader: what was searched, the designs of the front, what moves the objectives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from tabulate import tabulate

from neurorebit.results.frames import unit_of
from neurorebit.results.sweep import REASON, Table
from neurorebit.results.sweep_text import head_and_values
from neurorebit.schema import units

STATE, FRONT, TRIAL, SPREAD = "state", "front", "trial", "accuracy spread"
MOST_ROWS, MOST_REASONS, MOST_KEYS = 20, 3, 6


def text(table: Table, about: Mapping[str, Any]) -> str:
    """The counts, the front as a table, and the importances."""
    parts = ["\n".join([*_heads(table, about), *_reasons(table)])]
    rows, names = shown(table, about)
    if rows.size:
        listed = [(name, table[name][rows]) for name in names]
        heads, texts = zip(*(head_and_values(name, values) for name, values in listed), strict=True)
        align = ["left" if values.dtype == object else "right" for _, values in listed]
        body = list(zip(*texts, strict=True))
        total = int(np.count_nonzero(table[FRONT]))
        parts.append(f"The front: {len(rows)} of {total:,} designs that none beats")
        parts.append(tabulate(body, heads, "simple", disable_numparse=True, colalign=align))
    shares = [line for name, keys in about["importances"].items() if (line := _share(name, keys))]
    if shares:
        parts.append("\n".join(["Share of the variance that a key alone explains:", *shares]))
    return "\n\n".join(parts)


def shown(table: Table, about: Mapping[str, Any], most: int = MOST_ROWS) -> tuple[Any, list[str]]:
    """The rows of the front in order of the first objective, and the columns for a reader."""
    rows = np.flatnonzero(table[FRONT])
    first = about["objectives"][0]
    order = table[first["column"]][rows]
    rows = rows[np.argsort(-order if first["more"] else order, kind="stable")][:most]
    columns = [one["column"] for one in about["objectives"]]
    columns += [one["column"] for one in about["where"] if one["column"] not in columns]
    if SPREAD in table and np.any(np.isfinite(table[SPREAD])):
        columns.append(SPREAD)
    moved = [key for key in about["keys"] if len({str(value) for value in table[key][rows]}) > 1]
    return rows, [TRIAL, *moved, *columns]


def fixed(table: Table, about: Mapping[str, Any]) -> dict[str, str]:
    """The keys that have one value on the whole front, and that value."""
    rows, names = shown(table, about)
    keys = (key for key in about["keys"] if key not in names)
    said = {key: _said(key, table[key][rows][0]) for key in keys if rows.size}
    return {key.partition(" [")[0]: value for key, value in said.items() if value}


def _said(key: str, value: Any) -> str:
    """A value of a key with its unit; nothing where a design has none."""
    if isinstance(value, str):
        return value
    return units.show(float(value), unit_of(key)) if np.isfinite(value) else ""


def _heads(table: Table, about: Mapping[str, Any]) -> list[str]:
    states = Counter(table[STATE].tolist())
    counts = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items())) or "none"
    names = ", ".join(one["name"] for one in about["objectives"])
    size = about["designs"]
    of = f" of a space of {size:,}" if size is not None else ""
    lines = [
        f"{len(table[STATE]):,} designs{of} for {names}: {counts}",
        f"sampler {about['sampler']}, seed {about['seed']}, {about['batch']} designs at once",
    ]
    if about["where"]:
        lines.append(f"where {', '.join(one['text'] for one in about['where'])}")
    for i, rung in enumerate(about["training"]):
        what = "accuracy" if i == len(about["training"]) - 1 else f"rung {i + 1}"
        lines.append(f"{what} after {rung['text']}")
    if about["interrupted"]:
        lines.append("! interrupted before the budget was spent")
    if about["exhausted"]:
        lines.append("every design of the space was tried")
    return lines + [
        f"on the whole front {key}={value}" for key, value in fixed(table, about).items()
    ]


def _reasons(table: Table) -> list[str]:
    """Why designs are not taken, the commonest reasons first."""
    counts = Counter(reason for reason in table[REASON].tolist() if reason).most_common()
    rest = sum(count for _, count in counts[MOST_REASONS:])
    lines = [f"! {count:,}: {reason}" for reason, count in counts[:MOST_REASONS]]
    return lines + ([f"! {rest:,}: for other reasons"] if rest else [])


def _share(name: str, keys: Mapping[str, float]) -> str:
    """The most important keys of an objective in a line."""
    first: Sequence[tuple[str, float]] = list(keys.items())[:MOST_KEYS]
    return f"  {name}: " + ", ".join(f"{key} {share:.0%}" for key, share in first) if first else ""
