"""Training in whole numbers (Wu et al., ICLR 2018) a second time: Python's integers and loops.

Nothing here is a floating-point number but the first weights. A rounding is half to even.
"""

from fractions import Fraction

import numpy as np
from oracle import naive

INITIAL, GRADIENTS = 0, 18  # purposes of random numbers


def nearest(value, top):
    """A fraction rounded to the nearest whole number, half to even, within -top..top."""
    return max(-top, min(top, round(Fraction(value))))


def power(largest):
    """The exponent of the power of two nearest to a whole number above 0, by logarithms."""
    low = largest.bit_length() - 1
    return low + (largest * largest >= 2 ** (2 * low + 1))


def rounded(wanted, chance):
    """A fraction rounded to a whole number at random: up if the rest exceeds ``chance``."""
    whole = abs(wanted) // 1
    whole += abs(wanted) - whole > chance
    return int(whole if wanted >= 0 else -whole)


class Layer:
    """A matrix [rows][cols] in memory, its weights, and the power of two that divides results."""

    def __init__(self, index, rows, cols, *, weight_bits, gradient_bits, seed):
        self.index, self.seed = index, seed
        self.shift, self.step = gradient_bits - weight_bits, 0
        self.top, self.most = 2 ** (weight_bits - 1) - 1, 2 ** (gradient_bits - 1) - 1
        self.unit = 2 ** (weight_bits - 1)
        usual, least = (6 / rows) ** 0.5, 1.5 / self.unit
        self.alpha = max(1, 2 ** round(np.log2(least / usual)))
        bound = max(usual, least)
        drawn = [bound * (2 * self.chance(i, INITIAL) - 1) for i in range(rows * cols)]
        held = [nearest(Fraction(float(np.float32(w))) * (self.most + 1), self.most) for w in drawn]
        self.held = [held[r * cols : (r + 1) * cols] for r in range(rows)]

    def chance(self, cell, purpose):
        return naive.uniform(cell, self.step, self.index, purpose, self.seed)

    @property
    def weights(self):
        return [[nearest(Fraction(h, 2**self.shift), self.top) for h in row] for row in self.held]

    def learn(self, gradient, rate):
        """One step down a gradient [rows][cols] of whole numbers, at a rate of 2^rate."""
        self.step += 1
        largest = max(abs(g) for row in gradient for g in row)
        if largest == 0:
            return
        factor = Fraction(2) ** (rate - power(largest))
        cell = 0
        for row, line in zip(gradient, self.held, strict=True):
            for n, g in enumerate(row):
                change = rounded(g * factor, Fraction(self.chance(cell, GRADIENTS)))
                line[n] = max(-self.most, min(self.most, line[n] - change))
                cell += 1


class Small:
    """A convolution of 3 x 3 without padding, a rectifier, pooling by 2 x 2, a classifier."""

    def __init__(self, channels, maps, size, classes, *, bits, seed):
        weight, self.input, gradient, self.error = bits
        given = {"weight_bits": weight, "gradient_bits": gradient, "seed": seed}
        self.channels, self.maps, self.side = channels, maps, (size - 2) // 2
        self.conv = Layer(0, 9 * channels, maps, **given)
        self.last = Layer(1, self.side**2 * maps, classes, **given)
        self.top = 2 ** (self.input - 1) - 1

    def encode(self, image):
        """Bytes [y][x][channel] as whole numbers."""
        scale = Fraction(2 ** (self.input - 1), 255)
        return [[[min(self.top, round(b * scale)) for b in p] for p in row] for row in image]

    def window(self, image, y, x):
        return [image[y + ky][x + kx][c] for ky, kx, c in np.ndindex(3, 3, self.channels)]

    def forward(self, image):
        """What a step needs of one image: its codes, pooled places and codes, and the scores."""
        codes, weights = self.encode(image), self.conv.weights
        places, values = [], []
        for y, x, n in np.ndindex(self.side, self.side, self.maps):
            best = None
            for ky, kx in np.ndindex(2, 2):
                seen = self.window(codes, 2 * y + ky, 2 * x + kx)
                total = max(0, sum(v * weights[r][n] for r, v in enumerate(seen)))
                if best is None or total > best[0]:
                    best = total, (2 * y + ky, 2 * x + kx, n)
            places.append(best[1] if best[0] > 0 else None)
            scale = self.conv.unit * self.conv.alpha
            values.append(nearest(Fraction(best[0], scale), self.top))
        scale = self.last.unit * self.last.alpha
        sums = [sum(v * row[n] for v, row in zip(values, self.last.weights, strict=True))
                for n in range(len(self.last.held[0]))]  # fmt: skip
        return codes, places, values, [nearest(Fraction(s, scale), self.top) for s in sums]

    def whole(self, errors):
        """Errors of all images as whole numbers of the largest of them."""
        largest = max(abs(e) for row in errors for e in row)
        if largest == 0:
            return errors
        factor = Fraction(2 ** (self.error - 1)) / 2 ** power(largest)
        top = 2 ** (self.error - 1) - 1
        return [[nearest(e * factor, top) for e in row] for row in errors]

    def step(self, images, labels, rate):
        """One step with a batch; returns the scores of its images."""
        seen = [self.forward(image) for image in images]
        targets = [[2 ** (self.input - 1) * (n == label) for n in range(len(one[3]))]
                   for one, label in zip(seen, labels, strict=True)]  # fmt: skip
        errors = self.whole([
            [s - t for s, t in zip(one[3], target, strict=True)]
            for one, target in zip(seen, targets, strict=True)
        ])  # fmt: skip
        weights = self.last.weights
        back = self.whole([
            [sum(e * w for e, w in zip(row, line, strict=True)) * (place is not None)
             for line, place in zip(weights, one[1], strict=True)]
            for row, one in zip(errors, seen, strict=True)
        ])  # fmt: skip
        last = [
            [sum(one[2][r] * row[n] for one, row in zip(seen, errors, strict=True))
             for n in range(len(errors[0]))]
            for r in range(len(self.last.held))
        ]  # fmt: skip
        conv = [[0] * self.maps for _ in self.conv.held]
        for one, row in zip(seen, back, strict=True):
            for place, e in zip(one[1], row, strict=True):
                if place is None:
                    continue
                for r, v in enumerate(self.window(one[0], place[0], place[1])):
                    conv[r][place[2]] += v * e
        self.last.learn(last, rate)
        self.conv.learn(conv, rate)
        return [one[3] for one in seen]
