"""Converters that err in training: kernels against plain loops, runs and resumed runs."""

import math

import numpy as np
import pytest
from common import near, refusal
from oracle import naive

from neurorebit.circuits.converters.converter import Errors
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.kernels import convert, noise
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts import product
from neurorebit.training.parts.disturbed import Deviations, shifts
from neurorebit.training.parts.workers import Workers
from neurorebit.training.state import capture, restore
from neurorebit.training.trainer import softmax_loss

SAR = Errors(0.3, 0.5, 0.7, 0.2)


def found_shifts(kind, errors, count, top, array, seed=5, layer=3):
    """The table of ``shifts`` by plain loops: offset, gain, and what each code deviates by."""
    codes = range(-top, top + 1)
    table = np.zeros((count, len(codes)))
    for converter in range(count):
        z = [
            naive.normal(converter * (2 + len(codes)) + i, 0, layer, 32 * array + 23, seed)
            for i in range(2 + len(codes))
        ]
        for at, code in enumerate(codes):
            own = z[2 + at]
            if kind == "sar":  # its capacitors, the largest of which has a deviation of one
                bits = (2 * top).bit_length()
                of_bits = [z[2 + b] * math.sqrt(2 ** (b - bits + 1)) for b in range(bits)]
                own = sum(of_bits[b] for b in range(bits) if at >> b & 1)
            table[converter, at] = errors.offset * z[0] + errors.gain * z[1] * code / top
            table[converter, at] += errors.linearity * own
    return table


@pytest.mark.parametrize("kind", ["sar", "flash"])
def test_each_converter_has_its_own_errors(kind):
    given = shifts(kind, SAR, (3, 7), noise.Draw(0, 0, 3, 2, 5))
    np.testing.assert_allclose(given, found_shifts(kind, SAR, 3, 7, 2), rtol=1e-9, atol=1e-12)


def test_sums_are_disturbed_as_a_plain_loop_says():
    """Five columns from the fourth on, two to a converter; steps of 0.25, seven codes."""
    rng = np.random.default_rng(2)
    sums = rng.normal(0, 0.6, (6, 5)).astype(np.float32)
    sums[1, 2], sums[3, 3] = np.nan, 40.0
    table, drawn = rng.normal(size=(5, 7)), rng.normal(size=(6, 5)).astype(np.float32)
    expected = sums.astype(float)
    for v, j in np.ndindex(*sums.shape):
        if not math.isnan(sums[v, j]):
            code = min(max(round(float(sums[v, j]) * 4), -3), 3)
            expected[v, j] += 0.25 * (table[(4 + j) // 2, code + 3] + drawn[v, j])
    convert.disturb(sums, drawn, table, 2, 4, 4.0, 3)
    np.testing.assert_allclose(sums, expected, rtol=1e-6)


def test_noise_is_that_of_the_conversion_whatever_the_block():
    """A part of the vectors receives the same numbers as within the whole; reads have their own."""
    here = Deviations(
        kind="ramp", errors=Errors(1.0, 0, 0, 0), lines=8, share=4, step=9, layer=1, seed=7
    )
    whole, part = np.zeros((6, 8), np.float32), np.zeros((2, 8), np.float32)
    known = {"line": 0, "per_step": 1.0, "top": 15, "workers": Workers(1)}
    here.add(whole, 2, first=800, **known)
    here.add(part, 2, first=800 + 3 * 8, **known)
    np.testing.assert_array_equal(part, whole[3:5])
    assert whole[4, 5] == near(naive.normal(800 + 37, 9, 1, 32 * 4 + 22, 7), rel=1e-5)


def test_designed_errors_are_those_of_the_circuits():
    """Noise of q^2 / 12, a sixth of a step; a ramp and packets that are counted are linear."""
    for kind, cls in CONVERTERS.items():
        designed = cls.designed()
        assert designed.noise == near(1 / math.sqrt(12))
        assert designed.offset == designed.gain == near(1 / 6)
        linear = kind in ("ramp", "integrating")
        assert designed.linearity == (0.0 if linear else near(1 / 6))


def test_a_sar_deviates_most_at_its_middle():
    """15 codes of four bits: the step to the middle replaces 7 units by 8, of 8 a variance of 1."""
    draws = np.random.default_rng(1).normal(size=(40_000, 15))
    steps = np.diff(CONVERTERS["sar"].deviations(draws), axis=1).std(axis=0)
    assert steps[7] == pytest.approx(math.sqrt(15 / 8), rel=0.02)
    assert steps[0] == pytest.approx(math.sqrt(1 / 8), rel=0.02)
    assert np.argmax(steps) == 7


IMAGES = 12


def model_of(errors, chip="rebit", threads=1, more=()):
    settings = [
        "network.layers[1].features=20", "network.layers[4].features=9",
        "training.calibration_steps=1", *more,
    ]  # fmt: skip
    settings += [f"training.adc_errors={errors}"] if isinstance(errors, str) else []
    if isinstance(errors, dict):
        settings += [f"training.adc_errors.{key}={value}" for key, value in errors.items()]
    inputs = read_inputs("mlp", chip, settings=[parse_setting(s) for s in settings])
    scheme = inputs.architecture.scheme
    return Model(
        inputs.network, inputs.architecture, inputs.device, scheme=SCHEMES[scheme], seed=1,
        workers=Workers(threads),
    )  # fmt: skip


def trained(model, steps=2):
    """What a model says of some images after steps of training."""
    shape = read_inputs("mlp").network.input
    size = IMAGES, shape.height, shape.width, shape.channels
    images = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    for _ in range(steps):
        scores = model.forward(images, learning=True)
        model.backward(softmax_loss(scores, np.arange(IMAGES) % 10)[1], 0.05)
    return model.forward(images, learning=False)


@pytest.mark.parametrize("chip", ["rebit", "reram"])
def test_errors_of_zero_are_none_and_others_move_a_training(chip):
    ideal = trained(model_of("none", chip))
    nothing = {"noise": 0, "offset": 0, "gain": 0, "linearity": 0}
    np.testing.assert_array_equal(trained(model_of(nothing, chip)), ideal)
    for key in nothing:
        assert not np.array_equal(trained(model_of({key: 2.0}, chip)), ideal), key
    assert not np.array_equal(trained(model_of("designed", chip)), ideal)


@pytest.mark.parametrize("more", [(), ("training.conversion=bit_serial",)])
def test_threads_do_not_move_the_errors(more):
    one, two = (trained(model_of("designed", "reram", n, more)) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_resumed_run_is_the_one_that_went_on():
    """Whose reads of training and of tests are counted on."""
    whole, first, second = (model_of("designed") for _ in range(3))
    trained(whole, steps=2)
    trained(first, steps=2)
    restore(second.parts, capture(first.parts))
    np.testing.assert_array_equal(trained(second, steps=1), trained(whole, steps=1))
    assert second.digest() == whole.digest()


def test_what_cannot_be_asked_is_refused():
    told = refusal(lambda: model_of("some"))
    assert "training.adc_errors" in told
    assert "none" in told
    assert "designed" in told
    told = refusal(lambda: model_of({"nois": 1.0}))
    assert "nois" in told


def test_purposes_of_random_numbers_are_their_own():
    numbers = [v for k, v in vars(noise).items() if k.isupper() and isinstance(v, int)]
    assert numbers.count(noise.CONVERTER) == 1
    assert numbers.count(noise.CONVERSION) == 1
    assert noise.CONVERSION < noise.ARRAYS


@pytest.mark.parametrize("conversion", ["fast", "bit_serial"])
def test_windows_in_other_blocks_have_the_same_errors(monkeypatch, conversion):
    """Maps with padding, of which some arrays see a part: forward and transposed reads."""
    keys = ["training.adc_errors=designed", f"training.conversion={conversion}"]
    keys += ["network.width=0.1", "training.calibration_steps=1"]
    inputs = read_inputs("lenet5", "reram", settings=[parse_setting(k) for k in keys])
    shape = inputs.network.input
    size = 3, shape.height, shape.width, shape.channels
    images = np.random.default_rng(0).integers(0, 256, size, np.uint8)

    def learned():
        model = Model(
            inputs.network, inputs.architecture, inputs.device, seed=1, workers=Workers(1),
            scheme=SCHEMES[inputs.architecture.scheme],
        )  # fmt: skip
        scores = model.forward(images, learning=True)
        model.backward(softmax_loss(scores, np.arange(3))[1], 0.05)
        return model.forward(images, learning=False)

    whole = learned()
    monkeypatch.setattr(product, "BLOCK", 2_000)
    monkeypatch.setattr(product, "FEWEST", 7)
    np.testing.assert_allclose(learned(), whole, rtol=2e-4, atol=2e-4)
