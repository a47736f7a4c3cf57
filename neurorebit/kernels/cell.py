"""What one cell does. Scalars in, a scalar out; ``math`` and nothing else.

A state is the cell's conductance as a share of its range: 0 at its least, 1 at its largest. The
``bend`` of a pulse curve is k = P / A, its pulses over its constant: 0 for a straight line, above 0
where the first pulses from below do most (Chen, Peng, Yu, IEEE TCAD 37(12), 2018,
doi:10.1109/TCAD.2018.2789723).
"""

import math

from numba import njit

BOW = 0.07 * math.sqrt(2.0)  # of a normalised curve over its diagonal, for a label of 1
STRAIGHT = 1e-4  # bends below it are told by the first term of their series
STEEP = 30.0  # bends below -STEEP: what e^k dwarfs is told without it, for it may be no number


@njit(cache=True, nogil=True)
def curve(x, bend):
    """The state after a share ``x`` of the pulses, from state 0: (1 - e^-kx) / (1 - e^-k)."""
    if bend < -STEEP:
        return math.exp(bend * (1.0 - x)) * math.expm1(bend * x) / math.expm1(bend)
    return math.expm1(-bend * x) / math.expm1(-bend) if bend != 0.0 else x


@njit(cache=True, nogil=True)
def position(state, bend):
    """The share of the pulses that reaches a state: the inverse of ``curve``."""
    if state >= 1.0:
        return 1.0
    if bend < -STEEP:
        least = math.exp(bend)
        return 1.0 - math.log(state + (1.0 - state) * least) / bend if state > least else 0.0
    return math.log1p(math.expm1(-bend) * state) / -bend if bend != 0.0 else state


@njit(cache=True, nogil=True)
def bow(bend):
    """How far a curve rises above its diagonal at most: max over x of curve(x) - x; odd in bend."""
    k = abs(bend)
    if k < STRAIGHT:
        return bend / 8.0
    rise = -math.expm1(-k)
    return math.copysign(1.0 / rise - 1.0 / k - math.log(k / rise) / k, bend)


@njit(cache=True, nogil=True)
def bend(label):
    """The bend of a nonlinearity label, |label| < 10.1: bow(bend) = BOW label, by bisection."""
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
    """The state after pulses, ``share`` of those from one end to the other; below 0 downwards.

    Closed form of invert, add, evaluate: s' = s + (B - s)(1 - e^-kn), B = 1 / (1 - e^-k); within
    0..1. ``bend`` is that of the direction's own curve.
    """
    if bend == 0.0:
        return min(max(state + share, 0.0), 1.0)
    if bend * share < 0.0 and abs(bend) > STEEP:  # away from the flat end of the curve
        gone = state if share > 0.0 else 1.0 - state
        more = gone * math.expm1(-bend * share) if gone > 0.0 else 0.0
        gone = min(gone + curve(abs(share), -abs(bend)) + more, 1.0)
        return gone if share > 0.0 else 1.0 - gone
    # B - s, without losing the little that is left where the curve is flat
    left = 1.0 - state + 1.0 / math.expm1(bend) if bend > 0.0 else 1.0 / -math.expm1(-bend) - state
    step = left * math.expm1(-bend * share) if left != 0.0 else 0.0
    return min(max(state - step, 0.0), 1.0)


@njit(cache=True, nogil=True)
def spread(deviation, z):
    """A positive factor with mean 1 and that standard deviation: log-normal."""
    variance = math.log1p(deviation * deviation)
    return math.exp(math.sqrt(variance) * z - 0.5 * variance)


@njit(cache=True, nogil=True)
def programmed(weight, pulses, cell, device, z):
    """The weight that ``pulses`` leave, drawn with ``z``; below 0 downwards.

    ``cell`` is (low, high, step, bend up, bend down): its bounds as weights, its step over the
    nominal one, its curves. ``device`` is (pulses up, pulses down, form, c2c, offset): those from
    end to end, what a draw spreads (0 the step, 1 the range, 2 the conductance) and by how much,
    and the weight 0 as a conductance, over half the range.
    """
    low, high, step, bend_up, bend_down = cell
    up, down, form, c2c, offset = device
    if high <= low:
        return weight  # a stuck cell
    count = abs(pulses)
    share = step * (pulses / up if pulses > 0 else pulses / down)
    if form == 0:  # n steps, each of its own size
        share *= 1.0 + c2c * z / math.sqrt(count)
    state = pulsed((weight - low) / (high - low), share, bend_up if pulses > 0 else bend_down)
    if form == 1:
        state = min(max(state + c2c * math.sqrt(count) * z, 0.0), 1.0)
    new = low + state * (high - low)
    if form == 2:
        new = min(max(new + c2c * z * (new + offset), low), high)
    return new


@njit(cache=True, nogil=True)
def last_slope(bend):
    """How fast a curve climbs at state 1, its diagonal at 1; k more for each unit before that."""
    return bend / math.expm1(bend) if bend != 0.0 else 1.0


@njit(cache=True, nogil=True)
def once(share, bend):
    """What one pulse does where the slope is 1: (1 - e^-kx) / k; below 0 downwards."""
    return -math.expm1(-bend * share) / bend if bend != 0.0 else share


@njit(cache=True, nogil=True)
def showered(weight, ups, downs, cell, last, device, z):
    """The weight that single pulses leave, so many up and down, mixed at random.

    ``last`` are the ``last_slope`` up and down, the others as for ``programmed``. A step changes
    along a line with the state, so what a pulse does fades by those that come after it; pulses are
    spread evenly over t = 0..1. What ends the range stops the sum and not each pulse. ``z`` draws
    both the order and the noise of the pulses.
    """
    low, high, step, bend_up, bend_down = cell
    up, down, form, c2c, offset = device
    if high <= low:
        return weight  # a stuck cell
    state = (weight - low) / (high - low)
    share_up, share_down = step / up, step / down
    each_up, each_down = once(share_up, bend_up), -once(-share_down, bend_down)
    rise = each_up * (last[0] + bend_up * (1.0 - state))
    fall = each_down * (last[1] + bend_down * (1.0 - state))
    fade_up, fade_down = share_up * bend_up, -share_down * bend_down  # of what is away, a pulse
    lost_up, lost_down = each_up * bend_up, -each_down * bend_down  # 1 - e^-fade
    b = max(ups * fade_up + downs * fade_down, -50.0)
    gone = -math.expm1(-b)
    even = gone / b if abs(b) > 1e-9 else 1.0  # what is left of steps that fade evenly by e^-b
    # a step fades by the others that come after it, each with an even chance: the integral over t
    # of (1 - lost t)^n for both ways, to the second order in what one pulse loses
    slope = (1.0 - gone - even) / b if abs(b) > 1e-3 else b / 3.0 - 0.5
    hump = (b - 2.0 + (b + 2.0) * (1.0 - gone)) / (b * b * b) if abs(b) > 0.02 else (2.0 - b) / 12.0
    kept = even + 0.5 * (ups * lost_up * lost_up + downs * lost_down * lost_down) * hump
    kept_up, kept_down = kept - fade_up * slope, kept - fade_down * slope
    all_up, all_down = ups * lost_up, downs * lost_down
    norm = all_up * all_up + all_down * all_down
    if norm > 0.0:  # all that is lost is ``gone``, in any order
        rest = (gone - all_up * kept_up - all_down * kept_down) / norm
        kept_up += rest * all_up
        kept_down += rest * all_down
    goal = state + ups * rise * kept_up - downs * fall * kept_down
    fade = even * (1.0 - 0.5 * gone)  # what is left of a variance: the first has faded by e^-b
    # the order: ups and downs run ahead of each other as a bridge, v t (1 - t), and what one does
    # in place of the other changes by that much on the way
    drift = ups * rise - downs * fall
    turned = (rise + fall) * b - (lost_up - lost_down) * drift
    bridge = (fade - even * even) / (b * b) if abs(b) > 1e-3 else 1.0 / 12.0
    variance = ups * downs / (ups + downs) * turned * turned * bridge
    half = 0.5 * (min(max(goal, 0.0), 1.0) - state)
    rise -= lost_up * half  # steps halfway, as wide as the mean one
    fall += lost_down * half
    if form == 0:
        variance += c2c * c2c * (ups * rise * rise + downs * fall * fall) * fade
    elif form == 1:
        variance += c2c * c2c * (ups + downs) * fade
    elif form == 2:  # on the way from here to the goal, which fades as its steps do
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
    """The whole pulses from one weight to another on the nominal curves; below 0 downwards."""
    state = min(max(0.5 * (weight + 1.0), 0.0), 1.0)
    goal = min(max(0.5 * (meant + 1.0), 0.0), 1.0)
    rising = goal > state
    bend = bend_up if rising else bend_down
    share = position(goal, bend) - position(state, bend)
    return math.floor(share * (up if rising else down) + 0.5)


@njit(cache=True, nogil=True)
def relabel(label, change):
    """A label whose magnitude is off by ``change``, its sign kept, within what has a curve."""
    return math.copysign(min(max(abs(label) + change, 0.0), 10.0), label)


@njit(cache=True, nogil=True)
def symmetry(cell, device):
    """The weight where a pulse up and a pulse down change a cell alike; mid range on lines.

    Steps up shrink and steps down grow towards it from below on curves with labels of opposite
    sign. Others may have no such weight, or several; then it is one of them or an end.
    """
    low, high, step, bend_up, bend_down = cell
    up, down = device[0], device[1]
    below, above = 0.0, 1.0
    for _ in range(30):
        state = 0.5 * (below + above)
        rise = pulsed(state, step / up, bend_up) - state
        fall = state - pulsed(state, -step / down, bend_down)
        if rise > fall:
            below = state
        elif rise < fall:
            above = state
        else:
            break
    return low + 0.5 * (below + above) * (high - low)


@njit(cache=True, nogil=True)
def spacing(pulses_up, pulses_down):
    """The mean step of a pulse as a weight: the range is 2."""
    return 1.0 / pulses_up + 1.0 / pulses_down


@njit(cache=True, nogil=True)
def bound(side, factor, offset):
    """The weight at an end (-1 or 1) of the range whose conductance is ``factor`` its nominal."""
    return factor * (side + offset) - offset


@njit(cache=True, nogil=True)
def drifted(weight, time, exponent, toward, offset):
    """The weight after a rest of so many seconds (1 and more), drifting to the weight ``toward``.

    The conductance (weight + offset) follows G0 t^exponent or its inverse and stops there.
    """
    factor = time**exponent
    if weight < toward:
        return min((weight + offset) * factor - offset, toward)
    return max((weight + offset) / factor - offset, toward)


@njit(cache=True, nogil=True)
def odd_level(weight, per_level, top):
    """The odd level in -top..top (odd) that is nearest to ``weight * per_level``."""
    x = weight * per_level
    x = x if x > -top else -top  # nan as well
    x = x if x < top else top
    return min(2 * math.floor(0.5 * x) + 1, int(top))


@njit(cache=True, nogil=True)
def level(weight, per_level, top):
    """The level in -top..top that is nearest to ``weight * per_level``."""
    x = weight * per_level
    x = x if x > -top else -top  # nan as well
    x = x if x < top else top
    return math.floor(x + 0.5)


@njit(cache=True, nogil=True)
def target(step, top, g_min, g_max):
    """The conductance meant for a level: linear, -top at ``g_min``, top at ``g_max`` [S]."""
    return 0.5 * (g_min + g_max) + 0.5 * (g_max - g_min) * (step / top)


@njit(cache=True, nogil=True)
def written(g, d2d, z_device, c2c, z_cycle):
    """The conductance a write leaves when ``g`` was meant [S]: relative state-form variation."""
    return g * (1.0 + d2d * z_device) * (1.0 + c2c * z_cycle)


@njit(cache=True, nogil=True)
def signed(g, g_min, g_max):
    """The weight in units of full scale, read against a reference at mid range (mapping R1)."""
    return (g - 0.5 * (g_min + g_max)) / (0.5 * (g_max - g_min))


@njit(cache=True, nogil=True)
def pair(w, offset):
    """The conductances meant for a weight by two cells, one at the least (mapping R2).

    In halves of the range, so that the weight is half their difference.
    """
    least = offset - 1.0
    return least + 2.0 * max(w, 0.0), least + 2.0 * max(-w, 0.0)


@njit(cache=True, nogil=True)
def noisy(w, mapping, relative, z, other, offset):
    """The weight when each conductance behind it is off by ``relative`` times its own draw.

    ``mapping``: 0 one cell and a quiet reference, 1 a pair of cells, 2 the weight itself.
    """
    if mapping == 0:
        return w + relative * z * (w + offset)
    if mapping == 1:
        plus, minus = pair(w, offset)
        return w + 0.5 * relative * (z * plus - other * minus)
    return w + relative * z * w


@njit(cache=True, nogil=True)
def stuck(u, low, high):
    """Whether a cell with the uniform number ``u`` is stuck: -1 low, 1 high, 0 not."""
    if u < low:
        return -1
    return 1 if u >= 1.0 - high else 0


@njit(cache=True, nogil=True)
def paired(w, offset, factor, other_factor, stuck, other_stuck):
    """The weight that two cells hold, each off by its own factor or stuck at an end (R2)."""
    least = offset - 1.0
    plus, minus = pair(w, offset)
    plus = plus * factor if stuck == 0 else least + 1.0 + stuck
    minus = minus * other_factor if other_stuck == 0 else least + 1.0 + other_stuck
    return 0.5 * (plus - minus)
