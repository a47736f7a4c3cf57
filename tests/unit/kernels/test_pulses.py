"""The response of a cell to pulses: curves from their labels, and steps along them."""

import math

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import cell

SAMPLES = {  # label: A / P, tabulated values of training.md 3.2
    0.01: 126.268958, 0.02: 63.134314, 0.04: 31.566827, 0.1: 12.625807, 0.2: 6.311253,
    0.5: 2.519877, 0.63: 1.997332, 1: 1.251653, 1.46: 0.848677, 1.5: 0.825164, 1.75: 0.702081,
    2: 0.609035, 2.4: 0.499181, 2.5: 0.476965, 3: 0.386830, 3.68: 0.300644, 4: 0.269089,
    4.88: 0.200303, 5: 0.192406, 6: 0.135619, 6.76: 0.100251, 7: 0.090139, 8: 0.052781,
    9: 0.022810,
}  # fmt: skip


@pytest.mark.parametrize(("label", "constant"), SAMPLES.items())
def test_the_constant_of_a_label_is_the_tabulated_one(label, constant):
    assert 1 / cell.bend(label) == pytest.approx(constant, abs=1e-6)
    assert cell.bend(-label) == -cell.bend(label)


@pytest.mark.parametrize("label", [1e-6, 0.003, 0.04, 0.63, 2.4, 6.76, 9.9])
def test_a_curve_bows_from_its_diagonal_by_its_label(label):
    """The largest perpendicular distance is 0.07 of the label."""
    bend = cell.bend(label)
    peak = math.log(bend / -math.expm1(-bend)) / bend if bend > 1e-3 else 0.5
    rise = cell.curve(peak, bend) - peak
    assert rise / math.sqrt(2) == pytest.approx(0.07 * label, rel=1e-5)
    around = [cell.curve(x, bend) - x for x in np.linspace(0, 1, 2001)]
    assert max(around) <= rise * (1 + 1e-6)
    assert cell.bow(bend) == pytest.approx(0.07 * math.sqrt(2) * label, rel=1e-6)


def test_a_label_of_zero_is_a_straight_line():
    assert cell.bend(0.0) == 0.0
    assert cell.curve(0.3, 0.0) == 0.3
    assert cell.pulsed(0.3, 0.25, 0.0) == pytest.approx(0.55)


@pytest.mark.parametrize("label", [-6.76, -0.63, 0.0, 0.04, 2.4, 9.0])
def test_all_pulses_lead_from_one_end_to_the_other(label):
    bend = cell.bend(label)
    assert cell.pulsed(0.0, 1.0, bend) == pytest.approx(1.0, abs=1e-12)
    assert cell.pulsed(1.0, -1.0, bend) == pytest.approx(0.0, abs=1e-12)
    for state in (0.0, 0.2, 0.9, 0.999):
        assert cell.curve(cell.position(state, bend), bend) == pytest.approx(state, abs=1e-12)


@pytest.mark.parametrize("label", [-4.88, -0.63, 0.0, 0.04, 2.4])
def test_pulses_in_closed_form_equal_invert_add_and_evaluate(label):
    bend, pulses = cell.bend(label), 97
    constant = pulses / bend if bend else math.inf
    for state in (0.0, 0.1, 0.5, 0.95):
        for n in (-97, -40, -3, -1, 0, 1, 2, 17, 60, 97):
            want = naive.pulsed(state, n, constant, pulses)
            assert cell.pulsed(state, n / pulses, bend) == pytest.approx(want, abs=1e-11)


def test_pulses_up_and_down_return_only_on_one_curve():
    up, down = cell.bend(2.4), cell.bend(-4.88)
    there = cell.pulsed(0.3, 0.1, up)
    assert cell.pulsed(there, -0.1, up) == pytest.approx(0.3, abs=1e-12)
    assert abs(cell.pulsed(there, -0.1, down) - 0.3) > 0.02


def test_a_positive_spread_has_its_mean_and_deviation():
    z = np.random.default_rng(0).normal(size=200_000)
    for deviation in (0.1, 0.5):
        factors = np.array([cell.spread(deviation, v) for v in z])
        assert factors.min() > 0
        assert factors.mean() == pytest.approx(1.0, abs=5 * deviation / z.size**0.5)
        assert factors.std() == pytest.approx(deviation, rel=0.02)
    assert cell.spread(0.0, 3.0) == 1.0
