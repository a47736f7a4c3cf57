"""Windows of a map as vectors (im2col) and their sums (col2im), on channels-last maps.

Row (ky * wide + kx) * channels + c of a vector is channel c of pixel (ky, kx) of a window that is
``wide`` pixels wide. Pixels in the padding are zero. Rows that are contiguous in the map are moved
together: a whole line of the window, or the channels of one pixel where a window reads only some of
the map's channels or its pixels lie apart.
"""

from typing import NamedTuple

from numba import njit


class Lines(NamedTuple):
    """Lines of the output maps of a batch, and the part of each map in which vectors lie."""

    first: int  # line, counted over all images: image * height + y
    last: int  # not included
    height: int  # lines of an output map
    width: int  # positions of a line
    top: int  # the part of each map with vectors; bottom and right are not included
    bottom: int
    left: int
    right: int


class Window(NamedTuple):
    """The geometry of a window and the channels that it reads; y is down, x is across."""

    wide: int  # pixels of a line of the window
    stride_y: int
    stride_x: int
    top: int  # lines of zeros above the map, and pixels of zeros to its left
    left: int
    dilation_y: int  # from one pixel of the window to the next
    dilation_x: int
    channel: int  # first channel
    channels: int


@njit(cache=True, nogil=True)
def eight(source, target):
    """Copy eight numbers; all are read before the first is written."""
    real = target.dtype.type
    a, b, c, d = real(source[0]), real(source[1]), real(source[2]), real(source[3])
    e, f, g, h = real(source[4]), real(source[5]), real(source[6]), real(source[7])
    target[0], target[1], target[2], target[3] = a, b, c, d
    target[4], target[5], target[6], target[7] = e, f, g, h


@njit(cache=True, nogil=True)
def piece(at, rows, window, depth):
    """Longest piece of rows from ``at`` on that is contiguous in a map of ``depth`` channels.

    Returns the line of the map, counted from the top of the window, the offset of the piece in that
    line and its length, at most ``rows``.
    """
    wide, channels, down = window.wide, window.channels, window.dilation_y
    if channels == depth and window.dilation_x == 1:
        line = wide * channels
        return at // line * down, at % line, min(line - at % line, rows)
    pixel = at // channels
    offset = pixel % wide * window.dilation_x * depth + window.channel + at % channels
    return pixel // wide * down, offset, min(channels - at % channels, rows)


@njit(cache=True, nogil=True)
def gather(x, out, lines, row, window):
    """Copy rows of the vectors in some output lines into ``out`` [vectors, rows].

    ``x`` is the map [images, height, width, channels], ``lines`` a ``Lines``, ``window`` a
    ``Window``; the first of the rows is ``row``.
    """
    height, stride, padding = lines.height, window.stride_x, window.left
    map_height, map_width, depth = x.shape[1:]
    pixels = x.reshape(x.size)
    rows = out.shape[1]
    line = map_width * depth
    top, bottom, left, right = lines.top, lines.bottom, lines.left, lines.right
    step = stride * depth
    zero = out.dtype.type(0)
    done = 0
    while done < rows:
        ky, offset, length = piece(row + done, rows - done, window, depth)
        wide = -(-length // 8) * 8  # the next piece overwrites the excess
        roomy = wide > length and done + wide <= rows
        v = 0
        for here in range(lines.first, lines.last):
            image, y = here // height, here % height
            if y < top or y >= bottom:
                continue
            at = y * window.stride_y - window.top + ky
            inside = 0 <= at < map_height
            begin = (image * map_height + at) * line if inside else 0
            start = (left * stride - padding) * depth + offset
            for _ in range(left, right):
                within = inside and start >= 0 and start + length <= line
                if within and roomy and begin + start + wide <= pixels.size:
                    for low in range(0, wide, 8):
                        source = pixels[begin + start + low : begin + start + low + 8]
                        eight(source, out[v, done + low : done + low + 8])
                elif within:
                    source = pixels[begin + start : begin + start + length]
                    target = out[v, done : done + length]
                    for j in range(length):
                        target[j] = source[j]
                else:
                    target = out[v, done : done + length]
                    for j in range(length):
                        seen = inside and 0 <= start + j < line
                        target[j] = pixels[begin + start + j] if seen else zero
                v += 1
                start += step
        done += length


@njit(cache=True, nogil=True)
def gather_lines(x, out, lines, row, window):
    """``gather`` for maps ``x`` [images, height, width] of one channel and steps of 1.

    ``out`` is [rows, vectors]: the part of a row that belongs to an output line is contiguous in
    the map.
    """
    height = lines.height
    map_height, map_width = x.shape[1:]
    whole = x.reshape(-1, map_width)
    top, bottom, left = lines.top, lines.bottom, lines.left
    size = lines.right - left
    zero = out.dtype.type(0)
    for r in range(out.shape[0]):
        ky, kx = divmod(row + r, window.wide)
        start = left - window.left + kx * window.dilation_x
        low = min(max(-start, 0), size)
        high = max(min(map_width - start, size), low)
        v = 0
        for here in range(lines.first, lines.last):
            image, y = here // height, here % height
            if y < top or y >= bottom:
                continue
            at = y - window.top + ky * window.dilation_y
            target = out[r, v : v + size]
            v += size
            if at < 0 or at >= map_height:
                target[:] = zero
                continue
            source = whole[image * map_height + at, start + low : start + high]
            seen = target[low:high]
            target[:low] = zero
            target[high:] = zero
            for j in range(seen.size):
                seen[j] = source[j]


@njit(cache=True, nogil=True)
def scatter(columns, x, lines, row, window):
    """Add rows of vectors to the pixels of ``x`` that ``gather`` would copy them from.

    The transpose of ``gather``, with the same arguments; ``columns`` is [vectors, rows]. Rows of
    pixels in the padding are dropped.
    """
    height, stride, padding = lines.height, window.stride_x, window.left
    images, map_height, map_width, depth = x.shape
    pixels = x.reshape(images * map_height, map_width * depth)
    rows = columns.shape[1]
    line = map_width * depth
    top, bottom, left, right = lines.top, lines.bottom, lines.left, lines.right
    done = 0
    while done < rows:
        ky, offset, length = piece(row + done, rows - done, window, depth)
        v = 0
        for here in range(lines.first, lines.last):
            image, y = here // height, here % height
            if y < top or y >= bottom:
                continue
            at = y * window.stride_y - window.top + ky
            if at < 0 or at >= map_height:
                v += right - left
                continue
            for x_out in range(left, right):
                start = (x_out * stride - padding) * depth + offset
                low = max(-start, 0)
                high = min(line - start, length)
                if high > low:
                    target = pixels[image * map_height + at, start + low : start + high]
                    source = columns[v, done + low : done + high]
                    for j in range(high - low):
                        target[j] += source[j]
                v += 1
        done += length


@njit(cache=True, nogil=True)
def add(partial, total, lines):
    """Add vectors to the vectors of all positions of some output lines.

    ``partial`` [vectors, cols] are the vectors of a ``Lines``, ``total`` those of all positions of
    its lines.
    """
    height, width, left = lines.height, lines.width, lines.left
    cols = partial.shape[1]
    sources, targets = partial.reshape(partial.size), total.reshape(total.size)
    size = (lines.right - left) * cols
    at = 0
    for here in range(lines.first, lines.last):
        if lines.top <= here % height < lines.bottom:
            to = ((here - lines.first) * width + left) * cols
            source, target = sources[at : at + size], targets[to : to + size]
            for j in range(size):
                target[j] += source[j]
            at += size
