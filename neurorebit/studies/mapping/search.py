"""The search for the best choice: boxes of chips, the most promising first, cut until they meet."""

from __future__ import annotations

import heapq
import itertools
import time as clock
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from neurorebit.schema import Argument, InputError
from neurorebit.studies.mapping.layout import (
    AREA,
    EXACT,
    OBJECTIVES,
    Box,
    Layout,
    Whole,
    whole_box,
)
from neurorebit.studies.mapping.programme import Programme


@dataclass(frozen=True)
class Best:
    """The best choice: its layout and the options that are picked, its value, and a bound.

    No choice is better than ``bound``. ``programmes``: integer programmes that were solved.
    ``stopped``: the time ran out before the gap was closed.
    """

    layout: int
    picked: Whole
    value: float
    _: KW_ONLY
    bound: float
    programmes: int
    stopped: bool

    @property
    def gap(self) -> float:
        """By what share the bound lies below the value."""
        return max(0.0, 1.0 - self.bound / self.value) if self.value > 0.0 else 0.0


@dataclass
class _Search:
    """A search over layouts and boxes, with the best choice so far."""

    layouts: Sequence[Layout]
    objective: str
    most: float  # area
    _: KW_ONLY
    gap: float
    until: float
    best: tuple[int, Whole] | None = None
    value: float = np.inf
    bound: float = np.inf  # of what was closed
    programmes: int = 0
    stopped: bool = False
    queue: list[tuple[float, int, int, Box]] = field(default_factory=list)
    order: itertools.count[int] = field(default_factory=itertools.count)

    def push(self, bound: float, layout: int, box: Box) -> None:
        if np.isfinite(bound) and bound < self.value:
            heapq.heappush(self.queue, (bound, next(self.order), layout, box))

    def offer(self, layout: int, picked: Whole) -> None:
        """Keep a choice if it is the best so far."""
        value = OBJECTIVES[self.objective](self.layouts[layout], picked)
        if value < self.value:
            self.best, self.value = (layout, picked), value

    @property
    def enough(self) -> float:
        """A bound from which on nothing is better by more than the gap."""
        return self.value * (1.0 - max(self.gap, EXACT))

    def run(self) -> None:
        for number, layout in enumerate(self.layouts):
            box = whole_box(layout)
            programme = Programme(layout, self.objective, box, most=self.most, value=self.value)
            self.push(programme.relaxed(), number, box)
        while self.queue:
            bound, _, number, box = heapq.heappop(self.queue)
            if bound >= self.enough:
                self.bound = min(self.bound, bound)
                continue
            left = self.until - clock.monotonic()
            if left <= 0.0:
                self.bound, self.stopped = min(self.bound, bound), True
                return
            self._step(bound, number, box, left)

    def _step(self, known: float, number: int, box: Box, left: float) -> None:
        """Solve one box, and cut it where its bound lies below the choice that it gives."""
        layout = self.layouts[number]
        programme = Programme(layout, self.objective, box, most=self.most, value=self.value)
        self.programmes += 1
        picked, bound = programme.solved(max(self.gap / 10.0, EXACT), left)
        bound = max(bound, known)
        if picked is None:
            if np.isfinite(bound):
                self.bound, self.stopped = min(self.bound, bound), True
            return
        self.offer(number, picked)
        if bound >= self.enough:
            self.bound = min(self.bound, bound)
            return
        halves = programme.halves(picked)
        if not halves:
            self.bound = min(self.bound, bound)
        for half in halves:
            self.push(bound, number, half)


def optimum(
    layouts: Sequence[Layout],
    objective: str,
    area: float,
    *,
    gap: float,
    seconds: float,
) -> Best | None:
    """The best choice of a chip of at most this ``area``; None where no choice has room.

    The search ends where the bound lies within the share ``gap``
    below the best choice, or after so many ``seconds``; InputError where none was reached in time.
    """
    search = _Search(layouts, objective, area, gap=gap, until=clock.monotonic() + seconds)
    search.run()
    if search.best is None and search.stopped:
        message = f"no mapping was reached in {seconds:g} s"
        origin = Argument("time_limit", seconds)
        raise InputError(message, origin=origin, value=seconds, cure="allow more time")
    if search.best is None:
        return None
    waiting = min((bound for bound, *_ in search.queue), default=np.inf)
    bound = min(search.value, search.bound, waiting)
    return Best(
        *search.best,
        search.value,
        bound=bound,
        programmes=search.programmes,
        stopped=search.stopped,
    )


def least_area(layouts: Sequence[Layout]) -> float:
    """The least area that any choice takes; infinite where there is no choice."""
    found = np.inf
    for layout in layouts:
        programme = Programme(layout, AREA, whole_box(layout), most=np.inf, value=np.inf)
        picked, _ = programme.solved(EXACT, 60.0)
        if picked is not None:
            split, whole = layout.counts(picked)
            found = min(found, layout.area[0] + layout.area[1] * split + layout.area[2] * whole)
    return found
