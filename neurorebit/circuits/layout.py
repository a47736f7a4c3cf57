"""How equal units are laid out along a side that other blocks give (circuits.md 2.10)."""

from __future__ import annotations

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Real
from neurorebit.circuits.gates import or_else, whole_down, whole_up


class Placed(Block):
    """A block with sides: free, or fitted to a width or a height [m] (0: free).

    Macros stack blocks, so a block may be told one side and finds the other. Where both are given
    the width wins.
    """

    fit_width: Real
    fit_height: Real

    @property
    def size(self) -> tuple[Real, Real]:
        """Width and height [m]."""
        raise NotImplementedError

    @property
    def width(self) -> Real:
        return self.size[0]

    @property
    def height(self) -> Real:
        return self.size[1]

    @property
    def area(self) -> Real:
        return self.width * self.height


def given(side: Real) -> bool:
    """Whether a side is given in any design; what follows from one that is not is never used."""
    return side > 0.0 if isinstance(side, float) else bool(np.any(np.asarray(side) > 0.0))


def rows(side: Real, unit: Real, count: Real) -> Real:
    """Rows that ``count`` units of this size need along a side; nan where not even one fits."""
    per_row = np.minimum(whole_down(side / unit), count)
    needed = whole_up(count / np.maximum(per_row, 1.0))
    return np.where((per_row >= 1.0) | (np.asarray(count) == 0.0), needed, np.nan)


def fitted(
    block: Placed,
    free: tuple[Real, Real],
    given_width: Real,
    given_height: Real,
) -> tuple[Real, Real]:
    """Width and height of a block: ``free``, or a given side and the other that follows from it.

    ``given_width`` is the height that follows from a width, ``given_height`` the width that
    follows from a height.
    """
    wide, high = np.asarray(block.fit_width) > 0.0, np.asarray(block.fit_height) > 0.0
    width = np.where(wide, block.fit_width, np.where(high, given_height, free[0]))
    height = np.where(wide, given_width, np.where(high, block.fit_height, free[1]))
    return width, height


def bank(
    block: Placed, count: Real, row_unit: tuple[Real, Real], col_unit: tuple[Real, Real]
) -> tuple[Real, Real]:
    """Width and height of ``count`` equal units, given as (width, height).

    ``row_unit`` is the unit when rows are filled along a width or freely, ``col_unit`` when
    columns are filled along a height.
    """
    return fitted(
        block,
        (count * col_unit[0], col_unit[1]),
        row_unit[1] * rows(block.fit_width, row_unit[0], count) if given(block.fit_width) else 0.0,
        col_unit[0] * rows(block.fit_height, col_unit[1], count)
        if given(block.fit_height)
        else 0.0,
    )


def stretched(block: Placed, area: Real, free_width: Real) -> tuple[Real, Real]:
    """Width and height of an area that takes any shape."""
    wide = or_else(block.fit_width, 1.0)
    high = or_else(block.fit_height, 1.0)
    return fitted(block, (free_width, area / free_width), area / wide, area / high)


def folded_height(side: Real, count: Real, cell: Real) -> tuple[Real, Real]:
    """Columns that ``count`` cells need along a height, and the height each cell then has [m]."""
    fitting = whole_down(side / cell)
    stacked = np.maximum(fitting, 1.0)
    cols = whole_up(count / stacked)
    cols = np.where(fitting >= 1.0, cols, np.nan)
    return cols, side / whole_up(count / cols)


def folded_width(side: Real, count: Real, group: Real, pitch: Real) -> tuple[Real, Real]:
    """Rows that ``count`` groups of pass gates need along a width, and the folds of each gate."""
    fitting = whole_down(side / (2.0 * group * pitch))
    needed = whole_up(count / np.maximum(fitting, 1.0))
    needed = np.where(fitting >= 1.0, needed, np.nan)
    share = side / (whole_up(count / needed) * group)
    return needed, whole_down(share / pitch) - 1.0
