"""Ways in which inputs that may be below zero enter arrays, whose rows are on or off, and weights.

A signed code of ``bits`` bits, -(2^(bits-1) - 1) to 2^(bits-1) - 1, becomes bit planes, read
one after the other; each counts a power of two, below zero where it is subtracted.

See docs/models/macros.md#signed-inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema.numbers import Real


class Plane(NamedTuple):
    """A bit plane of signed codes, and what a one in it is worth.

    A code has bit ``shift`` of ``factor`` * code + ``add`` in it, or a zero where that is below
    zero.
    """

    worth: float
    shift: int
    factor: int
    add: int


@dataclass(frozen=True)
class SignedInputs:
    """A way: its planes, least significant first, how many they are, and what circuits it takes.

    ``phases`` as many times all rows are driven, each time with the planes of some inputs;
    ``gated``: a gate on each row lets the inputs of one sign pass. ``corrected``: all inputs are
    raised by half of their range, and a column's sum of weights is subtracted as often from its
    result; those sums are read when weights have changed, with all rows at one. ``joint``: whether
    one conversion of the sum over the planes errs no less than theirs, so that it may stand for
    them in training; sign planes err by as much as their ones are worth, however small the inputs.
    """

    sentence: str
    _: KW_ONLY
    planes: Callable[[int], tuple[Plane, ...]]
    phases: int = 1
    gated: bool = False
    corrected: bool = False
    joint: bool = False

    def reads(self, bits: Real) -> Real:
        """Reads of an array for one vector: a phase of signed magnitudes needs no sign."""
        magnitude = 1.0 if self.phases > 1 else 0.0
        reads: Real = self.phases * (bits - magnitude)
        return reads

    def conversions(self, bits: int) -> tuple[Plane, ...]:
        """The planes, and behind them the plane of ones that gives the sums of weights."""
        half = 2 ** (bits - 1)
        ones = (Plane(-float(half), 0, 0, 1),) if self.corrected else ()
        return (*self.planes(bits), *ones)

    def brought(self, densities: tuple[float, ...], bits: int) -> tuple[float, ...]:
        """Densities of the planes of codes of so many bits, from those of another number.

        Codes of fewer bits lose their least significant planes, codes of more gain planes as dense
        as the least significant one; in each phase.
        """
        old, new = len(densities) // self.phases, len(self.planes(bits)) // self.phases
        found: list[float] = []
        for phase in range(self.phases):
            given = densities[phase * old : (phase + 1) * old]
            kept = given[max(old - new, 0) :]
            found += [*(kept[:1] * (new - len(kept))), *kept]
        return tuple(found)


def _twos_complement(bits: int) -> tuple[Plane, ...]:
    """Adding 2^bits changes no bit below it, and leaves no code below zero."""
    whole = 2**bits
    worth = [2.0**bit for bit in range(bits - 1)] + [-(2.0 ** (bits - 1))]
    return tuple(Plane(one, bit, 1, whole) for bit, one in enumerate(worth))


def _two_phase(bits: int) -> tuple[Plane, ...]:
    return tuple(
        Plane(sign * 2.0**bit, bit, sign, 0) for sign in (1, -1) for bit in range(bits - 1)
    )


def _offset(bits: int) -> tuple[Plane, ...]:
    return tuple(Plane(2.0**bit, bit, 1, 2 ** (bits - 1)) for bit in range(bits))


SIGNED_INPUTS: dict[str, SignedInputs] = {
    "two_phase": SignedInputs(
        "magnitudes of those above zero and of those below are read in two phases, and the results "
        "subtracted",
        planes=_two_phase,
        phases=2,
        gated=True,
        joint=True,
    ),
    "twos_complement": SignedInputs(
        "codes are read in two's complement, and the sign plane is subtracted",
        planes=_twos_complement,
    ),
    "offset": SignedInputs(
        "codes are raised by half of their range, and the sums of the columns' weights, read once "
        "weights have changed, are subtracted as often",
        planes=_offset,
        corrected=True,
    ),
}
DEFAULT = "two_phase"

REFERENCE, PAIR = "reference", "pair"
SIGNED_WEIGHTS: dict[str, str] = {  # docs/models/macros.md#signed-weights
    REFERENCE: "a weight is read against reference cells at mid range",
    PAIR: "a weight is the difference of a pair of cells, of which one is at the low end",
}


class Densities(NamedTuple):
    """Shares of ones: in each plane of a way, and in the two's complement codes that memory has."""

    planes: tuple[float, ...]
    stored: float


@cache
def assumed(word: str, bits: int, percentile: float) -> Densities:
    """Densities where nothing was measured: of normal inputs with a mean of zero.

    Behind a norm, or a sum of many products, inputs are nearly so. The largest code is the
    ``percentile`` of their magnitudes, as training clips them.
    """
    top = 2 ** (bits - 1) - 1
    normal = NormalDist()
    clip = normal.inv_cdf(min(0.5 + percentile / 200.0, 1.0 - 1e-12))
    edges = (np.arange(-top, top) + 0.5) * (clip / top)
    below = np.array([0.5 * math.erfc(-edge / math.sqrt(2.0)) for edge in edges])
    share = np.diff(below, prepend=0.0, append=1.0)
    codes = np.arange(-top, top + 1)
    planes = tuple(_ones(codes, share, plane) for plane in SIGNED_INPUTS[word].planes(bits))
    memory = [_ones(codes, share, plane) for plane in _twos_complement(bits)]
    return Densities(planes, sum(memory) / bits)


def _ones(codes: NDArray[np.int64], share: NDArray[np.float64], plane: Plane) -> float:
    bits = (np.maximum(plane.factor * codes + plane.add, 0) >> plane.shift) & 1
    return float(np.sum(bits * share))
