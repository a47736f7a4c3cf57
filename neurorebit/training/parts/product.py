"""The three products of a layer, in blocks that fit into a second-level cache.

A layer is a matrix, and the windows of its input are the vectors that it is multiplied with.
Products of rows that see padding alone are left out. The products are the same wherever the weights
are held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from neurorebit.chips.parts.signs import Plane
from neurorebit.kernels import convert, elementwise, quantise, windows
from neurorebit.layers.network import Node
from neurorebit.layers.window import Window
from neurorebit.training.parts import depthwise, winograd
from neurorebit.training.parts.conversion import Conversion
from neurorebit.training.parts.workers import Array, Workers, shares, spans

BLOCK = 393_216  # numbers one thread works on at a time: 768 KiB of float32
PIECE = 512  # rows of a matrix that are moved at once in the exact products,
WEIGHTS = 1 << 18  # or more, if they hold no more weights: threads gain nothing from less
FEWEST = 256  # vectors below which a matrix product is slow
SHALLOW = 128  # numbers that a BLAS adds up in one order, however many threads share a product
NARROW = 64  # channels below which rows of several kernel positions are moved at once


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a layer's matrix, and the output positions where they see pixels of the map.

    ``reach``: top, bottom, left, right; bottom and right are not included.
    """

    start: int
    stop: int
    reach: tuple[int, int, int, int]

    @property
    def positions(self) -> int:
        """Output positions of one image where the rows see pixels."""
        top, bottom, left, right = self.reach
        return (bottom - top) * (right - left)

    def lines(self, first: int, last: int, height: int, width: int) -> windows.Lines:
        """The output lines first..last of maps of ``height`` x ``width``, as kernels take them."""
        return windows.Lines(first, last, height, width, *self.reach)

    def vectors(self, first: int, last: int, height: int) -> int:
        """Such positions in the output lines first..last of maps of ``height`` lines."""
        top, bottom, left, right = self.reach

        def lines(end: int) -> int:
            return end // height * (bottom - top) + min(max(end % height - top, 0), bottom - top)

        return (lines(last) - lines(first)) * (right - left)


def piece(node: Node, start: int, stop: int) -> Piece:
    """Rows start..stop of a layer's matrix."""
    channels = node.shape_in.channels // node.groups
    position = start // channels
    given, out = node.shape_in, node.shape_out
    if position != (stop - 1) // channels:
        return Piece(start, stop, (0, out.height, 0, out.width))
    vertical, horizontal = node.window.axes
    ky, kx = divmod(position, horizontal.taps)
    down = vertical.reach(ky, given.height, out.height)
    return Piece(start, stop, (*down, *horizontal.reach(kx, given.width, out.width)))


@cache
def cut(node: Node, cuts: tuple[tuple[int, int], ...]) -> tuple[Piece, ...]:
    """The rows of a layer's matrix that stand in one array each."""
    return tuple(piece(node, start, stop) for start, stop in cuts)


@cache
def pieces(node: Node) -> tuple[Piece, ...]:
    """A layer's matrix as the exact products take it, cut at kernel positions of many channels."""
    assert node.matmul is not None
    most = max(PIECE, WEIGHTS // node.matmul.cols)
    channels = node.shape_in.channels // node.groups
    rows = channels * node.window.taps
    block = channels if channels >= NARROW else rows
    size = -(-block // -(-block // most))
    return tuple(
        piece(node, start + low, start + high)
        for start in range(0, rows, block)
        for low, high in spans(block, size)
    )


@cache
def filtered(node: Node) -> winograd.Form | None:
    """How ``winograd`` computes the exact products of a layer, if it does."""
    channels = node.shape_in.channels // node.groups
    rows = channels * node.window.taps
    return winograd.form(
        node, sum(piece(node, row, row + 1).positions for row in range(0, rows, channels))
    )


@dataclass(frozen=True, slots=True)
class Windows:
    """The input of a layer as vectors: a map [B, H, W, C], and what one unit of it is worth.

    ``signs``: the planes of signed codes; None where values have no sign, or are no codes.
    """

    map: Array
    scale: float
    node: Node
    signs: tuple[Plane, ...] | None = None

    @property
    def positions(self) -> int:
        """Windows of one image."""
        return self.node.shape_out.height * self.node.shape_out.width

    @property
    def vectors(self) -> int:
        """Windows of all images."""
        return len(self.map) * self.positions

    def ones(self, bits: int) -> float:
        """Share of ones in the bit planes of the map's codes."""
        if self.signs is None:
            codes = self.map.astype(np.uint32)
            return float(np.mean(np.bitwise_count(codes))) / bits
        words = np.empty(self.map.size, np.uint32)
        quantise.words(self.map.reshape(-1), words, table(self.signs))
        return float(np.mean(np.bitwise_count(words))) / len(self.signs)

    @property
    def magnitude(self) -> Windows:
        """The windows of the values without their signs."""
        return self if self.signs is None else replace(self, map=np.abs(self.map), signs=None)

    def columns(
        self, part: Piece, lines: tuple[int, int], group: int, *, workers: Workers, dtype: np.dtype
    ) -> Array:
        """The rows of a piece (vector, row) in these output lines, in scratch memory."""
        first, last = lines
        node = self.node
        channels = node.shape_in.channels // node.groups
        if self.map.dtype == dtype and as_it_is(node):
            low = group * channels
            flat = self.map.reshape(-1, node.shape_in.channels)
            width = node.shape_out.width
            return flat[first * width : last * width, low + part.start : low + part.stop]
        size = part.vectors(first, last, node.shape_out.height)
        lines = part.lines(first, last, node.shape_out.height, node.shape_out.width)
        if node.shape_in.channels == 1 and node.window.stride == (1, 1):
            rows = workers.scratch("columns", (part.stop - part.start, size), dtype)
            windows.gather_lines(self.map[..., 0], rows, lines, part.start, window(node, group))
            return rows.T
        out = workers.scratch("columns", (size, part.stop - part.start), dtype)
        windows.gather(self.map, out, lines, part.start, window(node, group))
        return out


@cache
def table(planes: tuple[Plane, ...]) -> Array:
    """Planes of signed codes as kernels take them."""
    return np.array([(plane.shift, plane.factor, plane.add) for plane in planes], np.int64)


@cache
def window(node: Node, group: int) -> windows.Window:
    """The window of a layer's kernel on the channels of one group, as kernels take it."""
    channels = node.shape_in.channels // node.groups
    return as_kernels_take_it(node.window, group * channels, channels)


def as_kernels_take_it(given: Window, channel: int, channels: int) -> windows.Window:
    """A window on some channels of a map, from ``channel`` on."""
    vertical, horizontal = given.axes
    return windows.Window(
        wide=horizontal.taps,
        stride_y=vertical.stride,
        stride_x=horizontal.stride,
        top=vertical.before,
        left=horizontal.before,
        dilation_y=vertical.dilation,
        dilation_x=horizontal.dilation,
        channel=channel,
        channels=channels,
    )


def as_it_is(node: Node) -> bool:
    """Whether each window is one pixel of its own."""
    return node.window.is_pixel


def errors_of(
    dy: Array, part: Piece, lines: tuple[int, int], cols: tuple[int, int], *, workers: Workers
) -> Array:
    """The errors that a piece's windows in these output lines receive."""
    first, last = lines
    height, width, depth = dy.shape[1:]
    low, high = cols
    if part.positions == height * width:
        return dy.reshape(-1, depth)[first * width : last * width, low:high]
    out = workers.scratch("errors", (part.vectors(first, last, height), high - low), dy.dtype)
    pixel = windows.Window(1, 1, 1, 0, 0, 1, 1, channel=low, channels=high - low)
    windows.gather(dy, out, part.lines(first, last, height, width), 0, pixel)
    return out


def _scatter(columns: Array, target: Array, part: Piece, *, node: Node, group: int) -> None:
    """Add a piece's rows (vector, row) to the pixels that they were gathered from."""
    height, width = node.shape_out.height, node.shape_out.width
    lines = part.lines(0, len(target) * height, height, width)
    windows.scatter(columns, target, lines, part.start, window(node, group))


def multiply(
    x: Windows,
    matrix: Array,
    out: Array,
    workers: Workers,
    *,
    scale: float,
    conversion: Conversion | None = None,
    whole: bool = False,
) -> Array:
    """``out`` [B, H, W, N] = scale * ``matrix`` [groups, rows, cols] times each vector of ``x``.

    ``whole``: of whole numbers, whose products and sums alone are exact.

    With a conversion, each array's partial sums are converted and their codes added; without one
    the product is exact. Returns the mean square of the partial sums of each plane (of one, where
    planes are added first) where it is measured, else 0.
    """
    node, dtype = x.node, matrix.dtype
    if conversion is None and not whole and (way := filtered(node)):
        winograd.convolve(
            way,
            x.map,
            _kernels(matrix),
            out,
            padding=winograd.padding(node),
            scale=scale,
            workers=workers,
        )
        return np.zeros(1)
    if conversion is None and depthwise.is_depthwise(node):
        depthwise.convolve(x.map, matrix, out, window(node, 0), workers=workers)
        np.multiply(out, dtype.type(scale), out=out)
        return np.zeros(1)
    planes = conversion.planes if conversion else None
    reads = planes or 1  # of an array for one vector
    groups, _, cols = matrix.shape
    height, width = out.shape[1:3]
    flat = out.reshape(x.vectors, groups * cols)
    parts = cut(node, tuple(conversion.cuts)) if conversion else pieces(node)
    widest = max(part.stop - part.start for part in parts)
    size = max(FEWEST // reads, BLOCK // (reads * (widest + cols) + cols))
    blocks = shares(len(out) * height, max(1, size // width))
    factor = dtype.type(scale * (conversion.unit if conversion else 1.0))
    per_step, worth = (conversion.per_step, conversion.worth) if conversion else (None, None)
    at_once = conversion is None and len(parts) == 1 and parts[0].positions == height * width

    def job(index: int) -> Array:
        group, block = divmod(index, len(blocks))
        first, last = blocks[block]
        target = flat[first * width : last * width, group * cols : (group + 1) * cols]
        total = target if groups == 1 else workers.scratch("total", target.shape, dtype)
        if not at_once:
            total[...] = 0
        power = np.zeros(reads)
        for number, part in enumerate(parts):
            if planes:
                codes = x.columns(part, (first, last), group, workers=workers, dtype=x.map.dtype)
                columns = workers.scratch("planes", (reads * len(codes), codes.shape[1]), dtype)
                flat_codes, bits = codes.reshape(-1), columns.reshape(-1)
                if conversion is not None and conversion.signs is not None:
                    quantise.split_signed(flat_codes, bits, table(conversion.signs))
                else:
                    quantise.split(flat_codes, bits, planes)
            else:
                columns = x.columns(part, (first, last), group, workers=workers, dtype=dtype)
            partial = total if at_once else workers.scratch("partial", (len(columns), cols), dtype)
            np.matmul(columns, matrix[group, part.start : part.stop], out=partial)
            lines = part.lines(first, last, height, width)
            if conversion is not None:
                if conversion.measured:
                    power += [convert.power(plane) for plane in partial.reshape(reads, -1)]
                if conversion.deviations is not None:
                    before = part.vectors(0, first, height)
                    vectors = part.vectors(0, len(out) * height, height)
                    for plane, sums in enumerate(partial.reshape(reads, -1, cols)):
                        conversion.deviations.add(
                            sums,
                            number,
                            line=group * cols,
                            first=((group * reads + plane) * vectors + before) * cols,
                            per_step=float(conversion.per_step[plane]),
                            top=conversion.top,
                            workers=workers,
                        )
                conversion.count(partial)
                convert.convert(partial, total, lines, per_step, worth, conversion.top)
            elif not at_once:
                windows.add(partial, total, lines)
        np.multiply(total, factor, out=target)
        return power

    powers = workers.run(job, groups * len(blocks), _shared(matrix, x, widest))
    mean: Array = sum(powers, np.zeros(reads)) / (flat.size * len(parts))
    return mean


def transposed(
    dy: Array, matrix: Array, x: Windows, dx: Array, *, workers: Workers, whole: bool = False
) -> None:
    """``dx`` = the transposed matrix times ``dy`` [B, H, W, N], added up where windows overlap.

    ``whole``: of whole numbers, as in ``multiply``.
    """
    node, dtype = x.node, matrix.dtype
    if not whole and (way := filtered(node)):
        kernels = _kernels(matrix)
        winograd.convolve_back(
            way, dy, kernels, dx, padding=winograd.padding(node), workers=workers
        )
        return
    if depthwise.is_depthwise(node):
        depthwise.convolve_back(dy, matrix, dx, window(node, 0), workers=workers)
        return
    groups, _, cols = matrix.shape
    height = node.shape_out.height
    channels = node.shape_in.channels // groups
    parts = pieces(node)
    widest = max(part.stop - part.start for part in parts)
    size = max(FEWEST, BLOCK // (widest + cols))
    blocks = shares(len(dx), max(1, size // x.positions))
    direct = as_it_is(node) and groups == 1

    def job(block: int) -> None:
        first, last = blocks[block]
        target = dx[first:last]
        if direct:
            flat = target.reshape(-1, channels)
            np.matmul(dy[first:last].reshape(-1, cols), matrix[0].T, out=flat)
            return
        target[...] = 0
        for group in range(groups):
            for part in parts:
                lines, own = (first * height, last * height), (group * cols, (group + 1) * cols)
                errors = errors_of(dy, part, lines, own, workers=workers)
                columns = workers.scratch("columns", (len(errors), part.stop - part.start), dtype)
                np.matmul(errors, matrix[group, part.start : part.stop].T, out=columns)
                _scatter(columns, target, part, node=node, group=group)

    workers.run(job, len(blocks), _shared(matrix, x, cols))


def read_back(
    dy: Array,
    matrix: Array,
    x: Windows,
    dx: Array,
    *,
    workers: Workers,
    scale: float,
    conversion: Conversion,
) -> float:
    """``dx`` = scale * a transposed read of ``dy`` on the columns, added where windows overlap.

    Each row of an array has a converter. Each vector of errors is scaled by a power of two to just
    below 1 before it drives the columns, and its result is scaled back: errors differ by orders of
    magnitude from image to image, so that one range for all would clip the few large ones and lose
    the many small ones (noise management; Gokmen, Onen, Haensch, Front. Neurosci. 11:538, 2017,
    doi:10.3389/fnins.2017.00538). Returns the mean square of the scaled partial sums where it is
    measured. Rows that see padding alone are not read.
    """
    node, dtype = x.node, matrix.dtype
    groups, rows, cols = matrix.shape
    height = node.shape_out.height
    channels = node.shape_in.channels // groups
    blocks = spans(len(dx), max(1, FEWEST // x.positions))
    parts = [
        piece(node, start + low, start + high)
        for start in range(0, rows, channels)
        for low, high in spans(channels, PIECE)
    ]
    factor = dtype.type(scale * conversion.unit)
    per_step, worth = conversion.per_step, conversion.worth

    def job(block: int) -> tuple[float, int]:
        first, last = blocks[block]
        target = dx[first:last]
        target[...] = 0
        power, read = 0.0, 0
        for group in range(groups):
            for part in parts:
                lines, own = (first * height, last * height), (group * cols, (group + 1) * cols)
                errors = errors_of(dy, part, lines, own, workers=workers)
                driven = workers.scratch("driven", errors.shape, dtype)
                sizes = workers.scratch("sizes", (len(errors), 1), dtype)
                convert.scale(errors, driven, sizes.reshape(-1))
                shape = len(errors), part.stop - part.start
                codes = workers.scratch("columns", shape, dtype)
                partial = workers.scratch("partial", shape, dtype)
                codes[...] = 0
                one = windows.Lines(0, 1, 1, len(errors), 0, 1, 0, len(errors))  # one line
                for number, (left, right) in enumerate(conversion.cuts):
                    held = matrix[group, part.start : part.stop, left:right].T
                    np.matmul(driven[:, left:right], held, out=partial)
                    if conversion.measured:
                        power += float(convert.power(partial.reshape(-1)))
                        read += partial.size
                    if conversion.deviations is not None:
                        wide = part.stop - part.start
                        vectors = part.vectors(0, len(dx) * height, height)
                        before = part.vectors(0, first * height, height)
                        conversion.deviations.add(
                            partial,
                            number,
                            line=group * rows + part.start,
                            first=vectors * (group * rows + part.start) + before * wide,
                            per_step=float(per_step[0]),
                            top=conversion.top,
                            workers=workers,
                        )
                    conversion.count(partial)
                    convert.convert(partial, codes, one, per_step, worth, conversion.top)
                np.multiply(codes, sizes, out=codes)
                _scatter(codes, target, part, node=node, group=group)
        np.multiply(target, factor, out=target)
        return power, read

    powers = workers.run(job, len(blocks))
    return sum(power for power, _ in powers) / max(sum(read for _, read in powers), 1)


def outer(x: Windows, dy: Array, out: Array, workers: Workers) -> None:
    """``out`` [groups, rows, cols] = the sum over all vectors of x times ``dy``: the gradient."""
    node, dtype = x.node, out.dtype
    if way := filtered(node):
        winograd.correlate(
            way,
            x.map,
            dy,
            _kernels(out),
            padding=winograd.padding(node),
            scale=x.scale,
            workers=workers,
        )
        return
    if depthwise.is_depthwise(node):
        depthwise.correlate(x.map, dy, out, window(node, 0), workers=workers)
        np.multiply(out, dtype.type(x.scale), out=out)
        return
    groups, _, cols = out.shape
    height, width = dy.shape[1:3]
    parts = pieces(node)
    widest = max(part.stop - part.start for part in parts)
    size = max(FEWEST, 2 * BLOCK // (widest + cols))
    blocks = spans(len(dy) * height, max(1, size // width))
    runs = spans(len(blocks), -(-len(blocks) // max(1, 16 // (len(parts) * groups))))
    scale = dtype.type(x.scale)
    sums = out[None] if len(runs) == 1 else workers.scratch("sums", (len(runs), *out.shape), dtype)

    def job(index: int) -> None:
        rest, number = divmod(index, len(parts))
        share, group = divmod(rest, groups)
        part = parts[number]
        target = sums[share, group, part.start : part.stop]
        product = target
        for first, last in blocks[slice(*runs[share])]:
            columns = x.columns(part, (first, last), group, workers=workers, dtype=dtype)
            errors = errors_of(
                dy, part, (first, last), (group * cols, (group + 1) * cols), workers=workers
            )
            np.matmul(columns.T, errors, out=product)
            if product is not target:
                elementwise.add(target.reshape(-1), product.reshape(-1))
            product = workers.scratch("product", target.shape, dtype)
        np.multiply(target, scale, out=target)

    workers.run(job, len(runs) * groups * len(parts), _shared(out, x, min(size, x.vectors)))
    if len(runs) > 1:
        np.sum(sums, axis=0, out=out)


def _shared(matrix: Array, x: Windows, depth: int) -> int:
    """Multiplications of a layer that the BLAS may share: rows and columns of few-term sums.

    A BLAS divides longer sums, and sums of double precision, differently for two threads.
    """
    exact = depth <= SHALLOW and matrix.dtype == np.float32
    return matrix.size * x.vectors if exact else 0


def _kernels(matrix: Array) -> Array:
    """A matrix [1, 9 channels, N] by kernel position: [9, channels, N]."""
    return matrix.reshape(9, -1, matrix.shape[2])
