"""Pulse curves and variation of measured pulse trains, in the terms of a device file."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtri

from neurorebit.fitting.data import Traces
from neurorebit.fitting.likelihood import QUIET, STEEPEST, most_likely
from neurorebit.kernels import cell, trace
from neurorebit.schema import File, InputError

Array = NDArray[np.float64]
FEWEST = 10  # single pulses that a slope is taken of
TINY = 1e-300  # against a division by zero
CLEAR = 0.1  # variance of a reading over that of a pulse: below, readings tell where a cell is
OTHER = 0.1  # how far steps must be from what leads from end to end to tell other levels
LEAST = 1e-12  # variance of a relative figure
SMALL = 0.02  # a spread below is as good as none
SURE = 0.95  # that a spread is not above what it is said to be below
STUCK = 0.1  # of the usual range: what a cell must cover to count as one that works


@dataclass(frozen=True)
class Way:
    """One direction: pulses from end to end, 1 up or -1 down, bend of the curve."""

    pulses: int
    sign: int
    bend: float = 0.0

    @property
    def share(self) -> float:
        """Share of one pulse in the pulses from end to end; below 0 for pulses down."""
        return self.sign / self.pulses

    @property
    def label(self) -> float:
        """The nonlinearity label."""
        return float(cell.bow(self.bend) / cell.BOW)

    def label_error(self, error: float) -> float:
        """The standard error of the label, from that of the bend."""
        up, down = cell.bow(self.bend + error), cell.bow(self.bend - error)
        return float((up - down) / (2.0 * cell.BOW))

    def curve(self, low: float, high: float) -> Array:
        """Conductances [S] after 0, 1, … pulses from end to end."""
        out = np.empty(self.pulses + 1)
        ramp = trace.Ramp(low, high, self.share, self.bend)
        trace.walk(low if self.sign > 0 else high, ramp, out)
        return out

    def expected(self, start: float, low: float, high: float, *, step: float, c2c: float) -> Array:
        """Mean conductances [S] after 0, 1, … pulses of a relative step, with noise."""
        out = np.empty(self.pulses + 1)
        ramp = trace.Ramp(low, high, step * self.share, self.bend)
        trace.noisy(start, ramp, c2c * (high - low), out)
        return out


@dataclass(frozen=True)
class Figure:
    """A figure and its standard error; ``most``: an upper limit where data hardly determine it."""

    value: float
    error: float
    most: float = math.inf
    known: bool = True


@dataclass(frozen=True)
class Spread:
    """Relative standard deviations: of cells' bounds and steps; of conductances over the cycles.

    None: not measured, for there is one cell, or one cycle, only.
    """

    low: Figure | None
    high: Figure | None
    step: Figure | None
    cycle: Figure | None


@dataclass(frozen=True)
class Fitted:
    """A device as fitted: bounds [S], both ways, noise and spreads.

    ``c2c``: standard deviation of one pulse's change, ``read``: of a reading, ``misfit``: of the
    median trains about the curves; all of the range, ``noise_errors``: standard errors of the first
    two. ``bound_errors``: standard errors of the
    bounds, relative, ``label_errors``: of both labels. ``levels``: pulses from end to end, those
    of the trains unless the steps clearly tell others. ``expected``: trains up and down of a usual
    cell from where they begin, noise that the bounds cut off included. ``working``: the cells that
    this is taken from, ``stuck``: the shares of others that stay low and high.
    """

    g_min: float
    g_max: float
    bound_errors: tuple[float, float]
    up: Way
    _: KW_ONLY
    down: Way
    label_errors: tuple[float, float]
    levels: tuple[int, int]
    expected: tuple[Array, Array]
    c2c: float
    read: float
    noise_errors: tuple[float, float]
    misfit: float
    spread: Spread
    working: tuple[str, ...]
    stuck: tuple[float, float]


def fit_traces(traces: Traces) -> Fitted:
    """A first guess from where trains end and how a pulse's change goes with the conductance;
    from there the most likely curves, noise and cells.
    """
    known = {name: _Cell.of(traces, name) for name in traces.cells}
    ranges = np.array([c.high - c.low for c in known.values()])
    if ranges.max() <= 0.0:
        cure = "measure ltp and ltd of one"
        raise InputError("no cell moves both ways", origin=File(traces.file), cure=cure)
    usual = np.median(ranges[ranges > STUCK * ranges.max()])
    alive = [name for name, c in known.items() if c.high - c.low > STUCK * usual]
    cells = [known[name] for name in alive]
    bends = np.median([c.bends() for c in cells], axis=0)
    noise = np.median([np.array([c.pulse, c.read]) / (c.high - c.low) for c in cells], axis=0)
    likely = most_likely(
        [c.trains for c in cells],
        (traces.up.pulses, traces.down.pulses),
        np.concatenate([bends, np.log(np.maximum(noise[[0, 1, 1]], QUIET))]),
        np.log([[c.low, c.high, 1.0] for c in cells]),
    )
    up = Way(traces.up.pulses, 1, float(likely.common[0]))
    down = Way(traces.down.pulses, -1, float(likely.common[1]))
    low, high, step = (float(value) for value in np.exp(np.median(likely.own, axis=0)))
    c2c, *readings = (float(value) for value in np.exp(likely.common[2:]))
    readings[1] *= usual_conductance(low, high) / (high - low)
    read = math.hypot(*readings)
    of_both = math.hypot(*np.square(readings) * likely.common_error[3:]) / read
    noise_errors = c2c * float(likely.common_error[2]), of_both
    c2c, read = c2c if c2c > 2.0 * QUIET else 0.0, read if read > likely.least else 0.0
    measured = [bool(train.cells) for train in (traces.up, traces.down)]
    medians = [
        np.median(train.of(*alive), axis=0) if train.cells else np.array([end])
        for train, end in ((traces.up, low), (traces.down, high))
    ]
    expected = (
        up.expected(float(medians[0][0]), low, high, step=step, c2c=c2c),
        down.expected(float(medians[1][0]), low, high, step=step, c2c=c2c),
    )
    pairs = zip(expected, medians, measured, strict=True)
    off = np.concatenate([curve - median for curve, median, known in pairs if known])
    misfit = float(np.sqrt(np.mean(off**2))) / (high - low)
    spreads = [
        _differ(own, errors) for own, errors in zip(likely.own.T, likely.own_error.T, strict=True)
    ]
    errors = [
        1.25 * math.hypot(spread.value if spread else 0.0, float(error)) / len(cells) ** 0.5
        for spread, error in zip(spreads, np.median(likely.own_error, axis=0), strict=True)
    ]
    other = abs(step - 1.0) > max(OTHER, 3.0 * errors[2])
    levels = [max(round(way.pulses / step), 2) if other else way.pulses for way in (up, down)]
    cycle = _cycle(traces, alive, (read * (high - low)) ** 2)
    lying = [c.low + c.high > low + high for name, c in known.items() if name not in alive]
    return Fitted(
        low,
        high,
        (errors[0], errors[1]),
        up,
        down=down,
        label_errors=(
            up.label_error(likely.common_error[0]),
            down.label_error(likely.common_error[1]),
        ),
        levels=(levels[0], levels[1]),
        expected=expected,
        c2c=c2c,
        read=read,
        noise_errors=noise_errors,
        misfit=misfit,
        spread=Spread(spreads[0], spreads[1], spreads[2], cycle),
        working=tuple(alive),
        stuck=(lying.count(False) / len(known), lying.count(True) / len(known)),
    )


def usual_conductance(low: float, high: float) -> float:
    """The root mean square of conductances spread over a range."""
    return math.sqrt((low * low + low * high + high * high) / 3.0)


def _differ(own: Array, errors: Array) -> Figure | None:
    """Spread of a figure over the cells, less the part that the errors of the figures explain.

    The variance of the cells is the one that, together with the errors, accounts for the scatter
    (Paule and Mandel, J. Res. NBS 87(5), 1982, doi:10.6028/jres.087.022).
    """
    if len(own) < 2:
        return None

    def scatter(variance: float) -> float:
        weight = 1.0 / np.maximum(variance + errors**2, LEAST)
        mean = weight @ own / weight.sum()
        return float(weight @ (own - mean) ** 2)

    def makes_up(goal: float) -> float:
        if most <= LEAST or scatter(0.0) <= goal:
            return 0.0
        return float(brentq(lambda v: scatter(v) - goal, 0.0, 2.0 * most * len(own) ** 2 / goal))

    most, free = float(np.var(own, ddof=1)), len(own) - 1
    variance = makes_up(free)
    value = variance**0.5
    none, error = (  # of the variance, were the cells alike and as they are
        float(np.sqrt(2.0 / np.sum(np.maximum(v + errors**2, LEAST) ** -2.0)))
        for v in (0.0, variance)
    )
    error *= (len(own) / (len(own) - 1)) ** 0.5
    # the scatter is chi-square distributed (Viechtbauer, Stat. Med. 26:37, 2007)
    upper = max(makes_up(float(chdtri(free, SURE))), variance + 2.0 * none) ** 0.5
    own_error = 0.5 * error / value if value > 0.0 else upper
    known = variance >= 2.0 * none and own_error <= 0.5 * value
    return Figure(value, own_error, upper, known or upper < SMALL)


def _cycle(traces: Traces, names: list[str], reading: float) -> Figure | None:
    """Relative spread of conductances from cycle to cycle after the same number of pulses.

    It is relative to the quadratic mean of the conductances. ``reading`` is the variance of a
    reading [S^2], which is subtracted. The error is that of a ratio, from the scatter of the cells'
    trains up and down.
    """
    known = [
        (float(np.sum(np.var(trains, axis=0, ddof=1) - reading)), float(np.sum(mean * mean)))
        for name in names
        for train in (traces.up, traces.down)
        for trains in (train.of(name)[:, 0 if traces.begun else 1 :],)
        if len(trains) > 1
        for mean in (np.mean(trains, axis=0),)
    ]
    if not known:
        return None
    variances, squares = np.array(known).T
    ratio = max(float(variances.sum() / squares.sum()), 0.0)
    apart = float(np.sum((variances - ratio * squares) ** 2)) * len(known) / (len(known) - 1)
    error, value = apart**0.5 / float(squares.sum()), ratio**0.5
    most = (ratio + 2.0 * error) ** 0.5
    own_error = 0.5 * error / value if value > 0.0 else most
    return Figure(value, own_error, most, own_error <= 0.5 * value or most < SMALL)


@dataclass(frozen=True)
class _Cell:
    """One cell's trains [trains, pulses + 1] up and down, their ends, and its rough noise."""

    trains: tuple[Array, Array]
    low: float
    high: float
    pulse: float  # standard deviation of what a pulse leaves, roughly [S]
    _: KW_ONLY
    read: float  # of a reading
    lag: int  # pulses from the reading that tells where a cell was to the one before a change
    reach: float  # standard deviation of a conductance about what such a reading expects [S]

    @classmethod
    def of(cls, traces: Traces, name: str) -> _Cell:
        up, down = (train.of(name) for train in (traces.up, traces.down))
        low = np.median(np.concatenate([up[:, 0], down[:, -1]]))
        high = np.median(np.concatenate([up[:, -1], down[:, 0]]))
        alone, pairs = [], []
        for train in (train for train in (up, down) if len(train)):
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
        return cls(
            (up, down),
            float(low),
            float(high),
            pulse**0.5,
            read=reading**0.5,
            lag=lag,
            reach=float(reach),
        )

    def counted(self, train: Array) -> NDArray[np.bool_]:
        """The pulses of a train that count: those before which the cell was away from its bounds.

        Where too few are left, all pulses count that have a reading to decide it by.
        """
        margin = min(3.0 * self.reach, 0.3 * (self.high - self.low))
        earlier = self.earlier(train)
        inside = (earlier > self.low + margin) & (earlier < self.high - margin)
        if np.count_nonzero(inside) < FEWEST:
            inside = np.full_like(inside, True)
        return np.pad(inside, ((0, 0), (self.lag, 0)))

    def earlier(self, train: Array) -> Array:
        """The reading that gives the cell's conductance before each change, where there is one.

        It is the reading before the change or, where readings are noisy, the one before that: its
        noise is not part of the change.
        """
        return train[:, : train.shape[1] - 1 - self.lag]

    def bends(self) -> tuple[float, float]:
        """The bends of both curves, from a line through a pulse's change over the conductance.

        The slope takes the ``earlier`` readings as an instrument, so that the noise of the reading
        from which a change starts does not look like a slope.
        """
        bends = []
        for train, sign in zip(self.trains, (1, -1), strict=True):
            if not len(train):
                bends.append(0.0)
                continue
            counts = self.counted(train)
            earlier = self.earlier(train)[counts[:, self.lag :]]
            before, after = train[:, :-1][counts], train[:, 1:][counts]
            weight = earlier - earlier.mean()
            slope = weight @ (after - before) / max(weight @ before, TINY)
            bend = -np.log(max(1.0 + slope, 1e-12)) * sign * (train.shape[1] - 1)
            bends.append(float(np.clip(bend, -STEEPEST, STEEPEST)))
        return bends[0], bends[1]


def _variances(alone: float, shared: float, kept: float = 1.0) -> tuple[float, float]:
    """Variances of a pulse's change and of a reading.

    They follow from the mean square of the residuals, the mean product of two in a row, and the
    share of an error that the second residual keeps.
    """
    reading = -shared / kept
    return alone - (1.0 + kept**2) * reading, reading
