"""The windows of a map as vectors, and back: im2col and col2im on channels-last maps.

Row (ky * kernel_width + kx) * channels + c of a vector is channel c of pixel (ky, kx) of a window.
Vectors are those of the output lines ``first`` to ``last``, counted (image, y), of maps of
``height`` lines, as far as they lie in ``reach``: (top, bottom, left, right) of an output map, the
ends not included. What lies in the padding is zero. A piece of rows that is contiguous in the map
is moved at once: a whole line of the window, or the channels of one pixel where only some channels
take part.
"""

from numba import njit


@njit(cache=True, nogil=True)
def eight(source, target):
    """Copy eight numbers at once: all are read before the first is written."""
    real = target.dtype.type
    a, b, c, d = real(source[0]), real(source[1]), real(source[2]), real(source[3])
    e, f, g, h = real(source[4]), real(source[5]), real(source[6]), real(source[7])
    target[0], target[1], target[2], target[3] = a, b, c, d
    target[4], target[5], target[6], target[7] = e, f, g, h


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
    map_height, map_width, depth = x.shape[1:]
    pixels = x.reshape(x.size)
    rows = out.shape[1]
    line = map_width * depth
    top, bottom, left, right = reach
    step = stride * depth
    zero = out.dtype.type(0)
    done = 0
    while done < rows:
        ky, offset, length = piece(row + done, rows - done, kernel_width, channel, channels, depth)
        wide = -(-length // 8) * 8  # what is too much the next piece overwrites
        roomy = wide > length and done + wide <= rows
        v = 0
        for here in range(first, last):
            image, y = here // height, here % height
            if y < top or y >= bottom:
                continue
            at = y * stride - padding + ky
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
def gather_lines(x, out, first, last, height, reach, row, kernel_width, padding):
    """As ``gather``, into ``out`` (row, vector): of maps (image, y, x) of one channel, stride 1.

    A row's share of an output line is then a piece of one line of the map.
    """
    map_height, map_width = x.shape[1:]
    lines = x.reshape(-1, map_width)
    top, bottom, left, right = reach
    size = right - left
    zero = out.dtype.type(0)
    for r in range(out.shape[0]):
        ky, kx = divmod(row + r, kernel_width)
        start = left - padding + kx
        low = min(max(-start, 0), size)
        high = max(min(map_width - start, size), low)
        v = 0
        for here in range(first, last):
            image, y = here // height, here % height
            if y < top or y >= bottom:
                continue
            at = y - padding + ky
            target = out[r, v : v + size]
            v += size
            if at < 0 or at >= map_height:
                target[:] = zero
                continue
            source = lines[image * map_height + at, start + low : start + high]
            seen = target[low:high]
            target[:low] = zero
            target[high:] = zero
            for j in range(seen.size):
                seen[j] = source[j]


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
