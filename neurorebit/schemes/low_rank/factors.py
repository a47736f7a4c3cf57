"""Two thin matrices whose product follows a sum (docs/models/schemes.md#low-rank-writes).

One block power iteration for each change: the columns of the right matrix are made orthonormal, the
sum is multiplied by them, what results is made orthonormal and becomes the left matrix, and the sum
transposed times this the right one. The sum itself is never formed.
"""

from __future__ import annotations

import numpy as np

from neurorebit.training.parts.workers import Array


def absorb(left: Array, right: Array, change: Array) -> None:
    """Add a ``change`` [rows, cols] to ``left`` [rows, rank] by ``right`` [cols, rank], in place.

    Exact where the sum has no more than ``rank`` dimensions and the right columns span its rows.
    """
    ahead, _ = np.linalg.qr(right)
    tall = left @ (right.T @ ahead) + change @ ahead
    if not tall.any():  # nothing to follow: the columns stay where they point
        left[...] = 0.0
        return
    back, _ = np.linalg.qr(tall)
    right[...] = right @ (left.T @ back) + change.T @ back
    left[...] = back
