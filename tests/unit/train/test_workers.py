"""Jobs and the threads that do them."""

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from neurorebit.training.parts import workers
from neurorebit.training.parts.workers import Workers

SHAPES = [(784, 64, 256), (64, 128, 256), (257, 63, 129), (65, 127, 1033), (1033, 128, 67)]
MANY = workers.SHARED


def product(shape, threads):
    """A product of random numbers as a single job, once no thread of ours was at work for long."""
    rows, depth, cols = shape
    rng = np.random.default_rng(0)
    a = rng.normal(size=(depth, rows)).astype(np.float32)
    b = rng.normal(size=(depth, cols)).astype(np.float32)
    with Workers(threads) as crew, threadpool_limits(1, user_api="blas"):
        for _ in range(workers.ALONE):
            crew.run(lambda _: None, 1)
        return crew.run(lambda _: (a.T @ b, blas_threads()), 1, MANY)[0]


def blas_threads():
    """Those of the libraries that are loaded, the most of them."""
    return max(
        library["num_threads"]
        for library in ThreadpoolController().info()
        if library["user_api"] == "blas"
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_threads_of_the_blas_share_a_single_product_and_leave_its_bits(shape):
    alone, one = product(shape, 1)
    shared, two = product(shape, 2)
    assert (one, two) == (1, 2)
    np.testing.assert_array_equal(shared, alone)


def test_threads_of_the_blas_rest_beside_our_own():
    with Workers(2) as crew, threadpool_limits(1, user_api="blas"):
        for _ in range(workers.ALONE):
            crew.run(lambda _: None, 1)
        crew.run(lambda _: None, 2)
        assert crew.run(lambda _: blas_threads(), 1, MANY) == [1]


def test_threads_of_the_blas_are_put_back_behind_an_error():
    with Workers(2) as crew, threadpool_limits(1, user_api="blas"):
        for _ in range(workers.ALONE):
            crew.run(lambda _: None, 1)
        with pytest.raises(ZeroDivisionError):
            crew.run(lambda _: 1 // 0, 1, MANY)
        assert blas_threads() == 1
