"""How the partial sums of arrays are converted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurorebit.chips.parts.signs import Plane
from neurorebit.kernels import convert
from neurorebit.training.parts.disturbed import Deviations
from neurorebit.training.parts.workers import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How the partial sums of arrays are converted.

    ``cuts``: the ranges of the matrix's rows (in a transposed read, of its columns) that stand in
    one array each. Partial sums become codes of a step, clipped to -top..top; with the step 0,
    before any range is known, all of them become 0. ``measured``: whether their mean square is
    returned. ``planes``: bit planes of the input, each converted on its own; None: their sum is
    converted once. ``signs``: the planes of signed codes. ``steps``: one for each plane, or one.
    ``tally`` gets arrays that add up to the number of conversions to each code, from -top to top;
    None where they are not counted. A plane that is the same in all vectors is not.
    ``deviations``: errors of the converters; None: of ideal ones.
    """

    cuts: Sequence[tuple[int, int]]
    steps: tuple[float, ...]
    top: int
    measured: bool
    planes: int | None = None
    signs: tuple[Plane, ...] | None = None
    tally: list[Array] | None = None
    deviations: Deviations | None = None

    def count(self, partial: Array) -> None:
        """Count the codes of partial sums [planes * vectors, cols], if they are to be counted."""
        if self.tally is not None:
            counts = np.zeros(2 * self.top + 1, np.int64)
            planes = partial.reshape(len(self.steps), -1)
            told = [plane.factor != 0 for plane in self.signs or ()] or [True] * len(planes)
            for plane, each in zip(planes[told], self.per_step[told], strict=True):
                convert.tally(plane, each, self.top, counts)
            self.tally.append(counts)

    @property
    def per_step(self) -> Array:
        """Codes per unit of a partial sum, for each plane."""
        return np.array([1.0 / step if step else 0.0 for step in self.steps])

    @property
    def worth(self) -> Array:
        """What a code of each plane is worth; where there is one step, in steps."""
        if self.planes is None:
            return np.ones(1)
        if self.signs is not None:
            return np.array(
                [s.worth * step for s, step in zip(self.signs, self.steps, strict=True)]
            )
        return np.array([2.0**plane * step for plane, step in enumerate(self.steps)])

    @property
    def unit(self) -> float:
        """What a sum of codes, each times its worth, is a multiple of."""
        return self.steps[0] if self.planes is None else 1.0
