"""The comparison with silicon as plain values: for a program, and for a table."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from neurorebit.checking.silicon.outcome import Compared, Outcome
from neurorebit.checking.silicon.rows import Row
from neurorebit.checking.silicon.text import said


def values(outcome: Outcome) -> dict[str, Any]:
    """All that was compared, as plain values."""
    return {
        "silicon": [_macro(each) for each in outcome.macros],
        "tolerance": outcome.tolerance,
        "broken": list(outcome.broken),
    }


def row(one: Row) -> dict[str, Any]:
    """A row with its ratios; numbers in SI units."""
    return asdict(one) | {"ratio_blind": one.ratio(), "ratio_fitted": one.ratio(True)}


def _macro(each: Compared) -> dict[str, Any]:
    record, fitted = each.silicon.record, each.fitted
    return {
        "id": each.name,
        "silicon": record.silicon,
        "doi": record.doi,
        "grade": record.grade,
        "near": record.near,
        "kind": record.macro.kind,  # type: ignore[attr-defined]
        "constant": None
        if fitted is None
        else {
            "name": fitted.constant.name,
            "key": fitted.constant.key or None,
            "parts": list(fitted.constant.parts),
            "of": fitted.constant.of,
            "point": fitted.point,
            "value": fitted.value,
            "shown": fitted.shown,
        },
        "rows": [row(one) for one in each.rows],
        "shares": [asdict(one) | {"difference": one.difference} for one in each.shares],
        "other_points": len(each.deviations),
        "mean_deviation": each.mean,
        "mean_judged": each.mean_judged,
        "said": list(said(each)),
    }
