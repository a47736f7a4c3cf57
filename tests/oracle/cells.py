"""Cells under pulses and writes a second time, as plain loops: traits, draws, writes, counts.

A random number belongs to (cell, step, layer, purpose, seed), see ``naive.normal``. A device is
taken as the files give it; nothing else of the product is.
"""

import math

from oracle import naive
from oracle.naive import positive
from scipy.optimize import brentq

# what a number is drawn for
FIRST, DEVICE, CYCLE, LOW, HIGH, UP, DOWN, STUCK = range(8)
OTHER_DEVICE, OTHER_CYCLE, OTHER_STUCK, READ, OTHER_READ, DRIFT, ROUND = range(8, 15)
BITS, OTHER_BITS, ARRAY = 15, 16, 32  # ARRAY: on top, of a layer's second array
ASYMMETRY, CHOP = 25, 26
FORTH, BACK = 8, 9  # arrays of reference cells of a layer
MOST = 32  # writes of a cell that is verified


def offset(device):
    """The conductance of the weight 0, over half the range."""
    return (device.on_off_ratio + 1) / (device.on_off_ratio - 1)


def bend(label):
    """Pulses over the constant of a curve that bows 0.07 |label| from its diagonal."""
    if label == 0:
        return 0.0

    def bow(k):
        top = math.log(k / -math.expm1(-k)) / k  # where the curve is steep as its diagonal
        return (math.expm1(-k * top) / math.expm1(-k) - top) / math.sqrt(2)

    return math.copysign(brentq(lambda k: bow(k) - 0.07 * abs(label), 1e-6, 1e4), label)


def end_of(u, device):
    """-1 and 1 for cells that are stuck there, else 0."""
    v = device.variation
    return -1 if u < v.stuck_low else int(u >= 1 - v.stuck_high)


def traits(device, cells, layer, seed, array=0):
    """For each cell its low end, high end, relative step, bends up and down, and asymmetry.

    The last is the root of the ratio of steps up to steps down, over the nominal ratio.
    """
    v, p, middle = device.variation, device.pulses, offset(device)
    made = []
    for i in range(cells):
        own = [naive.normal(i, 0, layer, q + ARRAY * array, seed) for q in range(UP)]
        low = high = step = 1.0
        labels = [p.nonlinearity_ltp, p.nonlinearity_ltd]
        if v.pulse_d2d in ("step", "step_and_bounds"):
            step = positive(v.d2d, own[DEVICE])
        if v.pulse_d2d in ("bounds", "step_and_bounds"):
            low, high = positive(v.d2d, own[LOW]), positive(v.d2d, own[HIGH])
        if v.pulse_d2d == "state":
            low = high = positive(v.d2d, own[DEVICE])
        if v.pulse_d2d == "label":
            for way, q in enumerate((UP, DOWN)):
                z = naive.normal(i, 0, layer, q + ARRAY * array, seed)
                size = min(max(abs(labels[way]) + v.d2d * z, 0), 10)
                labels[way] = math.copysign(size, labels[way])
        ends = sorted((low * (middle - 1) - middle, high * (middle + 1) - middle))
        stuck = end_of(naive.uniform(i, 0, layer, STUCK + ARRAY * array, seed), device)
        if stuck:
            ends = [ends[stuck > 0]] * 2
        z = naive.normal(i, 0, layer, ASYMMETRY + ARRAY * array, seed)
        uneven = math.sqrt(positive(v.asymmetry, z))
        made.append((*ends, step, *(bend(label) for label in labels), uneven))
    return made


def curved(state, n, k, pulses):
    """A state after n of the pulses along a curve."""
    return naive.pulsed(state, n, pulses / k if k else math.inf, pulses)


def programmed(weight, n, cell, device, z):
    """The weight that n pulses leave, below 0 downwards."""
    low, high, step, up, down, uneven = cell
    if low == high:
        return weight
    v, p = device.variation, device.pulses
    noise = 0 if v.form == "read" else (p.c2c if v.pulse_c2c == "range" else v.c2c)
    moved = n * step * (uneven if n > 0 else 1 / uneven)
    if v.pulse_c2c == "step":
        moved *= positive(noise / math.sqrt(abs(n)), z)
    along = (up, p.levels_ltp) if n > 0 else (down, p.levels_ltd)
    state = curved(min(max((weight - low) / (high - low), 0), 1), moved, *along)
    if v.pulse_c2c == "range":
        state = min(max(state + noise * math.sqrt(abs(n)) * z, 0), 1)
    new = low + state * (high - low)
    if v.pulse_c2c == "state":
        new = min(max(positive(noise, z) * (new + offset(device)) - offset(device), low), high)
    return new


def steps(device, state=0.5):
    """Steps of one pulse up and one down of a nominal cell at a state, in halves of the range."""
    p = device.pulses
    rise = curved(state, 1, bend(p.nonlinearity_ltp), p.levels_ltp) - state
    fall = state - curved(state, -1, bend(p.nonlinearity_ltd), p.levels_ltd)
    return 2 * rise, 2 * fall


class Counts:
    """What was written: cells up and down, pulses (or level steps) up and down, update by update.

    ``means``: the mean weight after each update.
    """

    def __init__(self):
        self.sets = self.resets = self.up = self.down = self.reads = 0
        self.means = []

    def moved(self, ups, downs):
        """One cell's pulses or steps."""
        self.sets += ups > 0
        self.resets += downs > 0
        self.up += ups
        self.down += downs


class Cells:
    """An array of programmed cells that starts from ``weights``."""

    def __init__(self, device, weights, layer, seed, array=0):
        self.device, self.layer, self.seed, self.array = device, layer, seed, array
        self.traits = traits(device, len(weights), layer, seed, array)
        self.weights = [min(max(w, t[0]), t[1]) for w, t in zip(weights, self.traits, strict=True)]
        self.writes = [0] * len(weights)
        self.counts = Counts()

    def pulse(self, pulses, draw):
        """Give each cell its pulses, with the noise of that draw."""
        for i, n in enumerate(pulses):
            if n:
                z = naive.normal(i, draw, self.layer, CYCLE + ARRAY * self.array, self.seed)
                self.weights[i] = programmed(self.weights[i], n, self.traits[i], self.device, z)
                self.writes[i] += 1
                self.counts.moved(max(n, 0), max(-n, 0))
        self.counts.means.append(sum(self.weights) / len(self.weights))


def nominal(weight, meant, device):
    """The pulses from one weight to another on the nominal curves, straight beyond their ends."""
    p = device.pulses
    states = [min(max((w + 1) / 2, 0), 1) for w in (weight, meant)]
    rising = meant > weight
    beyond = max(weight - 1, 0) / 2 + min(weight + 1, 0) / 2
    k = bend(p.nonlinearity_ltp if rising else p.nonlinearity_ltd)
    at = [-math.log(1 - s * (1 - math.exp(-k))) / k if k else s for s in states]
    return math.floor((at[1] - at[0] - beyond) * (p.levels_ltp if rising else p.levels_ltd) + 0.5)


def to_level(i, old, now, top, cells, way, tolerance, step):
    """Write cell ``i`` of an array from one level to another, by pulses; what it got."""
    device, cell = cells.device, cells.traits[i]
    meant, ups, downs, last = now / top, 0, 0, 0
    if way == "reset":
        if cell[0] < cell[1]:
            cells.weights[i] = cell[0]
        downs += device.pulses.levels_ltd
        cells.writes[i] += 1
    for attempt in range(MOST if way == "verify" else 1):
        held = {"pulses": max(old, -top) / top, "reset": -1}.get(way, cells.weights[i])
        if way == "verify":
            cells.counts.reads += 1
            low, high = (math.isclose(held, end, abs_tol=1e-9) for end in cell[:2])
            beyond = (low and meant <= held) or (high and meant >= held)
            if abs(meant - held) <= tolerance or beyond:
                break
        n = nominal(held, meant, device)
        if way == "verify":  # half of the way; less after an overshoot, then more again
            half = max(math.ceil(abs(n) / 2), 1)
            most = math.inf
            if last:
                most = max(abs(last) // 2, 1) if (last > 0) != (meant > held) else 2 * abs(last)
            n = last = min(half, most) * (1 if meant > held else -1)
        if n == 0:
            break
        z = naive.normal(i, MOST * step + attempt, cells.layer, CYCLE, cells.seed)
        cells.weights[i] = programmed(cells.weights[i], n, cell, device, z)
        ups, downs = ups + max(n, 0), downs + max(-n, 0)
        cells.writes[i] += way != "reset"
    cells.counts.moved(ups, downs)


def directly(i, level, top, device, mapping, layer, step, seed):
    """What a cell, or a pair of them, holds after a write to a level, without pulses."""
    v, middle, w = device.variation, offset(device), level / top

    def one(device_draw, cycle_draw):
        noise = 0 if v.form == "read" else v.c2c
        return positive(v.d2d, naive.normal(i, 0, layer, device_draw, seed)) * positive(
            noise, naive.normal(i, step, layer, cycle_draw, seed)
        )

    ends = [end_of(naive.uniform(i, 0, layer, q, seed), device) for q in (STUCK, OTHER_STUCK)]
    if mapping == "pair":
        least, pair = middle - 1, []
        for share, factor, end in zip(
            (max(w, 0), max(-w, 0)),
            (one(DEVICE, CYCLE), one(OTHER_DEVICE, OTHER_CYCLE)),
            ends,
            strict=True,
        ):
            pair.append((least + 2 * share) * factor if not end else middle + end)
        return (pair[0] - pair[1]) / 2
    if ends[0]:
        return ends[0]
    factor = one(DEVICE, CYCLE)
    return w * factor if mapping == "weight" else (w + middle) * factor - middle


def references(device, count, layer, seed, array, placed):
    """Weights of so many reference cells: ``placed`` within their ends, or written directly."""
    if placed:
        ends = traits(device, count, layer, seed, array)
        return [min(max(0.0, low), high) for low, high, *_ in ends]
    p, held = ARRAY * array, []
    for i in range(count):
        end = end_of(naive.uniform(i, 0, layer, STUCK + p, seed), device)
        factor = positive(device.variation.d2d, naive.normal(i, 0, layer, DEVICE + p, seed))
        noise = 0 if device.variation.form == "read" else device.variation.c2c
        factor *= positive(noise, naive.normal(i, 0, layer, CYCLE + p, seed))
        held.append(end or offset(device) * (factor - 1))
    return held


def compared(shares, size, cells, line_of, share):
    """Weights [rows, cols] less those of the cells of their lines, ``share`` columns to one."""
    (rows, cols), across = size, -(-size[1] // share)
    return [
        [shares[i * cols + j] - cells[line_of[i] * across + j // share] for j in range(cols)]
        for i in range(rows)
    ]
