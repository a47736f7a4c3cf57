"""Kernels on maps and vectors, each against its plain loops."""

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import convert, elementwise, noise, pool, quantise, windows
from neurorebit.kernels.windows import Lines, Window

GEOMETRIES = [  # height, width, depth, kernel, stride, padding, first channel, channels, dilation
    (5, 6, 3, 3, 1, 1, 0, 3, 1),
    (7, 5, 4, 2, 2, 0, 0, 4, 1),
    (4, 4, 2, 5, 1, 2, 0, 2, 1),
    (6, 6, 3, 1, 2, 0, 0, 3, 1),
    (5, 5, 6, 3, 2, 1, 2, 2, 1),
    (4, 6, 4, 3, 1, 1, 3, 1, 1),
    (3, 3, 2, 3, 1, 3, 0, 2, 1),
    (1, 1, 7, 1, 1, 0, 0, 7, 1),
    (6, 7, 3, (2, 3), (3, 2), (2, 1, 0, 3), 0, 3, 1),
    (7, 9, 2, 3, 2, 1, 0, 2, 2),
    (8, 6, 2, (3, 2), 1, (1, 0, 2, 1), 0, 2, (1, 3)),
    (9, 5, 4, (3, 2), (1, 2), (0, 3, 1, 0), 1, 2, (3, 1)),
    (1, 9, 3, (1, 3), 1, (0, 2), 0, 3, (1, 2)),
]


def geometry(case):
    height, width, depth, *layer = case
    lines, columns = naive.grid(np.zeros((1, height, width, depth)), *layer[:3], layer[5])
    return (2, height, width, depth), (len(lines), len(columns)), *layer


def as_kernels_take_it(kernel, stride, padding, first, channels, dilation):
    top, _, left, _ = naive.around(padding)
    wide, apart = naive.both(kernel)[1], naive.both(dilation)
    return Window(wide, *naive.both(stride), top, left, *apart, first, channels)


def inside(reach, height, width, first, last):
    """Which vectors of the output lines first..last lie in ``reach``."""
    top, bottom, left, right = reach
    here = np.zeros((last, width), bool)
    for line in range(first, last):
        here[line, left:right] = top <= line % height < bottom
    return here[first:].ravel()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("case", GEOMETRIES)
def test_gather_takes_the_windows(case, dtype):
    shape, (height, width), *layer = geometry(case)
    x = np.random.default_rng(0).integers(1, 200, shape).astype(dtype)
    want = naive.windows(x, *layer)
    rows, lines = want.shape[1], 2 * height
    for row, stop in {(0, rows), (min(1, rows - 1), rows), (rows // 3, rows // 3 + 1)}:
        for first, last in {(0, lines), (lines // 2, lines), (1, lines - 1)}:
            for reach in ((0, height, 0, width), (height // 2, height, width // 3, width)):
                seen = inside(reach, height, width, first, last)
                out = np.full((seen.sum(), stop - row), -1.0, np.float32)
                lying = Lines(first, last, height, width, *reach)
                windows.gather(x, out, lying, row, as_kernels_take_it(*layer))
                np.testing.assert_array_equal(
                    out, want[first * width : last * width, row:stop][seen]
                )


@pytest.mark.parametrize("case", GEOMETRIES)
def test_scatter_is_the_transpose_of_gather(case):
    shape, (height, width), *layer = geometry(case)
    rng = np.random.default_rng(1)
    rows = int(np.prod(naive.both(layer[0]))) * layer[4]
    columns = rng.integers(-9, 9, (2 * height * width, rows)).astype(np.float64)
    reach = (0, height, 0, width), (height // 2, height, 0, max(width - 1, 1))
    x, want = np.ones(shape), np.ones(shape)
    for row, stop, reached in ((0, rows // 2, reach[0]), (rows // 2, rows, reach[1])):
        seen = inside(reached, height, width, 0, 2 * height)
        part = np.ascontiguousarray(columns[seen, row:stop])
        lying = Lines(0, 2 * height, height, width, *reached)
        windows.scatter(part, x, lying, row, as_kernels_take_it(*layer))
        for place in np.ndindex(*shape):
            unit = np.zeros(shape)
            unit[place] = 1.0
            want[place] += np.sum(part * naive.windows(unit, *layer)[seen, row:stop])
    np.testing.assert_array_equal(x, want)


def test_vectors_are_added_where_they_lie():
    rng, height, width = np.random.default_rng(8), 4, 5
    for first, last in ((0, 8), (1, 3), (3, 7)):
        total = rng.integers(-9, 9, ((last - first) * width, 3)).astype(np.float32)
        for reach in ((0, 4, 0, 5), (1, 3, 2, 5), (0, 1, 4, 5), (2, 2, 0, 5)):
            seen = inside(reach, height, width, first, last)
            partial = rng.integers(-9, 9, (seen.sum(), 3)).astype(np.float32)
            want = total.copy()
            want[seen] += partial
            lines = Lines(first, last, height, width, *reach)
            windows.add(partial, total, lines)
            np.testing.assert_array_equal(total, want)
            want[seen] += np.reshape([naive.adc(p, 2.0, 3) for p in partial.flat], partial.shape)
            convert.convert(partial, total, lines, np.array([0.5]), np.ones(1), 3)
            np.testing.assert_array_equal(total, want)


def codes(partial, step, top):
    total = np.zeros((partial.size, 1))
    whole = Lines(0, partial.size, partial.size, 1, 0, partial.size, 0, 1)
    convert.convert(partial[:, None], total, whole, np.array([1 / step]), np.ones(1), top)
    return total[:, 0]


def test_the_converter_is_that_of_the_plain_rule():
    partial = np.random.default_rng(2).normal(0, 3, 1000)
    found = codes(partial, 0.5, 15)
    np.testing.assert_array_equal(found, [naive.adc(p, 0.5, 15) for p in partial])


def test_the_converter_is_mid_tread_symmetric_and_clips():
    partial = np.linspace(-12, 12, 4801)
    found = codes(partial, 0.5, 15)
    assert np.all(found[np.abs(partial) < 0.25] == 0), "a step around zero reads zero"
    np.testing.assert_array_equal(found, -found[::-1])
    inside = np.abs(partial) <= 7.5
    assert np.abs(0.5 * found - partial)[inside].max() <= 0.25 + 1e-12, "half a step at most"
    assert found.max() == 15
    assert found.min() == -15
    assert np.all(np.diff(found) >= 0)


def test_the_converter_adds_up_and_lets_nan_through():
    total = np.array([[2.0, 3.0]])
    one = Lines(0, 1, 1, 1, 0, 1, 0, 1)
    convert.convert(np.array([[1.4, np.nan]]), total, one, np.ones(1), np.ones(1), 15)
    assert total[0, 0] == 3.0
    assert np.isnan(total[0, 1])


def test_planes_are_converted_one_by_one_and_shifted():
    partial = np.random.default_rng(2).normal(0, 3, (4, 100))
    total = np.zeros((20, 5))
    steps, lines = (0.5, 0.25, 1.0, 2.0), Lines(3, 8, 9, 4, 0, 9, 0, 4)
    worth = np.array([2.0**b * step for b, step in enumerate(steps)])
    convert.convert(partial.reshape(-1, 5), total, lines, 1 / np.array(steps), worth, 15)
    codes = [[naive.adc(p, s, 15) for p in plane] for plane, s in zip(partial, steps, strict=True)]
    want = sum(2**b * steps[b] * np.array(codes[b]) for b in range(4))
    np.testing.assert_array_equal(total.ravel(), want)


@pytest.mark.parametrize(
    ("dtype", "bits"), [(np.uint8, 8), (np.uint8, 3), (np.uint16, 16), (np.float32, 8)]
)
def test_planes_add_up_to_the_codes(dtype, bits):
    codes = np.random.default_rng(5).integers(0, 2**bits, 300).astype(dtype)
    planes = np.empty((bits, 300), np.float32)
    quantise.split(codes, planes.reshape(-1), bits)
    assert set(np.unique(planes)) == {0.0, 1.0}
    np.testing.assert_array_equal(sum(2**b * planes[b] for b in range(bits)), codes)


def test_power_is_the_sum_of_squares():
    x = np.random.default_rng(3).normal(size=777).astype(np.float32)
    assert convert.power(x) == pytest.approx(sum(float(v) ** 2 for v in x), rel=1e-6)


def test_activations_become_the_nearest_codes():
    x = np.array([-3.0, 0.0, 0.049, 0.05, 0.051, 0.15, 1.0, 25.44, 25.5, 99.0], np.float64)
    found = np.empty(x.size, np.uint8)
    quantise.encode(x, found, 10.0, 255)
    np.testing.assert_array_equal(found, [0, 0, 0, 0, 1, 2, 10, 254, 255, 255])


@pytest.mark.parametrize(
    ("bits", "dtype"), [(8, np.uint8), (3, np.uint8), (12, np.uint16), (8, np.float32)]
)
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (2, 2, 0), (3, 2, 1)])
def test_ones_are_counted_as_the_rows_see_them(bits, dtype, kernel, stride, padding):
    x = np.random.default_rng(4).integers(0, 2**bits, (3, 6, 4, 5)).astype(dtype)
    columns = naive.windows(x, kernel, stride, padding)
    seeing = []
    for side in x.shape[1:3]:
        count = np.zeros(side, np.int64)
        for window in range((side + 2 * padding - kernel) // stride + 1):
            for k in range(kernel):
                if 0 <= window * stride - padding + k < side:
                    count[window * stride - padding + k] += 1
        seeing.append(count)
    ones = np.zeros(bits)
    quantise.count_ones(x, *seeing, ones)
    np.testing.assert_allclose(ones / columns.size, naive.plane_density(columns, bits))


@pytest.mark.parametrize("bits", [2, 4, 8, 16, 32])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_errors_are_rounded_to_their_bits(bits, dtype):
    x = np.random.default_rng(5).normal(0, 3e-4, 501).astype(dtype)
    want, density = naive.rounded_errors([float(v) for v in x], bits, 7, 2, 2**40 + 3)
    largest = max(abs(float(v)) for v in x)
    step = 2.0 ** np.ceil(np.log2(largest / (2 ** (bits - 1) - 1)))
    found = x.copy()
    counts = quantise.round_errors(found, step, bits, noise.Draw(0, 7, 2, 0, 2**40 + 3))
    np.testing.assert_array_equal(found, np.array(want, dtype))
    assert counts.ones / (bits * x.size) == pytest.approx(density, rel=1e-12)
    assert counts.nonzero == np.count_nonzero(want)
    assert np.abs(found - x).max() < step
    again = found.copy()
    quantise.round_errors(again, step, bits, noise.Draw(0, 8, 2, 0, 2**40 + 3))
    np.testing.assert_array_equal(again, found)


def test_errors_of_a_part_are_rounded_as_those_of_the_whole():
    x = np.random.default_rng(5).normal(0, 1.0, 501).astype(np.float32)
    whole, parts = x.copy(), x.copy()
    quantise.round_errors(whole, 0.25, 8, noise.Draw(0, 3, 1, 0, 5))
    for start in range(0, 501, 128):
        part = parts[start : start + 128]
        quantise.round_errors(part, 0.25, 8, noise.Draw(start, 3, 1, 0, 5))
    np.testing.assert_array_equal(whole, parts)


def test_rounding_keeps_the_mean_of_errors_far_below_a_step():
    """A share p rounds up: mean p and variance p (1 - p), where rounding to nearest gives 0."""
    for p in (0.03, 0.3):
        x = np.full(100_000, -p, np.float32)
        quantise.round_errors(x, 1.0, 8, noise.Draw(0, 1, 0, 0, 9))
        assert set(np.unique(x)) == {-1.0, 0.0}
        assert x.mean() == pytest.approx(-p, abs=5 * (p * (1 - p) / x.size) ** 0.5)


@pytest.mark.parametrize(("dtype", "integer"), [(np.float32, np.int32), (np.float64, np.int64)])
def test_the_largest_magnitude_is_found_among_bit_patterns(dtype, integer):
    x = np.random.default_rng(6).normal(size=99).astype(dtype)
    mask = integer(np.iinfo(integer).max)

    def largest(values):
        return np.array(quantise.largest(values.view(integer), mask), integer).view(dtype)

    assert largest(x) == np.abs(x).max()
    x[50] = np.nan
    assert np.isnan(largest(x))


POOLS = [  # kernel, stride, padding, ceil
    (2, 2, 0, False),
    (3, 2, 0, False),
    (3, 1, 0, False),
    (3, 2, 1, False),
    ((2, 3), (3, 1), (1, 0, 2, 1), False),
    (2, 2, 0, True),
    (3, 2, (0, 1, 1, 0), True),
    (3, 3, 1, True),
    ((7, 6), 1, 0, False),
]


def pane(kernel, stride, padding, shared=True):
    return pool.Pane(*naive.both(kernel), *naive.both(stride), *naive.around(padding), shared)


@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil"), POOLS)
def test_pooling_and_its_way_back(kernel, stride, padding, ceil):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 7, 6, 3))
    want, back = naive.max_pool(x, kernel, stride, padding, ceil)
    out, choice = np.empty(want.shape), np.empty(want.shape, np.uint8)
    pool.largest(x, out, choice, pane(kernel, stride, padding))
    np.testing.assert_array_equal(out, want)
    dy, dx = rng.normal(size=want.shape), np.zeros(x.shape)
    pool.largest_gradient(dy, choice, dx, pane(kernel, stride, padding))
    np.testing.assert_allclose(dx, back(dy), atol=1e-14)
    for shared in (True, False):
        want, back = naive.avg_pool(x, kernel, stride, padding, ceil, shared)
        pool.mean(x, out, pane(kernel, stride, padding, shared))
        np.testing.assert_allclose(out, want, atol=1e-14)
        dx[:] = 0
        pool.mean_gradient(dy, dx, pane(kernel, stride, padding, shared))
        np.testing.assert_allclose(dx, back(dy), atol=1e-14)


def test_the_first_of_equals_gets_the_gradient():
    x = np.zeros((1, 2, 2, 1))
    out, choice = np.empty((1, 1, 1, 1)), np.empty((1, 1, 1, 1), np.uint8)
    pool.largest(x, out, choice, pane(2, 2, 0))
    assert choice.item() == 0


def test_a_rectifier_blocks_what_is_not_positive():
    x = np.array([-1.0, 0.0, 2.0])
    out = np.empty(3)
    elementwise.rectify(x, out)
    np.testing.assert_array_equal(out, [0, 0, 2])
    dy = np.array([5.0, 6.0, 7.0])
    elementwise.rectify_gradient(dy, out)
    np.testing.assert_array_equal(dy, [0, 0, 7])
