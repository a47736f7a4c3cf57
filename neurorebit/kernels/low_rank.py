"""The loop over changes that are rounded to pulses."""

import math

from numba import njit


@njit(cache=True, nogil=True)
def take_nearest(change, pulses, steps, most):
    """Take the nearest number of pulses out of the change of each weight.

    A pulse (``pulses``, int32; negative: down) is worth a step of ``steps``, a ``cell.UpDown`` of
    weights; a cell receives at most ``most``. All arrays are flat.
    """
    for i in range(change.size):
        wanted = change[i]
        each = steps.up if wanted > 0.0 else steps.down
        size = abs(wanted) / each + 0.5
        n = math.floor(size if size < most else most)  # nan: most
        pulses[i] = n if wanted > 0.0 else -n
        change[i] = wanted - pulses[i] * each
