"""The outline of a block: free, or fitted to a side that its neighbour gives.

See docs/models/gates.md#outlines-of-blocks.
``None`` stands for a side that is not given. A side is given for all designs of a sweep or for
none; nan in a side means that the design cannot exist, as everywhere.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Real
from neurorebit.circuits.gates import whole_down, whole_up


@dataclass(frozen=True, eq=False)
class Placed(Block, ABC):
    """A block with an outline.

    ``fit_width`` and ``fit_height`` [m] are the sides that the block must fill; the other side
    follows from the area. Where both are given the width counts.
    """

    fit_width: Real | None = field(default=None, kw_only=True)
    fit_height: Real | None = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def size(self) -> tuple[Real, Real]:
        """Width and height [m]."""

    @property
    def width(self) -> Real:
        """Width [m]."""
        return self.size[0]

    @property
    def height(self) -> Real:
        """Height [m]."""
        return self.size[1]

    @property
    def area(self) -> Real:
        """Area [m^2] of the outline."""
        return self.width * self.height


def rows(side: Real, unit: Real, count: Real) -> Real:
    """Rows that ``count`` units of width ``unit`` [m] need along a side [m].

    nan where not even one unit fits.
    """
    per_row = np.minimum(whole_down(side / unit), count)
    needed = whole_up(count / np.maximum(per_row, 1.0))
    return np.where((per_row >= 1.0) | (np.asarray(count) == 0.0), needed, np.nan)


def fitted(
    block: Placed,
    free: tuple[Real, Real],
    height_for: Callable[[Real], Real],
    width_for: Callable[[Real], Real],
) -> tuple[Real, Real]:
    """Width and height [m] of a block: ``free``, or its given side and the one that follows.

    ``height_for`` gives the height [m] for a width, ``width_for`` the width [m] for a height.
    """
    if block.fit_width is not None:
        return block.fit_width, height_for(block.fit_width)
    if block.fit_height is not None:
        return width_for(block.fit_height), block.fit_height
    return free


def bank(
    block: Placed, count: Real, row_unit: tuple[Real, Real], col_unit: tuple[Real, Real]
) -> tuple[Real, Real]:
    """Width and height [m] of a block of ``count`` equal units, given as (width, height) [m].

    ``row_unit`` is the unit as drawn in rows that fill a given width, ``col_unit`` as drawn in
    columns that fill a given height. A free block is one row of ``col_unit``.
    """
    return fitted(
        block,
        (count * col_unit[0], col_unit[1]),
        lambda width: row_unit[1] * rows(width, row_unit[0], count),
        lambda height: col_unit[0] * rows(height, col_unit[1], count),
    )


def stretched(block: Placed, area: Real, free_width: Real) -> tuple[Real, Real]:
    """Width and height [m] of a block whose area [m^2] takes any shape."""
    return fitted(
        block,
        (free_width, area / free_width),
        lambda width: area / width,
        lambda height: area / height,
    )


def folded_height(side: Real, count: Real, cell: Real) -> tuple[Real, Real]:
    """Columns that ``count`` cells of height ``cell`` [m] need along a height, nan if none fits.

    The second value is the height [m] of each cell once the columns share the side evenly.
    """
    fitting = whole_down(side / cell)
    stacked = np.maximum(fitting, 1.0)
    cols = whole_up(count / stacked)
    cols = np.where(fitting >= 1.0, cols, np.nan)
    return cols, side / whole_up(count / cols)


def folded_width(side: Real, count: Real, group: Real, pitch: Real) -> tuple[Real, Real]:
    """Rows that ``count`` groups of ``group`` pass gates need along a width, nan if none fits.

    ``pitch`` [m] is the distance between neighbouring gates. The second value is the number of
    folds of each pass gate.
    """
    fitting = whole_down(side / (2.0 * group * pitch))
    needed = whole_up(count / np.maximum(fitting, 1.0))
    needed = np.where(fitting >= 1.0, needed, np.nan)
    share = side / (whole_up(count / needed) * group)
    return needed, whole_down(share / pitch) - 1.0
