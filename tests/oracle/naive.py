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


def windows(x, kernel, stride, padding, first=0, channels=None):
    """The windows of a map as vectors (vector, row), rows position-major."""
    images, height, width, depth = x.shape
    channels = depth if channels is None else channels
    vectors = [
        [
            pixel(x, image, y * stride - padding + ky, z * stride - padding + kx, first + c)
            for ky in range(kernel)
            for kx in range(kernel)
            for c in range(channels)
        ]
        for image in range(images)
        for y in range((height + 2 * padding - kernel) // stride + 1)
        for z in range((width + 2 * padding - kernel) // stride + 1)
    ]
    return np.array(vectors)


def convolution(x, weights, kernel, stride, padding, groups):
    """Forward: ``weights`` [groups, rows, cols]; the output is [B, H, W, groups * cols]."""
    images, height, width, depth = x.shape
    out_height = (height + 2 * padding - kernel) // stride + 1
    out_width = (width + 2 * padding - kernel) // stride + 1
    channels, cols = depth // groups, weights.shape[2]
    out = np.zeros((images, out_height, out_width, groups * cols))
    for image, y, z, group, n in np.ndindex(images, out_height, out_width, groups, cols):
        for ky, kx, c in np.ndindex(kernel, kernel, channels):
            value = pixel(
                x, image, y * stride - padding + ky, z * stride - padding + kx, group * channels + c
            )
            row = (ky * kernel + kx) * channels + c
            out[image, y, z, group * cols + n] += value * float(weights[group, row, n])
    return out


def convolution_back(dy, x, weights, kernel, stride, padding, groups):
    """Backward and gradient: (dx, d_weights)."""
    channels, cols = x.shape[3] // groups, weights.shape[2]
    dx, d_weights = np.zeros(x.shape), np.zeros(weights.shape)
    for image, y, z, group, n in np.ndindex(*dy.shape[:3], groups, cols):
        error = float(dy[image, y, z, group * cols + n])
        for ky, kx, c in np.ndindex(kernel, kernel, channels):
            at = (y * stride - padding + ky, z * stride - padding + kx)
            if not (0 <= at[0] < x.shape[1] and 0 <= at[1] < x.shape[2]):
                continue
            row, channel = (ky * kernel + kx) * channels + c, group * channels + c
            dx[image, at[0], at[1], channel] += error * float(weights[group, row, n])
            d_weights[group, row, n] += error * float(x[image, at[0], at[1], channel])
    return dx, d_weights


def max_pool(x, kernel, stride):
    """The largest of each window, and the gradient's way back as a function."""
    images, height, width, depth = x.shape
    shape = (images, (height - kernel) // stride + 1, (width - kernel) // stride + 1, depth)
    out, source = np.zeros(shape), {}
    for image, y, z, c in np.ndindex(*shape):
        places = [(y * stride + a, z * stride + b) for a, b in np.ndindex(kernel, kernel)]
        best = max(places, key=lambda place: x[image, place[0], place[1], c])
        out[image, y, z, c] = x[image, best[0], best[1], c]
        source[image, y, z, c] = (image, *best, c)

    def back(dy):
        dx = np.zeros(x.shape)
        for here, there in source.items():
            dx[there] += dy[here]
        return dx

    return out, back


def avg_pool(x, kernel, stride):
    """The mean of each window, and the gradient's way back as a function."""
    images, height, width, depth = x.shape
    shape = (images, (height - kernel) // stride + 1, (width - kernel) // stride + 1, depth)
    out = np.zeros(shape)
    for image, y, z, c in np.ndindex(*shape):
        for a, b in np.ndindex(kernel, kernel):
            out[image, y, z, c] += x[image, y * stride + a, z * stride + b, c] / kernel**2

    def back(dy):
        dx = np.zeros(x.shape)
        for image, y, z, c in np.ndindex(*shape):
            for a, b in np.ndindex(kernel, kernel):
                dx[image, y * stride + a, z * stride + b, c] += dy[image, y, z, c] / kernel**2
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
