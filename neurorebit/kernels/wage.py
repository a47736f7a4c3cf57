"""Weights, errors and gradients as whole numbers, after Wu et al., arXiv:1802.04680.

See docs/models/schemes.md#wage.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import noise
from neurorebit.kernels.levels import Count
from neurorebit.kernels.quantise import Rounded


class Memory(NamedTuple):
    """How the whole numbers that learn become weights of fewer bits."""

    shift: int  # bits that they have more than a weight
    most: int  # largest of them
    top: int  # largest weight
    bits: int  # of a weight


@njit(cache=True, nogil=True)
def weight_of(held, shift, top):
    """The weight nearest to a whole number of memory, half to even, within -top..top."""
    if shift > 0:
        half = (1 << (shift - 1)) - 1
        held = (held + half + ((held >> shift) & 1)) >> shift
    return min(max(held, -top), top)


@njit(cache=True, nogil=True)
def round_errors(x, per_step, bits):
    """Round a flat array in place to multiples of 2^(1 - bits), the largest 1 - 2^(1 - bits).

    ``per_step``: steps per unit of what is given; half a step goes to even. Returns a ``Rounded``.
    """
    real = x.dtype.type
    scale, top = real(per_step), real(2.0 ** (bits - 1) - 1.0)
    back = real(2.0 ** (1 - bits))
    total, some = 0, 0
    for i in range(x.size):
        y = x[i] * scale
        y = top if y > top else y
        y = -top if y < -top else y
        code = np.int64(np.rint(y))
        x[i] = real(code) * back
        some += code != 0
        for b in range(bits):
            total += (code >> b) & 1
    return Rounded(total, some)


@njit(cache=True, nogil=True)
def round_values(x, bits):
    """Round a flat array in place to multiples of 2^(1 - bits) within 1 - 2^(1 - bits)."""
    real = x.dtype.type
    scale, top = real(2.0 ** (bits - 1)), real(2.0 ** (bits - 1) - 1.0)
    back = real(2.0 ** (1 - bits))
    for i in range(x.size):
        y = x[i] * scale
        y = top if y > top else y
        y = -top if y < -top else y
        x[i] = np.rint(y) * back


@njit(cache=True, nogil=True)
def round_gradient(gradient, factor, draw):
    """Round ``factor`` times a flat gradient in place to whole numbers, at random, mean kept.

    ``draw`` is a ``noise.Draw``, of which each entry gets a number of its own.
    """
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.GRADIENTS)
    words = np.empty((4, noise.GROUPS), np.uint64)
    for base in range(first - first % noise.BLOCK, first + gradient.size, noise.BLOCK):
        noise.words(words, base, step, layer, purpose, seed)
        for at in range(max(base, first), min(base + noise.BLOCK, first + gradient.size)):
            wanted = factor * gradient[at - first]
            size = abs(wanted)
            whole = math.floor(size)
            u = float(words[at & 3, (at - base) >> 2]) / 4294967296.0
            n = whole + (1.0 if size - whole > u else 0.0)
            gradient[at - first] = n if wanted > 0.0 else -n


@njit(cache=True, nogil=True)
def learn(held, change, codes, memory, counts):
    """Take whole numbers off those of memory, and round these to weights.

    All arrays are flat: ``held`` (integers) in memory, ``change`` (whole, of any type), ``codes``
    (of any type), the weights; the first and the last are updated. ``memory`` is a ``Memory``. The
    bits of weights in two's complement that change are added to ``counts`` by ``levels.Count``.
    """
    shift, most, top, bits = memory
    for i in range(held.size):
        now = np.int64(held[i]) - np.int64(change[i])
        now = min(max(now, -most), most)
        held[i] = now
        new, old = np.int64(weight_of(now, shift, top)), np.int64(codes[i])
        if new == old:
            continue
        for b in range(bits):
            counts[Count.SETS] += (new & ~old) >> b & 1
            counts[Count.RESETS] += (old & ~new) >> b & 1
        codes[i] = new
