"""Programming of an array, row by row: which rows are opened, by hand."""

import numpy as np
import pytest
from common import near

from neurorebit.chips.parts.programming import Change, Order, Programming, touched
from neurorebit.circuits.array import ReramArray
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document
from neurorebit.schema.device import read_device
from neurorebit.schema.paths import shipped

TECH = read_technology(Document(shipped("technology", "32nm")))
DEVICE = read_device(Document(shipped("device", "taox_hfox")))


def work(up, down, held=2560.0):
    """64 rows of 128 columns, of which 2560 cells hold weights: 40 a row."""
    return Programming(ReramArray(TECH, DEVICE, 64.0, 128.0), held, Change(*up), Change(*down))


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3])
def test_rows_touched_match_a_draw(share):
    drawn = np.random.default_rng(0).random((20_000, 100)) < share
    assert touched(share, 100.0) == pytest.approx(drawn.any(axis=1).mean(), abs=0.01)


def test_each_direction_opens_its_own_rows():
    """One cell of 40 in a row is raised with 0.1: 1 - 0.9^40 of the rows, 256 cells in all."""
    up, down = work((0.1, 4.0), (0.05, 7.0)).selections(Order.UP_THEN_DOWN)
    assert up.rows == near(64 * (1 - 0.9**40))
    assert up.rows * up.cells == near(256.0)
    assert down.rows == near(64 * (1 - 0.95**40))
    assert down.rows * down.cells == near(128.0)
    assert (up.pulses, down.pulses) == (4.0, 7.0)


def test_a_row_is_opened_once_for_both_directions():
    """384 cells change, with two thirds of 4 and a third of 7 pulses."""
    (both,) = work((0.1, 4.0), (0.05, 7.0)).selections(Order.ROW_BY_ROW)
    assert both.rows == near(64 * (1 - 0.85**40))
    assert both.rows * both.cells == near(384.0)
    assert both.pulses == near(5.0)


def test_pulses_are_the_same_in_either_order():
    """Heat of 384 cells, and the time of the rows with cells to raise and of those to lower."""
    cost = work((0.1, 4.0), (0.05, 7.0)).pulsed(DEVICE.response, 0.5)
    array = ReramArray(TECH, DEVICE, 64.0, 128.0)
    path = 1 / 5.5e-6 + 25e3 + (array.row_res + array.col_res) / 2
    pulse = 1.6**2 / path * 50e-9  # V^2 t / R
    assert cost.energy.items["cells"] == near((256 * 4 + 128 * 7) * pulse)
    rows = 64 * (1 - 0.9**40) * 4 + 64 * (1 - 0.95**40) * 7
    assert cost.latency.items["cells"] == near(rows * 50e-9)


def test_nothing_to_change_opens_no_row():
    idle = work((0.0, 0.0), (0.0, 0.0))
    for order in Order:
        assert all(found.rows == 0.0 for found in idle.selections(order))
    assert idle.pulsed(DEVICE.response, 0.5).energy.total == 0.0
