"""What the two schemes of whole numbers share: scales, first weights, gradients, and refusals.

S. Wu, G. Li, F. Chen, L. Shi, ICLR 2018, arXiv:1802.04680. All numbers lie from -1 to 1, without
the ends, in steps of 2^(1 - bits).

See docs/models/schemes.md#wage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurorebit.kernels import noise, wage
from neurorebit.training.parts import integers
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.weights import PART
from neurorebit.training.parts.workers import Array, spans

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site

LEAST = 1.5  # steps of a weight that its first values reach at least


def unit(bits: int) -> float:
    """The step of numbers of so many bits."""
    return float(2.0 ** (1 - bits))


def of_site(site: Site) -> Integers:
    """The bits of a layer's inputs and errors."""
    assert site.error_bits is not None, "fp32 is refused where the files are read"
    return Integers(int(site.spec.input_bits), site.error_bits)


def reach(site: Site) -> float:
    """The largest first weight: sqrt(6 / inputs), or 1.5 steps of a weight where that is less."""
    return max(float((6.0 / site.fan_in) ** 0.5), LEAST * unit(site.weight_bits))


def scaling(site: Site) -> float:
    """What a layer's results are divided by: how far weights are too large, as a power of two."""
    usual = float((6.0 / site.fan_in) ** 0.5)
    return max(integers.power(LEAST * unit(site.weight_bits) / usual), 1.0)


def first(site: Site) -> Array:
    """The first weights [groups, rows, cols]: given ones, or even from -reach to reach."""
    if site.given is not None:
        scaled: Array = np.asarray(site.given.weight, site.dtype) * site.dtype(scaling(site))
        return scaled
    drawn = np.empty(site.shape, site.dtype)
    flat = drawn.reshape(-1)
    for start, stop in spans(flat.size, PART):
        draw = site.draw(start, step=0)
        noise.fill_evenly(flat[start:stop], reach(site), noise.INITIAL, draw)
    return drawn


def scores(site: Site, out: Array) -> None:
    """Round the outputs of the last layer in place; what other layers give is rounded as input."""
    if site.scores:
        wage.round_values(out.reshape(-1), int(site.spec.input_bits))


def factor(gradient: Array, rate: float) -> float:
    """Steps per unit of a gradient: the rate over its largest entry, both as powers of two.

    Zero where there is nothing to learn from.
    """
    largest = float(np.max(np.abs(gradient), initial=0.0))
    if rate == 0.0 or not 0.0 < largest < np.inf:
        return 0.0
    return integers.power(rate) / integers.power(largest)
