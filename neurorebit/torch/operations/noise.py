"""The random numbers of ``kernels/noise.py`` as operations on tensors.

Words and uniform numbers have the same bits. Normal numbers are of the same series; a few in a
thousand differ by the last bit, since PyTorch's square root on CPUs is not always rounded right.

Words of 32 bits stand in tensors of int64, whose products wrap as those of uint64 do: a shift to
the right and a mask leave the same bits.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from neurorebit.kernels.noise import ARRAYS, Draw

Tensor = Any  # torch.Tensor; there is no type of it where torch is not installed

MASK = 0xFFFFFFFF
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
ONE = 0x3FF0000000000000  # the bits of 1.0
ROOT = 0x3FE6A09E667F3BCD  # of the square root of 1/2
FRACTION = 0x000FFFFFFFFFFFFF  # of a number's fraction
WORDS = 4294967296.0  # 2^32
LN2 = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # ln 2 in two parts
SHIFT = 1.5 * 2.0**52


def four(groups: Tensor, purpose: int, draw: Draw) -> tuple[Tensor, ...]:
    """The four words of each group of four cells, by its number (int64)."""
    a = groups & MASK
    others = draw.step, draw.layer, ARRAYS * draw.array + purpose
    b, c, d = (torch.full_like(a, int(value) & MASK) for value in others)
    k0, k1 = draw.seed & MASK, draw.seed >> 32
    for _ in range(ROUNDS):
        first, second = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, b = ((second >> 32) & MASK) ^ b ^ k0, second & MASK
        c, d = ((first >> 32) & MASK) ^ d ^ k1, first & MASK
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return a, b, c, d


def cells(draw: Draw, count: int, device: Any) -> Tensor:
    """The numbers of ``count`` cells from the draw's first on."""
    return torch.arange(draw.first, draw.first + count, device=device)


def words(cell: Tensor, purpose: int, draw: Draw) -> Tensor:
    """The random word of each cell, by its number; the draw's first is not used."""
    found = torch.stack(four(cell >> 2, purpose, draw), -1)
    return found.gather(-1, (cell & 3)[..., None])[..., 0]


def uniform(cell: Tensor, purpose: int, draw: Draw) -> Tensor:
    """A uniform number of each cell, from 0 to below 1 (float64)."""
    return words(cell, purpose, draw).double() / WORDS


def normal(cell: Tensor, purpose: int, draw: Draw) -> Tensor:
    """A standard normal number of each cell (float64), by Box and Muller's formula."""
    w0, w1, w2, w3 = four(cell >> 2, purpose, draw)
    second = (cell & 2) != 0
    cosine, sine = direction(torch.where(second, w3, w1))
    return radius(torch.where(second, w2, w0)) * torch.where((cell & 1) != 0, sine, cosine)


def run_of_words(count: int, purpose: int, draw: Draw, device: Any) -> Tensor:
    """The words of ``count`` cells from the draw's first on, at a fourth of the cost."""
    first = draw.first >> 2
    groups = torch.arange(first, ((draw.first + count + 3) >> 2), device=device)
    found = torch.stack(four(groups, purpose, draw), -1).reshape(-1)
    return found[draw.first - 4 * first :][:count]


def run_of_normals(count: int, purpose: int, draw: Draw, device: Any) -> Tensor:
    """The standard normal numbers of ``count`` cells from the draw's first on (float64)."""
    first = draw.first >> 2
    groups = torch.arange(first, ((draw.first + count + 3) >> 2), device=device)
    w0, w1, w2, w3 = four(groups, purpose, draw)
    pairs = []
    for length, turn in ((w0, w1), (w2, w3)):
        size, (cosine, sine) = radius(length), direction(turn)
        pairs += [size * cosine, size * sine]
    return torch.stack(pairs, -1).reshape(-1)[draw.first - 4 * first :][:count]


def radius(word: Tensor) -> Tensor:
    """sqrt(-2 ln u) for u = (word + 1) / 2^32, by the series of the kernels."""
    u = (word.double() + 1.0) / WORDS
    bits = u.view(torch.int64) + (ONE - ROOT)
    k = ((bits >> 52) - 1023).double()
    m = ((bits & FRACTION) + ROOT).view(torch.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
    series = 1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * series)))
    series = 1.0 + z * (1 / 3 + z * series)
    return torch.sqrt(-2.0 * (k * math.log(2.0) + 2.0 * s * series))


def direction(word: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of ``word`` / 2^32 turns, by the series of the kernels."""
    quarters = (word + (1 << 29)) >> 30
    x = (word - (quarters << 30)).double() * (2.0 * math.pi / WORDS)
    z = -x * x
    sine = 1 / 362880 + z * (1 / 39916800 + z * (1 / 6227020800 + z * (1 / 1307674368000)))
    sine = x + x * z * (1 / 6 + z * (1 / 120 + z * (1 / 5040 + z * sine)))
    cosine = 1 / 3628800 + z * (1 / 479001600 + z * (1 / 87178291200 + z * (1 / 20922789888000)))
    cosine = 1.0 + z * (1 / 2 + z * (1 / 24 + z * (1 / 720 + z * (1 / 40320 + z * cosine))))
    crossed = (quarters & 1) != 0
    along, across = torch.where(crossed, sine, cosine), torch.where(crossed, cosine, sine)
    return (
        torch.where(((quarters + 1) & 2) != 0, -along, along),
        torch.where((quarters & 2) != 0, -across, across),
    )


def exponential(x: Tensor) -> Tensor:
    """e^x for |x| < 700 (float64), by the series of the kernels."""
    shifted = x * (1.0 / math.log(2.0)) + SHIFT
    k = shifted - SHIFT
    r = (x - k * LN2[0]) - k * LN2[1]
    series = 1 / 39916800 + r * (1 / 479001600 + r * (1 / 6227020800))
    series = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * series))
    series = 1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * series)))
    series = 1.0 + r * (1.0 + r * (0.5 + r * (1 / 6 + r * series)))
    return series * ((shifted.view(torch.int64) + 1023) << 52).view(torch.float64)
