"""The random numbers of tensors are those of the kernels, bit for bit."""

import math

import numpy as np
import pytest

from neurorebit.kernels import noise as kernels
from neurorebit.kernels import quantise
from neurorebit.kernels.noise import Draw

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from neurorebit.torch.operations import encoding, noise  # noqa: E402

DRAW = Draw(first=37, step=12345, layer=9, array=3, seed=2**64 - 3)
COUNT = 301


def test_words_of_one_counter_are_those_of_the_published_generator():
    """Known answers of Philox 4x32-10 of its authors: all zeros, and all ones."""
    zero = torch.zeros(1, dtype=torch.int64)
    found = [int(w) for w in noise.four(zero, 0, Draw(0, 0, 0, 0, 0))]
    assert found == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def test_words_are_those_of_the_kernels():
    drawn = np.empty((4, kernels.GROUPS), np.uint64)
    kernels.words(drawn, 64, 7, 5, kernels.purpose_in(2, kernels.READ), 11)
    draw = Draw(64, 7, 5, 2, 11)
    at_once = noise.run_of_words(kernels.BLOCK, kernels.READ, draw, "cpu")
    assert np.array_equal(at_once.numpy().astype(np.uint64), drawn.T.reshape(-1))
    each = noise.words(noise.cells(draw, kernels.BLOCK, "cpu"), kernels.READ, draw)
    assert torch.equal(each, at_once)


def test_uniform_numbers_are_those_of_the_kernels():
    cell = noise.cells(DRAW, COUNT, "cpu")
    found = noise.uniform(cell, kernels.STUCK, DRAW).numpy()
    purpose = kernels.purpose_in(DRAW.array, kernels.STUCK)
    wanted = [
        kernels.uniform(int(c), DRAW.step, DRAW.layer, purpose, np.uint64(DRAW.seed)) for c in cell
    ]
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("first", [0, 5, 64, 1 << 34])
def test_normal_numbers_are_those_of_the_kernels(first):
    draw = DRAW._replace(first=first)
    wanted = np.empty(COUNT)
    given = Draw(first, DRAW.step, DRAW.layer, DRAW.array, np.uint64(DRAW.seed))
    kernels.fill(wanted, 1.0, kernels.CYCLE, given)
    run = noise.run_of_normals(COUNT, kernels.CYCLE, draw, "cpu").numpy()
    each = noise.normal(noise.cells(draw, COUNT, "cpu"), kernels.CYCLE, draw).numpy()
    last_bit = 2.0**-51
    assert np.allclose(run, wanted, rtol=last_bit, atol=0.0)
    assert np.allclose(each, wanted, rtol=last_bit, atol=0.0)
    assert np.mean(run != wanted) < 0.02


def test_exponentials_are_those_of_the_kernels_and_of_mathematics():
    x = np.linspace(-600.0, 600.0, 4001)
    found = noise.exponential(torch.from_numpy(x)).numpy()
    assert np.array_equal(found, [kernels.exponential(v) for v in x])
    assert np.allclose(np.log(found), x, rtol=1e-13, atol=1e-13)
    assert found[2000] == pytest.approx(math.exp(x[2000]))


def test_errors_are_rounded_with_the_bits_of_the_kernels():
    random = np.random.default_rng(3)
    x = (random.normal(size=1000) * 10.0 ** random.uniform(-6, 0, 1000)).astype(np.float32)
    draw = Draw(first=256, step=4, layer=2, array=0, seed=77)
    wanted = x.copy()
    counted = quantise.round_errors(wanted, 2.0**-8, 8, draw)
    found, ones, some = encoding.round_errors(torch.from_numpy(x), 2.0**-8, 8, draw)
    assert np.array_equal(found.numpy(), wanted)
    assert (int(ones), int(some)) == (counted.ones, counted.nonzero)
    assert abs(float(found.double().mean()) - float(x.astype(float).mean())) < 2.0**-8
