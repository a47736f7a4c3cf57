"""The exact products of a convolution whose channels are each alone.

A product of one column for each channel would spend its time on gathering; here each output is
summed where it lies. Jobs are cut by the shapes alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurorebit.kernels import depthwise
from neurorebit.kernels.windows import Window
from neurorebit.layers.network import Node
from neurorebit.training.parts.workers import Array, Workers, spans

CHUNK = 1 << 18  # products of one job
SHARES = 16  # sums of a gradient that are added up at last


def is_depthwise(node: Node) -> bool:
    """Whether each input channel of a layer has outputs of its own."""
    return node.groups == node.shape_in.channels > 1


def convolve(x: Array, matrix: Array, out: Array, window: Window, *, workers: Workers) -> None:
    """``out`` [B, H, W, N] = the convolution of ``x`` with ``matrix`` [channels, taps, outputs]."""
    weights = _by_tap(matrix)

    def job(some: slice) -> None:
        depthwise.convolve(x[some], weights, out[some], window)

    _by_image(job, out, len(weights), workers)


def convolve_back(dy: Array, matrix: Array, dx: Array, window: Window, *, workers: Workers) -> None:
    """``dx`` [B, h, w, C] = the errors ``dy`` through the transposed ``matrix``."""
    weights = _by_tap(matrix)

    def job(some: slice) -> None:
        dx[some] = 0
        depthwise.convolve_back(dy[some], weights, dx[some], window)

    _by_image(job, dy, len(weights), workers)


def correlate(x: Array, dy: Array, out: Array, window: Window, *, workers: Workers) -> None:
    """``out`` [channels, taps, outputs] = the sum over all windows of ``x`` times ``dy``."""
    taps, outputs = out.shape[1], dy.shape[3]
    shares = spans(len(dy), -(-len(dy) // SHARES))

    def job(index: int) -> Array:
        some = slice(*shares[index])
        sums = np.zeros((taps, outputs))
        part = workers.scratch("product", (outputs,), dy.dtype)
        depthwise.correlate(x[some], dy[some], sums, part, window)
        return sums

    total = sum(workers.run(job, len(shares)), np.zeros((taps, outputs)))
    out[...] = total.reshape(taps, len(out), -1).transpose(1, 0, 2)


def _by_tap(matrix: Array) -> Array:
    """A matrix [channels, taps, outputs of each] as [taps, all outputs]."""
    channels, taps, each = matrix.shape
    return np.ascontiguousarray(matrix.transpose(1, 0, 2)).reshape(taps, channels * each)


def _by_image(job: Callable[[slice], None], out: Array, taps: int, workers: Workers) -> None:
    parts = spans(len(out), max(1, CHUNK // (taps * out[0].size)))
    workers.run(lambda i: job(slice(*parts[i])), len(parts))
