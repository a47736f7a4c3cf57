"""The table of a sweep, and its Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = dict[str, NDArray[Any]]  # columns of equal length, by name and unit

FEASIBLE, REASON, PARETO = "feasible", "reason", "pareto"
CRITERIA = {  # what designs may be compared by, the less the better
    "energy": "training energy [J/image]",
    "energy_with_dram": "training energy with DRAM [J/image]",
    "latency": "training latency [s/image]",
    "area": "area [m2]",
    "leakage": "leakage [W]",
    "inference_energy": "forward energy [J/image]",
    "inference_latency": "forward latency [s/image]",
}
FEW = 1000  # designs whose front is computed in one step


# --- the front


def front(table: Table, criteria: Sequence[str]) -> NDArray[np.bool_]:
    """The feasible designs that none is better than in one criterion and no worse in the others."""
    costs = np.stack([table[CRITERIA[name]] for name in criteria], axis=-1)
    kept = np.zeros(len(costs), dtype=bool)
    rows = np.flatnonzero(table[FEASIBLE])
    if rows.size:
        points, which = np.unique(costs[rows], axis=0, return_inverse=True)
        kept[rows] = _undominated(points)[which.ravel()]
    return kept


def _undominated(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of different points no other one is below."""
    kept = np.zeros(len(points), dtype=bool)
    left = np.arange(len(points))
    while left.size > FEW:  # fronts of shares first: what is not on one is not on that of all
        shares = -(-left.size // FEW)
        fronts = [left[i::shares][_alone(points[left[i::shares]])] for i in range(shares)]
        before, left = left.size, np.concatenate(fronts)
        if left.size > 0.7 * before:
            break
    kept[left[_alone(points[left])]] = True
    return kept


def _alone(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The same, one point of the front after the other."""
    kept = np.zeros(len(points), dtype=bool)
    ranks = [np.unique(column, return_inverse=True)[1] for column in points.T]
    left = np.argsort(np.sum(ranks, axis=0))
    points = points[left]
    while left.size:
        kept[left[0]] = True  # of the least sum of ranks: no other can be below it
        better = np.any(points < points[0], axis=1)
        left, points = left[better], points[better]
    return kept
