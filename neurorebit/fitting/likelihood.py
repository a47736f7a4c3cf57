"""Maximum likelihood estimate of curves, noise and cells from pulse trains, with its errors.

The noise of a pulse is cut off at a cell's bounds, so readings near the bounds lie inside the
range; the likelihood includes that, and no reading is left out. Parameters that all cells share
are the bends of both curves, the logarithms of a pulse's noise and of a reading's noise (both as
shares of the range), and that of a reading's noise in proportion to the conductance. Parameters of
each cell are the logarithms of its least and of its largest conductance, and of its step over the
nominal step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.kernels import trace

Array = NDArray[np.float64]
STEEPEST = 700.0  # of the curves that are tried: labels up to 9.99, beyond which all is one step
ODD = 1e-3  # readings that no noise explains, over twice the range
QUIET = 2e-5  # of the range: noise below is none
BLUR = (0.5, 0.15, 0.04)  # least noise of a reading over a pulse's: sharp bounds are found by steps
BOUNDED = math.log(2.0)  # how far a least conductance may be from where trains end, as a logarithm
ENDS = 0.2  # of the range: a largest one
LOOSE = 0.5  # a step from the nominal one; all three as standard deviations where data do not tell
BOUNDS, HELD = (5, 6), 1e12  # where bounds are; information that leaves them where they are
COMMON, OWN = slice(0, 5), slice(5, 8)  # where the parameters of a cell have them
VAGUE = (10.0, 10.0, 3.0, 3.0, 3.0)  # the same of what is common
FARTHEST = np.array([1.0, 1.0, 0.5, 0.5, 0.5, 0.3, 0.1, 0.2])  # that one iteration goes
ITERATIONS = 25  # most of them
SHORT = ((0.5, 1.0), (0.2, 1.0), (1.0, 1.15))  # where else a cell's bounds may be
LEAST = 1e-6  # of an on/off ratio above 1, as a logarithm
ENOUGH = 0.01  # gain of the log-likelihood by one: less is none


@dataclass(frozen=True)
class Estimate:
    """The estimate with standard errors: shared parameters [5], parameters of each cell [cells, 3].

    ``least``: a reading's noise, as a share of the range, below which it cannot be told from zero.
    """

    common: Array
    own: Array
    common_error: Array
    own_error: Array
    _: KW_ONLY
    least: float


@dataclass
class _Model:
    """The trains up and down of each cell [S], the numbers of their pulses, and the priors."""

    trains: Sequence[tuple[Array, Array]]
    pulses: tuple[int, int]
    common: Array
    own: Array
    _: KW_ONLY
    blur: float = 0.0  # least noise of a reading, of the ranges first guessed

    def __post_init__(self) -> None:
        low, high = np.exp(self.own[:, 0]), np.exp(self.own[:, 1])
        loose = [np.full(len(low), BOUNDED), ENDS * (high - low) / high, np.full(len(low), LOOSE)]
        self.weights = np.concatenate(
            [np.tile(VAGUE, (len(low), 1)) * len(low) ** 0.5, np.array(loose).T], axis=1
        )
        self.weights = self.weights**-2.0
        self.spans = high - low
        self.assumed = self.full(self.common, self.own)

    @staticmethod
    def full(common: Array, own: Array) -> Array:
        return np.concatenate([np.tile(common, (len(own), 1)), own], axis=1)

    def one(self, at: int, x: Array) -> Array:
        """Log-likelihood of each reading of a cell."""
        low, high, step = np.exp(x[OWN])
        span = high - low
        pulse = math.hypot(math.exp(x[2]), QUIET) * span
        read = max(math.exp(x[3]) * span, self.blur * self.spans[at])
        noise = trace.Noise(pulse, read, math.exp(x[4]), 0.5 * ODD / self.spans[at])
        parts = []
        for train, pulses, sign, bend in zip(
            self.trains[at], self.pulses, (1, -1), x[:2], strict=True
        ):
            out = np.empty((len(train), train.shape[1] - 1))
            ramp = trace.Ramp(low, high, sign * step / pulses, bend)
            trace.likelihood(train, ramp, noise, out)
            parts.append(out.ravel())
        return np.concatenate(parts)

    def values(self, common: Array, own: Array) -> Array:
        """Log-likelihood of each cell, priors included."""
        out = []
        for c, x in enumerate(self.full(common, own)):
            off = float(np.sum(self.weights[c] * (x - self.assumed[c]) ** 2))
            valid = x[6] - x[5] > LEAST
            out.append(float(np.sum(self.one(c, x))) - 0.5 * off if valid else -math.inf)
        return np.array(out)

    def slopes(self, common: Array, own: Array) -> tuple[Array, Array]:
        """Gradient [cells, 8] and information [cells, 8, 8]: products of the readings' scores."""
        full = self.full(common, own)
        gradient, information = [], []
        for c, x in enumerate(full):
            least = max(math.exp(x[3]), self.blur)
            span = math.exp(x[6] - x[5])
            small = 1e-4 * np.array([1, 1, 1, 1, 1, min(least * span, 1.0), least, 1.0])
            here = self.one(c, x)
            scores = np.array([(self.one(c, x + e) - here) / e.sum() for e in np.diag(small)])
            gradient.append(scores.sum(axis=1) - self.weights[c] * (x - self.assumed[c]))
            information.append(scores @ scores.T + np.diag(self.weights[c]))
        return np.array(gradient), np.array(information)


def _solve(information: Array) -> tuple[Any, Any]:
    """Covariance of the shared parameters; inverse information of each cell, given these."""
    a, b = information[:, COMMON, COMMON], information[:, COMMON, OWN]
    d = information[:, OWN, OWN]
    alone = np.linalg.inv(d)
    rest: Array = a - b @ alone @ b.transpose(0, 2, 1)
    return np.linalg.inv(rest.sum(axis=0)), alone


def most_likely(
    trains: Sequence[tuple[Array, Array]], pulses: tuple[int, int], common: Array, own: Array
) -> Estimate:
    """The estimate, from a first guess of the shared parameters [5] and the cells' [cells, 3]."""
    model = _Model(trains, pulses, common, own)
    model.blur = BLUR[0] * math.exp(common[2])
    common, own = _climb(model, common, own, 1.0)
    own = _elsewhere(model, common, own)
    common, own = _climb(model, common, own, 1.0)
    for blur in BLUR[1:]:
        model.blur = max(blur * math.exp(common[2]), QUIET)
        quiet = _quiet(trains, common, own)
        if model.values(*quiet).sum() > model.values(common, own).sum():
            common, own = quiet
        common, own = _climb(model, common, own, ENOUGH)
    _, information = model.slopes(common, own)
    _sharpen(model, information, common, own)
    covariance, alone = _solve(information)
    through = alone @ information[:, OWN, COMMON]
    alone = alone + through @ covariance @ through.transpose(0, 2, 1)
    errors = [np.sqrt(np.diagonal(matrix, axis1=-2, axis2=-1)) for matrix in (covariance, alone)]
    noisy = max(common[2:]) > math.log(3.0 * QUIET)  # without noise nothing is uncertain
    return Estimate(common, own, noisy * errors[0], noisy * errors[1], least=1.01 * model.blur)


def _sharpen(model: _Model, information: Array, common: Array, own: Array) -> None:
    """Add the information of readings that lie exactly on a bound, where their scores vanish."""
    here = model.values(common, own)
    least = max(math.exp(common[3]), model.blur)
    span = np.exp(own[:, 1] - own[:, 0])
    for at, off in ((0, np.minimum(least * span, 0.1)), (1, np.full(len(own), least))):
        aside = np.zeros_like(own)
        aside[:, at] = off
        both = model.values(common, own + aside) + model.values(common, own - aside)
        curved = (2.0 * here - both) / off**2
        place = BOUNDS[at]
        information[:, place, place] = np.fmax(information[:, place, place], curved)


def _quiet(trains: Sequence[tuple[Array, Array]], common: Array, own: Array) -> tuple[Array, Array]:
    """The same guess without noise of readings: the outermost readings are a cell's bounds."""
    common, own = common.copy(), own.copy()
    common[3:] = math.log(QUIET)
    own[:, 0] = [math.log(min(train.min() for train in both if len(train))) for both in trains]
    own[:, 1] = [math.log(max(train.max() for train in both if len(train))) for both in trains]
    return common, own


def _climb(model: _Model, common: Array, own: Array, enough: float) -> tuple[Array, Array]:
    """The nearest maximum; along a ridge, sharp across the bounds, climbs with bounds held."""
    value = model.values(common, own).sum()
    held = False
    for _ in range(ITERATIONS):
        gradient, information = model.slopes(common, own)
        if held:
            information[:, BOUNDS, BOUNDS] += HELD
        covariance, alone = _solve(information)
        b, rest = information[:, COMMON, OWN], gradient[:, OWN, None]
        ahead = covariance @ (gradient[:, COMMON] - (b @ alone @ rest)[..., 0]).sum(axis=0)
        each = (alone @ (rest - (b.transpose(0, 2, 1) @ ahead)[..., None]))[..., 0]
        ahead = np.clip(ahead, -FARTHEST[COMMON], FARTHEST[COMMON])
        each = np.clip(each, -FARTHEST[OWN], FARTHEST[OWN])
        gain = 0.0
        for part in 0.5 ** np.arange(6):
            new = common + part * ahead, own + part * each
            new[0][:2] = np.clip(new[0][:2], -STEEPEST, STEEPEST)
            gain = model.values(*new).sum() - value
            if gain > 0.0:
                (common, own), value = new, value + gain
                break
        if gain < enough and held:
            break
        held = held or gain < enough
    return common, own


def _elsewhere(model: _Model, common: Array, own: Array) -> Array:
    """Move each cell to the best of several maxima: its trains may end short of its bounds."""
    best, farthest = model.values(common, own), 2.0 * FARTHEST[OWN]
    for low, high in SHORT:
        x = own.copy()
        x[:, 0] += math.log(low)
        x[:, 1] += math.log(high)
        values = model.values(common, x)
        part = np.ones(len(x))
        for _ in range(8):
            gradient, information = model.slopes(common, x)
            each = np.linalg.solve(information[:, OWN, OWN], gradient[:, OWN, None])[..., 0]
            new = x + part[:, None] * np.clip(each, -farthest, farthest)
            then = model.values(common, new)
            better = then > values
            x[better], values = new[better], np.maximum(then, values)
            part = np.where(better, np.minimum(2.0 * part, 1.0), 0.3 * part)
        own = np.where((values > best)[:, None], x, own)
        best = np.maximum(values, best)
    return own
