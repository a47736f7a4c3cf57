"""The gradient unit of a chip a second time: counts of ones, array by array, in plain loops."""

import math

from oracle import naive


def arrays_of(pixels, images, rows, most):
    """The (image, pixel) pairs along the rows of each array.

    Small maps of at most ``most`` images lie in one array; a large one is spread evenly over the
    fewest arrays.
    """
    together = max(min(rows // pixels, most), 1)
    parts = math.ceil(pixels / rows)
    each = math.ceil(pixels / parts)
    return [
        [(i, p) for i in images[start : start + together] for p in range(first, last)]
        for start in range(0, len(images), together)
        for first, last in [(k, min(k + each, pixels)) for k in range(0, pixels, each)]
    ]


def counts(x, errors, layer, rows, *, bits, error_bits, most, signed=False):
    """Each count with the weight that it goes into: (group, row, col, worth, count).

    ``x`` are whole numbers [B, H, W, C], ``errors`` too [B, H, W, N], below zero in two's
    complement, and so are ``x`` where ``signed``; ``layer``: kernel, stride, padding, groups, and
    dilation if any.
    """
    kernel, stride, padding, groups, *apart = layer
    (high, wide), (stride_y, stride_x) = naive.both(kernel), naive.both(stride)
    down, across = naive.both(*apart) if apart else (1, 1)
    top, _, left, _ = naive.around(padding)
    images, height, width, depth = x.shape
    channels, cols = depth // groups, errors.shape[3] // groups
    for array in arrays_of(height * width, list(range(images)), rows, most):
        for group in range(groups):
            for ky in range(high):
                for kx in range(wide):
                    for n in range(cols):
                        vector = []
                        for image, pixel in array:
                            y = pixel // width + top - down * ky
                            z = pixel % width + left - across * kx
                            inside = y % stride_y == 0 and z % stride_x == 0
                            inside = inside and 0 <= y // stride_y < errors.shape[1]
                            inside = inside and 0 <= z // stride_x < errors.shape[2]
                            at = (image, y // stride_y, z // stride_x, group * cols + n)
                            vector.append(int(errors[at]) if inside else 0)
                        for c in range(channels):
                            codes = [
                                int(x[i, p // width, p % width, group * channels + c])
                                for i, p in array
                            ]
                            row = (ky * wide + kx) * channels + c
                            for a in range(bits):
                                for e in range(error_bits):
                                    found = sum(
                                        (code >> a & 1) * (error >> e & 1)
                                        for code, error in zip(codes, vector, strict=True)
                                    )
                                    sign = -1 if e == error_bits - 1 else 1
                                    sign *= -1 if signed and a == bits - 1 else 1
                                    yield group, row, n, sign * 2.0 ** (a + e), found


def reach(found, rows, spreads):
    """Mean and so many standard deviations of all counts; at most all rows."""
    mean = sum(found) / len(found)
    square = sum(count * count for count in found) / len(found)
    return min(mean + spreads * math.sqrt(square - mean * mean), rows)


def gradient(out, counted, step, top):
    """Fill ``out`` [groups, rows, cols] with the codes of all counts, each of its worth."""
    out[...] = 0.0
    for group, row, col, worth, count in counted:
        out[group, row, col] += worth * step * naive.adc(count, step, top)
    return out
