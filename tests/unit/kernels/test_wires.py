"""Arrays with resistive wires, against Kirchhoff's law at every node."""

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import wires


def cells(rows, cols):
    return np.random.default_rng(rows).uniform(1e-6, 1e-5, (rows, cols))


def sense(g, row, col, drives, conducting=None):
    out = np.empty((g.shape[1], drives.shape[1]))
    conducting = np.ones_like(drives) if conducting is None else conducting
    sweeps = wires.sense(g, conducting, drives, row, col, out, 1e-11, 10_000)
    return out, sweeps


@pytest.mark.parametrize("res", [1.7, 100.0, 1e4, 1e6])
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 6), (9, 1), (12, 7), (16, 24)])
def test_currents_are_those_of_the_nodal_solution(rows, cols, res):
    g, drives = cells(rows, cols), np.random.default_rng(1).uniform(0, 0.5, (rows, 3))
    found, sweeps = sense(g, 1 / res, 0.4 / res, drives)
    want = naive.nodal(g, 1 / res, 0.4 / res, drives)
    np.testing.assert_allclose(found, want, rtol=1e-7, atol=1e-10 * want.max())
    assert 0 < sweeps < 1000


@pytest.mark.parametrize("res", [100.0, 1e4])
def test_rows_conduct_by_their_share(res):
    """Some rows cut off, some that conduct by half, others in each of three solutions."""
    g, random = cells(12, 7), np.random.default_rng(3)
    drives = random.uniform(0, 0.5, (12, 3))
    shares = random.choice([0.0, 0.5, 1.0], (12, 3))
    found, _ = sense(g, 1 / res, 0.4 / res, drives, shares)
    for k in range(3):
        want = naive.nodal(g * shares[:, k : k + 1], 1 / res, 0.4 / res, drives[:, k : k + 1])
        np.testing.assert_allclose(found[:, k : k + 1], want, rtol=1e-7, atol=1e-10 * want.max())


def test_one_cell_is_in_series_with_its_wires():
    found, _ = sense(np.array([[1e-5]]), 1 / 30e3, 1 / 20e3, np.array([[0.5]]))
    assert found[0, 0] == pytest.approx(0.5 / (100e3 + 30e3 + 20e3), rel=1e-9)


def test_ideal_wires_carry_the_sum_of_the_cells():
    g, drives = cells(20, 10), np.eye(20)[:, :5]
    found, _ = sense(g, 1e6, 1e6, drives)
    np.testing.assert_allclose(found, g.T @ drives, rtol=1e-8)


def test_currents_are_a_matrix_times_the_drives():
    """Superposition: what rows carry alone adds up; and the loss grows away from the corner."""
    g = np.full((16, 12), 1e-5)
    drives = np.random.default_rng(2).integers(0, 2, (16, 4)).astype(float)
    matrix, _ = sense(g, 1e-2, 1e-2, np.eye(16))
    found, _ = sense(g, 1e-2, 1e-2, drives)
    np.testing.assert_allclose(found, matrix @ drives, rtol=1e-9)
    assert np.all(np.diff(matrix, axis=0) < 0), "the farther from the driver the less"
    assert np.all(np.diff(matrix, axis=1) > 0), "the nearer to the converter the more"


def test_driven_from_the_other_side_an_array_applies_the_transposed_matrix():
    """Reciprocity: columns driven where they were sensed, rows sensed where they were driven."""
    g = cells(9, 6)
    forward, _ = sense(g, 1e-4, 3e-4, np.eye(9))
    back = naive.nodal(g[::-1, ::-1].T, 3e-4, 1e-4, np.eye(6)[:, ::-1])[::-1]
    np.testing.assert_allclose(back, forward.T, rtol=1e-7)


def test_sweeps_that_do_not_suffice_are_told():
    g, drives = cells(16, 16), np.ones((16, 1))
    assert wires.sense(g, drives, drives, 1e-8, 1e-8, np.empty((16, 1)), 1e-11, 3) == 0


def test_relaxation_goes_beyond_a_line_s_solution_the_more_the_wires_matter():
    assert wires.over_relaxation(1e-5, 1e3, 1e3, 128, 128) == pytest.approx(1.0, abs=1e-6)
    assert 1.9 < wires.over_relaxation(1e-5, 1e-5, 1e-5, 128, 128) < 2.0
