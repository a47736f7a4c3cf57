"""Units along a side."""

import numpy as np
from common import near

from neurorebit.circuits.layout import folded_height, folded_width, rows
from neurorebit.circuits.register import Register


def test_rows():
    """Ten units of 3 along a side of 10: three a row, four rows; a side of 2 holds none."""
    assert rows(10.0, 3.0, 10.0) == 4.0
    assert rows(100.0, 3.0, 10.0) == 1.0
    assert np.isnan(rows(2.0, 3.0, 10.0))
    assert rows(2.0, 3.0, 0.0) == 0.0


def test_folded_height():
    """128 cells of 28 in a height of 1024: 36 a column, 4 columns of 32 cells, each 32 high."""
    assert folded_height(1024.0, 128.0, 28.0) == (4.0, 32.0)
    assert np.isnan(folded_height(20.0, 128.0, 28.0)[0])


def test_folded_width():
    """16 groups of 2 along 100 with pitch 4: 6 groups a row, 3 rows of 6; 8.3 each, one fold."""
    assert folded_width(100.0, 16.0, 2.0, 4.0) == (3.0, 1.0)
    assert folded_width(1000.0, 16.0, 2.0, 4.0) == (1.0, 6.0)
    assert np.isnan(folded_width(10.0, 16.0, 2.0, 4.0)[0])


def test_a_given_side_is_kept(tech32):
    free = Register(tech32, 100.0)
    wide = Register(tech32, 100.0, fit_width=free.width / 3)
    high = Register(tech32, 100.0, fit_height=4 * free.height)
    assert wide.width == free.width / 3
    assert wide.height >= 3 * free.height
    assert high.height == 4 * free.height
    assert high.width == near(free.width / 4)


def test_what_does_not_fit_is_nan(tech32):
    """And stays so through every sum, while its neighbours in a sweep stand."""
    block = Register(tech32, 100.0, fit_width=np.array([1e-9, 1e-4]))
    area = block.footprint.area.total
    assert np.isnan(area[0])
    assert np.isfinite(area[1])
