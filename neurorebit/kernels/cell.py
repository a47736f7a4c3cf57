"""The physics of one cell: numbers in, a number out, by ``math`` alone.

A weight is a conductance relative to mid range, in units of half the nominal range: -1 at the
lowest nominal conductance, 1 at the highest. ``offset`` is the conductance of the weight 0 in the
same unit, (r + 1) / (r - 1) for an on/off ratio r, so weight + offset is a conductance. A state is
a conductance as a share of the cell's own range, 0 to 1.

The ``bend`` of a pulse curve is k = P / A, the number of pulses from end to end over the curve's
constant in pulses: 0 for a straight curve, positive where the first pulses from the low end have
the largest effect (Chen, Peng, Yu, IEEE TCAD 37(12), 2018, doi:10.1109/TCAD.2018.2789723).

A relative spread has one form wherever it occurs, between cells, writes, pulses and reads: the
quantity is multiplied by a log-normal factor of mean 1 and of the given standard deviation. A
conductance and a step are positive, and so is what a spread makes of them; a normal factor makes 16
% of them negative at a spread of 100 %. At 10 % both agree to a third of a percent (their skewness
is 0.30 and 0).
"""

import math
from enum import IntEnum
from typing import NamedTuple

from numba import njit

from neurorebit.kernels import noise

BOW = 0.07 * math.sqrt(2.0)  # height of a normalised curve over its diagonal for a label of 1
STRAIGHT = 1e-4  # |bend| below which the first term of the series gives the height
STEEP = 30.0  # |bend| above which formulas avoid e^|k|, which may overflow


class PulseNoise(IntEnum):
    """What the cycle-to-cycle variation of a pulse applies to; ``Response.noise``."""

    STEP = 0  # the size of each pulse's step, relative
    RANGE = 1  # the state, as a share of the range
    STATE = 2  # the conductance, relative


class Mapping(IntEnum):
    """How conductances represent a weight (docs/models/devices.md#representations-of-a-weight)."""

    REFERENCE = 0  # one cell, read against a noiseless reference at mid range (R1)
    PAIR = 1  # the difference of two cells, one of them at the lowest conductance (R2)
    WEIGHT = 2  # variation is relative to the weight itself


class UpDown(NamedTuple):
    """A number for pulses up and a number for pulses down."""

    up: float
    down: float


class Traits(NamedTuple):
    """What distinguishes a cell from its neighbours.

    Of one cell the fields are numbers. Of many cells they are flat arrays with one entry for each
    cell, or with a single entry that all cells share.
    """

    low: float  # the weight at the low end of the cell's range
    high: float  # the weight at the high end; a stuck cell has no range: high <= low
    step: float  # the cell's step of a pulse over the nominal step
    bend_up: float  # bend of the curve of pulses up
    bend_down: float  # bend of the curve of pulses down
    uneven: float  # steps up are so many times as large, and steps down are divided by it


class Response(NamedTuple):
    """How the cells of a device respond to pulses.

    From Python, ``noise`` is a plain int (``int(PulseNoise.STEP)``): Numba recognises the type of
    an int in a fraction of a microsecond, that of an enumeration's member in 30 microseconds.
    """

    pulses_up: float  # pulses from the low to the high end
    pulses_down: float  # pulses from the high to the low end
    noise: int  # what c2c applies to, a ``PulseNoise``
    c2c: float  # standard deviation of the cycle-to-cycle variation of one pulse
    offset: float  # conductance of the weight 0 over half the range


@njit(cache=True, nogil=True)
def curve(x, bend):
    """State after a share ``x`` of the pulses, starting at 0: (1 - e^-kx) / (1 - e^-k)."""
    if bend < -STEEP:
        return math.exp(bend * (1.0 - x)) * math.expm1(bend * x) / math.expm1(bend)
    return math.expm1(-bend * x) / math.expm1(-bend) if bend != 0.0 else x


@njit(cache=True, nogil=True)
def position(state, bend):
    """Share of the pulses that leads from state 0 to ``state``; the inverse of ``curve``."""
    if state >= 1.0:
        return 1.0
    if bend < -STEEP:
        least = math.exp(bend)
        return 1.0 - math.log(state + (1.0 - state) * least) / bend if state > least else 0.0
    return math.log1p(math.expm1(-bend) * state) / -bend if bend != 0.0 else state


@njit(cache=True, nogil=True)
def bow(bend):
    """Largest height of a curve over its diagonal: max over x of curve(x) - x; odd in bend."""
    k = abs(bend)
    if k < STRAIGHT:
        return bend / 8.0
    rise = -math.expm1(-k)
    return math.copysign(1.0 / rise - 1.0 / k - math.log(k / rise) / k, bend)


@njit(cache=True, nogil=True)
def bend(label):
    """Bend that belongs to a nonlinearity label, |label| < 10.1.

    Solves bow(bend) = BOW label by bisection.
    """
    wanted = BOW * abs(label)
    low, high = -7.0 * math.log(10.0), 5.0 * math.log(10.0)
    for _ in range(44):
        middle = 0.5 * (low + high)
        if bow(math.exp(middle)) < wanted:
            low = middle
        else:
            high = middle
    return math.copysign(math.exp(low), label) if label != 0.0 else 0.0


@njit(cache=True, nogil=True)
def pulsed(state, share, bend):
    """State after pulses, from 0 to 1.

    ``share`` is the number of pulses over the number from end to end; negative: pulses down.
    ``bend`` is the bend of the curve of that direction. The position on the curve is found, the
    share added and the curve evaluated, in closed form: s' = s + (B - s)(1 - e^-kn) with
    B = 1 / (1 - e^-k).
    """
    if bend == 0.0:
        return min(max(state + share, 0.0), 1.0)
    if bend * share < 0.0 and abs(bend) > STEEP:  # steps grow on the way
        gone = state if share > 0.0 else 1.0 - state
        more = gone * math.expm1(-bend * share) if gone > 0.0 else 0.0
        gone = min(gone + curve(abs(share), -abs(bend)) + more, 1.0)
        return gone if share > 0.0 else 1.0 - gone
    # B - s, without cancellation where the curve is flat
    left = 1.0 - state + 1.0 / math.expm1(bend) if bend > 0.0 else 1.0 / -math.expm1(-bend) - state
    step = left * math.expm1(-bend * share) if left != 0.0 else 0.0
    return min(max(state - step, 0.0), 1.0)


@njit(cache=True, nogil=True)
def width(deviation):
    """Standard deviation of the logarithm of a log-normal factor of this standard deviation."""
    return math.sqrt(math.log1p(deviation * deviation))


@njit(cache=True, nogil=True)
def factor(width, z):
    """Log-normal factor with mean 1; ``width`` as above, ``z`` standard normal."""
    return noise.exponential(width * z - 0.5 * width * width)


@njit(cache=True, nogil=True)
def lognormal(deviation, z):
    """Log-normal factor with mean 1 and the given standard deviation; ``z`` is normal."""
    return factor(width(deviation), z)


@njit(cache=True, nogil=True)
def programmed(weight, pulses, traits, response, z):
    """Weight after ``pulses`` pulses up (negative: down); ``z`` is the standard normal noise.

    ``traits`` is a ``Traits`` of numbers, ``response`` a ``Response``. The relative
    variance of the sum of n steps of independent sizes is the n-th part of that of a step.
    """
    low, high, step, bend_up, bend_down, uneven = traits
    up, down, noisy_of, c2c, offset = response
    if high <= low:
        return weight  # a stuck cell
    count = abs(pulses)
    share = step * (uneven * pulses / up if pulses > 0 else pulses / (uneven * down))
    if noisy_of == PulseNoise.STEP:  # n steps of independent sizes
        share *= lognormal(c2c / math.sqrt(count), z)
    state = pulsed((weight - low) / (high - low), share, bend_up if pulses > 0 else bend_down)
    if noisy_of == PulseNoise.RANGE:
        state = min(max(state + c2c * math.sqrt(count) * z, 0.0), 1.0)
    new = low + state * (high - low)
    if noisy_of == PulseNoise.STATE:
        new = min(max(lognormal(c2c, z) * (new + offset) - offset, low), high)
    return new


@njit(cache=True, nogil=True)
def last_slope(bend):
    """Slope of a curve at state 1, relative to its diagonal; at state s it is k (1 - s) larger."""
    return bend / math.expm1(bend) if bend != 0.0 else 1.0


@njit(cache=True, nogil=True)
def single_step(share, bend):
    """Step of one pulse where the curve's slope is 1: (1 - e^-kx) / k; share < 0: downwards."""
    return -math.expm1(-bend * share) / bend if bend != 0.0 else share


@njit(cache=True, nogil=True)
def shuffled(weight, ups, downs, traits, last, response, z):
    """Weight after ``ups`` single pulses up and ``downs`` pulses down in random order.

    ``last`` is an ``UpDown`` of the ``last_slope`` of both curves, the others as for
    ``programmed``. The step of a pulse depends linearly on the state, so later pulses reduce the
    effect of an earlier one by a constant factor each; pulses are distributed evenly over
    t = 0..1. The bounds of the range limit the sum and not each pulse. ``z`` is the standard
    normal number of both the order and the noise of the pulses: their sum is taken as normal, with
    the variance of the single pulses' form, and stays within the range.
    """
    low, high, step, bend_up, bend_down, uneven = traits
    up, down, noisy_of, c2c, offset = response
    if high <= low:
        return weight  # a stuck cell
    state = (weight - low) / (high - low)
    share_up, share_down = step * uneven / up, step / (uneven * down)
    each_up, each_down = single_step(share_up, bend_up), -single_step(-share_down, bend_down)
    rise = each_up * (last.up + bend_up * (1.0 - state))
    fall = each_down * (last.down + bend_down * (1.0 - state))
    # a deviation of the state decays by e^-fade with a pulse, that is, loses the share ``lost``
    fade_up, fade_down = share_up * bend_up, -share_down * bend_down
    lost_up, lost_down = each_up * bend_up, -each_down * bend_down
    b = max(ups * fade_up + downs * fade_down, -50.0)
    gone = -math.expm1(-b)
    even = gone / b if abs(b) > 1e-9 else 1.0  # share that remains of steps, at an even decay
    # each other pulse follows a step with probability t and reduces it: the integral over t of
    # (1 - lost t)^n for both directions, to second order in ``lost``
    slope = (1.0 - gone - even) / b if abs(b) > 1e-3 else b / 3.0 - 0.5
    hump = (b - 2.0 + (b + 2.0) * (1.0 - gone)) / (b * b * b) if abs(b) > 0.02 else (2.0 - b) / 12.0
    kept = even + 0.5 * (ups * lost_up * lost_up + downs * lost_down * lost_down) * hump
    kept_up, kept_down = kept - fade_up * slope, kept - fade_down * slope
    all_up, all_down = ups * lost_up, downs * lost_down
    norm = all_up * all_up + all_down * all_down
    if norm > 0.0:  # the total loss is ``gone`` for any order
        rest = (gone - all_up * kept_up - all_down * kept_down) / norm
        kept_up += rest * all_up
        kept_down += rest * all_down
    goal = state + ups * rise * kept_up - downs * fall * kept_down
    fade = even * (1.0 - 0.5 * gone)  # share that remains of a variance
    # the order: the lead of pulses up over pulses down is a bridge of variance v t (1 - t),
    # and the difference between a step up and a step down changes on the way
    drift = ups * rise - downs * fall
    turned = (rise + fall) * b - (lost_up - lost_down) * drift
    bridge = (fade - even * even) / (b * b) if abs(b) > 1e-3 else 1.0 / 12.0
    variance = ups * downs / (ups + downs) * turned * turned * bridge
    half = 0.5 * (min(max(goal, 0.0), 1.0) - state)
    rise -= lost_up * half  # steps at half way stand for the mean one
    fall += lost_down * half
    if noisy_of == PulseNoise.STEP:
        variance += c2c * c2c * (ups * rise * rise + downs * fall * fall) * fade
    elif noisy_of == PulseNoise.RANGE:
        variance += c2c * c2c * (ups + downs) * fade
    elif noisy_of == PulseNoise.STATE:  # the state decays from here to the goal as its steps do
        first = state + (low + offset) / (high - low)
        last_one = first + 2.0 * half
        square = 0.25 * (first + last_one) * (first + last_one) * fade
        if b > 1e-3:  # the integral over t of (end + way e^-bt)^2 e^-2b(1-t)
            way = (first - last_one) / gone
            end = last_one - way * (1.0 - gone)
            square = end * end * fade + 2.0 * end * way * (1.0 - gone) * even
            square += way * way * (1.0 - gone) * (1.0 - gone)
        variance += c2c * c2c * (ups + downs) * square
    width = math.sqrt(variance) * (high - low)
    return min(max(low + goal * (high - low) + width * z, low), high)


@njit(cache=True, nogil=True)
def nominal(weight, meant, bend_up, bend_down, up, down):
    """Pulses (negative: down) that lead from one weight to another on the nominal curves.

    ``up`` and ``down`` are the pulses from end to end. A cell whose own range is wider may hold a
    weight beyond the nominal range: from there to its end the pulses have the mean step.
    """
    held = 0.5 * (weight + 1.0)
    state = min(max(held, 0.0), 1.0)
    goal = min(max(0.5 * (meant + 1.0), 0.0), 1.0)
    rising = goal > held
    bend = bend_up if rising else bend_down
    share = position(goal, bend) - position(state, bend) + (state - held)
    return math.floor(share * (up if rising else down) + 0.5)


@njit(cache=True, nogil=True)
def relabel(label, change):
    """Label with its magnitude changed by ``change``, its sign kept, within -10..10."""
    return math.copysign(min(max(abs(label) + change, 0.0), 10.0), label)


@njit(cache=True, nogil=True)
def symmetry_point(traits, response):
    """Weight at which a pulse up and a pulse down change a cell by the same amount, noiseless.

    On curves with labels of opposite sign, steps up shrink and steps down grow with the weight, and
    there is one such point. On straight curves with as many pulses up as down every weight but
    those next to an end is one, and the result is mid range. On straight curves with unlike pulses
    the step is cut short at an end: the result lies one pulse up above the low end where steps down
    are larger, and one pulse down below the high end where steps up are larger. Other curves may
    have several such points or none; the result is then one of them, or an end of the range.
    """
    low, high, step, bend_up, bend_down, uneven = traits
    up, down = response.pulses_up, response.pulses_down
    below, above = 0.0, 1.0
    for _ in range(30):
        state = 0.5 * (below + above)
        rise = pulsed(state, step * uneven / up, bend_up) - state
        fall = state - pulsed(state, -step / (uneven * down), bend_down)
        if rise > fall:
            below = state
        elif rise < fall:
            above = state
        else:
            break
    return low + 0.5 * (below + above) * (high - low)


@njit(cache=True, nogil=True)
def steps_at(state, pulses_up, pulses_down, bend_up, bend_down):
    """Steps of one pulse up and one down at a state of the nominal curves, as weights.

    The range is 2, so on straight curves they are 2 / pulses. At mid range a curve of bend k is
    (k / 2) coth(k / 2) times as steep as its diagonal, 3.7 times at a label of 6.
    """
    rise = pulsed(state, 1.0 / pulses_up, bend_up) - state
    fall = state - pulsed(state, -1.0 / pulses_down, bend_down)
    return UpDown(2.0 * rise, 2.0 * fall)


@njit(cache=True, nogil=True)
def bound(side, factor, offset):
    """Weight at an end (``side`` -1 or 1) whose conductance is ``factor`` times the nominal."""
    return factor * (side + offset) - offset


@njit(cache=True, nogil=True)
def drifted(weight, time, exponent, toward, offset):
    """Weight after ``time`` seconds (>= 1) without a write, drifting to the weight ``toward``.

    The conductance G (weight + offset) becomes G t^exponent or G t^-exponent, up to ``toward``.
    """
    factor = time**exponent
    if weight < toward:
        return min((weight + offset) * factor - offset, toward)
    return max((weight + offset) / factor - offset, toward)


@njit(cache=True, nogil=True)
def odd_level(weight, per_level, top):
    """Nearest odd level to ``weight * per_level`` within -top..top, for an odd ``top``."""
    x = weight * per_level
    x = x if x > -top else -top  # nan too
    x = x if x < top else top
    return min(2 * math.floor(0.5 * x) + 1, int(top))


@njit(cache=True, nogil=True)
def level(weight, per_level, top):
    """Nearest level to ``weight * per_level`` within -top..top."""
    x = weight * per_level
    x = x if x > -top else -top  # nan too
    x = x if x < top else top
    return math.floor(x + 0.5)


@njit(cache=True, nogil=True)
def target(level, top, g_min, g_max):
    """Target conductance [S] of a level: linear from -top at ``g_min`` to top at ``g_max``."""
    return 0.5 * (g_min + g_max) + 0.5 * (g_max - g_min) * (level / top)


@njit(cache=True, nogil=True)
def written(g, device_width, z_device, cycle_width, z_cycle):
    """Conductance [S] after a write with the target ``g`` [S].

    G = g L(d2d) L(c2c) with log-normal factors L of mean 1; the ``width`` of both, and standard
    normal numbers z.
    """
    both = device_width * device_width + cycle_width * cycle_width
    return g * noise.exponential(device_width * z_device + cycle_width * z_cycle - 0.5 * both)


@njit(cache=True, nogil=True)
def signed(g, g_min, g_max):
    """Weight of a conductance ``g`` read against a reference at mid range (mapping R1)."""
    return (g - 0.5 * (g_min + g_max)) / (0.5 * (g_max - g_min))


@njit(cache=True, nogil=True)
def pair(w, offset):
    """Target conductances of the two cells of a weight, one of them the lowest (mapping R2).

    In units of half the range; the weight is half their difference.
    """
    least = offset - 1.0
    return least + 2.0 * max(w, 0.0), least + 2.0 * max(-w, 0.0)


@njit(cache=True, nogil=True)
def noisy(w, mapping, error, other, offset):
    """Weight whose conductances are multiplied by ``error``, and by ``other`` for a pair's second.

    ``mapping`` is a ``Mapping``.
    """
    if mapping == Mapping.REFERENCE:
        return error * (w + offset) - offset
    if mapping == Mapping.PAIR:
        plus, minus = pair(w, offset)
        return 0.5 * (plus * error - minus * other)
    return w * error


@njit(cache=True, nogil=True)
def stuck(u, low, high):
    """Weight at which a cell is stuck, -1 or 1; 0 for a cell that works.

    ``u`` is uniform over 0..1; ``low`` and ``high`` are the shares of cells stuck at each end.
    """
    if u < low:
        return -1
    return 1 if u >= 1.0 - high else 0


@njit(cache=True, nogil=True)
def paired(w, offset, factor, other_factor, stuck, other_stuck):
    """Weight of a pair of cells (R2), each with a factor on its target or stuck at an end.

    ``stuck`` and ``other_stuck`` as returned by the function ``stuck``.
    """
    least = offset - 1.0
    plus, minus = pair(w, offset)
    plus = plus * factor if stuck == 0 else least + 1.0 + stuck
    minus = minus * other_factor if other_stuck == 0 else least + 1.0 + other_stuck
    return 0.5 * (plus - minus)
