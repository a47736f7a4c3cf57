"""Exact integer products as digital arrays compute them: one bit of the errors at a time."""

import numpy as np
from numba import njit

LOW = 16  # low bits of an error, which have a sum of their own: no sum exceeds 64 bits


@njit(cache=True, nogil=True)
def mtvm(weights, errors, bits, low, high):
    """``low`` + 2^16 ``high`` = errors [vectors, cols] times the transposed weights [rows, cols].

    Weights are int32, errors int32 in two's complement of ``bits`` (up to 32); low and high
    [vectors, rows] are int64. Each bit of the errors selects the weights to be added; the sum is
    shifted to the place of the bit, and that of the sign bit is subtracted. Exact up to 2^15
    columns.
    """
    vectors, cols = errors.shape
    for v in range(vectors):
        for r in range(weights.shape[0]):
            row = weights[r]
            low[v, r] = 0
            high[v, r] = 0
            for b in range(bits):
                total = np.int64(0)
                for c in range(cols):
                    total += np.int64(row[c]) if (errors[v, c] >> b) & 1 else np.int64(0)
                total = -total if b == bits - 1 else total
                if b < LOW:
                    low[v, r] += total << b
                else:
                    high[v, r] += total << (b - LOW)
