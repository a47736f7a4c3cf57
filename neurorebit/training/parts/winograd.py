"""The exact products of 3 x 3 convolutions with a quarter of the multiplications, or less.

Tiles of outputs become planes, in which a convolution is one matrix product each: 36 for 4 x 4
outputs (``kernels.winograd``), 9 for a map of 2 x 2 in a padding of one. Jobs are cut by the shapes
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import numpy as np

from neurorebit.kernels import elementwise, winograd
from neurorebit.kernels.winograd import Tiles
from neurorebit.layers.network import Node
from neurorebit.layers.window import Window
from neurorebit.training.parts.workers import Array, Workers, spans

PASS = 1 << 24  # numbers in the planes of one pass
CHUNK = 1 << 19  # numbers in the planes of a job that takes all of them
SMALL = 1 << 20  # numbers in the planes of a kernel that jobs can share in the caches
TILES = 32  # tiles one job transforms
PIECE = 256  # channels of a plane that one job multiplies
ROWS = 16  # input channels whose kernels one job transforms
SHARES = 8  # sums of a gradient that are added up at last
FEWEST = 32  # channels below which the transforms cost more than they save
GAIN = 1.5  # times fewer multiplications that are worth the transforms


@dataclass(frozen=True)
class Form:
    """A way to filter: the number of planes, the side of a tile, and the transforms.

    Maps to planes [planes, tiles, channels]: ``inputs``, ``errors``; planes to a map: ``outputs``;
    a kernel [9, C, N] to planes [planes, C, N] and back: ``weights``, ``gradient``.
    """

    planes: int
    side: int
    inputs: Callable[..., None]
    errors: Callable[..., None]
    _: KW_ONLY
    outputs: Callable[..., None]
    weights: Callable[..., None]
    gradient: Callable[..., None]

    def grid(self, out: Array) -> tuple[int, int]:
        """Tiles that cover a map [B, H, W, N], each way."""
        return -(-out.shape[1] // self.side), -(-out.shape[2] // self.side)

    def tiles(self, out: Array, span: tuple[int, int] | None = None) -> Tiles:
        """Tiles of all maps [B, H, W, N], or those of a span."""
        high, wide = self.grid(out)
        first, last = span or (0, len(out) * high * wide)
        return Tiles(first, last, high, wide)


def _pair_inputs(x: Array, planes: Array, tiles: Tiles, padding: int) -> None:
    """Along each axis x0, x0 + x1, x1."""
    some = slice(tiles.first, tiles.last)
    _sums(x[some], planes.reshape(3, 3, *planes.shape[1:])[:, :, some])


def _pair_errors(dy: Array, planes: Array, tiles: Tiles) -> None:
    """Along each axis y1, y0 + y1, y0."""
    some = slice(tiles.first, tiles.last)
    turned = planes.reshape(3, 3, *planes.shape[1:])[::-1, ::-1]
    _sums(dy[some], turned[:, :, some])


def _sums(x: Array, planes: Array) -> None:
    planes[::2, ::2] = x.transpose(1, 2, 0, 3)
    np.add(planes[0, ::2], planes[2, ::2], out=planes[1, ::2])
    np.add(planes[:, 0], planes[:, 2], out=planes[:, 1])


def _pair_outputs(planes: Array, y: Array, tiles: Tiles, scale: float) -> None:
    """Along each axis y0 = m1 + m2, y1 = m0 + m1."""
    some = slice(tiles.first, tiles.last)
    m = planes.reshape(3, 3, *planes.shape[1:])[:, :, some]
    m[::2] += m[1]
    m[::2, ::2] += m[::2, 1:2]
    np.multiply(m[::-2, ::-2], y.dtype.type(scale), out=y[some].transpose(1, 2, 0, 3))


def _pair_weights(w: Array, planes: Array, span: tuple[int, int], turned: bool) -> None:
    """Along each axis w0 - w1, w1, w2 - w1."""
    some = slice(*span)
    k = planes.reshape(3, 3, *planes.shape[1:])[:, :, some]
    k[...] = (w[::-1] if turned else w).reshape(3, 3, *w.shape[1:])[:, :, some]
    k[::2] -= k[1]
    k[:, ::2] -= k[:, 1:2]


def _pair_gradient(planes: Array, w: Array, span: tuple[int, int], scale: float) -> None:
    """Along each axis q0, q1 - q0 - q2, q2."""
    some = slice(*span)
    q = planes.reshape(3, 3, *planes.shape[1:])[:, :, some]
    q[1] -= q[0]
    q[1] -= q[2]
    q[:, 1] -= q[:, 0]
    q[:, 1] -= q[:, 2]
    out = w.reshape(3, 3, *w.shape[1:])[:, :, some]
    np.multiply(q, w.dtype.type(scale), out=out)


TILED = Form(
    36,
    4,
    winograd.inputs,
    winograd.errors,
    outputs=winograd.outputs,
    weights=winograd.weights,
    gradient=winograd.gradient,
)
PAIR = Form(
    9,
    2,
    _pair_inputs,
    _pair_errors,
    outputs=_pair_outputs,
    weights=_pair_weights,
    gradient=_pair_gradient,
)


def form(node: Node, reached: int) -> Form | None:
    """The faster way for a layer, by its shape alone; None: sums over its windows.

    ``reached`` is the number of pairs of output and kernel position that meet a pixel of the map.
    """
    given, out = node.shape_in, node.shape_out
    channels = min(given.channels, out.channels)
    window = node.window
    around = {*window.padding}
    fits = window == Window.of(3, 1, window.padding) and len(around) == 1
    if not fits or node.groups != 1 or channels < FEWEST:
        return None
    if around == {1} and given.height == given.width == 2:
        return PAIR
    products = TILED.planes * -(-out.height // TILED.side) * -(-out.width // TILED.side)
    return TILED if products * GAIN <= reached else None


def padding(node: Node) -> int:
    """Zeros around the map of a layer that has a form: as many on all sides."""
    return node.window.padding[0]


def convolve(
    way: Form, x: Array, w: Array, out: Array, *, padding: int, scale: float, workers: Workers
) -> None:
    """``out`` [B, H, W, N] = scale * the convolution of ``x`` [B, h, w, C] with ``w`` [9, C, N]."""
    kernels = _kernels(way, w, workers, turned=False)
    _filter(way, x, kernels, out, padding=padding, scale=scale, workers=workers)


def convolve_back(
    way: Form, dy: Array, w: Array, dx: Array, *, padding: int, workers: Workers
) -> None:
    """``dx`` [B, h, w, C] = the convolution of ``dy`` [B, H, W, N] with ``w`` turned around."""
    kernels = _kernels(way, w, workers, turned=True).transpose(0, 2, 1)
    if kernels.size <= SMALL:  # small products with a matrix that lies the other way are slow
        turned = workers.scratch("turned", kernels.shape, kernels.dtype)
        turned[...] = kernels
        kernels = turned
    _filter(way, dy, kernels, dx, padding=2 - padding, scale=1.0, workers=workers)


def correlate(
    way: Form, x: Array, dy: Array, out: Array, *, padding: int, scale: float, workers: Workers
) -> None:
    """``out`` [9, C, N] = scale * the sum over all windows of x times ``dy``: the gradient."""
    size = _chunk(way, x, dy)
    shares = spans(len(dy), -(-len(dy) // SHARES)) if size else [(0, len(dy))]
    totals = workers.scratch("totals", (len(shares), way.planes, *out.shape[1:]), out.dtype)

    def share(i: int) -> None:
        for first, last in _between(*shares[i], size):
            inputs, errors = _spread(way, x[first:last], dy[first:last], workers)
            tiles = way.tiles(dy[first:last])
            way.inputs(x[first:last], inputs, tiles, padding)
            way.errors(dy[first:last], errors, tiles)
            fresh = first == shares[i][0]
            _add_products(inputs, errors, totals[i], workers, fresh=fresh)

    if size:
        workers.run(share, len(shares))
    else:
        for first, last in _passes(way, x, dy):
            maps = x[first:last], dy[first:last], totals[0]
            _correlate_pass(way, *maps, padding=padding, workers=workers, fresh=first == 0)
    rows = spans(out.shape[1], ROWS)

    def finish(i: int) -> None:
        here = slice(*rows[i])
        for other in totals[1:]:
            totals[0, :, here] += other[:, here]
        way.gradient(totals[0], out, rows[i], scale)

    workers.run(finish, len(rows))


def _chunk(way: Form, x: Array, out: Array) -> int:
    """Images of a job that takes all planes at once; 0 where jobs had better take a plane each."""
    high, wide = way.grid(out)
    size = way.planes * high * wide * (x.shape[3] + out.shape[3])
    shared = way.planes * x.shape[3] * out.shape[3]
    return max(1, CHUNK // size) if max(size, shared) <= SMALL else 0


def _between(start: int, stop: int, size: int) -> list[tuple[int, int]]:
    """start..stop in pieces."""
    return [(start + first, start + last) for first, last in spans(stop - start, size)]


def _passes(way: Form, x: Array, out: Array) -> list[tuple[int, int]]:
    """Ranges of images whose planes fit into memory together."""
    high, wide = way.grid(out)
    size = way.planes * high * wide * (x.shape[3] + out.shape[3])
    return spans(len(out), max(1, PASS // size))


def _spread(way: Form, x: Array, out: Array, workers: Workers) -> tuple[Array, Array]:
    """Scratch memory for the planes of a map and of its results."""
    high, wide = way.grid(out)
    shape = (way.planes, len(out) * high * wide)
    return (
        workers.scratch("inputs", (*shape, x.shape[3]), out.dtype),
        workers.scratch("outputs", (*shape, out.shape[3]), out.dtype),
    )


def _kernels(way: Form, w: Array, workers: Workers, *, turned: bool) -> Array:
    """The planes [planes, C, N] of ``w`` [9, C, N], scratch memory."""
    kernels = workers.scratch("totals", (way.planes, *w.shape[1:]), w.dtype)
    rows = spans(w.shape[1], ROWS)
    workers.run(lambda i: way.weights(w, kernels, rows[i], turned), len(rows))
    return kernels


def _filter(
    way: Form, x: Array, kernels: Array, out: Array, *, padding: int, scale: float, workers: Workers
) -> None:
    size = _chunk(way, x, out)
    if not size:
        for first, last in _passes(way, x, out):
            maps = x[first:last], kernels, out[first:last]
            _filter_pass(way, *maps, padding=padding, scale=scale, workers=workers)
        return
    images = spans(len(out), size)

    def job(i: int) -> None:
        here = slice(*images[i])
        inputs, outputs = _spread(way, x[here], out[here], workers)
        tiles = way.tiles(out[here])
        way.inputs(x[here], inputs, tiles, padding)
        np.matmul(inputs, kernels, out=outputs)
        way.outputs(outputs, out[here], tiles, scale)

    workers.run(job, len(images))


def _filter_pass(
    way: Form, x: Array, kernels: Array, out: Array, *, padding: int, scale: float, workers: Workers
) -> None:
    """All images at once, some outputs of a plane a job."""
    inputs, outputs = _spread(way, x, out, workers)
    parts, cols = spans(inputs.shape[1], TILES), spans(out.shape[3], PIECE)

    def before(i: int) -> None:
        way.inputs(x, inputs, way.tiles(out, parts[i]), padding)

    def products(i: int) -> None:
        k, part = i // len(cols), slice(*cols[i % len(cols)])
        np.matmul(inputs[k], kernels[k, :, part], out=outputs[k, :, part])

    def after(i: int) -> None:
        way.outputs(outputs, out, way.tiles(out, parts[i]), scale)

    workers.run(before, len(parts))
    workers.run(products, way.planes * len(cols))
    workers.run(after, len(parts))


def _correlate_pass(
    way: Form, x: Array, dy: Array, total: Array, *, padding: int, workers: Workers, fresh: bool
) -> None:
    """Add the products of all images' planes to ``total``, some inputs of a plane a job."""
    inputs, errors = _spread(way, x, dy, workers)
    parts, rows = spans(inputs.shape[1], TILES), spans(x.shape[3], PIECE)

    def before(i: int) -> None:
        tiles = way.tiles(dy, parts[i])
        way.inputs(x, inputs, tiles, padding)
        way.errors(dy, errors, tiles)

    def products(i: int) -> None:
        k, part = i // len(rows), slice(*rows[i % len(rows)])
        _add_products(inputs[k, :, part], errors[k], total[k, part], workers, fresh=fresh)

    workers.run(before, len(parts))
    workers.run(products, way.planes * len(rows))


def _add_products(
    inputs: Array, errors: Array, total: Array, workers: Workers, *, fresh: bool
) -> None:
    """Add the product of (plane, tile, C) and (plane, tile, N) to ``total``, or set it."""
    product = total if fresh else workers.scratch("product", total.shape, total.dtype)
    np.matmul(inputs.swapaxes(-1, -2), errors, out=product)
    if not fresh:
        elementwise.add(total.reshape(-1), product.reshape(-1))
