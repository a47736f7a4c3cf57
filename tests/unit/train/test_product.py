"""The three products of a layer against sums over its windows, for every way they are computed."""

import numpy as np
import pytest
from oracle import naive

from neurorebit.layers.base import Shape
from neurorebit.layers.conv import Conv
from neurorebit.layers.network import Node
from neurorebit.training.parts import product, winograd
from neurorebit.training.parts.conversion import Conversion
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Workers

LAYERS = [  # height, width, channels, outputs, kernel, stride, padding, groups, way, dilation
    (4, 4, 32, 40, 3, 1, 1, 1, winograd.TILED),
    (9, 6, 33, 32, 3, 1, 1, 1, winograd.TILED),
    (10, 10, 40, 70, 3, 1, 0, 1, winograd.TILED),
    (7, 8, 32, 33, 3, 1, 2, 1, winograd.TILED),
    (2, 2, 96, 33, 3, 1, 1, 1, winograd.PAIR),
    (5, 5, 64, 31, 3, 1, 1, 1, None),
    (1, 1, 64, 8, 3, 1, 1, 1, None),
    (7, 5, 64, 9, 3, 2, 1, 1, None),
    (6, 6, 64, 12, 3, 2, 1, 2, None),
    (8, 9, 6, 16, 5, 1, 0, 1, None),
    (8, 9, 1, 6, 5, 1, 0, 1, None),
    (6, 5, 1, 4, 3, 1, 2, 1, None),
    (6, 5, 1, 4, 3, 2, 1, 1, None),
    (5, 4, 3, 64, 3, 1, 1, 1, None),
    (6, 4, 70, 10, 1, 1, 0, 1, None),
    (6, 4, 70, 10, 1, 2, 0, 1, None),
    (1, 1, 784, 30, 1, 1, 0, 1, None),
    (4, 4, 128, 16, 1, 1, 0, 2, None),
    (9, 8, 64, 32, 3, 1, 1, 1, None, 2),
    (9, 8, 64, 32, 3, 1, (1, 1, 0, 2), 1, None),
    (9, 8, 32, 34, (3, 2), 1, 1, 1, None),
    (7, 9, 66, 8, (2, 3), (2, 1), (3, 0, 1, 2), 1, None, (2, 3)),
    (8, 11, 1, 5, (4, 3), 1, (0, 2, 3, 1), 1, None, (1, 3)),
    (6, 7, 12, 6, (3, 1), (1, 2), (2, 1, 0, 0), 3, None, (2, 1)),
    (5, 6, 8, 16, 3, (2, 3), (1, 2), 8, None),
    (4, 5, 3, 6, 1, 1, (0, 1, 2, 0), 1, None),  # windows that see padding alone
]


def case(height, width, channels, outputs, kernel, stride, padding, groups, way, dilation=1):
    layer = Conv(outputs, kernel, stride, padding, dilation=dilation, groups=groups, kind="conv")
    given = Shape(channels, height, width)
    made = layer.output(given)
    matmul = layer.matmul(given, made)
    node = Node(0, "conv", layer, (-1,), shape_in=given, shape_out=made, matmul=matmul)
    assert product.filtered(node) is way
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(groups, matmul.rows, matmul.cols))
    x = np.maximum(rng.normal(size=(5, height, width, channels)), 0.0)
    return node, x, weights, rng.normal(size=(5, made.height, made.width, outputs))


def plain(node, x, weights, dy):
    """Forward, backward and gradient as sums over windows and over kernel positions."""
    groups, _, cols = weights.shape
    (high, wide), (down, across), sides, (deep, broad) = node.window
    channels, frame = x.shape[3] // groups, (node.window.kernel, node.window.stride, sides)
    out, gradient = np.empty(dy.shape), np.empty(weights.shape)
    padded = np.pad(np.zeros(x.shape), ((0, 0), sides[:2], sides[2:], (0, 0)))
    for group in range(groups):
        vectors = naive.windows(x, *frame, group * channels, channels, (deep, broad))
        here = slice(group * cols, (group + 1) * cols)
        errors = dy[..., here]
        out[..., here] = (vectors @ weights[group]).reshape(errors.shape)
        gradient[group] = vectors.T @ errors.reshape(-1, cols)
        for k in range(high * wide):
            ky, kx = divmod(k, wide)
            rows = weights[group, k * channels : (k + 1) * channels]
            reached = padded[:, deep * ky :: down, broad * kx :: across, group * channels :][
                :, : dy.shape[1], : dy.shape[2], :channels
            ]
            reached += errors @ rows.T
    height, width = x.shape[1:3]
    inner = padded[:, sides[0] :, sides[2] :][:, :height, :width]
    return out, inner, gradient


def ours(node, x, weights, dy, scale=1.0, threads=1):
    """The same by the code under test."""
    seen = Windows(x, scale, node)
    out, dx = np.empty(dy.shape, dy.dtype), np.empty(x.shape, dy.dtype)
    gradient = np.empty(weights.shape, dy.dtype)
    with Workers(threads) as workers:
        product.multiply(seen, weights, out, workers, scale=scale)
        product.transposed(dy, weights, seen, dx, workers=workers)
        product.outer(seen, dy, gradient, workers)
    return out, dx, gradient


@pytest.mark.parametrize("layer", LAYERS)
def test_products_are_sums_over_windows(layer):
    given = case(*layer)
    for found, want in zip(ours(*given), plain(*given), strict=True):
        np.testing.assert_allclose(found, want, atol=1e-12 * np.abs(want).max())


@pytest.mark.parametrize("layer", LAYERS)
def test_codes_have_a_scale(layer):
    node, x, weights, dy = case(*layer)
    codes = np.rint(np.minimum(x / 0.01, 255)).astype(np.uint8)
    found = ours(node, codes, weights, dy, scale=0.01)
    want = plain(node, 0.01 * codes, weights, dy)
    for i in (0, 2):
        np.testing.assert_allclose(found[i], want[i], atol=1e-12 * np.abs(want[i]).max())


@pytest.mark.parametrize("layer", LAYERS)
def test_float32_is_exact_to_its_rounding(layer):
    """A direct sum of n terms errs by about sqrt(n) roundings of 6e-8; tiles by some more."""
    node, *arrays = case(*layer)
    single = [array.astype(np.float32) for array in arrays]
    want = plain(node, *(array.astype(np.float64) for array in single))
    for found, exact in zip(ours(node, *single), want, strict=True):
        error = np.abs(found - exact).max() / np.abs(exact).max()
        assert error < (5e-6 if layer[8] is winograd.TILED else 1e-6)


@pytest.mark.parametrize("layer", LAYERS)
def test_threads_do_not_change_a_bit(layer):
    node, *arrays = case(*layer)
    single = [array.astype(np.float32) for array in arrays]
    for one, three in zip(
        ours(node, *single, threads=1), ours(node, *single, threads=3), strict=True
    ):
        np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize(
    "limits", [{"CHUNK": 1}, {"SMALL": 0}, {"SMALL": 0, "PASS": 1, "PIECE": 9}]
)
@pytest.mark.parametrize("layer", [LAYERS[1], LAYERS[4]])
def test_planes_may_be_cut_in_any_way(monkeypatch, layer, limits):
    given = case(*layer)
    for name, limit in limits.items():
        monkeypatch.setattr(winograd, name, limit)
    for found, want in zip(ours(*given, threads=2), plain(*given), strict=True):
        np.testing.assert_allclose(found, want, atol=1e-12 * np.abs(want).max())


def test_blocks_of_few_lines_add_up(monkeypatch):
    for layer in (LAYERS[7], LAYERS[9]):
        given = case(*layer)
        whole = ours(*given)
        with monkeypatch.context() as small:
            small.setattr(product, "BLOCK", 1)
            small.setattr(product, "FEWEST", 7)
            small.setattr(product, "PIECE", 50)
            small.setattr(product, "WEIGHTS", 0)
            for found, want in zip(ours(*given), whole, strict=True):
                np.testing.assert_allclose(found, want, atol=1e-12 * np.abs(want).max())


@pytest.mark.parametrize("size", [24, 32, 1000])
@pytest.mark.parametrize(
    "layer", [LAYERS[0], LAYERS[4], LAYERS[7], LAYERS[10], LAYERS[18], LAYERS[21]]
)
def test_each_array_is_read_by_its_converter(layer, size):
    node, x, weights, dy = case(*layer)
    rows = weights.shape[1]
    cuts = [(low, min(low + size, rows)) for low in range(0, rows, size)]
    out = np.empty(dy.shape)
    with Workers(1) as workers:
        conversion = Conversion(cuts=cuts, steps=(2.0,), top=7, measured=True)
        seen = Windows(x, 1.0, node)
        power = product.multiply(seen, weights, out, workers, scale=0.5, conversion=conversion)
    vectors = naive.windows(x, *node.window[:3], dilation=node.window.dilation)
    partial = np.stack([vectors[:, a:b] @ weights[0, a:b] for a, b in cuts])
    want = np.clip(np.rint(partial / 2.0), -7, 7).sum(axis=0).reshape(dy.shape)
    np.testing.assert_allclose(out, 0.5 * 2.0 * want, atol=1e-12)
    assert power == pytest.approx((partial**2).mean())


def test_rows_of_one_kernel_position_reach_what_they_see():
    node, *_ = case(*LAYERS[7])
    for k in range(9):
        part = product.piece(node, k * 64 + 3, (k + 1) * 64)
        ones = naive.windows(np.ones((1, 7, 5, 1)), 3, 2, 1)[:, k]
        shape = node.shape_out
        seen = ones.reshape(shape.height, shape.width)
        top, bottom, left, right = part.reach
        assert seen[top:bottom, left:right].all()
        assert seen.sum() == part.positions == (bottom - top) * (right - left)
        for first, last in ((0, 8), (1, 7), (5, 6)):
            lines = np.tile(seen, (2, 1))[first:last]
            assert part.vectors(first, last, shape.height) == lines.sum()
