"""Pulses that cells of a block share, against plain loops over every pulse."""

import numpy as np
import pytest
from oracle import blocks as plain

from neurorebit.kernels import blocks, pulse
from neurorebit.kernels.blocks import Layout, Tally, Until
from neurorebit.kernels.cell import Response, UpDown
from neurorebit.kernels.levels import Grid
from neurorebit.kernels.pulse import Plan, Write

CUTS = [(0, 7), (7, 16), (16, 19)]
NAMES = ("openings", "slots", "open rows", "blocks", "cells", "pulses")
WAYS = {"first": Until.FIRST, "mean": Until.MEAN, "last": Until.LAST}
SHAPES = [  # rows and columns of a block, drivers at once, columns of an array
    (1, 1, None, 23), (1, 1, 1, 8), (2, 1, None, 8), (3, 2, 2, 9), (4, 4, 1, 23), (5, 3, None, 10),
]  # fmt: skip


def asked_of(seed, shape=(19, 23), most=4, share=0.5):
    random = np.random.default_rng(seed)
    asked = random.integers(-most, most + 1, shape)
    return np.where(random.random(shape) < share, asked, 0).astype(np.int32)


@pytest.mark.parametrize("until", WAYS)
@pytest.mark.parametrize(("rows", "cols", "drivers", "array"), SHAPES)
@pytest.mark.parametrize("inhibited", [False, True])
def test_blocks_get_what_plain_loops_send(rows, cols, drivers, array, until, inhibited):
    if inhibited and cols > 1:
        return  # refused where the file is read
    for seed, share in enumerate((0.05, 0.5, 1.0)):
        asked = asked_of(seed, share=share)
        asked[: 2 * rows] = np.abs(asked[: 2 * rows])  # some blocks ask for one direction alone
        width = array if drivers is None else min(drivers * cols, array)
        layout = Layout(rows, cols, width, array, int(WAYS[until]), inhibited)
        sent, tally = np.full_like(asked, 99), np.zeros(len(Tally))
        blocks.share(asked, sent, np.array(CUTS, np.int64), layout, tally)
        want, took = plain.shared(
            asked.tolist(), CUTS, rows, cols, drivers=drivers, array=array, until=until,
            inhibited=inhibited,
        )  # fmt: skip
        np.testing.assert_array_equal(sent, want)
        counts = [took[name, way] for name in NAMES for way in (1, -1)]
        assert tally.tolist() == counts


def test_a_single_cell_gets_what_it_asks_for():
    asked = asked_of(5)
    sent, tally = np.zeros_like(asked), np.zeros(len(Tally))
    blocks.share(asked, sent, np.array(CUTS), Layout(1, 1, 23, 23, 0, inhibited=False), tally)
    np.testing.assert_array_equal(sent, asked)
    assert tally[Tally.PULSES_UP] == asked[asked > 0].sum()
    assert tally[Tally.SLOTS_DOWN] == np.maximum(-asked, 0).max(axis=1).sum()


def test_what_was_not_sent_goes_back_into_the_residue():
    residue, left = np.array([0.1, 0.2, 0.3]), np.array([2, 0, -3], np.int32)
    blocks.put_back(residue, left, UpDown(0.01, 0.02))
    np.testing.assert_allclose(residue, [0.12, 0.2, 0.24], rtol=1e-12)


# -- cells that follow real weights: straight curves of 60 pulses up and 30 down, levels -3 to 3

RESPONSE = Response(60.0, 30.0, 0, 0.0, 1.2)
PLAN = Plan(0.0, 0.0, int(Write.PULSES), 0.1, 32)
GRID = Grid(3.0, 3, odd=False, every=False)


def test_pulses_lead_from_the_level_last_written_to_that_of_the_real_weight():
    """A level is 10 pulses up and 5 down; a cell that was never written starts at its low end."""
    real = np.array([1.0, 0.3, 0.0, -1.0, -1.0, 0.36])
    known = np.array([1, 1, 2, 3, -128, -128], np.int8)
    asked = np.full(6, 77, np.int32)
    pulse.ask(real, known, GRID, PLAN, RESPONSE, asked)
    assert asked.tolist() == [20, 0, -10, -30, 0, 40]
    pulse.ask(real[1:2], known[1:2], GRID._replace(every=True), PLAN, RESPONSE, asked)
    assert asked[0] == 0


def test_the_controller_knows_where_its_pulses_lead():
    """14 pulses up are 1.4 levels, 12 down 2.4; half a level up counts as one."""
    known = np.array([-3, 3, -1, 2, -128, -128], np.int8)
    sent = np.array([14, -12, 5, 0, 0, 31], np.int32)
    pulse.reach(known, GRID, PLAN, RESPONSE, sent)
    assert known.tolist() == [-2, 1, 0, 2, -3, 0]


def test_disturbed_cells_are_written_again_and_settled_ones_are_at_their_levels():
    known = np.array([1, 1, 2], np.int8)
    pulse.mark(known, np.array([0, 4, -1], np.int32))
    assert known.tolist() == [1, -128, -128]
    pulse.settle(np.array([1.2, -0.34, 0.1]), known, GRID)
    assert known.tolist() == [3, -1, 0]
