"""Trains of pulses on one cell, against inverting the curve, adding a pulse and evaluating."""

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import cell, trace
from neurorebit.kernels.trace import Noise, Ramp

LOW, HIGH, PULSES = 1e-6, 9e-6, 40


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("label", [1.0, -3.0, 0.0])
def test_a_walk_takes_the_curve_pulse_by_pulse(label, sign):
    bend = cell.bend(label)
    constant = PULSES / bend if bend else float("inf")
    states = [0.25 if sign > 0 else 0.75]
    for _ in range(PULSES):
        states.append(naive.pulsed(states[-1], sign, constant, PULSES))
    want = LOW + (HIGH - LOW) * np.array(states)
    out = np.empty(PULSES + 1)
    trace.walk(want[0], Ramp(LOW, HIGH, sign / PULSES, bend), out)
    np.testing.assert_allclose(out, want, rtol=1e-9)
    assert out[-1] == pytest.approx(HIGH if sign > 0 else LOW), "it stops at the bound"


@pytest.mark.parametrize(("label", "start"), [(1.0, 0.3), (-0.6, 0.9), (0.0, 0.02)])
@pytest.mark.parametrize("sign", [1, -1])
def test_noise_that_the_bounds_cut_off_moves_the_mean(label, start, sign):
    """Against cells that take pulse by pulse, each with its noise, and stop at a bound."""
    bend, noise, cells = cell.bend(label), 0.05, 40_000
    constant = PULSES / bend if bend else float("inf")
    rng, g, want = np.random.default_rng(2), np.full(cells, start), [start]
    grid = np.linspace(0.0, 1.0, 2001)
    after = np.array([naive.pulsed(state, sign, constant, PULSES) for state in grid])
    for _ in range(PULSES):
        g = np.clip(np.interp(g, grid, after) + rng.normal(0.0, noise, cells), 0.0, 1.0)
        want.append(g.mean())
    out = np.empty(PULSES + 1)
    trace.noisy(start, Ramp(0.0, 1.0, sign / PULSES, bend), noise, out)
    np.testing.assert_allclose(out, want, atol=0.025)  # taken as normal


@pytest.mark.parametrize("start", [0.5, 0.01, 0.99])
@pytest.mark.parametrize(("pulse", "read", "relative"), [(0.05, 0.01, 0.0), (0.02, 0.03, 0.02)])
def test_readings_of_all_sizes_are_likely_to_be_one_of_them(start, pulse, read, relative):
    """What may be read next, near a bound and away from it, adds up to 1."""
    odd, seen = 1e-6, np.linspace(-1.0, 2.0, 6001)
    trains = np.stack([np.full(len(seen), start), seen], axis=1)
    out = np.empty((len(seen), 1))
    ramp, noise = Ramp(0.0, 1.0, 1.0 / PULSES, 0.5), Noise(pulse, read, relative, odd)
    trace.likelihood(trains, ramp, noise, out)
    total = np.trapezoid(np.exp(out[:, 0]) - odd, seen)
    assert total == pytest.approx(1.0, abs=0.01 if relative == 0.0 else 0.05)
