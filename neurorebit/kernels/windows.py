"""The windows of a map as vectors, and back: im2col and col2im on channels-last maps.

Row (ky * kernel_width + kx) * channels + c of a vector is channel c of pixel (ky, kx) of a window;
vector (image * height + y) * width + x is the window of output position (y, x). What lies in the
padding is zero. A piece of rows that is contiguous in the map is moved at once: a whole line of the
window, or the channels of one pixel where only some channels take part.
"""

from numba import njit


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
def gather(x, out, vector, height, width, row, kernel_width, stride, padding, channel, channels):
    """Copy rows ``row`` onward of the vectors ``vector`` onward into ``out`` (vector, row).

    ``height`` and ``width`` are those of the output map; the windows read ``channels`` channels of
    ``x`` (image, y, x, channel) from ``channel`` on.
    """
    images, map_height, map_width, depth = x.shape
    pixels = x.reshape(images * map_height, map_width * depth)
    vectors, rows = out.shape
    line = map_width * depth
    zero = out.dtype.type(0)
    done = 0
    while done < rows:
        ky, offset, length = piece(row + done, rows - done, kernel_width, channel, channels, depth)
        image = vector // (height * width)
        y = vector // width % height
        x_out = vector % width
        for v in range(vectors):
            target = out[v, done : done + length]
            at = y * stride - padding + ky
            start = (x_out * stride - padding) * depth + offset
            if at < 0 or at >= map_height or start >= line or start + length <= 0:
                for j in range(length):
                    target[j] = zero
            elif start >= 0 and start + length <= line:
                source = pixels[image * map_height + at, start : start + length]
                for j in range(length):
                    target[j] = source[j]
            else:
                source = pixels[image * map_height + at]
                for j in range(length):
                    target[j] = source[start + j] if 0 <= start + j < line else zero
            x_out += 1
            if x_out == width:
                x_out = 0
                y += 1
                if y == height:
                    y = 0
                    image += 1
        done += length


@njit(cache=True, nogil=True)
def scatter(columns, x, height, width, row, kernel_width, stride, padding, channel, channels):
    """Add rows ``row`` onward of all vectors of the images ``x`` to the pixels they came from.

    The transpose of ``gather``: what came from the padding is dropped.
    """
    images, map_height, map_width, depth = x.shape
    pixels = x.reshape(images * map_height, map_width * depth)
    rows = columns.shape[1]
    line = map_width * depth
    done = 0
    while done < rows:
        ky, offset, length = piece(row + done, rows - done, kernel_width, channel, channels, depth)
        v = 0
        for image in range(images):
            for y in range(height):
                at = y * stride - padding + ky
                if at < 0 or at >= map_height:
                    v += width
                    continue
                for x_out in range(width):
                    start = (x_out * stride - padding) * depth + offset
                    first = max(-start, 0)
                    last = min(line - start, length)
                    if last > first:
                        target = pixels[image * map_height + at, start + first : start + last]
                        source = columns[v, done + first : done + last]
                        for j in range(last - first):
                            target[j] += source[j]
                    v += 1
        done += length
