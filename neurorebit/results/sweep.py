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
    "inference_energy": "inference energy [J/image]",
    "inference_latency": "inference latency [s/image]",
    "throughput": "training interval [s/image]",  # between images: the less, the more a second
    "inference_throughput": "inference interval [s/image]",
    "programming_energy": "programming energy [J]",
    "programming_latency": "programming latency [s]",
}
USUAL = ("energy", "inference_energy")  # which designs are ordered by unless a criterion is given
FEW = 1000  # designs whose front is computed in one step


def usual(table: Table) -> str:
    """The criterion that designs are ordered by: of inference where none of them trains."""
    training, inference = USUAL
    values = table[CRITERIA[training]][table[FEASIBLE]]
    return training if np.any(np.isfinite(values)) or not values.size else inference


# --- the front


def front(table: Table, criteria: Sequence[str]) -> NDArray[np.bool_]:
    """The feasible designs that none is better than in one criterion and no worse in the others.

    A chip that lacks a criterion (training, where it only infers) is on no front.
    """
    costs = np.stack([table[CRITERIA[name]] for name in criteria], axis=-1)
    return unbeaten(costs, table[FEASIBLE])


def unbeaten(costs: NDArray[np.float64], feasible: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same of costs, a row for each design; of those with a nan none."""
    kept = np.zeros(len(costs), dtype=bool)
    rows = np.flatnonzero(feasible & np.all(np.isfinite(costs), axis=-1))
    if rows.size:
        points, which = np.unique(costs[rows], axis=0, return_inverse=True)
        kept[rows] = _undominated(points)[which.ravel()]
    return kept


def _of_two(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of different points no other one is below, in two criteria: they come in order of
    the first, then of the second: each is less in the second than all before it.
    """
    before = np.minimum.accumulate(points[:, 1])
    return points[:, 1] < np.concatenate(([np.inf], before[:-1]))


def _undominated(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of different points no other one is below; they come in lexicographic order."""
    if points.shape[1] == 2:
        return _of_two(points)
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
