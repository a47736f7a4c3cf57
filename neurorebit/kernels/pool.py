"""Pooling of channels-last maps [images, height, width, channels]."""

from numba import njit


@njit(cache=True, nogil=True)
def largest(x, out, choice, kernel, stride):
    """Maximum of each window, and the number of its pixel in the window (of equals, the first)."""
    images, height, width, depth = out.shape
    for image in range(images):
        for y in range(height):
            for x_out in range(width):
                best = out[image, y, x_out]
                index = choice[image, y, x_out]
                best[:] = x[image, y * stride, x_out * stride]
                index[:] = 0
                for ky in range(kernel):
                    for kx in range(kernel):
                        here = choice.dtype.type(ky * kernel + kx)
                        pixel = x[image, y * stride + ky, x_out * stride + kx]
                        for c in range(depth):
                            better = pixel[c] > best[c]
                            best[c] = pixel[c] if better else best[c]
                            index[c] = here if better else index[c]


@njit(cache=True, nogil=True)
def largest_gradient(dy, choice, dx, kernel, stride):
    """Add each window's gradient to the pixel that held its maximum."""
    images, height, width, depth = dy.shape
    zero = dx.dtype.type(0)
    for image in range(images):
        for y in range(height):
            for x in range(width):
                pixel = dy[image, y, x]
                index = choice[image, y, x]
                for ky in range(kernel):
                    for kx in range(kernel):
                        here = choice.dtype.type(ky * kernel + kx)
                        target = dx[image, y * stride + ky, x * stride + kx]
                        for c in range(depth):
                            target[c] += pixel[c] if index[c] == here else zero


@njit(cache=True, nogil=True)
def mean(x, out, kernel, stride):
    """Mean of each window."""
    images, height, width, depth = out.shape
    share = out.dtype.type(1.0 / (kernel * kernel))
    for image in range(images):
        for y in range(height):
            for x_out in range(width):
                total = out[image, y, x_out]
                total[:] = 0
                for ky in range(kernel):
                    for kx in range(kernel):
                        pixel = x[image, y * stride + ky, x_out * stride + kx]
                        for c in range(depth):
                            total[c] += pixel[c]
                for c in range(depth):
                    total[c] *= share


@njit(cache=True, nogil=True)
def mean_gradient(dy, dx, kernel, stride):
    """Add an equal share of each window's gradient to every pixel of the window."""
    images, height, width, depth = dy.shape
    share = dx.dtype.type(1.0 / (kernel * kernel))
    for image in range(images):
        for y in range(height):
            for x in range(width):
                pixel = dy[image, y, x]
                for ky in range(kernel):
                    for kx in range(kernel):
                        target = dx[image, y * stride + ky, x * stride + kx]
                        for c in range(depth):
                            target[c] += share * pixel[c]
