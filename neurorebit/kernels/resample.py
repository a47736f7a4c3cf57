"""Upsampling of channels-last maps [images, height, width, channels]."""

from typing import NamedTuple

from numba import njit


class Between(NamedTuple):
    """For each pixel along an axis of the output: two of the input, and the share of the second."""

    first: object  # arrays of whole numbers
    second: object
    share: object  # array of the type of the maps


@njit(cache=True, nogil=True)
def repeat(x, out, down, across):
    """Each pixel ``down`` times ``across`` times."""
    images, height, width, depth = out.shape
    for image in range(images):
        for y in range(height):
            for x_out in range(width):
                pixel, target = x[image, y // down, x_out // across], out[image, y, x_out]
                for c in range(depth):
                    target[c] = pixel[c]


@njit(cache=True, nogil=True)
def repeat_gradient(dy, dx, down, across):
    """Add the gradients of all copies of a pixel to its own."""
    images, height, width, depth = dy.shape
    for image in range(images):
        for y in range(height):
            for x in range(width):
                pixel, target = dy[image, y, x], dx[image, y // down, x // across]
                for c in range(depth):
                    target[c] += pixel[c]


@njit(cache=True, nogil=True)
def blend(x, out, lines, columns):
    """Values between four pixels; ``lines`` and ``columns`` are ``Between``."""
    images, height, width, depth = out.shape
    for image in range(images):
        for y in range(height):
            above, below = x[image, lines.first[y]], x[image, lines.second[y]]
            low = lines.share[y]
            for x_out in range(width):
                left, right = columns.first[x_out], columns.second[x_out]
                share = columns.share[x_out]
                a, b, c, d = above[left], above[right], below[left], below[right]
                target = out[image, y, x_out]
                for n in range(depth):
                    upper = a[n] + low * (c[n] - a[n])
                    lower = b[n] + low * (d[n] - b[n])
                    target[n] = upper + share * (lower - upper)


@njit(cache=True, nogil=True)
def blend_gradient(dy, dx, lines, columns):
    """Add to each pixel its share of the gradients of the values around it."""
    images, height, width, depth = dy.shape
    one = dx.dtype.type(1)
    for image in range(images):
        for y in range(height):
            above, below = dx[image, lines.first[y]], dx[image, lines.second[y]]
            low = lines.share[y]
            for x in range(width):
                left, right = columns.first[x], columns.second[x]
                share, pixel = columns.share[x], dy[image, y, x]
                a, b, c, d = above[left], above[right], below[left], below[right]
                for n in range(depth):
                    far = share * pixel[n]
                    near = (one - share) * pixel[n]
                    a[n] += (one - low) * near
                    b[n] += (one - low) * far
                    c[n] += low * near
                    d[n] += low * far
