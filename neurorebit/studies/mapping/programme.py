"""The integer programme: one option of each layer, the best together on a chip that has room.

Time is a sum over layers. Energy has the leakage of the whole chip over the whole time in it, a
product of two sums, and an energy-delay product another. Such products are bounded from below by
planes (McCormick 1976) within a box of times and of leakages, and the box is cut where the best
point of the bound lies: there the planes of both halves touch the product. So the bound and the
best design meet, to within the gap that is asked for. Each box is solved by HiGHS.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurorebit.studies.mapping.layout import AREA, EXACT, THROUGHPUT, Array, Box, Layout, Whole

INFEASIBLE = 2  # how HiGHS ends, as SciPy numbers it


class Programme:
    """One integer programme: a layout, a box, and bounds from the best choice so far.

    Columns: the options, kernel-split tiles, other tiles, shared tiles, the longest times, the
    time, the leakage, the energy of leakage, the objective.
    """

    def __init__(
        self, layout: Layout, objective: str, box: Box, *, most: float, value: float
    ) -> None:
        """A chip takes ``most`` area at most; ``value`` is that of the best choice so far."""
        self.layout, self.objective, self.box = layout, objective, box
        menu = layout.menu
        self.n = len(menu.stage)
        self.kinds = [f"longest{i}" for i in range(menu.longest.shape[-1])]
        names = "split", "whole", "shared", *self.kinds, "time", "watts", "leaked", "goal"
        self.at = {name: self.n + i for i, name in enumerate(names)}
        self.columns = self.n + len(names)
        self._rows: list[tuple[dict[int, float] | Array, float, float]] = []
        self.scale = self._scales()
        self._structure(most)
        self.energy_range = self._energies(value)
        self._goal()

    def _scales(self) -> tuple[float, float]:
        """A time and an energy that numbers are brought near to one with."""
        menu = self.layout.menu
        seconds = max(self.box.time[0], 1e-300)
        joules = float(np.sum(menu.energy)) / max(len(menu.energy), 1) + 1e-300
        joules += self.box.leakage[1] * seconds
        return seconds, joules

    def _row(self, low: float, high: float, options: Array | None = None, **more: float) -> None:
        full = np.zeros(self.columns)
        if options is not None:
            full[: self.n] = options
        for name, factor in more.items():
            full[self.at[name]] = factor
        largest = float(np.max(np.abs(full))) or 1.0
        self._rows.append((full / largest, low / largest, high / largest))

    def _structure(self, most: float) -> None:
        """One option a stage, the tiles that they take, the area, time and leakage."""
        layout, menu = self.layout, self.layout.menu
        seconds, joules = self.scale
        for stage in np.unique(menu.stage):
            self._row(1.0, 1.0, np.where(menu.stage == stage, 1.0, 0.0))
        self._row(0.0, 0.0, menu.split, split=-1.0)
        self._row(0.0, 0.0, menu.whole, shared=1.0, whole=-1.0)
        self._row(-(layout.held - 1.0), 0.0, menu.arrays, shared=-layout.held)
        self._row(*layout.tiles, split=1.0, whole=1.0)
        base, split, whole = layout.area
        if np.isfinite(most):
            self._row(-np.inf, most * (1.0 + EXACT) - base, split=split, whole=whole)
        for kind, times in zip(self.kinds, menu.longest.T, strict=True):
            for stage in np.unique(menu.stage):
                own = np.where(menu.stage == stage, times / seconds, 0.0)
                self._row(-np.inf, 0.0, own, **{kind: -1.0})
        longest = dict.fromkeys(self.kinds, 1.0)
        self._row(0.0, 0.0, menu.time / seconds, time=-1.0, **longest)
        unit = joules / seconds
        base, split, whole = (watts / unit for watts in layout.leakage)
        self._row(-base, -base, split=split, whole=whole, watts=-1.0)

    def _energies(self, value: float) -> tuple[float, float]:
        """The range of energies in the box that are of interest, in scaled numbers."""
        menu, (_, joules) = self.layout.menu, self.scale
        stages = np.unique(menu.stage)
        low = sum(float(np.min(menu.energy[menu.stage == stage])) for stage in stages)
        low += self.box.leakage[0] * self.box.time[0]
        high = sum(float(np.max(menu.energy[menu.stage == stage])) for stage in stages)
        high += self.box.leakage[1] * self.box.time[1]
        if self.objective == "energy":
            high = min(high, value)
        if self.objective == "edp":
            high = min(high, value / self.box.time[0])
        return low / joules, max(high, low) / joules

    def _goal(self) -> None:
        """The objective, and the planes below the products in it."""
        menu, (_, joules) = self.layout.menu, self.scale
        if self.objective == "latency":
            self._row(0.0, 0.0, time=1.0, goal=-1.0)
            return
        if self.objective == AREA:
            _, split, whole = np.array(self.layout.area) / np.max(np.abs(self.layout.area))
            self._row(0.0, 0.0, split=split, whole=whole, goal=-1.0)
            return
        if self.objective == THROUGHPUT:
            self._interval()
            return
        (t0, t1), (p0, p1) = self._scaled_box
        for t, p in ((t0, p0), (t1, p1)):
            self._row(-np.inf, p * t, time=p, watts=t, leaked=-1.0)
        if self.objective == "energy":
            self._row(0.0, 0.0, menu.energy / joules, leaked=1.0, goal=-1.0)
            return
        self._row(-np.inf, self.energy_range[1], menu.energy / joules, leaked=1.0)
        for t, e in ((t0, self.energy_range[0]), (t1, self.energy_range[1])):
            self._row(-np.inf, e * t, menu.energy / joules * t, leaked=t, time=e, goal=-1.0)

    def _interval(self) -> None:
        """No part is taken for longer than the interval: neither one of a stage's own, nor one that
        all stages share.
        """
        menu, (seconds, _) = self.layout.menu, self.scale
        for stage in np.unique(menu.stage):
            own = np.where(menu.stage == stage, menu.own / seconds, 0.0)
            self._row(-np.inf, 0.0, own, goal=-1.0)
        for loads in menu.common.T:
            self._row(-np.inf, 0.0, loads / seconds, goal=-1.0)

    @property
    def _scaled_box(self) -> tuple[tuple[float, float], tuple[float, float]]:
        seconds, joules = self.scale
        (t0, t1), (p0, p1) = self.box
        unit = joules / seconds
        return (t0 / seconds, t1 / seconds), (p0 / unit, p1 / unit)

    @property
    def _unit(self) -> float:
        """What the scaled objective is to be multiplied by."""
        seconds, joules = self.scale
        units = {"latency": seconds, THROUGHPUT: seconds, "energy": joules, "edp": joules * seconds}
        return units.get(self.objective, 1.0)

    def relaxed(self) -> float:
        """A bound from below: options may be picked in part. Infinite where there is no choice."""
        return self._solve(np.zeros(self.columns), 0.0, np.inf)[1]

    def solved(self, gap: float, seconds: float) -> tuple[Whole | None, float]:
        """The options that are picked, and a bound; None, where none are (or none in time)."""
        whole = np.zeros(self.columns)
        whole[: self.n] = 1.0
        for name in ("split", "whole", "shared"):
            whole[self.at[name]] = 1.0
        return self._solve(whole, gap, seconds)

    def _solve(self, whole: Array, gap: float, seconds: float) -> tuple[Whole | None, float]:
        from scipy import sparse
        from scipy.optimize import Bounds, LinearConstraint, milp

        goal = np.zeros(self.columns)
        goal[self.at["goal"]] = 1.0
        rows, lows, highs = zip(*self._rows, strict=True)
        low, high = np.zeros(self.columns), np.full(self.columns, np.inf)
        high[: self.n] = 1.0
        low[self.at["goal"]] = -np.inf
        for name, there in (("split", self.layout.split), ("whole", self.layout.whole)):
            low[self.at[name]] = 1.0 if there else 0.0
            high[self.at[name]] = np.inf if there else 0.0
        times, watts = self._scaled_box
        for name, (least, most) in (("time", times), ("watts", watts)):
            low[self.at[name]], high[self.at[name]] = least * (1 - EXACT), most * (1 + EXACT)
        matrix = sparse.csr_array(np.array(rows))
        options: Any = {"mip_rel_gap": gap}
        if np.isfinite(seconds):
            options["time_limit"] = max(seconds, 0.01)
        found = milp(
            goal,
            integrality=whole.astype(np.int64),
            bounds=Bounds(low, high),
            constraints=LinearConstraint(matrix, np.array(lows), np.array(highs)),
            options=options,
        )
        if found.status == INFEASIBLE:
            return None, np.inf
        bound = found.fun if found.get("mip_dual_bound") is None else found.mip_dual_bound
        bound = -np.inf if bound is None else float(bound)
        if found.x is None:
            return None, bound * self._unit
        return self._picked(found.x), bound * self._unit

    def _picked(self, x: Array) -> Whole:
        """The option of each stage."""
        stage = self.layout.menu.stage
        places = [np.flatnonzero(stage == one) for one in np.unique(stage)]
        return np.array([of[np.argmax(x[of])] for of in places])

    def halves(self, picked: Whole) -> list[Box]:
        """The box cut at a choice, where planes lie furthest below a product; none: nowhere."""
        if self.objective not in ("energy", "edp"):
            return []
        layout, box, (_, joules) = self.layout, self.box, self.scale
        time, watts = layout.times(picked), layout.watts(picked)
        of_leakage = watts * time - _below(time, watts, box.time, box.leakage)
        if self.objective == "energy":
            return self._cut(time, watts, by_time=False) if of_leakage > 0.0 else []
        energy = layout.joules(picked)
        e0, e1 = (e * joules for e in self.energy_range)
        of_delay = energy * time - _below(time, energy, box.time, (e0, e1))
        if max(of_leakage * time, of_delay) <= EXACT * energy * time:
            return []
        return self._cut(time, watts, by_time=of_delay > of_leakage * time)

    def _cut(self, time: float, watts: float, *, by_time: bool) -> list[Box]:
        (t0, t1), (p0, p1) = self.box
        times = [Box((t0, time), (p0, p1)), Box((time, t1), (p0, p1))]
        leakages = [Box((t0, t1), (p0, watts)), Box((t0, t1), (watts, p1))]
        cuts = [(t0 < time < t1, times), (p0 < watts < p1, leakages)]
        possible = [boxes for inside, boxes in (cuts if by_time else cuts[::-1]) if inside]
        return possible[0] if possible else []


def _below(
    one: float, other: float, ones: tuple[float, float], others: tuple[float, float]
) -> float:
    """The higher of the two planes below a product of two numbers of these ranges."""
    return max(a * other + b * one - a * b for a, b in zip(ones, others, strict=True))
