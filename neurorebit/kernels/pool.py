"""Pooling of channels-last maps [images, height, width, channels]."""

from typing import NamedTuple

from numba import njit


class Pane(NamedTuple):
    """The geometry of a pooling window; y is down, x is across.

    ``shared``: whether padding counts among the values of a mean.
    """

    high: int
    wide: int
    stride_y: int
    stride_x: int
    top: int  # lines of padding above the map, below it, and pixels at its sides
    bottom: int
    left: int
    right: int
    shared: bool


@njit(cache=True, nogil=True)
def inside(position, stride, before, taps, size):
    """Where a window starts, and its first tap on the map and the one after the last."""
    start = position * stride - before
    return start, max(-start, 0), min(size - start, taps)


@njit(cache=True, nogil=True)
def counted(position, stride, padding, taps, size):
    """Taps of a window that lie on the map or its padding; ``padding``: before and after it."""
    before, after = padding
    start = position * stride - before
    return min(size + after - start, taps)


@njit(cache=True, nogil=True)
def largest(x, out, choice, pane):
    """Maximum of each window, and the number of its pixel in the window (of equals, the first).

    Padding is never the maximum; each window has a pixel of the map.
    """
    images, height, width, depth = out.shape
    for image in range(images):
        for y in range(height):
            down, first, end = inside(y, pane.stride_y, pane.top, pane.high, x.shape[1])
            for x_out in range(width):
                across, low, high = inside(x_out, pane.stride_x, pane.left, pane.wide, x.shape[2])
                best = out[image, y, x_out]
                index = choice[image, y, x_out]
                best[:] = x[image, down + first, across + low]
                index[:] = first * pane.wide + low
                for ky in range(first, end):
                    for kx in range(low, high):
                        here = choice.dtype.type(ky * pane.wide + kx)
                        pixel = x[image, down + ky, across + kx]
                        for c in range(depth):
                            better = pixel[c] > best[c]
                            best[c] = pixel[c] if better else best[c]
                            index[c] = here if better else index[c]


@njit(cache=True, nogil=True)
def largest_gradient(dy, choice, dx, pane):
    """Add each window's gradient to the pixel that held its maximum."""
    images, height, width, depth = dy.shape
    zero = dx.dtype.type(0)
    for image in range(images):
        for y in range(height):
            down, first, end = inside(y, pane.stride_y, pane.top, pane.high, dx.shape[1])
            for x in range(width):
                across, low, high = inside(x, pane.stride_x, pane.left, pane.wide, dx.shape[2])
                pixel = dy[image, y, x]
                index = choice[image, y, x]
                for ky in range(first, end):
                    for kx in range(low, high):
                        here = choice.dtype.type(ky * pane.wide + kx)
                        target = dx[image, down + ky, across + kx]
                        for c in range(depth):
                            target[c] += pixel[c] if index[c] == here else zero


@njit(cache=True, nogil=True)
def mean(x, out, pane):
    """Mean of each window."""
    images, height, width, depth = out.shape
    for image in range(images):
        for y in range(height):
            down, first, end = inside(y, pane.stride_y, pane.top, pane.high, x.shape[1])
            lines = end - first
            if pane.shared:
                sides = pane.top, pane.bottom
                lines = counted(y, pane.stride_y, sides, pane.high, x.shape[1])
            for x_out in range(width):
                across, low, high = inside(x_out, pane.stride_x, pane.left, pane.wide, x.shape[2])
                columns = high - low
                if pane.shared:
                    sides = pane.left, pane.right
                    columns = counted(x_out, pane.stride_x, sides, pane.wide, x.shape[2])
                share = out.dtype.type(1.0 / (lines * columns))
                total = out[image, y, x_out]
                total[:] = 0
                for ky in range(first, end):
                    for kx in range(low, high):
                        pixel = x[image, down + ky, across + kx]
                        for c in range(depth):
                            total[c] += pixel[c]
                for c in range(depth):
                    total[c] *= share


@njit(cache=True, nogil=True)
def mean_gradient(dy, dx, pane):
    """Add an equal share of each window's gradient to every pixel of the window."""
    images, height, width, depth = dy.shape
    for image in range(images):
        for y in range(height):
            down, first, end = inside(y, pane.stride_y, pane.top, pane.high, dx.shape[1])
            lines = end - first
            if pane.shared:
                sides = pane.top, pane.bottom
                lines = counted(y, pane.stride_y, sides, pane.high, dx.shape[1])
            for x in range(width):
                across, low, high = inside(x, pane.stride_x, pane.left, pane.wide, dx.shape[2])
                columns = high - low
                if pane.shared:
                    sides = pane.left, pane.right
                    columns = counted(x, pane.stride_x, sides, pane.wide, dx.shape[2])
                share = dx.dtype.type(1.0 / (lines * columns))
                pixel = dy[image, y, x]
                for ky in range(first, end):
                    for kx in range(low, high):
                        target = dx[image, down + ky, across + kx]
                        for c in range(depth):
                            target[c] += share * pixel[c]
