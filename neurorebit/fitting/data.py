"""Measured pulse trains: a CSV file with a line for each conductance read after a pulse."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import File, InputError, Line, units
from neurorebit.schema.sheet import Sheet, read_sheet

COLUMNS = ("cell", "cycle", "direction", "pulse", "conductance_S")
SEPARATORS = {"|": "bars", " ": "blanks"}  # that are not read
CONDUCTANCE = re.compile(r"conductance[ _]*[\[(]?([TGMkmuµnpfa]?S)[\])]?")  # with its unit
DIRECTIONS = ("ltp", "ltd")
WORDS = {  # for directions: up and down
    **dict.fromkeys(("ltp", "potentiation", "set", "up"), "ltp"),
    **dict.fromkeys(("ltd", "depression", "reset", "down"), "ltd"),
}
MOST = 1.0  # siemens: a number above is one of another unit
LONGEST = 9  # digits of a pulse's number
FEWEST = 5  # pulses of a train: fewer show no curve
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Train:
    """Trains of one direction: conductances [trains, pulses + 1] [S] and whose they are."""

    conductances: Array
    cells: tuple[str, ...]

    @property
    def pulses(self) -> int:
        """Pulses of each train."""
        pulses: int = self.conductances.shape[1] - 1
        return pulses

    def of(self, *cells: str) -> Array:
        """The trains of these cells."""
        chosen: Array = self.conductances[np.isin(self.cells, cells)]
        return chosen


@dataclass(frozen=True)
class Traces:
    """What was measured: trains up (ltp) and down (ltd), and the file they come from.

    ``begun``: whether the data have readings from before the first pulse of each train, so that
    pulses count from 0 and not from 1.
    """

    up: Train
    down: Train
    file: str
    sha256: str
    _: KW_ONLY
    begun: bool

    @property
    def missing(self) -> str:
        """The direction that no train has."""
        trains = zip(DIRECTIONS, (self.up, self.down), strict=True)
        return next((name for name, train in trains if not train.cells), "")

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells that have trains in each direction that was measured, in the file's order."""
        if self.missing:
            return tuple(dict.fromkeys(self.up.cells + self.down.cells))
        return tuple(dict.fromkeys(c for c in self.up.cells if c in self.down.cells))


def read_traces(path: Path) -> Traces:
    """The pulse trains of a file; InputError with line and column where it is wrong.

    Columns, in any order, among others: ``cell`` and ``cycle``, names of any kind;
    ``direction``, ltp (or potentiation, set, up) or ltd (depression, reset, down); ``pulse``, from
    0 (before the first) on, or from 1 in the whole file: then a train begins where the cell's
    trains of the other direction end, at their median; ``conductance_S``, or ``_uS``, ``_nS`` ...
    """
    sheet = read_sheet(path, COLUMNS, _check_heads)
    heads = [_plain(head) for head in sheet.heads]
    unit = next(m[1] for head in sheet.heads if (m := CONDUCTANCE.fullmatch(head)))
    places = [heads.index(column) for column in COLUMNS]
    trains: dict[tuple[str, str, str], dict[int, float]] = {}
    begun: dict[tuple[str, str, str], int] = {}  # the line that a train begins in
    for row in sheet.rows:
        line = row.line
        cell, cycle, direction, pulse, conductance = (row.values[i] for i in places)
        way = WORDS.get(direction.lower())
        if way is None:
            wrong = f"expected ltp (up) or ltd (down), got '{direction}'"
            raise _error(path, wrong, "write ltp or ltd", line=line, key="direction")
        if not pulse.isdecimal() or len(pulse) > LONGEST:
            wrong = f"expected a whole number from 0 on, got '{pulse[:20]}'"
            cure = "count the pulses of each train from 0 or 1"
            raise _error(path, wrong, cure, line=line, key="pulse")
        key = (way, cell, cycle)
        train = trains.setdefault(key, {})
        begun.setdefault(key, line)
        if int(pulse) in train:
            wrong = f"{pulse} of cell '{cell}', cycle '{cycle}', {direction} stands twice"
            raise _error(path, wrong, "keep one", line=line, key="pulse")
        train[int(pulse)] = _conductance(conductance, unit, path, line)
    if not trains:
        raise _error(path, "has no reading", "write one in each line below the names")
    whole = any(0 in train for train in trains.values())
    if not whole:
        if len({key[0] for key in trains}) < len(DIRECTIONS):
            wrong = "no reading from before pulse 1, nor any of the other direction"
            raise _error(path, wrong, "number that reading 0", key="pulse")
        _begin(trains)
    up, down = (_train(path, direction, trains, begun) for direction in DIRECTIONS)
    traces = Traces(up, down, path.name, hashlib.sha256(sheet.raw).hexdigest(), begun=whole)
    if not traces.cells:
        raise _error(path, "none has both ltp and ltd", "measure both of one cell", key="cell")
    for measured, sign, name in ((up, 1, "ltp"), (down, -1, "ltd")):
        if not measured.cells:
            continue
        first, last = np.mean(measured.conductances[:, [0, -1]], axis=0)  # some cells may be stuck
        if sign * (last - first) <= 0:
            wrong = f"conductance goes from {first:.3g} S to {last:.3g} S under {name}"
            cure = "ltp raises it, ltd lowers it: swap the names or check the data"
            raise _error(path, wrong, cure, key="direction")
    return traces


def _plain(head: str) -> str:
    """The name of a column, that of conductances without their own unit."""
    return COLUMNS[-1] if CONDUCTANCE.fullmatch(head) else head


def _check_heads(sheet: Sheet) -> None:
    """InputError unless every column is there once."""
    heads = [_plain(head) for head in sheet.heads]
    for column in COLUMNS:
        if heads.count(column) != 1:
            twice = column in heads
            wrong, cure = ("stands twice", "keep one") if twice else _missing(column, sheet.heads)
            raise sheet.error(f"column '{column}' {wrong}", cure, line=sheet.line)


def _error(
    path: Path, message: str, cure: str = "", *, line: int | None = None, key: str = ""
) -> InputError:
    """An InputError of a file of pulse trains, of a line of it where one is wrong."""
    origin = File(str(path)) if line is None else Line(str(path), line)
    return InputError(message, origin=origin, key=key, cure=cure)


def _missing(column: str, heads: Sequence[str]) -> tuple[str, str]:
    """The message and the cure for a column that the first line lacks."""
    names = ",".join(COLUMNS)
    other = next((head for head in heads if head.lower() == column.lower()), None)
    if other is not None:
        return f"is written '{other}'", f"write it as '{column}'"
    if heads and heads[0].startswith("#"):
        return "is missing: the line is a comment", f"begin with the line '{names}'"
    whole = ",".join(heads)
    for sign, name in SEPARATORS.items():
        if sign in whole and len(whole.split(sign)) >= len(COLUMNS):
            return f"is missing: {name} separate the columns", "separate them by commas"
    if any(head.lower() in WORDS or head[:1].isdecimal() for head in heads):
        return "is missing: the line has values, not names", f"put the line '{names}' before it"
    has = f"; the line has: {', '.join(heads)[:80]}" if heads else ""
    return "is missing", f"add it (columns: {', '.join(COLUMNS)}{has})"


def _conductance(text: str, unit: str, path: Path, line: int) -> float:
    """A conductance in siemens, of a text in the unit of its column."""

    def refuse(wrong: str, cure: str) -> InputError:
        return _error(path, wrong, cure, line=line, key=f"conductance_{unit}")

    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        said = "siemens" if unit == "S" else unit
        example = "2.5e-6" if unit == "S" else "2.5"
        raise refuse(f"expected a number in {said}, got '{text}'", f"write it as in {example}")
    if number <= 0:
        raise refuse(f"must be above 0, got '{text}'", "correct or drop the cell")
    value = units.parse(f"{number!r} {unit}", "S")
    if value > MOST:
        cure = "expected siemens, as in 2.5e-6; other units stand in the heading, as conductance_uS"
        raise refuse(f"{text} {unit} is no memory cell's", cure)
    return value


def _begin(trains: dict[tuple[str, str, str], dict[int, float]]) -> None:
    """Put a first conductance before each train: the median end of the cell's other direction."""
    ends: dict[tuple[str, str], list[float]] = {}
    for (direction, cell, _), train in trains.items():
        ends.setdefault((direction, cell), []).append(train[max(train)])
    for (direction, cell, _), train in trains.items():
        other = ends.get(("ltd" if direction == "ltp" else "ltp", cell))
        if other:
            train[0] = float(np.median(other))


def _train(
    path: Path,
    direction: str,
    trains: dict[tuple[str, str, str], dict[int, float]],
    begun: dict[tuple[str, str, str], int],
) -> Train:
    """The trains of one direction, all of the same length and without gaps; or none at all."""
    chosen = {key: train for key, train in trains.items() if key[0] == direction}
    if not chosen:
        return Train(np.empty((0, 1 + max(max(train) for train in trains.values()))), ())
    length = max(next(iter(chosen.values())))
    for key, train in chosen.items():
        place = f"cell '{key[1]}', cycle '{key[2]}', {direction}: "
        missing = next((n for n in range(max(train) + 1) if n not in train), None)
        if missing is not None:
            wrong = f"{place}no line for pulse {missing}"
            cure = "pulses count from 0 (before the first) or 1"
            raise _error(path, wrong, cure, line=begun[key], key="pulse")
        if max(train) != length:
            wrong = f"{place}{max(train)} pulses, but {length} in the first train"
            cure = "all of a direction must have as many"
            raise _error(path, wrong, cure, line=begun[key], key="pulse")
    if length < FEWEST:
        wrong = f"{length} pulses of {direction}, expected {FEWEST} or more"
        raise _error(path, wrong, "measure longer trains", key="pulse")
    conductances = [[train[n] for n in range(length + 1)] for train in chosen.values()]
    return Train(np.array(conductances), tuple(cell for _, cell, _ in chosen))
