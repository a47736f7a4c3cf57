"""What a search compares designs by, and the conditions that a design is to meet."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.results.frames import unit_of
from neurorebit.results.sweep import CRITERIA, Table
from neurorebit.schema import Argument, InputError, units
from neurorebit.studies.accuracy import ACCURACY
from neurorebit.studies.outcomes import INTERVALS, OUTCOMES

Array = NDArray[np.float64]
MOST = 4  # objectives, beyond which nearly every design is on the front
POWER = {  # mean power of what is trained or inferred: its energy over the time between images
    "training power [W]": (CRITERIA["energy"], CRITERIA["throughput"]),
    "inference power [W]": (CRITERIA["inference_energy"], CRITERIA["inference_throughput"]),
}
MORE = tuple(rate for _, rate in INTERVALS.values())  # images a second, the more the better
CONDITION = re.compile(r"\s*([A-Za-z][\w/ ]*?)\s*(<=|>=|<|>)\s*(\S.*?)\s*")


def _word(column: str) -> str:
    """A column as one word: ``forward TOPS/W chip`` is ``forward_tops_per_w_chip``."""
    return column.partition(" [")[0].lower().replace("/", "_per_").replace(" ", "_")


COLUMNS = {  # by its word, a column that designs may be compared by
    **CRITERIA,
    "power": "training power [W]",
    **{_word(column): column for column in (*OUTCOMES, *POWER)},
    "accuracy": ACCURACY,
    "throughput": INTERVALS["training"][1],
    "inference_throughput": INTERVALS["inference"][1],
    "images_per_s": INTERVALS["inference"][1],
}


@dataclass(frozen=True)
class Objective:
    """A column that designs are compared by; ``more``: the more the better."""

    name: str
    column: str

    @property
    def more(self) -> bool:
        """Whether more is better: of accuracies and rates. Of costs, less is."""
        return self.column == ACCURACY or "TOPS" in self.column or self.column in MORE

    @property
    def unit(self) -> str:
        """The SI unit."""
        return unit_of(self.column)

    def score(self, values: Array) -> Array:
        """What an optimiser makes small: costs and rates by their ratio, accuracies as they are."""
        sign = -1.0 if self.more else 1.0
        if self.column == ACCURACY:
            return sign * values
        with np.errstate(divide="ignore", invalid="ignore"):
            return sign * np.log10(np.maximum(values, np.finfo(float).tiny))

    def losses(self, values: Array) -> Array:
        """The values so that less is better."""
        return -values if self.more else values


@dataclass(frozen=True)
class Condition:
    """A bound on a column: designs beyond it are not taken."""

    text: str
    column: str
    upper: bool
    _: KW_ONLY
    strict: bool
    bound: float

    def violation(self, values: Array) -> Array:
        """By how much of the bound each value is beyond it; 0 where it is not."""
        over = values - self.bound if self.upper else self.bound - values
        beyond = over >= 0.0 if self.strict else over > 0.0
        scale = abs(self.bound) or 1.0
        return np.where(np.isnan(over), 1.0, np.where(beyond, np.maximum(over / scale, 1e-9), 0.0))


def objectives(names: Sequence[str]) -> tuple[Objective, ...]:
    """The objectives of these names; InputError where one is unknown, given twice, or none is."""
    found = tuple(Objective(name, _column("objectives", name)) for name in names)
    columns = [one.column for one in found]
    if not 1 <= len(found) <= MOST:
        message = f"expected 1 to {MOST} objectives, got {len(found)}"
        cure = "name them as in energy,area; bound others by a condition"
        raise InputError(message, origin=Argument("objectives"), cure=cure)
    for i, one in enumerate(found):
        if one.column in columns[:i]:
            origin = Argument("objectives", one.name)
            raise InputError("given twice", origin=origin, value=one.name, cure="keep one")
    return found


def condition(text: str, origin: object = None) -> Condition:
    """The condition of a text such as ``area < 60 mm2``.

    InputError, seen at ``origin``, where it is none or has not the unit of its column.
    """
    origin = Argument("where", text) if origin is None else origin
    match = CONDITION.fullmatch(text)
    if match is None:
        cure = "write it as in area<60mm2"
        raise InputError(
            "expected a name, a sign and a number", origin=origin, value=text, cure=cure
        )
    name, sign, number = match.groups()
    column = _column("where", name, origin)
    unit = unit_of(column)
    try:
        bound = units.parse(number.removesuffix("/image"), unit.removesuffix("/image"))
    except ValueError as problem:
        cure = f"write a number in {unit}" if unit else "write a number without a unit"
        raise InputError(f"{problem}: {number}", origin=origin, value=text, cure=cure) from None
    return Condition(text, column, upper="<" in sign, strict="=" not in sign, bound=bound)


def _column(argument: str, name: str, origin: object = None) -> str:
    """The column that a name means: a word, or the column's own name without its unit."""
    word = _word(name.strip())
    if word in COLUMNS:
        return COLUMNS[word]
    near = difflib.get_close_matches(word, COLUMNS, n=1)
    few = ", ".join((*CRITERIA, "power", "accuracy"))
    cure = f"did you mean '{near[0]}'?" if near else f"take one of {few}, or a column of a sweep"
    origin = Argument(argument, name) if origin is None else origin
    raise InputError(f"no such figure: '{name}'", origin=origin, value=name, cure=cure)


def with_power(table: Table) -> Table:
    """The table with its columns of mean power."""
    with np.errstate(divide="ignore", invalid="ignore"):
        made: dict[str, Any] = {name: table[e] / table[t] for name, (e, t) in POWER.items()}
    return {**table, **made}
