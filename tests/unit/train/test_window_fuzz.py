"""Convolutions, their transposes and pools of a geometry drawn at random, against plain loops."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import naive

from neurorebit.kernels import pool
from neurorebit.layers.base import Misshaped, Shape
from neurorebit.layers.conv import Conv
from neurorebit.layers.conv_transpose import ConvTranspose
from neurorebit.layers.network import Node
from neurorebit.training.parts import overlap, product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Workers

QUICK = settings(max_examples=60, derandomize=True, deadline=None)
SIDE, STEP = st.integers(1, 7), st.integers(1, 3)
PAIR, STEPS = st.tuples(STEP, STEP), st.tuples(STEP, STEP)
SIDES = st.tuples(*(st.integers(0, 3),) * 4)
BLOCKS = st.sampled_from([(1, 2, 3), (2, 4, 2), (3, 3, 3), (2, 2, 4), (4, 4, 8)])
IMAGES = 2


def node_of(layer, shape):
    """A node of a layer on a map, and numbers to compute with; None where it does not fit."""
    height, width, channels = shape
    given = Shape(channels, height, width)
    try:
        out = layer.output(given)
    except Misshaped:
        return None
    matmul = layer.matmul(given, out)
    return Node(0, "one", layer, (-1,), shape_in=given, shape_out=out, matmul=matmul)


def numbers(node):
    rng, matmul, out = np.random.default_rng(0), node.matmul, node.product.shape_out
    given = node.shape_in
    x = rng.normal(size=(IMAGES, given.height, given.width, given.channels))
    weights = rng.normal(size=(matmul.groups, matmul.rows, matmul.cols))
    return x, weights, rng.normal(size=(IMAGES, out.height, out.width, out.channels))


def products(node, x, weights, dy):
    """Forward, backward and gradient by the code under test."""
    seen = Windows(x, 1.0, node.product)
    out, dx, gradient = np.empty(dy.shape), np.empty(x.shape), np.empty(weights.shape)
    with Workers(1) as workers:
        product.multiply(seen, weights, out, workers, scale=1.0)
        product.transposed(dy, weights, seen, dx, workers=workers)
        product.outer(seen, dy, gradient, workers)
    return out, dx, gradient


@QUICK
@given(SIDE, SIDE, PAIR, STEPS, SIDES, STEPS, BLOCKS)
def test_convolutions_of_any_geometry(height, width, kernel, stride, padding, apart, blocks):
    groups, channels, outputs = blocks
    layer = Conv(outputs, kernel, stride, padding, dilation=apart, groups=groups, kind="conv")
    node = node_of(layer, (height, width, channels))
    assume(node is not None)
    x, weights, dy = numbers(node)
    geometry = kernel, stride, padding, groups, apart
    want = naive.convolution(x, weights, *geometry)
    want = want, *naive.convolution_back(dy, x, weights, *geometry)
    for found, due in zip(products(node, x, weights, dy), want, strict=True):
        np.testing.assert_allclose(found, due, atol=1e-11)


@QUICK
@given(SIDE, SIDE, PAIR, STEPS, SIDES, STEPS, BLOCKS)
def test_transposed_convolutions_of_any_geometry(
    height, width, kernel, stride, padding, apart, blocks
):
    """Forward against plain loops; the way of the errors is the transpose of the additions."""
    groups, channels, outputs = blocks
    layer = ConvTranspose(
        outputs, kernel, stride, padding, dilation=apart, groups=groups, kind="conv_transpose"
    )
    node = node_of(layer, (height, width, channels))
    assume(node is not None)
    x, weights, dy = numbers(node)
    results, *_ = products(node, x, weights, dy)
    shape = node.shape_out
    out = np.empty((IMAGES, shape.height, shape.width, shape.channels))
    with Workers(1) as workers:
        overlap.add_up(results, out, node, workers)
        want = naive.transposed(x, weights, kernel, stride, padding, groups, dilation=apart)
        np.testing.assert_allclose(out, want, atol=1e-11)
        errors, fetched = np.random.default_rng(1).normal(size=out.shape), np.empty(results.shape)
        overlap.fetch(errors, fetched, node, workers)
    assert np.sum(fetched * results) == pytest.approx(np.sum(errors * out), rel=1e-9, abs=1e-9)


@QUICK
@given(SIDE, SIDE, PAIR, STEPS, SIDES, st.booleans(), st.booleans())
def test_pools_of_any_geometry(height, width, kernel, stride, padding, ceil, counted):
    x = np.random.default_rng(2).normal(size=(IMAGES, height, width, 2))
    try:
        seen, shape = naive.pooled(x, kernel, stride, padding, ceil)
    except IndexError:
        seen = {}
    assume(seen and all(on for on, _ in seen.values()))
    pane = pool.Pane(*kernel, *stride, *padding, counted)
    out, choice = np.empty(shape), np.empty(shape, np.uint8)
    dy = np.random.default_rng(3).normal(size=shape)
    for name, forward, back in (
        ("max", lambda: pool.largest(x, out, choice, pane),
         lambda dx: pool.largest_gradient(dy, choice, dx, pane)),
        ("mean", lambda: pool.mean(x, out, pane), lambda dx: pool.mean_gradient(dy, dx, pane)),
    ):  # fmt: skip
        if name == "max":
            want, way_back = naive.max_pool(x, kernel, stride, padding, ceil)
        else:
            want, way_back = naive.avg_pool(x, kernel, stride, padding, ceil, counted)
        forward()
        np.testing.assert_allclose(out, want, atol=1e-13)
        dx = np.zeros(x.shape)
        back(dx)
        np.testing.assert_allclose(dx, way_back(dy), atol=1e-13)
