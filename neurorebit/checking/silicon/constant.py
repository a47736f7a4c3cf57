"""The one constant of a macro, fitted on its fit point and on nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from neurorebit.checking.silicon.compared import Pair, pair_at
from neurorebit.checking.silicon.ours import Ours, of_point, within
from neurorebit.checking.silicon.reader import Silicon, of_document
from neurorebit.checking.silicon.record import Constant, Measurement
from neurorebit.schema import InputError
from neurorebit.schema.units import NUMBER

FACTORS = 0.01, 100.0  # of a part, where the record bounds it no more narrowly
FITTING = "macro", "supplies", "device", "conditions", "assembly"  # sections of such keys
CLOSE = 1e-9  # relative, of a fitted value
MET = 1e-3  # relative, of the figure that it is fitted to


@dataclass(frozen=True, eq=False, kw_only=True)
class Fitted:
    """A constant and its value, and what the macro gives with it."""

    constant: Constant
    point: str
    value: float
    shown: str
    at: Callable[[Measurement], Ours]


def fit(found: Silicon) -> Fitted | None:
    """The constant of a record at the value with which the fit point is met; None where it has
    none. InputError where there is no point to fit on, or no value meets it.
    """
    constant = found.record.constant
    if constant is None:
        return None
    if found.fit is None:
        message, cure = "there is no point to fit on", "give one point the key part: fit"
        raise found.document.error(("constant",), message, cure)
    if constant.parts:
        return _factor(found, constant, found.fit)
    return _key(found, constant, found.fit)


def _pair(found: Silicon, constant: Constant, point: Measurement, ours: Ours) -> Pair:
    """The figure that the constant is fitted to."""
    pair = pair_at(found, point, ours, constant.of)
    if pair is None:
        message = f"the fit point measures no {constant.of}"
        raise found.document.error(("constant", "of"), message, "fit another figure")
    return pair


def _factor(found: Silicon, constant: Constant, point: Measurement) -> Fitted:
    """A factor on parts, in closed form: all figures are sums over parts."""
    ours = of_point(found, point)
    names = {*ours.energy, *ours.area, *ours.latency, *ours.leakage}
    for part in constant.parts:
        if not any(within(name, (part,)) for name in names):
            raise no_part(found, ("constant", "parts"), part, names)
    pair = _pair(found, constant, point, ours)
    without = _pair(found, constant, point, ours.scaled(constant.of, constant.parts, 0.0))
    share = pair.ours - without.ours
    least, most = (
        FACTORS[n] if not text else _plain(found, text, key)
        for n, (key, text) in enumerate((("least", constant.least), ("most", constant.most)))
    )
    factor = (pair.silicon - without.ours) / share if share > 0.0 else math.nan
    if not least <= factor <= most:
        low, high = (without.ours + bound * share for bound in (least, most))
        raise _unreached(found, point, pair, (low, high), by=f"a factor of {least:g} to {most:g}")

    def at(other: Measurement) -> Ours:
        return of_point(found, other).scaled(constant.of, constant.parts, factor)

    return Fitted(constant=constant, point=point.id, value=factor, shown=f"{factor:.4g}", at=at)


def _key(found: Silicon, constant: Constant, point: Measurement) -> Fitted:
    """The value of a key between its bounds."""
    from scipy.optimize import brentq  # only a fit needs it

    at = found.document.error(("constant", "key"), "")
    if constant.key.partition(".")[0] not in FITTING:
        message = f"'{constant.key}' is no property of the macro that could be fitted"
        cure = f"name a key of {', '.join(FITTING)}"
        raise found.document.error(("constant", "key"), message, cure)

    (least, unit), (most, other) = (
        _bound(found, constant.least, "least"),
        _bound(found, constant.most, "most"),
    )
    if unit != other or not least < most:
        message = f"expected bounds in one unit, the lower first, got {constant.least} and "
        cure = "write them as in least: 1 fF, most: 10 fF"
        raise found.document.error(("constant", "most"), message + constant.most, cure)
    kept: dict[float, Silicon] = {}

    def changed(value: float) -> Silicon:
        if value not in kept:
            document = found.document.copy()
            document.set(constant.key, f"{value:.12g} {unit}".strip(), (at.origin, ": ", at.key))
            record = replace(of_document(document).record, points=found.record.points)
            kept[value] = Silicon(record, document, found.places)
        return kept[value]

    def off(value: float) -> float:
        there = changed(value)
        pair = _pair(there, constant, point, of_point(there, point))
        return math.log(pair.ours / pair.silicon)

    ends = off(least), off(most)
    if ends[0] * ends[1] > 0.0:
        pair = _pair(found, constant, point, of_point(found, point))
        reached = tuple(sorted(pair.silicon * math.exp(end) for end in ends))
        what = f"{constant.key} of {constant.least} to {constant.most}"
        raise _unreached(found, point, pair, (reached[0], reached[1]), by=what)
    value = float(brentq(off, least, most, rtol=CLOSE, xtol=CLOSE * (most - least)))
    miss = off(value)
    if abs(miss) > MET:
        place = f"{constant.key} = {value:.4g} {unit}".strip()
        message = (
            f"the fit point {point.id} is not met: around {place} the {constant.of} jumps across "
            f"what silicon has, to {math.exp(miss):.4g} times it"
        )
        raise found.document.impossible(("constant",), message, "fit another key, or other bounds")
    signs = [ends[0] > 0.0, *(off(tried) > 0.0 for tried in sorted(kept) if tried != value)]
    if sum(one != other for one, other in pairwise(signs)) > 1:
        message = f"several values of {constant.key} meet the fit point {point.id}"
        raise found.document.impossible(("constant",), message, "narrow its bounds to one")
    best = changed(value)
    return Fitted(
        constant=constant,
        point=point.id,
        value=value,
        shown=f"{value:.4g} {unit}".strip(),
        at=lambda other: of_point(best, other),
    )


def _bound(found: Silicon, text: str, key: str) -> tuple[float, str]:
    """The number and the unit of a bound."""
    match = NUMBER.match(text)
    if match is None:
        message = f"a constant that is a key needs bounds, got '{text}'"
        raise found.document.error(("constant", key), message, "write it as in 1 fF")
    return float(match.group()), text[match.end() :].strip()


def _plain(found: Silicon, text: str, key: str) -> float:
    number, unit = _bound(found, text, key)
    if unit or number <= 0.0:
        message = f"expected a factor above zero, got '{text}'"
        raise found.document.error(("constant", key), message, "write a number")
    return number


def _unreached(
    found: Silicon, point: Measurement, pair: Pair, reached: tuple[float, float], *, by: str
) -> InputError:
    low, high = reached
    message = (
        f"cannot meet the fit point {point.id}: silicon has {pair.written(pair.silicon)}, and {by} "
        f"gives {pair.written(low)} to {pair.written(high)}"
    )
    return found.document.impossible(("constant",), message, "fit another key or part, or none")


def no_part(found: Silicon, loc: tuple[str | int, ...], part: str, names: set[str]) -> InputError:
    """A part of ours that the macro does not have."""
    tops = sorted({name.partition("/")[0] for name in names})
    message = f"the macro has no part '{part}'"
    return found.document.error(loc, message, f"there are: {', '.join(tops)}, and parts below them")
