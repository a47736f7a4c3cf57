"""Layers whose inputs may be below zero, in each way, against plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from oracle import gradient_unit as plain_unit
from oracle import naive
from small import (
    CLASSES,
    INPUTS,
    SEED,
    SIZES,
    against,
    given,
    held_by,
    in_place_chip,
    learn,
    linear_device,
    measured,
    one_step,
    unlike_device,
)
from test_gradient_unit import BITS, ERRORS, LAYERS, drawn, site_of

from neurorebit.chips.parts.signs import SIGNED_INPUTS
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.gradient import GradientUnit
from neurorebit.training.parts.product import Windows
from neurorebit.training.state import capture

LINEAR = [
    {"kind": "flatten"}, {"kind": "linear", "features": 11}, {"kind": "linear", "features": 5},
]  # fmt: skip
CONVS = [
    {"kind": "conv", "channels": 4, "kernel": 3, "padding": 1},
    {"kind": "conv", "channels": 6, "kernel": [3, 2], "padding": [1, 0, 0, 1], "groups": 2},
    {"kind": "relu"}, {"kind": "flatten"}, {"kind": "linear", "features": 3},
]  # fmt: skip
each_way = pytest.mark.parametrize("way", SIGNED_INPUTS)


def planes_of(codes, way, bits):
    """Each plane of integers, and what its ones are worth, by the meaning of the way."""
    codes, half = np.asarray(codes).astype(int), 2 ** (bits - 1)
    if way == "twos_complement":
        found = [((codes % (2 * half)) // 2**b % 2, 2**b) for b in range(bits)]
        return [*found[:-1], (found[-1][0], -half)]
    if way == "two_phase":
        plus, minus = np.where(codes > 0, codes, 0), np.where(codes < 0, -codes, 0)
        return [
            (part // 2**b % 2, sign * 2**b)
            for part, sign in ((plus, 1), (minus, -1))
            for b in range(bits - 1)
        ]
    raised = [((codes + half) // 2**b % 2, 2**b) for b in range(bits)]
    return [*raised, (np.ones_like(codes), -half)]


def converted(planes, weights, cuts, spreads, top, powers):
    """Planes through converters that span ``spreads`` deviations of what two steps have seen."""
    total = 0.0
    for number, (plane, worth) in enumerate(planes):
        sums = [plane[:, a:b] @ weights[a:b] for a, b in cuts]
        own = sum(np.sum(s**2) for s in sums) / sum(s.size for s in sums)
        seen = powers.setdefault(number, [])
        power = np.mean(seen or [own])
        if len(seen) < 2:
            seen.append(own)
        step = spreads * power**0.5 / top
        if step:
            total = total + worth * step * naive.array_product(plane, weights, cuts, step, top)
    return total


def model_of(bench, scheme, layers, spec, device, shape=(1, 1, INPUTS), classes=CLASSES, **keys):
    training = {"adc": "ideal", "momentum": 0.7, "batch": 6, **keys}
    network = bench.network(shape, layers, classes, **training)
    return Model(
        network, spec, device, scheme=SCHEMES[scheme], seed=SEED, workers=bench.workers,
        dtype=np.float64,
    )  # fmt: skip


def signed_batch(shape, seed):
    return np.random.default_rng(seed).normal(-0.3, 0.8, shape)


def codes_of(x, clip, bits):
    top = 2 ** (bits - 1) - 1
    return np.clip(np.rint(x * top / clip), -top, top), clip / top


@each_way
@pytest.mark.parametrize("bits", [8, 5])
def test_ideal_arrays_give_the_product_of_signed_codes(bench, way, bits):
    """Symmetric codes, of which the largest is a percentile of the magnitudes so far."""
    spec = in_place_chip("reram")
    spec = replace(spec, signed_inputs=way, input_bits=bits, error_bits=32)
    model = model_of(bench, "reram", LINEAR, spec, unlike_device(bench), clip_percentile=90.0)
    assert [m.signs is not None for m in model.matrices] == [False, True]
    clips = []
    for step in range(3):
        x, dy = signed_batch((6, 1, 1, 11), step), given(1, step)[1]
        clips.append(np.percentile(np.abs(x), 90.0))
        codes, unit = codes_of(x[:, 0, 0], np.mean(clips), bits)
        shares, full = against(model, 1), held_by(model, 1)[1]
        out, _ = learn(model, 1, x, dy, 0.05)
        np.testing.assert_allclose(out, full * unit * (codes @ shares), atol=1e-9)
        assert codes.min() < 0 < codes.max()


PLANES = [
    ("two_phase", "bit_serial"), ("twos_complement", "bit_serial"), ("offset", "bit_serial"),
    ("twos_complement", "fast"), ("offset", "fast"),
]  # fmt: skip


@pytest.mark.parametrize(("way", "conversion"), PLANES)
@pytest.mark.parametrize("scheme", ["reram", "hybrid", "reram_mapped"])
def test_planes_of_each_way_pass_converters_of_their_own(bench, way, conversion, scheme):
    """Arrays of 4 rows; the sums of weights pass converters too, in a range of their own. Planes
    of signs are worth too much for one conversion of the sum to stand for theirs.
    """
    spec = in_place_chip(
        scheme, rows=4, cols=3, adc_bits=5, back_adc_bits=6, adc_range=3.0,
        cols_per_adc=3, rows_per_adc=2,
    )  # fmt: skip
    spec = replace(spec, signed_inputs=way, error_bits=32)
    keys = {"adc": "array", "calibration_steps": 2, "conversion": conversion}
    model = model_of(bench, scheme, LINEAR, spec, unlike_device(bench), **keys)
    rows, clips, powers = SIZES[1][0], [], {}
    cuts = [(low, min(low + 4, rows)) for low in range(0, rows, 4)]
    for step in range(3):
        x, dy = signed_batch((6, 1, 1, rows), step), given(1, step)[1]
        clips.append(np.percentile(np.abs(x), 99.9))
        codes, unit = codes_of(x[:, 0, 0], np.mean(clips), 8)
        shares, full = against(model, 1), held_by(model, 1)[1]
        out, _ = learn(model, 1, x, dy, 0.01)
        want = converted(planes_of(codes, way, 8), shares, cuts, 3.0, 15, powers)
        np.testing.assert_allclose(out, full * unit * want, atol=1e-9)


def test_one_conversion_of_the_sum_stands_for_two_phases(bench):
    spec = in_place_chip("reram", rows=4, cols=16, adc_bits=5, adc_range=3.0)
    spec = replace(spec, signed_inputs="two_phase", error_bits=32)
    keys = {"adc": "array", "calibration_steps": 1, "conversion": "fast"}
    model = model_of(bench, "reram", LINEAR, spec, unlike_device(bench), **keys)
    x, dy = signed_batch((6, 1, 1, 11), 4), given(1)[1]
    codes, unit = codes_of(x[:, 0, 0], np.percentile(np.abs(x), 99.9), 8)
    shares, full = against(model, 1), held_by(model, 1)[1]
    out, _ = learn(model, 1, x, dy, 0.01)
    cuts = [(0, 4), (4, 8), (8, 11)]
    want = converted([(codes, 1)], shares, cuts, 3.0, 15, {})
    np.testing.assert_allclose(out, full * unit * want, atol=1e-9)


@each_way
@pytest.mark.parametrize("adc", ["ideal", "array"])
def test_zeros_of_the_padding_are_inputs_of_zero(bench, way, adc):
    """Where inputs are raised, so are those in the padding; of two groups, windows of 3 x 2."""
    spec = replace(in_place_chip("reram", rows=8, cols=16), signed_inputs=way, error_bits=32)
    keys = {"adc": adc, "calibration_steps": 1, "conversion": "bit_serial"}
    model = model_of(
        bench, "reram", CONVS, spec, linear_device(bench), shape=(4, 5, 3), classes=3, **keys
    )
    layer = model.matrices[1]
    x = signed_batch((3, 4, 5, 4), 1)
    codes, unit = codes_of(x, np.percentile(np.abs(x), 99.9), 8)
    shape = layer.weights.site.shape
    assert shape == (2, 12, 3)
    held, full = held_by(model, 1)
    held = held.reshape(shape)
    out = layer.forward((x,), learning=True)
    powers, sums = {}, {}
    cuts, top = [(0, 8), (8, 12)], 15
    for group in range(2):
        vectors = naive.windows(codes, [3, 2], 1, [1, 0, 0, 1], 2 * group, 2)
        sums[group] = planes_of(vectors, way, 8)
    total = np.zeros(out.shape)
    for number in range(len(sums[0])):
        parts = {
            (g, c): sums[g][number][0][:, c[0] : c[1]] @ held[g, c[0] : c[1]]
            for g in range(2) for c in cuts
        }  # fmt: skip
        power = sum(np.sum(p**2) for p in parts.values()) / sum(p.size for p in parts.values())
        powers[number] = power
        step, worth = 4.0 * power**0.5 / top, sums[0][number][1]
        for (g, _), part in parts.items():
            code = np.clip(np.rint(part / step), -top, top) * step if step else 0.0 * part
            code = part if adc == "ideal" else code
            total[..., 3 * g : 3 * g + 3] += worth * code.reshape((*out.shape[:3], 3))
    np.testing.assert_allclose(out, full * unit * total, atol=1e-9)


@each_way
def test_activity_has_the_planes_of_the_way_and_what_memory_holds(bench, way):
    spec = replace(in_place_chip("reram"), signed_inputs=way)
    model = model_of(bench, "reram", CONVS, spec, linear_device(bench), shape=(4, 5, 3), classes=3)
    x, layer = signed_batch((3, 4, 5, 4), 2), model.matrices[1]
    layer.sends_back = True
    out = layer.forward((x,), learning=True)
    layer.backward(np.ones(out.shape), 0.01)
    codes, _ = codes_of(x, np.percentile(np.abs(x), 99.9), 8)
    vectors = naive.windows(codes, [3, 2], 1, [1, 0, 0, 1], 0, 4)
    inside = naive.windows(np.ones(x.shape), [3, 2], 1, [1, 0, 0, 1], 0, 4)  # 0 in the padding
    found = measured(model, 1)
    reads = int(SIGNED_INPUTS[way].reads(8))
    planes = [plane * inside for plane, _ in planes_of(vectors, way, 8)[:reads]]
    np.testing.assert_allclose(found.input_density, [p.mean() for p in planes], rtol=1e-12)
    ones = [naive.twos_complement_ones(int(c), 8) for c in codes.ravel()]
    assert found.stored_density == pytest.approx(np.mean(ones) / 8, rel=1e-12)
    assert measured_unsigned(model) is None


def measured_unsigned(model):
    """What the first layer, whose inputs are bytes, says of signed codes."""
    layer = model.matrices[0]
    out = layer.forward((np.full((2, 4, 5, 3), 9, np.uint8),), learning=True)
    layer.backward(np.ones(out.shape), 0.01)
    found = measured(model, 0)
    assert len(found.input_density) == 8
    return found.stored_density


@pytest.mark.parametrize("spreads", ["full", 1.0])
@pytest.mark.parametrize("name", ["small maps share an array", "groups", "four sides"])
def test_the_gradient_of_signed_codes_counts_the_sign_bit_below_zero(bench, name, spreads):
    case = LAYERS[name]
    site = site_of(bench, case, adc_range=spreads, adc_bits=3)
    unit, (x, errors) = GradientUnit(site), drawn(site, case)
    x = np.where(x >= 2 ** (BITS - 1), x.astype(int) - 2**BITS + 1, x).astype(np.int8)
    assert x.min() < 0 < x.max()
    out, want = np.empty(site.shape, np.float32), np.zeros(site.shape)
    signs = SIGNED_INPUTS["two_phase"].planes(BITS)
    unit.outer(Windows(x, 1 / 8, site.node, signs), (errors / 4).astype(np.float32), out)
    layer = *site.node.window[:3], site.node.groups, site.node.window.dilation
    sizes = {"bits": BITS, "error_bits": ERRORS, "most": 64, "signed": True}
    counted = list(plain_unit.counts(x, errors, layer, case[8], **sizes))
    found, rows = [count for *_, count in counted], case[8]
    reach = rows if spreads == "full" else plain_unit.reach(found, rows, spreads)
    plain_unit.gradient(want, counted, max(reach / 7, 1.0), 7)
    np.testing.assert_allclose(out, want / 32, rtol=1e-5, atol=1e-4)


@each_way
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_learns_through_signed_layers(bench, scheme, way):
    """Three classes of clouds in the plane, through a layer without a rectifier."""
    if scheme == "deployed" or SCHEMES[scheme].refuses:  # which knows no norm
        return
    organisation = "rebit" if scheme == "hybrid" else "reram"
    spec = bench.chip(scheme)[0] if organisation == "rebit" else in_place_chip(scheme)
    spec = replace(spec, signed_inputs=way)
    layers = [
        {"kind": "flatten"}, {"kind": "linear", "features": 16}, {"kind": "batch_norm"},
        {"kind": "linear", "features": 3},
    ]  # fmt: skip
    model = model_of(
        bench, scheme, layers, spec, unlike_device(bench), shape=(1, 1, 2), classes=3, adc="array"
    )
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 3, 300)
    middle = np.array([(40, 40), (200, 60), (110, 210)])[labels]
    x = np.clip(middle + rng.normal(0, 12, (300, 2)), 0, 255).astype(np.uint8).reshape(-1, 1, 1, 2)
    losses = [
        one_step(model, x[i : i + 30], labels[i : i + 30], rate=0.05)
        for _ in range(6) for i in range(0, 300, 30)
    ]  # fmt: skip
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:3])
    assert capture(model.parts).arrays


@each_way
def test_images_below_zero_enter_the_first_layer(bench, way):
    """Normalised data: signed codes; a byte would be without a sign."""
    spec = replace(in_place_chip("reram"), signed_inputs=way, error_bits=32)
    network = bench.network((1, 1, INPUTS), LINEAR, CLASSES, adc="ideal", batch=6)
    first = network.nodes[1]
    assert first.matmul is not None
    marked = replace(first, matmul=replace(first.matmul, signed=True))
    network = replace(network, nodes=(network.nodes[0], marked, network.nodes[2]))
    model = Model(
        network, spec, unlike_device(bench), scheme=SCHEMES["reram"], seed=SEED,
        workers=bench.workers, dtype=np.float64,
    )  # fmt: skip
    images = signed_batch((6, 1, 1, INPUTS), 9)
    codes, unit = codes_of(images[:, 0, 0], np.percentile(np.abs(images), 99.9), 8)
    hidden = model.matrices[0].forward((images,), learning=False)
    want = held_by(model, 0)[1] * unit * (codes @ against(model, 0))
    np.testing.assert_allclose(hidden[:, 0, 0], want, atol=1e-9)
    assert model.forward(images, learning=False).shape == (6, CLASSES)
