"""Cells under trains of equal pulses, as an experiment sees them: conductance after each pulse."""

from numba import njit

from neurorebit.kernels import cell


@njit(cache=True, nogil=True)
def walk(start, low, high, share, bend, out):
    """``out[n]``: the conductance after n pulses from ``start``, within ``low`` .. ``high`` [S].

    ``share`` is the part of the pulses from end to end that one pulse is worth; below 0 downwards.
    """
    state = (start - low) / (high - low)
    for n in range(out.size):
        out[n] = low + (high - low) * cell.pulsed(state, n * share, bend)


@njit(cache=True, nogil=True)
def surprises(before, after, low, high, share, bend, out):
    """``out``: conductances after a pulse, less what was to be expected from those before it."""
    for n in range(out.size):
        state = (before[n] - low) / (high - low)
        out[n] = after[n] - low - (high - low) * cell.pulsed(state, share, bend)
