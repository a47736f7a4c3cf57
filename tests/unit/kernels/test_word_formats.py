"""Every number of every format, and all that lies between them, against its definition."""

import ml_dtypes
import numpy as np
import pytest
from oracle import words as plain

from neurorebit.kernels import noise, words
from neurorebit.schema.formats import FORMATS
from neurorebit.training.parts.words import grid, power

TYPES = {
    "fp16": np.float16, "bf16": ml_dtypes.bfloat16, "e5m2": ml_dtypes.float8_e5m2,
    "e4m3": ml_dtypes.float8_e4m3fn,
}  # fmt: skip
NARROW = [word for word, one in FORMATS.items() if one.bits < 32]


def all_numbers(word):
    """The finite numbers of a format, in their order."""
    one = FORMATS[word]
    patterns = np.arange(2**one.bits, dtype=f"u{one.bits // 8}").view(TYPES[word])
    found = patterns.astype(np.float32)
    return np.unique(found[np.isfinite(found)])


def of(word, scale=1.0, **more):
    made = grid(FORMATS[word], 1.0, **more)
    return made._replace(scale=scale)


def held(values, here):
    out = np.array(values, np.float32)
    words.hold(out, here)
    return out


@pytest.mark.parametrize("word", TYPES)
def test_every_number_stays_and_all_between_go_to_the_nearest(word):
    """Middles and their neighbours, which single precision has of all formats of 16 bits."""
    numbers = all_numbers(word)
    assert np.array_equal(held(numbers, of(word)), numbers)
    middles = ((numbers[1:].astype(np.float64) + numbers[:-1]) / 2.0).astype(np.float32)
    near = [np.nextafter(middles, np.float32(side)) for side in (-np.inf, np.inf)]
    for given in (middles, *near):
        assert np.array_equal(held(given, of(word)), given.astype(TYPES[word]).astype(np.float32))


@pytest.mark.parametrize("word", TYPES)
def test_what_lies_beyond_the_top_becomes_the_top(word):
    top = FORMATS[word].top
    given = np.array([1.001 * top, -1.002 * top, np.inf, np.nan, 0.0], np.float32)
    found = held(given, of(word))
    assert np.array_equal(found, [top, -top, top, np.nan, 0.0], equal_nan=True)


@pytest.mark.parametrize("word", NARROW)
@pytest.mark.parametrize("scale", [1.0, 2.0**-9])
def test_rounding_is_that_of_plain_loops(word, scale):
    one, rng = FORMATS[word], np.random.default_rng(4)
    sizes = np.exp2(rng.uniform(-18.0, 16.0, 200)) * rng.choice([-1.0, 1.0], 200)
    given = (scale * sizes).astype(np.float32)
    to = scale, int(one.bits), one.exponent, one.top
    here = of(word, scale)
    assert np.array_equal(held(given, here), [plain.nearest(float(x), *to) for x in given])
    out, draw = given.copy(), noise.Draw(128, 7, 3, 0, 5)
    words.hold_by_chance(out, here, noise.WEIGHT_WORDS, draw)
    chances = [plain.chance(128 + i, 7, 3, noise.WEIGHT_WORDS, 5) for i in range(len(given))]
    expected = [
        plain.by_chance(float(x), *to, chance=c) for x, c in zip(given, chances, strict=True)
    ]
    assert np.array_equal(out, expected)


def test_rounding_by_chance_keeps_the_mean():
    given = np.full(200_000, 0.3, np.float32)
    words.hold_by_chance(given, of("int8"), noise.GRADIENT_WORDS, noise.Draw(0, 1, 0, 0, 1))
    assert set(np.unique(given)) == {0.0, 1.0}
    assert float(np.mean(given)) == pytest.approx(0.3, abs=4 * (0.21 / 200_000) ** 0.5)


def test_a_part_is_rounded_as_within_the_whole():
    rng = np.random.default_rng(2)
    whole = rng.normal(size=3000).astype(np.float32)
    parts = whole.copy()
    words.hold_by_chance(whole, of("e4m3"), noise.MOMENT_WORDS, noise.Draw(0, 9, 1, 0, 3))
    for start in (0, 1024, 2048):
        draw = noise.Draw(start, 9, 1, 0, 3)
        words.hold_by_chance(parts[start : start + 1024], of("e4m3"), noise.MOMENT_WORDS, draw)
    assert np.array_equal(parts, whole)


def test_a_scale_is_the_least_power_of_two_with_room():
    """Doubled where a number has reached the top; ``reached`` where it may."""
    assert power(127.0, 127.0) == 2.0
    assert power(127.0, 127.0, reached=True) == 1.0
    assert power(100.0, 127.0) == 1.0
    assert power(63.0, 127.0) == 0.5
    assert power(0.0, 127.0) == 1.0
    assert grid(FORMATS["int8"], 255.0, signed=False, reached=True) == (1.0, 0.0, 255.0, 0, -1)
    assert grid(FORMATS["bf16"], 1e-20).scale == 1.0  # its exponents reach as far as needed
