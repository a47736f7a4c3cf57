"""What one cell does. Scalars in, a scalar out; ``math`` and nothing else."""

import math

from numba import njit


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
