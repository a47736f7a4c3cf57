"""The physics of ``kernels/cell.py`` for tensors of cells, in double precision.

The formulas and their names are those of the kernels, and a test holds one against the other; a
branch there is a choice by ``torch.where`` here.
"""

from __future__ import annotations

from typing import Any

import torch

from neurorebit.kernels.cell import STEEP, Mapping, PulseNoise, Response, Traits
from neurorebit.torch.operations import noise
from neurorebit.torch.operations.noise import Tensor


def width(deviation: Tensor) -> Tensor:
    """Standard deviation of the logarithm of a log-normal factor of this standard deviation."""
    return torch.sqrt(torch.log1p(deviation * deviation))


def factor(widths: Any, z: Tensor) -> Tensor:
    """Log-normal factor of mean 1."""
    return noise.exponential(widths * z - 0.5 * widths * widths)


def nearest(real: Tensor, per_level: float, top: int, *, odd: bool) -> Tensor:
    """Nearest level (float64) to real weights, in the precision of these."""
    x = real * per_level
    x = torch.where(x > -top, x, -float(top))  # nan too
    x = torch.where(x < top, x, float(top)).double()
    if odd:
        return torch.clamp(2.0 * torch.floor(0.5 * x) + 1.0, max=float(top))
    return torch.floor(x + 0.5)


def pair(w: Tensor, offset: float) -> tuple[Tensor, Tensor]:
    """Target conductances of the two cells of a weight, in units of half the range."""
    least = offset - 1.0
    return least + 2.0 * torch.clamp(w, min=0.0), least + 2.0 * torch.clamp(-w, min=0.0)


def noisy(
    w: Tensor, mapping: int, error: Tensor, other: Tensor | None = None, *, offset: float
) -> Tensor:
    """Weights whose conductances are multiplied by ``error``, and by ``other`` a pair's second."""
    if mapping == Mapping.REFERENCE:
        return error * (w + offset) - offset
    if mapping == Mapping.PAIR:
        plus, minus = pair(w, offset)
        return 0.5 * (plus * error - minus * other)
    return w * error


def stuck(u: Tensor, low: float, high: float) -> Tensor:
    """Weights at which cells are stuck, -1 or 1; 0 where they work (float64)."""
    return torch.where(u < low, -1.0, torch.where(u >= 1.0 - high, 1.0, 0.0)).double()


def curve(x: Tensor, bend: Tensor) -> Tensor:
    """State after a share ``x`` of the pulses, from 0 on."""
    steep = torch.exp(bend * (1.0 - x)) * torch.expm1(bend * x) / torch.expm1(bend)
    usual = torch.expm1(-bend * x) / torch.expm1(-bend)
    return torch.where(bend < -STEEP, steep, torch.where(bend != 0.0, usual, x))


def position(state: Tensor, bend: Tensor) -> Tensor:
    """Share of the pulses that leads from 0 to a state; the inverse of ``curve``."""
    least = torch.exp(bend)
    steep = 1.0 - torch.log(state + (1.0 - state) * least) / bend
    steep = torch.where(state > least, steep, 0.0)
    usual = torch.log1p(torch.expm1(-bend) * state) / -bend
    found = torch.where(bend < -STEEP, steep, torch.where(bend != 0.0, usual, state))
    return torch.where(state >= 1.0, 1.0, found)


def pulsed(state: Tensor, share: Tensor, bend: Tensor) -> Tensor:
    """State after pulses of a share of those from end to end; below 0: pulses down."""
    straight = torch.clamp(state + share, 0.0, 1.0)
    rising = share > 0.0
    gone = torch.where(rising, state, 1.0 - state)
    more = torch.where(gone > 0.0, gone * torch.expm1(-bend * share), 0.0)
    gone = torch.clamp(gone + curve(share.abs(), -bend.abs()) + more, max=1.0)
    steep = torch.where(rising, gone, 1.0 - gone)
    above = 1.0 - state + 1.0 / torch.expm1(bend)
    below = 1.0 / -torch.expm1(-bend) - state
    left = torch.where(bend > 0.0, above, below)
    step = torch.where(left != 0.0, left * torch.expm1(-bend * share), 0.0)
    usual = torch.clamp(state - step, 0.0, 1.0)
    grows = (bend * share < 0.0) & (bend.abs() > STEEP)  # steps grow on the way
    return torch.where(bend == 0.0, straight, torch.where(grows, steep, usual))


def programmed(
    weight: Tensor, pulses: Tensor, traits: Traits, response: Response, *, z: Tensor
) -> Tensor:
    """Weights after ``pulses`` up (negative: down); none is zero where the result is used.

    Weights and traits are of one type. The share of the range is taken in it, as kernels take it.
    """
    low, high, step, bend_up, bend_down, uneven = traits
    up, down, noisy_of, c2c, offset = response
    n = pulses.double()
    count, rising = n.abs().clamp(min=1.0), n > 0
    more = uneven.double()
    share = step * torch.where(rising, more * n / up, n / (more * down))
    if noisy_of == PulseNoise.STEP:
        share = share * factor(width(c2c / torch.sqrt(count)), z)
    span = torch.where(high > low, high - low, 1.0)
    bend = torch.where(rising, bend_up, bend_down).double()
    state = pulsed(((weight - low) / span).double(), share, bend)
    if noisy_of == PulseNoise.RANGE:
        state = torch.clamp(state + c2c * torch.sqrt(count) * z, 0.0, 1.0)
    new = low + state * (high - low)
    if noisy_of == PulseNoise.STATE:
        spread = width(torch.tensor(c2c, dtype=torch.float64, device=z.device))
        new = torch.minimum(torch.maximum(factor(spread, z) * (new + offset) - offset, low), high)
    return torch.where(high <= low, weight, new)  # a stuck cell


def nominal(
    weight: Tensor, meant: Tensor, bends: tuple[float, float], pulses: tuple[float, float]
) -> Tensor:
    """Pulses (negative: down) that lead from one weight to another on the nominal curves."""
    held = 0.5 * (weight + 1.0)
    state, goal = torch.clamp(held, 0.0, 1.0), torch.clamp(0.5 * (meant + 1.0), 0.0, 1.0)
    rising = goal > held
    bend = torch.where(rising, bends[0], bends[1]).double()
    share = position(goal, bend) - position(state, bend) + (state - held)
    return torch.floor(share * torch.where(rising, pulses[0], pulses[1]).double() + 0.5)
