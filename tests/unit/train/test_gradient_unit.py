"""Gradients through the converters of a chip's gradient unit, against plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from oracle import gradient_unit as plain
from oracle import naive

from neurorebit.inputs.architecture import read_architecture
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.gradient import GradientUnit
from neurorebit.training.parts.product import Windows

# height and width, channels, outputs, kernel, stride, padding, groups, images, rows of an array,
# and dilation
LAYERS = {
    "small maps share an array": ((2, 3), 3, 4, 3, 1, 1, 1, 7, 16, 1),
    "a map takes several arrays": ((5, 4), 2, 3, 3, 1, 1, 1, 3, 8, 1),
    "stride, no padding": ((9, 7), 2, 3, 3, 2, 0, 1, 2, 64, 1),
    "groups": ((4, 4), 4, 6, 2, 2, 1, 2, 3, 32, 1),
    "one pixel": ((1, 1), 9, 5, 1, 1, 0, 1, 11, 8, 1),
    "wide arrays": ((3, 3), 2, 3, 3, 1, 1, 1, 20, 200, 1),
    "four sides": ((6, 9), 2, 3, [2, 3], [1, 2], [2, 1, 0, 3], 1, 2, 32, 1),
    "taps apart": ((9, 8), 4, 4, [3, 2], [2, 1], [1, 2, 0, 1], 2, 2, 32, [2, 3]),
}
BITS, ERRORS = 5, 6


def chip(**unit):
    spec = read_architecture(Document(paths.shipped("architecture", "reram")))
    unit = replace(spec.gradient_unit, **unit)
    return replace(spec, input_bits=BITS, error_bits=ERRORS, gradient_unit=unit)


def site_of(bench, case, **unit):
    (height, width), channels, outputs, size, stride, padding, groups, _, rows, apart = case
    conv = {"kind": "conv", "channels": outputs, "kernel": size, "stride": stride}
    layers = [{**conv, "padding": padding, "groups": groups, "dilation": apart}]
    layers += [{"kind": "relu"}, {"kind": "flatten"}, {"kind": "linear", "features": 3}]
    network = bench.network((height, width, channels), layers, 3, calibration_steps=2, batch=64)
    spec = chip(rows=rows, **unit)
    device = read_device(Document(paths.shipped("device", spec.device)))
    scheme = SCHEMES["reram"]
    model = Model(network, spec, device, scheme=scheme, seed=1, workers=bench.workers)
    return model.matrices[0].weights.site


def drawn(site, case, seed=0):
    """Codes of which many are zero, and errors of one unit of 1/4."""
    rng = np.random.default_rng(seed)
    shape, out, images = site.node.shape_in, site.node.shape_out, case[7]
    x = rng.integers(0, 2**BITS, (images, shape.height, shape.width, shape.channels), np.uint8)
    x *= rng.random(x.shape) < 0.6
    size = (images, out.height, out.width, out.channels)
    codes = np.rint(np.clip(rng.normal(0, 5, size), -31, 31)).astype(int)
    codes *= rng.random(size) < 0.7
    codes.flat[0] = -31
    return x, codes


def found_and_wanted(bench, case, spreads, bits):
    site = site_of(bench, case, adc_range=spreads, adc_bits=bits)
    unit = GradientUnit(site)
    x, codes = drawn(site, case)
    out = np.empty(site.shape, np.float32)
    unit.outer(Windows(x, 1 / 8, site.node), (codes / 4).astype(np.float32), out)
    layer = *site.node.window[:3], site.node.groups, site.node.window.dilation
    sizes = {"bits": BITS, "error_bits": ERRORS, "most": 64}
    counted = list(plain.counts(x, codes, layer, case[8], **sizes))
    return out, counted


@pytest.mark.parametrize("spreads", ["full", 1.0])
@pytest.mark.parametrize("name", LAYERS)
def test_the_gradient_is_that_of_plain_loops_over_arrays_and_bit_planes(bench, name, spreads):
    case = LAYERS[name]
    out, counted = found_and_wanted(bench, case, spreads, 2)
    found = [count for *_, count in counted]
    span = case[8] if spreads == "full" else plain.reach(found, case[8], spreads)
    want = plain.gradient(np.empty(out.shape), counted, max(span / 3, 1.0), 3)
    np.testing.assert_allclose(out, want / 32, rtol=1e-5, atol=1e-6 * np.abs(want).max())
    exact = plain.gradient(np.empty(out.shape), counted, 1.0, 10_000)
    assert np.any(want != exact)  # the converters are felt


@pytest.mark.parametrize("name", LAYERS)
def test_counts_without_converters_are_the_exact_gradient(bench, name):
    """Two's complement and window places, against the gradient of the convolution."""
    case = LAYERS[name]
    site = site_of(bench, case)
    x, codes = drawn(site, case)
    node = site.node
    layer = *node.window[:3], node.groups, node.window.dilation
    sizes = {"bits": BITS, "error_bits": ERRORS, "most": 64}
    counted = plain.counts(x, codes, layer, case[8], **sizes)
    found = plain.gradient(np.empty(site.shape), counted, 1.0, 10_000)
    want = naive.convolution_back(codes, x, np.zeros(site.shape), *layer)[1]
    np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize("rows", [16, 200])
def test_a_code_for_every_row_is_exact(bench, rows):
    """Through the counts and through the product: the way that training takes is the product."""
    case = (*LAYERS["small maps share an array"][:-2], rows, 1)
    bits = {16: 5, 200: 8}[rows]
    out, counted = found_and_wanted(bench, case, "full", bits)
    want = plain.gradient(np.empty(out.shape), counted, 1.0, 10_000) / 32
    np.testing.assert_allclose(out, want, rtol=1e-5, atol=1e-5)
    assert GradientUnit(site_of(bench, case, adc_bits=bits)).exact
    assert not GradientUnit(site_of(bench, case, adc_bits=bits - 1)).exact
