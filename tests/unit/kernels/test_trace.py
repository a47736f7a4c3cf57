"""Trains of pulses on one cell, against inverting the curve, adding a pulse and evaluating."""

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import cell, trace

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
    trace.walk(want[0], LOW, HIGH, sign / PULSES, bend, out)
    np.testing.assert_allclose(out, want, rtol=1e-9)
    assert out[-1] == pytest.approx(HIGH if sign > 0 else LOW), "it stops at the bound"
    shifts = np.random.default_rng(0).normal(0, 1e-7, PULSES)
    found = np.empty(PULSES)
    trace.surprises(want[:-1], want[1:] + shifts, LOW, HIGH, sign / PULSES, bend, found)
    np.testing.assert_allclose(found, shifts, atol=1e-13)
