"""Exact products of convolutions whose channels are each alone, on channels-last maps.

Weights are [taps, outputs]; output n is of input channel n // (outputs / channels). A window is one
of ``windows.Window``.
"""

from numba import njit


@njit(cache=True, nogil=True)
def place(tap, y, x, window):
    """Line and column of the map that a tap of the window of an output lies on."""
    line = y * window.stride_y - window.top + tap // window.wide * window.dilation_y
    return line, x * window.stride_x - window.left + tap % window.wide * window.dilation_x


@njit(cache=True, nogil=True)
def convolve(x, weights, out, window):
    """``out`` [images, height, width, outputs] = the convolution of ``x``."""
    images, height, width, outputs = out.shape
    lines, columns, channels = x.shape[1:]
    each, real = outputs // channels, out.dtype.type
    for image in range(images):
        for y in range(height):
            for x_out in range(width):
                target = out[image, y, x_out]
                target[:] = 0
                for tap in range(len(weights)):
                    line, column = place(tap, y, x_out, window)
                    if line < 0 or line >= lines or column < 0 or column >= columns:
                        continue
                    pixel, row = x[image, line, column], weights[tap]
                    if each == 1:
                        for c in range(channels):
                            target[c] += real(pixel[c]) * row[c]
                    else:
                        for c in range(channels):
                            value = real(pixel[c])
                            for n in range(c * each, (c + 1) * each):
                                target[n] += value * row[n]


@njit(cache=True, nogil=True)
def convolve_back(dy, weights, dx, window):
    """Add to ``dx`` the errors ``dy`` through the transposed weights."""
    images, height, width, outputs = dy.shape
    lines, columns, channels = dx.shape[1:]
    each = outputs // channels
    for image in range(images):
        for y in range(height):
            for x in range(width):
                error = dy[image, y, x]
                for tap in range(len(weights)):
                    line, column = place(tap, y, x, window)
                    if line < 0 or line >= lines or column < 0 or column >= columns:
                        continue
                    target, row = dx[image, line, column], weights[tap]
                    if each == 1:
                        for c in range(channels):
                            target[c] += error[c] * row[c]
                    else:
                        for c in range(channels):
                            for n in range(c * each, (c + 1) * each):
                                target[c] += error[n] * row[n]


@njit(cache=True, nogil=True)
def correlate(x, dy, sums, part, window):
    """Add to ``sums`` [taps, outputs] the products of the inputs under each tap with errors.

    ``part`` [outputs] is scratch memory of the type of the errors, in which one line is added up.
    """
    images, height, width, outputs = dy.shape
    lines, columns, channels = x.shape[1:]
    each, real = outputs // channels, dy.dtype.type
    for image in range(images):
        for y in range(height):
            for tap in range(len(sums)):
                line, _ = place(tap, y, 0, window)
                if line < 0 or line >= lines:
                    continue
                part[:] = 0
                for x_out in range(width):
                    _, column = place(tap, y, x_out, window)
                    if column < 0 or column >= columns:
                        continue
                    pixel, error = x[image, line, column], dy[image, y, x_out]
                    if each == 1:
                        for c in range(channels):
                            part[c] += real(pixel[c]) * error[c]
                    else:
                        for c in range(channels):
                            value = real(pixel[c])
                            for n in range(c * each, (c + 1) * each):
                                part[n] += value * error[n]
                for n in range(outputs):
                    sums[tap, n] += part[n]
