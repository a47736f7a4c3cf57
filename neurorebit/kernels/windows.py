"""The windows of a map as vectors, and back: im2col and col2im on channels-last maps.

Row (ky * kernel_width + kx) * channels + c of a vector is channel c of pixel (ky, kx) of a window.
Vectors are those of the output lines ``first`` to ``last``, counted (image, y), of maps of
``height`` lines, as far as they lie in ``reach``: (top, bottom, left, right) of an output map, the
ends not included. What lies in the padding is zero. A piece of rows that is contiguous in the map
is moved at once: a whole line of the window, or the channels of one pixel where only some channels
take part.
"""

from numba import njit

SHORT = 16  # pieces below are moved number by number, side by side windows at once


@njit(cache=True, nogil=True)
def piece(at, rows, kernel_width, channel, channels, depth):
    """The longest contiguous piece of rows from ``at`` on: (ky, offset in its line, length)."""
    if channels == depth:
        line = kernel_width * channels
        return at // line, at % line, min(line - at % line, rows)
    pixel = at // channels
    offset = pixel % kernel_width * depth + channel + at % channels
    return pixel // kernel_width, offset, min(channels - at % channels, rows)


@njit(cache=True, nogil=True)
def gather(
    x, out, first, last, height, reach, row, kernel_width, stride, padding, channel, channels
):
    """Copy rows ``row`` onward of the vectors into ``out`` (vector, row).

    The windows read ``channels`` channels of ``x`` (image, y, x, channel) from ``channel`` on.
    """
    images, map_height, map_width, depth = x.shape
    pixels = x.reshape(images * map_height, map_width * depth)
    rows = out.shape[1]
    line = map_width * depth
    top, bottom, left, right = reach
    step = stride * depth
    far = (right - left - 1) * step
    zero = out.dtype.type(0)
    done = 0
    while done < rows:
        ky, offset, length = piece(row + done, rows - done, kernel_width, channel, channels, depth)
        v = 0
        for here in range(first, last):
            image, y = here // height, here % height
            if y < top or y >= bottom:
                continue
            at = y * stride - padding + ky
            inside = 0 <= at < map_height
            source = pixels[image * map_height + at if inside else 0]
            start = (left * stride - padding) * depth + offset
            if inside and length < SHORT and start >= 0 and start + far + length <= line:
                for j in range(length):
                    for x_out in range(right - left):
                        out[v + x_out, done + j] = source[start + x_out * step + j]
                v += right - left
                continue
            for _ in range(left, right):
                target = out[v, done : done + length]
                if not inside or start >= line or start + length <= 0:
                    for j in range(length):
                        target[j] = zero
                elif start >= 0 and start + length <= line:
                    piece_of = source[start : start + length]
                    for j in range(length):
                        target[j] = piece_of[j]
                else:
                    for j in range(length):
                        target[j] = source[start + j] if 0 <= start + j < line else zero
                v += 1
                start += step
        done += length


@njit(cache=True, nogil=True)
def scatter(columns, x, height, reach, row, kernel_width, stride, padding, channel, channels):
    """Add rows ``row`` onward of all vectors of the images ``x`` to the pixels they came from.

    The transpose of ``gather``: what came from the padding is dropped.
    """
    images, map_height, map_width, depth = x.shape
    pixels = x.reshape(images * map_height, map_width * depth)
    rows = columns.shape[1]
    line = map_width * depth
    top, bottom, left, right = reach
    done = 0
    while done < rows:
        ky, offset, length = piece(row + done, rows - done, kernel_width, channel, channels, depth)
        v = 0
        for here in range(images * height):
            image, y = here // height, here % height
            if y < top or y >= bottom:
                continue
            at = y * stride - padding + ky
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
def add(partial, total, first, last, height, width, reach):
    """Add the vectors ``partial`` to those of all positions of the lines, ``total``."""
    top, bottom, left, right = reach
    cols = partial.shape[1]
    sources, targets = partial.reshape(partial.size), total.reshape(total.size)
    size = (right - left) * cols
    at = 0
    for here in range(first, last):
        if top <= here % height < bottom:
            to = ((here - first) * width + left) * cols
            source, target = sources[at : at + size], targets[to : to + size]
            for j in range(size):
                target[j] += source[j]
            at += size
