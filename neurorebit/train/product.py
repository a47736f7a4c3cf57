"""The three products of a layer, in blocks that stay in a second-level cache.

A layer is a matrix; what passes through it are the windows of its input, as vectors. Nothing here
knows where the weights live.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurorebit.kernels import convert, cpu, quantise, windows
from neurorebit.network import Node
from neurorebit.train.workers import Array, Workers, spans

BLOCK = 196_608  # numbers one thread works on at a time: 768 KiB of float32
PIECE = 512  # most rows of a matrix that are moved at once in the digital products
FEWEST = 256  # vectors below which a matrix product is slow


@dataclass(frozen=True, slots=True)
class Windows:
    """The input of a layer as vectors: a map [B, H, W, C], and what one unit of it is worth."""

    map: Array
    scale: float
    node: Node

    @property
    def positions(self) -> int:
        """Windows of one image."""
        return self.node.shape_out.height * self.node.shape_out.width

    @property
    def vectors(self) -> int:
        """Windows of all images."""
        return len(self.map) * self.positions

    def columns(self, out: Array, vector: int, row: int, group: int) -> Array:
        """Rows of the matrix from ``row`` on, of the vectors from ``vector`` on, into ``out``."""
        node = self.node
        channels = node.shape_in.channels // node.groups
        windows.gather(
            self.map,
            out,
            vector,
            node.shape_out.height,
            node.shape_out.width,
            row,
            node.kernel,
            node.stride,
            node.padding,
            group * channels,
            channels,
        )
        return out


@dataclass(frozen=True, slots=True)
class Conversion:
    """How partial sums are read: codes of ``step``, clipped to -top..top; whether to measure.

    Of the ``planes`` bit planes of the input each is converted on its own; 0: their sum at once.
    """

    step: float
    top: int
    measured: bool
    planes: int = 0


def multiply(
    x: Windows,
    matrix: Array,
    out: Array,
    workers: Workers,
    cuts: Sequence[tuple[int, int]],
    scale: float,
    conversion: Conversion | None = None,
) -> float:
    """``out`` [B, H, W, N] = scale * the sum over the cuts of what each array reads.

    ``matrix`` is [groups, rows, cols]; a cut is the range of rows of one array. Without a
    conversion the sum is exact. Returns the mean square of the partial sums where measured.
    """
    planes = conversion.planes if conversion else 0
    reads = max(planes, 1)  # of an array for one vector
    groups, _, cols = matrix.shape
    flat = out.reshape(x.vectors, groups * cols)
    widest = max(stop - start for start, stop in cuts)
    blocks = spans(x.vectors, max(FEWEST // reads, BLOCK // (reads * (widest + cols) + cols)))
    factor = matrix.dtype.type(scale * (conversion.step if conversion else 1.0))
    per_step = 1.0 / conversion.step if conversion and conversion.step else 0.0

    def job(index: int) -> float:
        group, block = divmod(index, len(blocks))
        first, last = blocks[block]
        size = last - first
        power = 0.0
        whole = flat[first:last]
        total = whole if groups == 1 else workers.scratch("total", (size, cols), matrix.dtype)
        exact = conversion is None and len(cuts) == 1
        shape = (reads * size, cols)
        partial = total if exact else workers.scratch("partial", shape, matrix.dtype)
        for number, (start, stop) in enumerate(cuts):
            columns = workers.scratch("columns", (reads * size, stop - start), matrix.dtype)
            if planes:
                codes = workers.scratch("codes", (size, stop - start), x.map.dtype)
                x.columns(codes, first, start, group)
                quantise.split(codes.reshape(-1), columns.reshape(-1))
            else:
                x.columns(columns, first, start, group)
            np.matmul(columns, matrix[group, start:stop], out=partial)
            if conversion is not None:
                if conversion.measured:
                    power += convert.power(partial.reshape(-1))
                convert.convert(
                    partial.reshape(-1), total.reshape(-1), per_step, conversion.top, number == 0
                )
            elif not exact:
                np.add(partial, 0 if number == 0 else total, out=total)
        target = whole[:, group * cols : (group + 1) * cols]
        np.multiply(total, factor, out=target)
        return power

    powers = workers.run(job, groups * len(blocks))
    return sum(powers) / (flat.size * len(cuts) * reads)


def transposed(dy: Array, matrix: Array, x: Windows, dx: Array, workers: Workers) -> None:
    """``dx`` = the transposed matrix times ``dy`` [B, H, W, N], added up where windows overlap."""
    node = x.node
    groups, rows, cols = matrix.shape
    flat = dy.reshape(x.vectors, groups * cols)
    channels = node.shape_in.channels // groups
    blocks = spans(len(dx), max(1, FEWEST // x.positions))
    size = max(1, min(PIECE, BLOCK // ((blocks[0][1] - blocks[0][0]) * x.positions)))

    def job(block: int) -> None:
        first, last = blocks[block]
        target = dx[first:last]
        target[...] = 0
        here = flat[first * x.positions : last * x.positions]
        for group in range(groups):
            errors = here[:, group * cols : (group + 1) * cols]
            for start, stop in spans(rows, size):
                columns = workers.scratch("columns", (len(here), stop - start), matrix.dtype)
                np.matmul(errors, matrix[group, start:stop].T, out=columns)
                windows.scatter(
                    columns,
                    target,
                    node.shape_out.height,
                    node.shape_out.width,
                    start,
                    node.kernel,
                    node.stride,
                    node.padding,
                    group * channels,
                    channels,
                )

    workers.run(job, len(blocks))


def outer(x: Windows, dy: Array, out: Array, workers: Workers) -> None:
    """``out`` [groups, rows, cols] = the sum over all vectors of x times ``dy``: the gradient."""
    groups, rows, cols = out.shape
    flat = dy.reshape(x.vectors, groups * cols)
    pieces = spans(rows, min(PIECE, max(1, BLOCK // (FEWEST * 2))))
    blocks = spans(x.vectors, max(FEWEST, BLOCK // (pieces[0][1] + cols)))
    shares = spans(len(blocks), -(-len(blocks) // max(1, 16 // (len(pieces) * groups))))
    scale = out.dtype.type(x.scale)
    parts = out[None] if len(shares) == 1 else np.empty((len(shares), *out.shape), out.dtype)

    def job(index: int) -> None:
        rest, piece = divmod(index, len(pieces))
        share, group = divmod(rest, groups)
        start, stop = pieces[piece]
        target = parts[share, group, start:stop]
        product = workers.scratch("product", target.shape, out.dtype)
        for number, block in enumerate(range(*shares[share])):
            first, last = blocks[block]
            columns = workers.scratch("columns", (last - first, stop - start), out.dtype)
            x.columns(columns, first, start, group)
            errors = flat[first:last, group * cols : (group + 1) * cols]
            np.matmul(columns.T, errors, out=target if number == 0 else product)
            if number:
                cpu.add(target.reshape(-1), product.reshape(-1))
        np.multiply(target, scale, out=target)

    workers.run(job, len(shares) * groups * len(pieces))
    if len(shares) > 1:
        np.sum(parts, axis=0, out=out)
