"""The exact products of 3 x 3 convolutions with a quarter of the multiplications, or less.

Tiles of 4 x 4 outputs become 36 planes, in which a convolution is 36 matrix products
(``kernels.winograd``). Jobs are cut by the shapes alone.
"""

from __future__ import annotations

import numpy as np

from neurorebit.kernels import cpu, winograd
from neurorebit.network import Node
from neurorebit.train.workers import Array, Workers, spans

PLANES = 36
PASS = 1 << 23  # numbers in the planes of one pass
TILES = 32  # tiles one job transforms
ROWS = 16  # input channels whose kernels one job transforms
FEWEST = 32  # channels below which the transforms cost more than they save
GAIN = 1.5  # times fewer multiplications that are worth the transforms


def suits(node: Node, reached: int) -> bool:
    """Whether this is the faster way for a layer, by its shape alone.

    ``reached`` is the number of pairs of output and kernel position that meet a pixel of the map.
    """
    shape = node.shape_out
    channels = min(node.shape_in.channels, shape.channels)
    fits = node.kernel == 3 and node.stride == 1 and node.groups == 1 and channels >= FEWEST
    return fits and PLANES * GAIN * _high(shape.height) * _high(shape.width) <= reached


def convolve(x: Array, w: Array, out: Array, padding: int, scale: float, workers: Workers) -> None:
    """``out`` [B, H, W, N] = scale * the convolution of ``x`` [B, h, w, C] with ``w`` [9, C, N]."""
    _filter(x, _kernels(w, workers, turned=False), out, padding, scale, workers)


def convolve_back(dy: Array, w: Array, dx: Array, padding: int, workers: Workers) -> None:
    """``dx`` [B, h, w, C] = the convolution of ``dy`` [B, H, W, N] with ``w`` turned around."""
    kernels = _kernels(w, workers, turned=True).transpose(0, 2, 1)
    _filter(dy, kernels, dx, 2 - padding, 1.0, workers)


def correlate(
    x: Array, dy: Array, out: Array, padding: int, scale: float, workers: Workers
) -> None:
    """``out`` [9, C, N] = scale * the sum over all windows of x times ``dy``: the gradient."""
    total = workers.scratch("kernels", (PLANES, *out.shape[1:]), out.dtype)
    for first, last in _passes(dy, x):
        _correlate(x[first:last], dy[first:last], total, padding, workers, fresh=first == 0)
    rows = spans(out.shape[1], ROWS)
    workers.run(lambda i: winograd.gradient(total, out, *rows[i], scale), len(rows))


def _high(side: int) -> int:
    """Tiles that cover a side."""
    return -(-side // 4)


def _passes(out: Array, other: Array) -> list[tuple[int, int]]:
    """Ranges of images whose planes fit into memory together."""
    tiles = _high(out.shape[1]) * _high(out.shape[2])
    size = PASS // (PLANES * tiles * (out.shape[3] + other.shape[3]))
    return spans(len(out), max(1, size))


def _kernels(w: Array, workers: Workers, *, turned: bool) -> Array:
    """The planes [36, C, N] of ``w`` [9, C, N], scratch memory."""
    kernels = workers.scratch("kernels", (PLANES, *w.shape[1:]), w.dtype)
    rows = spans(w.shape[1], ROWS)
    workers.run(lambda i: winograd.weights(w, kernels, *rows[i], turned), len(rows))
    return kernels


def _filter(
    x: Array, kernels: Array, out: Array, padding: int, scale: float, workers: Workers
) -> None:
    for first, last in _passes(out, x):
        _filter_pass(x[first:last], kernels, out[first:last], padding, scale, workers)


def _filter_pass(
    x: Array, kernels: Array, out: Array, padding: int, scale: float, workers: Workers
) -> None:
    high, wide = _high(out.shape[1]), _high(out.shape[2])
    tiles = len(out) * high * wide
    inputs = workers.scratch("inputs", (PLANES, tiles, x.shape[3]), out.dtype)
    outputs = workers.scratch("outputs", (PLANES, tiles, out.shape[3]), out.dtype)
    parts = spans(tiles, TILES)

    def before(i: int) -> None:
        winograd.inputs(x, inputs, *parts[i], high, wide, padding)

    def products(k: int) -> None:
        np.matmul(inputs[k], kernels[k], out=outputs[k])

    def after(i: int) -> None:
        winograd.outputs(outputs, out, *parts[i], high, wide, scale)

    workers.run(before, len(parts))
    workers.run(products, PLANES)
    workers.run(after, len(parts))


def _correlate(
    x: Array, dy: Array, total: Array, padding: int, workers: Workers, *, fresh: bool
) -> None:
    """Add the planes of the gradient to ``total``, or start it anew."""
    high, wide = _high(dy.shape[1]), _high(dy.shape[2])
    tiles = len(dy) * high * wide
    inputs = workers.scratch("inputs", (PLANES, tiles, x.shape[3]), total.dtype)
    errors = workers.scratch("outputs", (PLANES, tiles, dy.shape[3]), total.dtype)
    parts = spans(tiles, TILES)

    def before(i: int) -> None:
        winograd.inputs(x, inputs, *parts[i], high, wide, padding)
        winograd.errors(dy, errors, *parts[i], high, wide)

    def products(k: int) -> None:
        if fresh:
            np.matmul(inputs[k].T, errors[k], out=total[k])
            return
        product = workers.scratch("product", total[k].shape, total.dtype)
        np.matmul(inputs[k].T, errors[k], out=product)
        cpu.add(total[k].reshape(-1), product.reshape(-1))

    workers.run(before, len(parts))
    workers.run(products, PLANES)
