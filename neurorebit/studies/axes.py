"""Axes of a sweep: keys of the files, and the values that each takes.

A key is written as for ``--set``, and every value passes the checks of a value set there. Numbers
become arrays; whatever else a key may hold (a kind, a file, a word) is a noun, to be looped over.
"""

from __future__ import annotations

import csv
import functools
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from neurorebit.chips.architecture import AnySpec
from neurorebit.inputs.files import CHOSEN, Setting
from neurorebit.schema import InputError, Loc, quantity, split
from neurorebit.schema.activity import AssumedActivity, Shares
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology
from neurorebit.schema.training import Training

FILES = ("technology", "device", "architecture")  # keys that name a whole file
TREES: Mapping[str, Any] = {  # what holds numbers that an estimate takes as arrays
    "technology": Technology,
    "device": Device,
    "architecture": AnySpec,
    "network.activity": AssumedActivity,
}
BATCH = "training.batch"
NUMBERS = (int, float, np.integer, np.floating)
Values = Sequence[Any] | NDArray[Any] | str
Refuse = Callable[[Setting], None]  # raises what is wrong with a value, if anything is


@dataclass(frozen=True, eq=False)
class Column:
    """A key and its values along an axis: numbers in SI units, or nouns where those are nan.

    ``nouns`` is empty where there is none, else it has a text for each value, none for numbers.
    """

    key: str
    unit: str
    whole: bool
    numbers: NDArray[np.float64]
    nouns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def heading(self) -> str:
        """The key with its unit."""
        return f"{self.key} [{self.unit}]" if self.unit else self.key

    @property
    def shown(self) -> NDArray[Any]:
        """The values as a table holds them: numbers, or text if any is a noun."""
        if self.nouns:
            return np.array([self.text(row) for row in range(len(self))], dtype=object)
        return self.numbers.astype(np.int64) if self.whole else self.numbers

    def noun(self, row: int) -> str:
        """The value if it is a noun, else nothing."""
        return self.nouns[row] if self.nouns else ""

    def text(self, row: int) -> str:
        """The value as it would be set."""
        return self.noun(row) or written(float(self.numbers[row]), self.unit, self.whole)


def written(number: float, unit: str, whole: bool) -> str:
    """The text that is read as this very number."""
    return f"{number:.0f}" if whole else f"{number!r} {unit}".rstrip()


@dataclass(frozen=True, eq=False)
class Axis:
    """One key, or several that change together."""

    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0])

    def groups(self) -> list[NDArray[np.intp]]:
        """The rows that share all nouns, in order of their first."""
        nouns = [column.nouns for column in self.columns if column.nouns]
        if not nouns:
            return [np.arange(len(self))]
        found: dict[tuple[str, ...], list[int]] = {}
        for row, shared in enumerate(zip(*nouns, strict=True)):
            found.setdefault(shared, []).append(row)
        return [np.array(rows) for rows in found.values()]

    def told(self, row: int) -> str:
        """The row as the command line would say it."""
        return ", ".join(f"{column.key}={column.text(row)}" for column in self.columns)


@dataclass(frozen=True, eq=False)
class Field:
    """What may stand at a key: its check, its unit, and whether its numbers are whole."""

    adapter: TypeAdapter[Any]
    unit: str
    whole: bool


def column(key: str, values: Values, refuse: Refuse) -> Column:
    """A key and its values: texts with units, or numbers in SI units; InputError for a wrong one.

    A text may be a list ``V1,V2`` and hold ranges ``LOW:HIGH:COUNT``, ends included.
    """
    key = _checked_key(key)
    field = _field(key)
    if isinstance(values, str):
        pieces: list[Any] = [piece.strip() for piece in values.split(",")]
    elif _are_numbers(values):
        return _of_numbers(key, field, np.asarray(values), refuse)
    else:
        pieces = list(values)
    if not pieces or any(isinstance(piece, str) and not piece for piece in pieces):
        raise InputError(f"--axis {key}: a value is missing; write {key}=V1,V2 or LOW:HIGH:COUNT")
    parts = [_piece(key, field, piece, refuse) for piece in pieces]
    nouns = tuple(part.noun(row) for part in parts for row in range(len(part)))
    return Column(
        key,
        field.unit if field else "",
        all(part.whole for part in parts),
        np.concatenate([part.numbers for part in parts]),
        nouns if any(nouns) else (),
    )


def parse(given: Iterable[str]) -> dict[str, str]:
    """The axes of ``KEY=VALUES`` texts; InputError where one is none."""
    found: dict[str, str] = {}
    for text in given:
        key, equals, values = text.partition("=")
        if not equals:
            raise InputError(f"--axis {text}: expected KEY=VALUES, as in technology.vdd=0.8V,0.9V")
        if key in found:
            raise InputError(f"--axis {key}: given twice; keep one")
        found[key] = values
    return found


def read(path: Path) -> dict[str, list[str]]:
    """Designs from a CSV file: a key at the head of each column, with its unit (``vdd [V]``) or
    with units in the rows; InputError where it cannot be read or rows differ in length.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a CSV file with a line of keys"
        raise InputError(f"--designs {path}: cannot be read: {reason}") from None
    found: dict[str, list[str]] = {}
    for i, heading in enumerate(head):
        key, _, unit = heading.strip().partition(" [")
        if key in found:
            raise InputError(f"--designs {path}: {key}: given twice; keep one")
        short = next((n for n, row in enumerate(rows, 2) if len(row) != len(head)), 0)
        if short:
            raise InputError(f"--designs {path}:{short}: expected {len(head)} values, as keys")
        found[key] = [f"{row[i].strip()} {unit.rstrip(']')}".strip() for row in rows]
    return found


def _are_numbers(values: Sequence[Any] | NDArray[Any]) -> bool:
    if isinstance(values, np.ndarray):
        return values.dtype.kind in "fiu"
    kinds = {type(value) for value in values}
    return bool(kinds) and all(issubclass(kind, NUMBERS) and kind is not bool for kind in kinds)


def _checked_key(key: str) -> str:
    if key in FILES:
        return key
    try:
        return Setting.parse(f"{key}=").key
    except InputError as problem:
        told = str(problem).replace(f"--set {key}=", f"--axis {key}")
        raise InputError(told.replace(f"--{key}", f"{key}=NAME,NAME")) from None


def _piece(key: str, field: Field | None, piece: Any, refuse: Refuse) -> Column:
    """The column of a value, a range or a number."""
    if isinstance(piece, str):
        low, _, rest = piece.partition(":")
        high, _, count = rest.rpartition(":")
        if field and low and high and count:
            return _range(key, field, (low, high, count), refuse)
        return _value(key, field, piece, refuse)
    if isinstance(piece, bool | np.bool_):
        return _value(key, field, str(piece).lower(), refuse)
    if isinstance(piece, NUMBERS):
        return _of_numbers(key, field, np.array([piece]), refuse)
    return _value(key, field, str(piece), refuse)


def _value(key: str, field: Field | None, text: str, refuse: Refuse) -> Column:
    number = _number(field, text)
    if field is not None and number is not None:
        return Column(key, field.unit, field.whole, np.array([number]))
    refuse(Setting(key, text))
    return Column(key, "", field is not None and field.whole, np.array([np.nan]), (text,))


def _range(key: str, field: Field, given: tuple[str, str, str], refuse: Refuse) -> Column:
    low, high, count = given
    told = f"--axis {key}={low}:{high}:{count}"
    if not count.isdigit() or int(count) < 2:
        raise InputError(f"{told}: expected LOW:HIGH:COUNT with a COUNT of 2 or more")
    ends = [_value(key, field, end, refuse).numbers[0] for end in (low, high)]
    if not np.all(np.isfinite(ends)):
        raise InputError(f"{told}: a range goes from a number to a number")
    found = np.linspace(ends[0], ends[1], int(count))
    return _of_numbers(key, field, found, refuse, told)


def _of_numbers(
    key: str, field: Field | None, given: NDArray[Any], refuse: Refuse, told: str = ""
) -> Column:
    """The column of numbers in SI units, which are right if the least and the greatest are."""
    numbers = np.asarray(given, dtype=np.float64).ravel()
    told = told or f"--axis {key}"
    if not numbers.size or not np.all(np.isfinite(numbers)):
        raise InputError(f"{told}: expected numbers, one or more")
    uneven = numbers[numbers != np.round(numbers)]
    if field is None:
        return column(key, [written(n, "", not uneven.size) for n in numbers.tolist()], refuse)
    if field.whole and uneven.size:
        raise InputError(f"{told}: expected whole numbers, got {uneven[0]:g}")
    for end in (np.min(numbers), np.max(numbers)):
        text = written(float(end), field.unit, field.whole)
        if _number(field, text) is None:
            refuse(Setting(key, text))
    return Column(key, field.unit, field.whole, numbers)


def _number(field: Field | None, text: str) -> float | None:
    """The value if it is a number that passes the checks of its field."""
    if field is None:
        return None
    try:
        value = field.adapter.validate_python(text)
    except ValidationError:
        return None
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def axes_of(
    axes: Mapping[str, Values],
    designs: Mapping[str, Values],
    taken: Iterable[Setting],
    refuse: Refuse,
) -> tuple[Axis, ...]:
    """The axes of a sweep, and of ``designs`` one whose keys change together, as the first.

    InputError where a value is wrong, a key stands twice or is set as well.
    """
    together = [column(key, values, refuse) for key, values in designs.items()]
    if len({len(found) for found in together}) > 1:
        told = ", ".join(f"{found.key} has {len(found)}" for found in together)
        raise InputError(f"designs need as many values of every key: {told}")
    alone = [column(key, values, refuse) for key, values in axes.items()]
    seen: set[str] = set()
    settings = {setting.key: setting for setting in taken}
    for found in (*together, *alone):
        for key in (found.key, f"architecture.{CHOSEN.get(found.key, '')}"):
            if key in settings:
                raise InputError(
                    f"--axis {found.key} and {settings[key]}: the same choice twice; keep one"
                )
        if found.key in seen:
            raise InputError(f"--axis {found.key}: given twice; keep one")
        seen.add(found.key)
    first = [Axis(tuple(together))] if together else []
    return (*first, *(Axis((found,)) for found in alone))


def place(tree: Any, loc: Loc, value: Any) -> Any:
    """The same dataclass with another value at these steps."""
    step, *rest = loc
    if isinstance(tree, tuple):
        index = int(step)
        return (*tree[:index], place(tree[index], tuple(rest), value), *tree[index + 1 :])
    inner = place(getattr(tree, str(step)), tuple(rest), value) if rest else value
    return replace(tree, **{str(step): inner})


# --- what the schema says of a key


@functools.cache
def _field(key: str) -> Field | None:
    """The number at a key; none where an estimate does not take arrays, or there is no such key."""
    if key == BATCH:
        return _described(_hint(Training, ("batch",)))
    for root, tree in TREES.items():
        if key.startswith(f"{root}."):
            return _described(_hint(tree, split(key.removeprefix(f"{root}."))))
    return None


def _hint(hint: Any, loc: Loc) -> Any:
    """The annotation at these steps below an annotation, None if there is none."""
    for step in loc:
        found = None
        for kind in _kinds(hint):
            if isinstance(step, int) and get_origin(kind) is tuple:
                found = get_args(kind)[0]
            elif is_dataclass(kind):
                found = get_type_hints(kind, include_extras=True).get(str(step), found)
        if found is None:
            return None
        hint = found
    return hint


def _kinds(hint: Any) -> tuple[Any, ...]:
    """What an annotation allows, unions and metadata taken apart."""
    if get_origin(hint) is Annotated:
        return _kinds(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(kind for inner in get_args(hint) for kind in _kinds(inner))
    return (hint,)


def _described(hint: Any) -> Field | None:
    quantities = [item for item in _metadata(hint) if isinstance(item, quantity)]
    whole = int in _kinds(hint) and not quantities
    if not (whole or quantities) or (quantities and quantities[0].many and hint is not Shares):
        return None
    return Field(TypeAdapter(hint), quantities[0].unit if quantities else "", whole)


def _metadata(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) is Annotated:
        inner, *metadata = get_args(hint)
        return (*metadata, *_metadata(inner))
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(item for inner in get_args(hint) for item in _metadata(inner))
    return ()
