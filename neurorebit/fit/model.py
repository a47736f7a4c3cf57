"""Pulse curves and variation of measured pulse trains, in the terms of a device file."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from neurorebit.fit.data import Traces
from neurorebit.kernels import cell, trace
from neurorebit.schema import InputError

Array = NDArray[np.float64]
STEEPEST = float(cell.bend(10.0))  # of the curves that have a label
ENDS = 0.2  # of the range: how far a cell's bounds may lie from where its trains end
LOOSE = 0.5  # how far its step may be from the nominal one; both only where pulses do not tell
FEWEST = 10  # single pulses that a slope is taken of
TINY = 1e-300  # against a division by zero
CLEAR = 0.1  # variance of a reading over that of a pulse: below, readings tell where a cell is
KEPT = 0.7  # of a difference by a pulse, as a logarithm: on steeper curves errors would blow up
STUCK = 0.1  # of the usual range: what a cell must cover to count as one that works


@dataclass(frozen=True)
class Way:
    """One direction: pulses from end to end, 1 up or -1 down, bend of the curve."""

    pulses: int
    sign: int
    bend: float = 0.0

    @property
    def share(self) -> float:
        """What one pulse is of those from end to end; below 0 downwards."""
        return self.sign / self.pulses

    @property
    def label(self) -> float:
        """The nonlinearity label."""
        return float(cell.bow(self.bend) / cell.BOW)

    def curve(self, low: float, high: float) -> Array:
        """Conductances [S] after 0, 1, … pulses from end to end."""
        out = np.empty(self.pulses + 1)
        trace.walk(low if self.sign > 0 else high, low, high, self.share, self.bend, out)
        return out


@dataclass(frozen=True)
class Spread:
    """Relative standard deviations: of cells' bounds and steps; of conductances over the cycles."""

    low: float
    high: float
    step: float
    cycle: float


@dataclass(frozen=True)
class Fitted:
    """A device as fitted: bounds [S], both ways, noise and spreads.

    ``c2c``: standard deviation of one pulse's change, ``read``: of a reading, ``misfit``: of the
    median trains about the curves; all of the range. ``working``: the cells
    that this is taken from, ``stuck``: the shares of others that stay low and high.
    """

    g_min: float
    g_max: float
    up: Way
    down: Way
    c2c: float
    read: float
    misfit: float
    spread: Spread
    working: tuple[str, ...]
    stuck: tuple[float, float]


def fit_traces(traces: Traces) -> Fitted:
    """Curves from how a pulse's change depends on the conductance, then each cell's own bounds.

    Single pulses are looked at, each from the conductance read before it, so that the noise of
    earlier ones does not count; and only away from a cell's bounds, where noise is cut off.
    """
    known = {name: _Cell.of(traces, name) for name in traces.cells}
    ranges = np.array([c.high - c.low for c in known.values()])
    if ranges.max() <= 0.0:
        raise InputError(f"{traces.file}: no cell moves both ways; measure ltp and ltd of one")
    usual = np.median(ranges[ranges > STUCK * ranges.max()])
    alive = [name for name, c in known.items() if c.high - c.low > STUCK * usual]
    cells = [known[name] for name in alive]
    bends = np.median([c.bends() for c in cells], axis=0)
    up = Way(traces.up.pulses, 1, float(bends[0]))
    down = Way(traces.down.pulses, -1, float(bends[1]))
    own = [c.bounds_and_step(up, down) for c in cells]
    low, high, _ = (float(value) for value in np.median(own, axis=0))
    noise = [c.noise(*found, up, down) for c, found in zip(cells, own, strict=True)]
    pulse, reading = np.mean(noise, axis=0)
    if reading < 0.0:  # by chance: then all surprises are the pulses'
        pulse, reading = pulse + 2.0 * reading, 0.0
    c2c, read = np.sqrt([max(pulse, 0.0), reading]) / (high - low)
    off = np.concatenate(
        [
            way.curve(low, high) - np.median(train.of(*alive), axis=0)
            for way, train in ((up, traces.up), (down, traces.down))
        ]
    )
    misfit = float(np.sqrt(np.mean(off**2))) / (high - low)
    spread = _spread(traces, alive, np.array(own), up, down, (read * (high - low)) ** 2)
    lying = [c.low + c.high > low + high for name, c in known.items() if name not in alive]
    stuck = lying.count(False) / len(known), lying.count(True) / len(known)
    return Fitted(low, high, up, down, float(c2c), float(read), misfit, spread, tuple(alive), stuck)


@dataclass(frozen=True)
class _Cell:
    """One cell's trains [trains, pulses + 1] up and down, where they end, and their rough noise."""

    trains: tuple[Array, Array]
    low: float
    high: float
    rough: float  # standard deviation of what is read to change under a pulse [S]
    lag: int  # pulses from the reading that tells where a cell was to the one before a change
    reach: float  # standard deviation of a conductance about what such a reading expects [S]

    @classmethod
    def of(cls, traces: Traces, name: str, cycles: slice = slice(None)) -> _Cell:
        up, down = (train.of(name)[cycles] for train in (traces.up, traces.down))
        low = np.median(np.concatenate([up[:, 0], down[:, -1]]))
        high = np.median(np.concatenate([up[:, -1], down[:, 0]]))
        alone, pairs = [], []
        for train in (up, down):
            change, g = np.diff(train), train[:, :-1]
            off, centred = change - change.mean(), g - g.mean()
            slope = np.sum(off * centred) / max(float(np.sum(centred**2)), TINY)
            rest = off - slope * centred
            alone.append(rest.ravel())
            pairs.append((rest[:, :-1] * rest[:, 1:]).ravel())
        pulse, reading = (
            max(value, 0.0)
            for value in _variances(
                float(np.mean(np.square(np.concatenate(alone)))),
                min(float(np.mean(np.concatenate(pairs))), 0.0),
            )
        )
        lag = int(reading > CLEAR * pulse)
        reach = np.sqrt(lag * reading + (1 + lag) * pulse)
        trust = float(np.std(np.concatenate(alone)))
        return cls((up, down), float(low), float(high), trust, lag, float(reach))

    @property
    def moves(self) -> bool:
        """Whether the ends of the trains are further apart than noise alone would have them."""
        return self.high - self.low > 3.0 * self.rough

    def counted(self, train: Array) -> NDArray[np.bool_]:
        """Which pulses of a train count: those before which the cell was away from its bounds.

        All that have a reading to tell it by where these are too few.
        """
        margin = min(3.0 * self.reach, 0.3 * (self.high - self.low))
        earlier = self.earlier(train)
        found = (earlier > self.low + margin) & (earlier < self.high - margin)
        if np.count_nonzero(found) < FEWEST:
            found = np.full_like(found, True)
        return np.pad(found, ((0, 0), (self.lag, 0)))

    def earlier(self, train: Array) -> Array:
        """The reading that tells where a cell was before each change, as far as there is one.

        It is the one before the change, or, where readings are noisy, the one before that, whose
        noise is not in the change.
        """
        return train[:, : train.shape[1] - 1 - self.lag]

    def bends(self) -> tuple[float, float]:
        """The bends of both curves: a pulse's change is a straight line over the conductance.

        Its slope is taken with ``earlier`` readings as instrument, so that the noise of the one
        from which a change starts does not look like a slope.
        """
        found = []
        for train, sign in zip(self.trains, (1, -1), strict=True):
            counts = self.counted(train)
            earlier = self.earlier(train)[counts[:, self.lag :]]
            before, after = train[:, :-1][counts], train[:, 1:][counts]
            weight = earlier - earlier.mean()
            slope = weight @ (after - before) / max(weight @ before, TINY)
            bend = -np.log(max(1.0 + slope, 1e-12)) * sign * (train.shape[1] - 1)
            found.append(float(np.clip(bend, -STEEPEST, STEEPEST)))
        return found[0], found[1]

    def surprises(
        self, low: float, high: float, step: float, up: Way, down: Way
    ) -> list[tuple[Array, NDArray[np.bool_]]]:
        """For each way what every pulse left less what was expected, and which of these count."""
        found = []
        for train, way in zip(self.trains, (up, down), strict=True):
            out = np.empty((len(train), way.pulses))
            before, after = train[:, :-1].ravel(), train[:, 1:].ravel()
            trace.surprises(before, after, low, high, step * way.share, way.bend, out.reshape(-1))
            found.append((out, self.counted(train)))
        return found

    def bounds_and_step(self, up: Way, down: Way) -> tuple[float, float, float]:
        """Bounds [S], and step over the nominal one.

        Those that leave no surprise on average, nor one that goes with ``earlier`` readings. On a
        straight curve single pulses tell no more than step times range; there the bounds are
        where the trains end.
        """
        span = self.high - self.low
        trust = max(self.rough, 1e-6 * span)

        def misfit(x: Array) -> Array:
            found = self.surprises(self.low + span * x[0], self.high + span * x[1], x[2], up, down)
            left = [x[0] / ENDS, x[1] / ENDS, (x[2] - 1.0) / LOOSE]
            for train, (out, counts) in zip(self.trains, found, strict=True):
                surprise = out[counts]
                earlier = self.earlier(train)[counts[:, self.lag :]]
                if surprise.size:
                    off = earlier - earlier.mean()
                    size = max(float(np.sqrt(off @ off)), TINY)
                    left.append(float(surprise.sum()) / surprise.size**0.5 / trust)
                    left.append(float(off @ surprise) / size / trust)
            return np.array(left)

        lowest = max(-0.4, -0.999 * self.low / span)
        found = least_squares(
            misfit, [0.0, 0.0, 1.0], bounds=([lowest, -0.4, 0.1], [0.4, 0.4, 10.0])
        )
        low, high, step = (float(value) for value in found.x)
        return self.low + span * low, self.high + span * high, step

    def noise(
        self, low: float, high: float, step: float, up: Way, down: Way
    ) -> tuple[float, float]:
        """Variances [S^2] of a pulse's change and of a reading, as far below 0 as chance has it.

        A reading that is too high makes one surprise larger and the next one smaller, this by as
        much as the curve keeps of a difference.
        """
        found, both = self.surprises(low, high, step, up, down), []
        for way, (out, counts) in zip((up, down), found, strict=True):
            kept = math.exp(np.clip(-way.bend * step * way.share, -KEPT, KEPT))
            pairs = (out[:, :-1] * out[:, 1:])[counts[:, :-1]]
            shared = float(np.mean(pairs)) if pairs.size else 0.0
            both.append(_variances(float(np.mean(out[counts] ** 2)), shared, kept))
        pulse, reading = np.mean(both, axis=0)
        return float(pulse), float(reading)


def _variances(alone: float, shared: float, kept: float = 1.0) -> tuple[float, float]:
    """Those of a pulse's change and of a reading, from the mean square of surprises, the mean
    product of two in a row, and what the second one keeps of an error in between.
    """
    reading = -shared / kept
    return alone - (1.0 + kept**2) * reading, reading


def _spread(
    traces: Traces, names: list[str], own: Array, up: Way, down: Way, reading: float
) -> Spread:
    """How cells differ, and conductances after as many pulses from cycle to cycle.

    ``reading`` is the variance of a reading [S^2], which is not the cycles'. What two halves of the
    cycles say of a cell has the cell in common and not the noise: their covariance is the variance
    of the cells. With one cycle the noise counts in.
    """
    both = traces.up, traces.down
    parts = slice(0, None, 2), slice(1, None, 2)
    repeated = [
        name
        for name in names
        if min(len(train.of(name)) for train in both) > 1
        and all(_Cell.of(traces, name, part).moves for part in parts)
    ]
    halves = [own, own]
    if len(repeated) > 1:
        halves = [
            np.array([_Cell.of(traces, name, part).bounds_and_step(up, down) for name in repeated])
            for part in parts
        ]
    first, second = (half - half.mean(axis=0) for half in halves)
    variance = np.maximum(np.sum(first * second, axis=0) / max(len(first) - 1, 1), 0.0)
    low, high, step = (float(value) for value in np.sqrt(variance) / np.median(own, axis=0))
    relative = [
        (np.var(trains, axis=0, ddof=1) - reading) / np.mean(trains, axis=0) ** 2
        for name in repeated
        for trains in (train.of(name)[:, 0 if traces.begun else 1 :] for train in both)
    ]
    cycle = float(np.mean(np.concatenate(relative))) if relative else 0.0
    return Spread(low, high, step, max(cycle, 0.0) ** 0.5)
