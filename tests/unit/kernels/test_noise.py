"""Random numbers: the published vectors, and what makes them noise."""

import math

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import noise

ALL = 0xFFFFFFFF
# kat_vectors of Random123 (D. E. Shaw Research), lines "philox4x32 10"
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL,) * 4, (ALL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), PUBLISHED)
def test_philox_gives_its_published_vectors(counter, key, words):
    arguments = [np.uint64(word) for word in (*counter, *key)]
    assert tuple(int(word) for word in noise.philox(*arguments)) == words
    assert tuple(naive.philox(counter, key)) == words


@pytest.mark.parametrize("cell", [0, 1, 2, 3, 4, 7, 123_456_789])
def test_a_normal_is_that_of_the_plain_formula(cell):
    seed = 0x1234_5678_9ABC
    found = noise.normal(cell, 5, 2, noise.CYCLE, seed)
    assert found == pytest.approx(naive.normal(cell, 5, 2, 2, seed), rel=1e-12)


def test_numbers_drawn_together_are_those_drawn_alone():
    out = np.empty((4, noise.GROUPS))
    noise.normals(out, 640, 5, 2, noise.CYCLE, 7)
    alone = [noise.normal(640 + i, 5, 2, noise.CYCLE, 7) for i in range(noise.BLOCK)]
    np.testing.assert_array_equal(out.T.ravel(), alone)


WORDS = [0, 1, 2, 2**30, 2**31 - 1, 2**31, 3 * 2**30, 3_037_000_499, 3_037_000_500, 2**32 - 2]


def test_the_parts_of_a_normal_are_exact_to_the_last_bits():
    words = WORDS + np.random.default_rng(0).integers(0, 2**32, 2000).tolist()
    for word in words:
        radius = (-2 * math.log((word + 1) / 2**32)) ** 0.5
        assert noise.radius(np.uint64(word)) == pytest.approx(radius, rel=1e-15)
        turn = 2 * math.pi * ((word + 2**31) % 2**32 - 2**31) / 2**32
        wanted = (math.cos(turn), math.sin(turn))
        assert noise.direction(np.uint64(word)) == pytest.approx(wanted, abs=1e-15)
    assert noise.radius(np.uint64(2**32 - 1)) == 0.0


def fill(count, *, scale=1.0, first=0, step=0, layer=0, purpose=noise.CYCLE, seed=1):
    out = np.empty(count)
    noise.fill(out, scale, purpose, noise.Draw(first, step, layer, 0, seed))
    return out


def test_normals_have_the_moments_of_a_normal_distribution():
    z = fill(400_000)
    n = len(z)
    assert abs(z.mean()) < 5 / n**0.5
    assert abs(z.var() - 1) < 5 * (2 / n) ** 0.5
    assert abs((z**3).mean()) < 5 * (15 / n) ** 0.5
    assert abs((z**4).mean() - 3) < 5 * (96 / n) ** 0.5
    for lag in (1, 2, 3, 4):
        assert abs(np.mean(z[lag:] * z[:-lag])) < 5 / n**0.5


@pytest.mark.parametrize("change", [{"step": 1}, {"layer": 1}, {"purpose": 0}, {"seed": 2}])
def test_streams_are_independent(change):
    z, other = fill(100_000), fill(100_000, **change)
    assert abs(np.mean(z * other)) < 5 / 100_000**0.5


def test_noise_does_not_depend_on_where_a_part_begins():
    whole = fill(1000)
    parts = np.concatenate([fill(333), fill(667, first=333)])
    np.testing.assert_array_equal(whole, parts)


def test_the_whole_seed_counts():
    assert not np.array_equal(fill(4, seed=7), fill(4, seed=7 + (1 << 40)))


def test_uniform_numbers_are_the_words_of_philox_one_by_one_and_many_at_once():
    words = np.empty((4, noise.GROUPS), np.uint64)
    noise.words(words, 128, 5, 2, 7, 11)
    for cell in range(128, 192):
        want = naive.uniform(cell, 5, 2, 7, 11)
        assert noise.uniform(cell, 5, 2, 7, 11) == want
        assert words[cell & 3, (cell - 128) >> 2] / 2**32 == want
