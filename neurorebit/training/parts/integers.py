"""The three products of a layer in whole numbers, exact.

Numbers are floating-point ones, of which single precision holds whole numbers up to 2^24 and double
precision up to 2^53. A sum that stays below that is exact in whatever order a BLAS adds; where it
may not, blocks of it are, or double precision is taken. What leaves a product is rounded to the
type of its output, so beyond 2^24 to 24 bits.

See docs/models/kernels.md#whole-numbers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from neurorebit.kernels import elementwise
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Array, Workers, spans

EXACT = 1 << 24  # whole numbers that single precision holds


class Integers(NamedTuple):
    """Bits of the whole numbers that a layer's inputs and errors are, the sign among them.

    They stand for numbers from -1 to 1, in steps of 2^(1 - bits), without the ends.
    """

    inputs: int
    errors: int


def top(bits: int) -> int:
    """The largest whole number of so many bits, without the least one."""
    return int(2 ** (bits - 1) - 1)


def power(largest: float) -> float:
    """The power of two nearest to a number above zero, by their logarithms."""
    part, exponent = math.frexp(largest)  # from 1/2 to below 1
    return math.ldexp(1.0, exponent if part >= math.sqrt(0.5) else exponent - 1)


def multiply(x: Windows, matrix: Array, out: Array, workers: Workers, *, most: int) -> None:
    """``out`` [B, H, W, N] = the matrix times each vector of codes; ``most``: the largest term."""
    if matrix.dtype == np.float64 or matrix.shape[1] * most <= EXACT:
        product.multiply(x, matrix, out, workers, scale=1.0, whole=True)
        return
    wide = np.empty(out.shape)
    product.multiply(x, matrix.astype(np.float64), wide, workers, scale=1.0, whole=True)
    out[...] = wide


def transposed(
    dy: Array, matrix: Array, x: Windows, dx: Array, *, workers: Workers, most: int
) -> None:
    """``dx`` = the transposed matrix times ``dy``, whole numbers times one power of two."""
    terms = matrix.shape[2] * x.node.window.taps
    if matrix.dtype == np.float64 or terms * most <= EXACT:
        product.transposed(dy, matrix, x, dx, workers=workers, whole=True)
        return
    wide, errors = np.empty(dx.shape), dy.astype(np.float64)
    product.transposed(errors, matrix.astype(np.float64), x, wide, workers=workers, whole=True)
    dx[...] = wide


def outer(x: Windows, dy: Array, out: Array, workers: Workers, *, most: int) -> None:
    """``out`` [groups, rows, cols], in double precision: the sum of the codes times ``dy``.

    Blocks of vectors are summed in the type of ``dy`` where they stay below 2^24 of its units.
    """
    node, (groups, _, cols) = x.node, out.shape
    height, width = dy.shape[1:3]
    kind = dy.dtype if width * most <= EXACT else np.dtype(np.float64)
    parts = product.pieces(node)
    fit = EXACT // most if kind == np.float32 else product.BLOCK // max(cols, 1)
    blocks = spans(len(dy) * height, max(1, fit // width))
    runs = spans(len(blocks), -(-len(blocks) // max(1, 8 // (len(parts) * groups))))
    sums = np.zeros((len(runs), *out.shape))

    def job(index: int) -> None:
        rest, number = divmod(index, len(parts))
        share, group = divmod(rest, groups)
        part, own = parts[number], (group * cols, (group + 1) * cols)
        target = sums[share, group, part.start : part.stop]
        one = workers.scratch("product", target.shape, kind)
        for lines in blocks[slice(*runs[share])]:
            columns = x.columns(part, lines, group, workers=workers, dtype=kind)
            errors = product.errors_of(dy, part, lines, own, workers=workers)
            np.matmul(columns.T, errors.astype(kind, copy=False), out=one)
            elementwise.add(target.reshape(-1), one.reshape(-1))

    workers.run(job, len(runs) * groups * len(parts))
    np.sum(sums, axis=0, out=out)
