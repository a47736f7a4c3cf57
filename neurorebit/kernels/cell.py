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


@njit(cache=True, nogil=True)
def curve(x, bend):
    """The state after a share ``x`` of the pulses, from state 0: (1 - e^-kx) / (1 - e^-k)."""
    return math.expm1(-bend * x) / math.expm1(-bend) if bend != 0.0 else x


@njit(cache=True, nogil=True)
def position(state, bend):
    """The share of the pulses that reaches a state: the inverse of ``curve``."""
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
    for _ in range(64):
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
