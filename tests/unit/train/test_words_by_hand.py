"""Weights, gradients and moments that are held in words of few bits, by plain loops."""

import numpy as np
import pytest
from oracle import words as plain
from small import dense, given, unlike_device

from neurorebit.chips.hybrid.formats import Formats
from neurorebit.kernels import noise
from neurorebit.schema.formats import FORMATS
from neurorebit.training.parts.product import Windows
from neurorebit.training.state import State, capture, restore

MOMENTUM, DECAY, RATE = 0.7, 0.01, 0.04
CASES = [
    {"weight": "bf16", "gradient": "bf16"},
    {"weight": "int8", "gradient": "int16"},
    {"weight": "e4m3", "gradient": "fp16", "moment": "e5m2"},
    {"weight": "int16", "gradient": "int32", "moment": "int16"},
    {"weight": "int4", "gradient": "bf16", "master": "int16"},
]


def scale_for(largest, one, reached=False):
    """The power of two with which the top of a format lies above (or at) the largest number."""
    if one.exponent >= 8:
        return 1.0
    scale = 2.0**-60
    while scale * one.top < largest or (not reached and scale * one.top == largest):
        scale *= 2.0
    return scale


def rounded(values, word, scale, chances=None):
    """Each number of an array; by chance where there are chances."""
    one = FORMATS[word]
    if one.bits >= 32:
        return np.array(values)
    to = scale, int(one.bits), one.exponent, one.top
    flat = [float(np.float32(x)) for x in np.ravel(values)]
    if chances is None:
        found = [plain.nearest(x, *to) for x in flat]
    else:
        found = [plain.by_chance(x, *to, chance=c) for x, c in zip(flat, chances, strict=True)]
    return np.reshape(found, np.shape(values))


class ByHand:
    """One layer that learns: its weights, its velocity and the largest numbers of each."""

    def __init__(self, formats, real, bound):
        self.formats, self.real, self.bound = formats, real, bound
        self.velocity = np.zeros_like(real)
        self.gradients = self.moments = 0.0

    def step(self, x, dy):
        """A step of SGD with momentum; images are collected one after the other."""
        f, together = self.formats, self.formats.moment == "gradient"
        word = f.gradient if together else f.moment
        images = [np.outer(a, b) for a, b in zip(x, dy, strict=True)]
        self.gradients = self.gradients or np.abs(sum(images)).max()
        scale = scale_for(2.0 * self.gradients, FORMATS[f.gradient])
        narrow = FORMATS[f.gradient].bits < 32
        out = MOMENTUM * self.velocity if together and narrow else 0.0 * self.real
        for image in images:
            out = rounded(out + image, f.gradient, scale)
        if narrow:
            self.gradients = np.abs(out).max()
        before = 0.0 if together and narrow else MOMENTUM * self.velocity
        velocity = before + out + DECAY * self.real
        real = np.clip(self.real - RATE * velocity, -self.bound, self.bound)
        learner = f.weight if f.master == "none" else f.master
        self.real = rounded(real, learner, scale_for(self.bound, FORMATS[learner], reached=True))
        scale = scale_for(self.moments or self.gradients, FORMATS[word])
        self.velocity = rounded(velocity, word, scale)
        self.moments = np.abs(self.velocity).max()


def layer(bench, formats, **training):
    keys = {"momentum": MOMENTUM, "weight_decay": DECAY, **training}
    return dense(bench, "hybrid", unlike_device(bench), training=keys, formats=formats)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_learns_as_plain_loops_say(bench, case):
    formats = Formats(**case)
    model = layer(bench, formats)
    matrix = model.matrices[0]
    weights = matrix.weights
    first = dense(bench, "real", unlike_device(bench)).matrices[0].weights.real
    learner = FORMATS[formats.weight if formats.master == "none" else formats.master]
    word = formats.weight if formats.master == "none" else formats.master
    start = rounded(first, word, scale_for(np.abs(first).max(), learner))
    np.testing.assert_array_equal(weights.real, start)
    hand = ByHand(formats, weights.real[0].copy(), weights.bound)
    for step in range(3):
        x, dy = given(0, step)
        weights.update(Windows(x, 1 / 255, matrix.node), dy, RATE)
        hand.step(x.reshape(len(x), -1) / 255, dy.reshape(len(dy), -1))
        np.testing.assert_allclose(weights.real[0], hand.real, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(weights.velocity[0], hand.velocity, rtol=1e-6, atol=1e-12)


def test_errors_go_back_through_copies_of_masters(bench):
    model = layer(bench, Formats(weight="int4", master="int16"))
    weights = model.matrices[0].weights
    x, dy = given(0)
    back = np.empty((len(x), 1, 1, x.shape[-1]))
    weights.mtvm(dy, Windows(x, 1 / 255, model.matrices[0].node), back)
    copies = rounded(
        weights.real[0], "int4", scale_for(np.abs(weights.real).max(), FORMATS["int4"])
    )
    np.testing.assert_allclose(back.reshape(len(x), -1), dy.reshape(len(dy), -1) @ copies.T)
    assert len(np.unique(copies)) <= 15


def test_words_are_rounded_by_the_chances_of_their_layer_and_step(bench):
    formats = Formats(weight="int8", rounding="stochastic")
    weights = layer(bench, formats).matrices[0].weights
    exact = dense(bench, "real", unlike_device(bench)).matrices[0].weights.real[0]
    site = weights.site
    chances = [
        plain.chance(i, 0, site.index, noise.WEIGHT_WORDS, site.seed) for i in range(exact.size)
    ]
    scale = scale_for(np.abs(exact).max(), FORMATS["int8"])
    np.testing.assert_array_equal(weights.real[0], rounded(exact, "int8", scale, chances))


@pytest.mark.parametrize("word", ["int4", "e4m3", "int8"])
def test_inputs_come_to_the_gradient_in_their_format(bench, word):
    """Codes from 0 to 255 without a sign: sixteen steps, fractions of 3 bits, or as they are."""
    matrix = layer(bench, Formats(activation=word)).matrices[0]
    x, dy = given(0)
    found = np.empty_like(matrix.weights.real)
    matrix.weights.gradient(Windows(x, 1 / 255, matrix.node), dy, found)
    seen = np.array(x, float)
    if word == "int4":
        seen = np.minimum(np.rint(seen / 16.0), 15.0) * 16.0
    if word == "e4m3":
        seen = rounded(seen, "e4m3", 1.0)
    expected = seen.reshape(len(x), -1).T @ dy.reshape(len(dy), -1) / 255
    np.testing.assert_allclose(found[0], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("rule", ["sgd", "nesterov", "adam"])
def test_a_layer_goes_on_from_its_state_to_the_bit(bench, rule):
    formats = Formats(weight="int8", gradient="fp16", moment="e5m2", rounding="stochastic")
    whole, first, second = (layer(bench, formats, optimiser=rule) for _ in range(3))

    def steps(model, start, stop):
        for step in range(start, stop):
            x, dy = given(0, step)
            matrix = model.matrices[0]
            matrix.weights.update(Windows(x, 1 / 255, matrix.node), dy, RATE)

    steps(whole, 0, 4)
    steps(first, 0, 2)
    kept = capture(first.parts)
    restore(second.parts, State({k: v.copy() for k, v in kept.arrays.items()}, dict(kept.plain)))
    steps(second, 2, 4)
    assert second.digest() == whole.digest()
    numbers = whole.matrices[0].weights.real
    assert len(np.unique(numbers)) <= 255


def test_words_of_32_bits_change_nothing(bench):
    plainly, said = (
        layer(bench, one) for one in (Formats(), Formats(weight="fp32", moment="fp32"))
    )
    for model in (plainly, said):
        x, dy = given(0)
        matrix = model.matrices[0]
        matrix.weights.update(Windows(x, 1 / 255, matrix.node), dy, RATE)
        assert not any(
            "words" in path for path in capture(model.parts).plain if "written" not in path
        )
    assert plainly.digest() == said.digest()


def test_errors_are_rounded_by_chance_to_a_floating_point_format(bench):
    """All are numbers of the format, and their mean is kept."""
    matrix = layer(bench, Formats()).matrices[0]
    coarse = dense(bench, "hybrid", unlike_device(bench), error_bits="e5m2").matrices[0]
    rng = np.random.default_rng(1)
    errors = rng.normal(0.0, 1e-5, (200, 1, 1, 50))
    kept, held = errors.copy(), errors.copy()
    matrix.round_errors(kept, 0)
    coarse.round_errors(held, 0)
    np.testing.assert_array_equal(kept, errors)
    scale = scale_for(np.abs(errors).max(), FORMATS["e5m2"], reached=True)
    again = rounded(held, "e5m2", scale)
    np.testing.assert_allclose(again, held, rtol=1e-6)
    assert float(np.mean(held - errors)) == pytest.approx(0.0, abs=4 * 2e-6 / 100)
    assert np.abs(held - errors).max() > 0.0
