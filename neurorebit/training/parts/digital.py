"""The backward pass in digital arrays: integers, bit by bit, exact."""

from __future__ import annotations

import math

import numpy as np

from neurorebit.kernels import integer, windows
from neurorebit.training.parts.product import Windows, window
from neurorebit.training.parts.workers import Array, Workers, spans

WORD = 32  # bits of a weight
VECTORS = 256  # of one job, or an image's


def step(largest: float, bits: int) -> float:
    """The least power of two of which signed integers of ``bits`` bits reach ``largest``."""
    if not 0.0 < largest < math.inf:
        return 1.0
    return float(2.0 ** math.ceil(math.log2(largest / (2.0 ** (bits - 1) - 1.0))))


def transposed(
    dy: Array, real: Array, x: Windows, dx: Array, *, bits: int, workers: Workers
) -> None:
    """``dx`` = the transposed weights [groups, rows, cols], in words of 32 bits, times ``dy``.

    ``dy`` [B, H, W, N] are errors that have been rounded to ``bits``. Each product of a vector and
    a row is an exact integer; it is rounded to 2^-37 of its terms and to the type of ``dx``, and
    windows that overlap are added.
    """
    node = x.node
    groups, rows, cols = real.shape
    unit, word = step(float(np.abs(dy).max()), bits), step(float(np.abs(real).max()), WORD)
    errors = np.rint(dy.reshape(x.vectors, groups * cols) / unit).astype(np.int32)
    words = np.rint(real / np.float64(word)).astype(np.int32)
    height, width = node.shape_out.height, node.shape_out.width
    blocks = spans(len(dx), max(1, VECTORS // x.positions))

    def job(block: int) -> None:
        first, last = blocks[block]
        target = dx[first:last]
        target[...] = 0
        here = errors[first * x.positions : last * x.positions]
        low, high = np.empty((2, len(here), rows), np.int64)
        lines = windows.Lines(0, len(target) * height, height, width, 0, height, 0, width)
        for group in range(groups):
            part = np.ascontiguousarray(here[:, group * cols : (group + 1) * cols])
            integer.mtvm(words[group], part, bits, low, high)
            product = (low + 65536.0 * high) * (unit * word)
            windows.scatter(product.astype(dx.dtype), target, lines, 0, window(node, group))

    workers.run(job, len(blocks))
