"""Every kernel a second time, as plain loops written to be read. Slow, in Python floats."""

import math

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

MASK = 0xFFFFFFFF


def uniform(cell, step, layer, purpose, seed):
    """The cell's own word of its group of four, over 2^32."""
    words = philox((cell // 4 & MASK, step, layer, purpose), (seed & MASK, seed >> 32))
    return words[cell % 4] / 2**32


def philox(counter, key):
    """Philox 4x32-10 (Salmon et al., SC 2011), after the paper's figure, in unbounded integers."""
    c, k = list(counter), list(key)
    for turn in range(10):
        if turn:
            k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
        left, right = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(right >> 32) ^ c[1] ^ k[0], right & MASK, (left >> 32) ^ c[3] ^ k[1], left & MASK]
    return c


def normal(cell, step, layer, purpose, seed):
    """Box and Muller on the words of the cell's group of four."""
    words = philox((cell // 4 & MASK, step, layer, purpose), (seed & MASK, seed >> 32))
    length, turn = words[2:] if cell % 4 >= 2 else words[:2]
    radius = math.sqrt(-2 * math.log((length + 1) / 2**32))
    angle = 2 * math.pi * turn / 2**32
    return radius * (math.sin(angle) if cell % 2 else math.cos(angle))


def pixel(x, image, y, x_position, channel):
    """A pixel of a channels-last map, zero outside of it."""
    inside = 0 <= y < x.shape[1] and 0 <= x_position < x.shape[2]
    return float(x[image, y, x_position, channel]) if inside else 0.0


def both(given):
    """Two numbers, of which one may stand for both."""
    return (given, given) if isinstance(given, int) else tuple(given)


def around(padding):
    """Top, bottom, left, right: of one number, of two, or as they are."""
    if isinstance(padding, int):
        return (padding,) * 4
    return (padding[0],) * 2 + (padding[1],) * 2 if len(padding) == 2 else tuple(padding)


def places(size, kernel, stride, padding, dilation):
    """Along one axis, for each position of a window the pixels under its taps, some outside.

    A window is moved from the first zero on, for as long as its last tap is on the last zero.
    """
    before, after = padding
    found, start = [], -before
    while start + dilation * (kernel - 1) <= size + after - 1:
        found.append([start + dilation * tap for tap in range(kernel)])
        start += stride
    return found


def grid(x, kernel, stride, padding, dilation=1):
    """The lines of a map under each window, and the columns."""
    (height, width), sides = x.shape[1:3], around(padding)
    vertical, horizontal = zip(both(kernel), both(stride), both(dilation), strict=True)
    return (
        places(height, vertical[0], vertical[1], sides[:2], vertical[2]),
        places(width, horizontal[0], horizontal[1], sides[2:], horizontal[2]),
    )


def windows(x, kernel, stride, padding, first=0, channels=None, dilation=1):
    """The windows of a map as vectors (vector, row), rows position-major."""
    channels = x.shape[3] if channels is None else channels
    down, across = grid(x, kernel, stride, padding, dilation)
    vectors = [
        [
            pixel(x, image, line, column, first + c)
            for line in lines
            for column in columns
            for c in range(channels)
        ]
        for image in range(len(x))
        for lines in down
        for columns in across
    ]
    return np.array(vectors)


def convolution(x, weights, kernel, stride, padding, groups, dilation=1):
    """Forward: ``weights`` [groups, rows, cols]; the output is [B, H, W, groups * cols]."""
    down, across = grid(x, kernel, stride, padding, dilation)
    channels, cols = x.shape[3] // groups, weights.shape[2]
    out = np.zeros((len(x), len(down), len(across), groups * cols))
    for image, y, z, group, n in np.ndindex(*out.shape[:3], groups, cols):
        row = 0
        for line in down[y]:
            for column in across[z]:
                for c in range(channels):
                    value = pixel(x, image, line, column, group * channels + c)
                    out[image, y, z, group * cols + n] += value * float(weights[group, row, n])
                    row += 1
    return out


def convolution_back(dy, x, weights, kernel, stride, padding, groups, dilation=1):
    """Backward and gradient: (dx, d_weights)."""
    down, across = grid(x, kernel, stride, padding, dilation)
    channels, cols = x.shape[3] // groups, weights.shape[2]
    dx, d_weights = np.zeros(x.shape), np.zeros(weights.shape)
    for image, y, z, group, n in np.ndindex(*dy.shape[:3], groups, cols):
        error, row = float(dy[image, y, z, group * cols + n]), -1
        for line in down[y]:
            for column in across[z]:
                for c in range(channels):
                    row, channel = row + 1, group * channels + c
                    if 0 <= line < x.shape[1] and 0 <= column < x.shape[2]:
                        dx[image, line, column, channel] += error * float(weights[group, row, n])
                        d_weights[group, row, n] += error * float(x[image, line, column, channel])
    return dx, d_weights


def transposed(x, weights, kernel, stride, padding, groups, *, dilation=1, more=0):
    """Each pixel's products, added where they land on a map of ``more`` lines and columns.

    ``weights`` [groups, channels in, taps * channels out]. What lands in the padding is dropped.
    """
    (high, wide), steps, apart = both(kernel), both(stride), both(dilation)
    (top, bottom, left, right), extra = around(padding), both(more)
    channels, cols = x.shape[3] // groups, weights.shape[2] // (high * wide)
    size = [
        (x.shape[1 + a] - 1) * steps[a] + apart[a] * (taps - 1) + 1 - sum(cropped) + extra[a]
        for a, (taps, cropped) in enumerate(((high, (top, bottom)), (wide, (left, right))))
    ]
    out = np.zeros((len(x), *size, groups * cols))
    for image, y, z, group, c in np.ndindex(*x.shape[:3], groups, channels):
        value = float(x[image, y, z, group * channels + c])
        for ky, kx, n in np.ndindex(high, wide, cols):
            line, column = y * steps[0] + ky * apart[0] - top, z * steps[1] + kx * apart[1] - left
            if 0 <= line < size[0] and 0 <= column < size[1]:
                weight = float(weights[group, c, (ky * wide + kx) * cols + n])
                out[image, line, column, group * cols + n] += value * weight
    return out


def upsampled(x, scale, mode):
    """Pixels again, or the straight line between the centres of neighbours, flat at the edges."""
    down, across = both(scale)

    def share(i, j, factor, size):
        if mode == "nearest":
            return float(i // factor == j)
        at = min(max((i + 0.5) / factor - 0.5, 0.0), size - 1.0)
        return max(0.0, 1.0 - abs(at - j))

    images, height, width, depth = x.shape
    out = np.zeros((images, height * down, width * across, depth))
    for image, y, z, c in np.ndindex(*out.shape):
        for j, k in np.ndindex(height, width):
            part = share(y, j, down, height) * share(z, k, across, width)
            out[image, y, z, c] += part * float(x[image, j, k, c])
    return out


def panes(size, kernel, stride, padding, ceil=False):
    """Along one axis, the pixels under each pooling window, on the map or not.

    With ``ceil`` a last window may go beyond the zeros, unless it starts behind the map. Pixels
    beyond the zeros are no part of it.
    """
    before, after = padding
    found = places(size, kernel, stride, padding, 1)
    last = found[-1] if found else [-before - stride]
    if ceil and last[-1] < size + after - 1 and last[0] + stride < size:
        start = last[0] + stride
        found.append([p for p in range(start, start + kernel) if p < size + after])
    return found


def pooled(x, kernel, stride, padding, ceil):
    """Of each output the pixels (line, column) under its window that lie on the map, and how many
    it has on the map and its zeros.
    """
    (height, width), sides = x.shape[1:3], around(padding)
    vertical, horizontal = zip(both(kernel), both(stride), strict=True)
    down = panes(height, *vertical, sides[:2], ceil)
    across = panes(width, *horizontal, sides[2:], ceil)
    seen = {}
    for y, lines in enumerate(down):
        for z, columns in enumerate(across):
            on = [(a, b) for a in lines for b in columns if 0 <= a < height and 0 <= b < width]
            seen[y, z] = on, len(lines) * len(columns)
    return seen, (len(x), len(down), len(across), x.shape[3])


def max_pool(x, kernel, stride, padding=0, ceil=False):
    """The largest of each window, and the gradient's way back as a function."""
    seen, shape = pooled(x, kernel, stride, padding, ceil)
    out, source = np.zeros(shape), {}
    for image, y, z, c in np.ndindex(*shape):
        best = max(seen[y, z][0], key=lambda place: x[image, place[0], place[1], c])
        out[image, y, z, c] = x[image, best[0], best[1], c]
        source[image, y, z, c] = (image, *best, c)

    def back(dy):
        dx = np.zeros(x.shape)
        for here, there in source.items():
            dx[there] += dy[here]
        return dx

    return out, back


def avg_pool(x, kernel, stride, padding=0, ceil=False, count_padding=True):
    """The mean of each window, and the gradient's way back as a function."""
    seen, shape = pooled(x, kernel, stride, padding, ceil)
    share = {at: 1 / (whole if count_padding else len(on)) for at, (on, whole) in seen.items()}
    out = np.zeros(shape)
    for image, y, z, c in np.ndindex(*shape):
        for a, b in seen[y, z][0]:
            out[image, y, z, c] += x[image, a, b, c] * share[y, z]

    def back(dy):
        dx = np.zeros(x.shape)
        for image, y, z, c in np.ndindex(*shape):
            for a, b in seen[y, z][0]:
                dx[image, a, b, c] += dy[image, y, z, c] * share[y, z]
        return dx

    return out, back


def batch_norm(x, gain, shift, epsilon):
    """Normalise each channel by the batch's own mean and variance, value by value."""
    out = np.zeros(x.shape)
    for c in range(x.shape[3]):
        values = [float(v) for v in x[..., c].ravel()]
        mean = sum(values) / len(values)
        variance = sum((v - mean) ** 2 for v in values) / len(values)
        for place in np.ndindex(*x.shape[:3]):
            normal_value = (float(x[(*place, c)]) - mean) / math.sqrt(variance + epsilon)
            out[(*place, c)] = gain[c] * normal_value + shift[c]
    return out


def round_even(value):
    """To the nearest integer, ties to even (Python's own rule)."""
    return round(value)


def adc(value, step, top):
    """A mid-tread converter: the code of a partial sum."""
    return max(-top, min(top, round_even(value / step)))


def array_product(columns, weights, cuts, step, top):
    """Codes of the partial sums of each array, added up: (vectors, cols)."""
    out = np.zeros((len(columns), weights.shape[1]))
    for v, n in np.ndindex(*out.shape):
        for start, stop in cuts:
            partial = sum(float(columns[v][r]) * float(weights[r, n]) for r in range(start, stop))
            out[v, n] += adc(partial, step, top)
    return out


def bit_serial_product(columns, weights, cuts, steps, top):
    """Each bit plane of the inputs through the converters of each array, shifted and added up.

    A plane has a step of its own.
    """
    codes = np.asarray(columns).astype(int)
    planes = [(codes >> b) % 2 for b in range(len(steps))]
    return sum(
        2**b * step * array_product(planes[b], weights, cuts, step, top) if step else 0.0
        for b, step in enumerate(steps)
    )


def nodal(g, row, col, drives):
    """Currents of an array's columns [cols, k] by Kirchhoff's law at every node, solved at once.

    ``row`` and ``col`` are the conductances of a wire from cell to cell; rows are driven at their
    start through one segment, columns end in ground through one.
    """
    rows, cols = g.shape
    count = rows * cols
    matrix, source = (
        sparse.lil_matrix((2 * count, 2 * count)),
        np.zeros((2 * count, drives.shape[1])),
    )

    def join(a, b, conductance):
        for here, there in ((a, b), (b, a)):
            matrix[here, here] += conductance
            matrix[here, there] -= conductance

    for i, j in np.ndindex(rows, cols):
        on_row, on_col = i * cols + j, count + i * cols + j
        join(on_row, on_col, g[i, j])
        if j > 0:
            join(on_row - 1, on_row, row)
        else:
            matrix[on_row, on_row] += row
            source[on_row] += row * drives[i]
        if i > 0:
            join(on_col - cols, on_col, col)
        if i == rows - 1:
            matrix[on_col, on_col] += col
    potentials = linalg.splu(matrix.tocsc()).solve(source)
    return col * potentials[2 * count - cols :]


def plane_density(columns, bits):
    """The share of ones in each bit plane over all vectors and rows."""
    flat = [int(value) for value in np.asarray(columns).ravel()]
    return [sum(value >> b & 1 for value in flat) / len(flat) for b in range(bits)]


def twos_complement_ones(value, bits):
    """The ones of an integer written in that many bits."""
    return bin(value & (2**bits - 1)).count("1")


def rounded_errors(values, bits, batch, layer, seed, purpose=20):
    """Errors in two's complement of ``bits`` with the finest power-of-two step that holds them.

    Each is rounded up with a probability that is its distance from the step below. The random
    number of error i is half a word of Philox: 128 errors share the words of 64 cells.
    """
    largest = max(abs(value) for value in values)
    step = 1.0
    while largest / step > 2 ** (bits - 1) - 1:
        step *= 2.0
    while largest / (step / 2.0) <= 2 ** (bits - 1) - 1:
        step /= 2.0
    codes = []
    for i, value in enumerate(values):
        block, half, lane = i // 128, i % 128 // 64, i % 64
        cell = 64 * block + 4 * (lane % 16) + lane // 16
        word = philox((cell // 4, batch, layer, purpose), (seed & MASK, seed >> 32))[cell % 4]
        chance = ((word >> 16 * half & 0xFFFF) + 0.5) / 2**16
        code = math.floor(value / step)
        codes.append(code + (value / step - code > chance))
    ones = sum(twos_complement_ones(code, bits) for code in codes)
    return [code * step for code in codes], ones / (bits * len(codes))


def level(weight, full, top):
    """The nearest of the levels j * full / top."""
    return min(range(-top, top + 1), key=lambda j: abs(weight - j * full / top))


def conductance(j, top, g_min, g_max):
    """Levels equally spaced from g_min to g_max."""
    return g_min + (g_max - g_min) * (j + top) / (2 * top)


def weight(g, g_min, g_max):
    """Mapping R1: against a reference at mid range, over half the range."""
    middle = (g_min + g_max) / 2
    return (g - middle) / (g_max - middle)


def positive(deviation, z):
    """Log-normal with mean 1."""
    variance = math.log(1 + deviation**2)
    return math.exp(math.sqrt(variance) * z - variance / 2)


def program(real, old_levels, old_analog, full, top, device, layer, step, seed):
    """New levels and analog weights, and what was written; ``device``: g_min, g_max, d2d, c2c."""
    g_min, g_max, d2d, c2c = device
    levels, analog = list(old_levels), list(old_analog)
    sets = resets = up = down = 0
    for i, w in enumerate(real):
        j = level(w, full, top)
        if j == old_levels[i]:
            continue
        g = conductance(j, top, g_min, g_max)
        g *= positive(d2d, normal(i, 0, layer, 1, seed))
        g *= positive(c2c, normal(i, step, layer, 2, seed))
        analog[i], levels[i] = weight(g, g_min, g_max), j
        if j > old_levels[i]:
            sets, up = sets + 1, up + j - old_levels[i]
        else:
            resets, down = resets + 1, down + old_levels[i] - j
    return levels, analog, (sets, resets, up, down)


def pulse_curve(n, constant, pulses):
    """The state after n of the pulses from state 0, with the curve's constant in pulses."""
    if math.isinf(constant):
        return n / pulses
    return (1 - math.exp(-n / constant)) / (1 - math.exp(-pulses / constant))


def pulsed(state, n, constant, pulses):
    """Invert the curve, add n pulses, evaluate; within 0..1."""
    if math.isinf(constant):
        at = state * pulses
    else:
        at = -constant * math.log(1 - state * (1 - math.exp(-pulses / constant)))
    return pulse_curve(min(max(at + n, 0), pulses), constant, pulses)


def shuffled(state, ups, downs, pulses, bends):
    """Mean and deviation of the state after so many pulses each way over all their orders.

    A pulse maps a state to a s + b (bounds apart). What is left to come, so many up and down, is
    begun by either way with a chance of its share; moments of what it ends at are polynomials of
    the state.
    """
    maps = []
    for bend, step in zip(bends, (1 / pulses[0], -1 / pulses[1]), strict=True):
        a = math.exp(-bend * step)
        maps.append((a, (1 - a) / (1 - math.exp(-bend)) if bend else step))
    # of u ups and d downs to come: (A, B) of the mean, (P, Q, R) of the mean square
    left = {(0, 0): np.array([1.0, 0.0, 1.0, 0.0, 0.0])}
    for u, d in np.ndindex(ups + 1, downs + 1):
        if u + d == 0:
            continue
        left[u, d] = np.zeros(5)
        for share, after, (a, b) in ((u, (u - 1, d), maps[0]), (d, (u, d - 1), maps[1])):
            if share:
                m, c, p, q, r = left[after]
                then = [m * a, m * b + c, p * a * a, (2 * p * b + q) * a, (p * b + q) * b + r]
                left[u, d] += share / (u + d) * np.array(then)
    m, c, p, q, r = left[ups, downs]
    mean = m * state + c
    return mean, math.sqrt(max((p * state + q) * state + r - mean * mean, 0.0))


def trains(values, scale, first, draw, layer, purpose, seed):
    """The slots of 31 that each value's pulse train takes."""
    return [
        {
            slot
            for slot in range(31)
            if uniform(32 * (first + i) + slot, draw, layer, purpose, seed) < scale * abs(v)
        }
        for i, v in enumerate(values)
    ]
