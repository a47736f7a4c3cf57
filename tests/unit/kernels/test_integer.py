"""The digital product, against Python's own unbounded integers."""

import numpy as np
import pytest

from neurorebit.kernels import integer

ENDS = np.array([-(2**31), 2**31 - 1, -1, 0, 1], np.int32)


def product(weights, errors, bits):
    """The product as unbounded integers, from the kernel's two halves."""
    shape = (len(errors), len(weights))
    low, high = np.empty(shape, np.int64), np.empty(shape, np.int64)
    integer.mtvm(weights, errors, bits, low, high)
    return low.astype(object) + high.astype(object) * 2**16


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16, 17, 24, 32])
def test_the_product_is_that_of_unbounded_integers(bits):
    rng = np.random.default_rng(bits)
    weights = rng.integers(-(2**31), 2**31, (9, 40)).astype(np.int32)
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    errors = rng.integers(least, most + 1, (5, 40)).astype(np.int32)
    weights[0], errors[0], errors[1] = -(2**31), least, most
    weights[1, :5] = ENDS
    exact = errors.astype(object) @ weights.T.astype(object)
    np.testing.assert_array_equal(product(weights, errors, bits), exact)


def test_the_widest_sum_that_is_promised_stays_exact():
    weights, errors = (
        np.full((1, 2**15), -(2**31), np.int32),
        np.full((1, 2**15), -(2**31), np.int32),
    )
    assert product(weights, errors, 32)[0, 0] == 2**77


def test_float32_is_near_the_exact_product():
    """What training takes in its place: rounding of 24 bits, added up over 512 columns."""
    rng = np.random.default_rng(0)
    real = rng.normal(0, 0.05, (64, 512)).astype(np.float32)
    codes = rng.integers(-127, 128, (32, 512)).astype(np.int32)
    step = 2.0**-31  # of the weights in 32 bits
    exact = product(np.rint(real / step).astype(np.int32), codes, 8).astype(np.float64) * step
    fast = codes.astype(np.float32) @ real.T
    assert np.std(fast - exact) < 1e-6 * np.std(exact)
    assert not np.array_equal(fast, exact)
