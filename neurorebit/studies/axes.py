"""Axes of a sweep: keys of the files, and the values that each takes.

A key is written as for a setting, and every value passes the checks of a value set there. Numbers
become arrays; whatever else a key may hold (a kind, a file, a word) is a noun, to be looped over.
"""

from __future__ import annotations

import csv
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from neurorebit.inputs.architecture import architecture_type
from neurorebit.inputs.files import CHOSEN, check_key, plain_key
from neurorebit.inputs.technology import technology_type
from neurorebit.inputs.training import training_section
from neurorebit.schema import Argument, InputError, Loc, Setting, quantity, split
from neurorebit.schema.activity import AssumedActivity, Shares
from neurorebit.schema.device import Device
from neurorebit.schema.training import Training

FILES = ("technology", "device", "architecture")  # keys that name a whole file
TREES: Mapping[str, Callable[[], Any]] = {  # what holds numbers that an estimate takes as arrays
    "technology": technology_type,
    "device": lambda: Device,
    "architecture": architecture_type,
    "network.activity": lambda: AssumedActivity,
}
BATCH = "training.batch"
NUMBERS = (int, float, np.integer, np.floating)
Values = Sequence[Any] | NDArray[Any] | str
Refuse = Callable[[Setting], None]  # raises what is wrong with a value, if anything is
Label = Callable[[str, str], object]  # how messages name a value of a key; of the key alone: ""


def of_axes(key: str, text: str) -> Argument:
    """The label of a value of an axis."""
    return Argument("axes", f"{key}={text}" if text else key)


def of_designs(key: str, text: str) -> Argument:
    """The label of a value of a design."""
    return Argument("designs", f"{key}={text}" if text else key)


@dataclass(frozen=True, eq=False)
class Column:
    """A key and its values along an axis: numbers in SI units, or nouns where those are nan.

    ``nouns`` is empty where there is none, else it has a text for each value, none for numbers.
    ``label`` names a value in messages.
    """

    key: str
    unit: str
    whole: bool
    numbers: NDArray[np.float64]
    nouns: tuple[str, ...] = ()
    label: Label = field(default=of_axes, kw_only=True)

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

    def setting(self, row: int) -> Setting:
        """The value as a setting."""
        text = self.text(row)
        return Setting(self.key, text, self.label(self.key, text))


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

    def label(self, row: int) -> object:
        """What messages call a row."""
        first, *rest = self.columns
        more = (f", {column.key}={column.text(row)}" for column in rest)
        return (first.setting(row).label, *more)


@dataclass(frozen=True, eq=False)
class Field:
    """What may stand at a key: its check, its unit, and whether its numbers are whole."""

    adapter: TypeAdapter[Any]
    unit: str
    whole: bool


def column(key: str, values: Values, refuse: Refuse, label: Label = of_axes) -> Column:
    """A key and its values: texts with units, or numbers in SI units; InputError for a wrong one.

    A text may be a list ``V1,V2`` and hold ranges ``LOW:HIGH:COUNT``, ends included.
    """
    if key not in FILES:
        check_key(key, label(key, ""))
    reader = _Reader(plain_key(key), _field(plain_key(key)), refuse, label)
    if isinstance(values, str):
        pieces: list[Any] = [piece.strip() for piece in values.split(",")]
    elif _are_numbers(values):
        return reader.of_numbers(np.asarray(values))
    else:
        pieces = list(values)
    return reader.of_pieces(pieces)


def parse(given: Iterable[str]) -> dict[str, str]:
    """The axes of ``KEY=VALUES`` texts; InputError where one is none."""
    found: dict[str, str] = {}
    for text in given:
        key, equals, values = text.partition("=")
        if not equals:
            message = "expected KEY=VALUES, as in technology.vdd=0.8V,0.9V"
            cure = "add '=' and the values"
            raise InputError(message, origin=of_axes(text, ""), value=text, cure=cure)
        if key in found:
            raise InputError("given twice", origin=of_axes(key, ""), cure="keep one")
        found[key] = values
    return found


def read(path: Path) -> dict[str, list[str]]:
    """Designs from a CSV file: a key at the head of each column, with its unit (``vdd [V]``) or
    with units in the rows; InputError where it cannot be read or rows differ in length.
    """
    origin = Argument("designs", path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a CSV file with a line of keys"
        cure = "give a CSV file with a key in each column of its first line"
        raise InputError(f"cannot be read: {reason}", origin=origin, cure=cure) from None
    found: dict[str, list[str]] = {}
    for i, heading in enumerate(head):
        key, _, unit = heading.strip().partition(" [")
        if key in found:
            raise InputError("given twice", origin=origin, key=key, cure="keep one")
        short = next((n for n, row in enumerate(rows, 2) if len(row) != len(head)), 0)
        if short:
            line = Argument("designs", f"{path}:{short}")
            message = f"expected {len(head)} values, one for each key"
            raise InputError(message, origin=line, cure="complete the line, or drop it")
        found[key] = [f"{row[i].strip()} {unit.rstrip(']')}".strip() for row in rows]
    return found


def _are_numbers(values: Sequence[Any] | NDArray[Any]) -> bool:
    if isinstance(values, np.ndarray):
        return values.dtype.kind in "fiu"
    kinds = {type(value) for value in values}
    return bool(kinds) and all(issubclass(kind, NUMBERS) and kind is not bool for kind in kinds)


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads values of one key, of which ``field`` says what a number must be."""

    key: str
    field: Field | None
    refuse: Refuse
    label: Label

    def _error(self, text: str, message: str, cure: str) -> InputError:
        return InputError(message, origin=self.label(self.key, text), value=text, cure=cure)

    def of_pieces(self, pieces: Sequence[Any]) -> Column:
        """The column of values and ranges, one after the other."""
        if not pieces or any(isinstance(piece, str) and not piece for piece in pieces):
            cure = f"write {self.key}=V1,V2 or LOW:HIGH:COUNT"
            raise self._error("", "a value is missing", cure)
        parts = [self._piece(piece) for piece in pieces]
        nouns = tuple(part.noun(row) for part in parts for row in range(len(part)))
        return Column(
            self.key,
            self.field.unit if self.field else "",
            all(part.whole for part in parts),
            np.concatenate([part.numbers for part in parts]),
            nouns if any(nouns) else (),
            label=self.label,
        )

    def of_numbers(self, given: NDArray[Any], text: str = "") -> Column:
        """The column of numbers in SI units, which are right if the least and the greatest are."""
        numbers = np.asarray(given, dtype=np.float64).ravel()
        if not numbers.size or not np.all(np.isfinite(numbers)):
            raise self._error(text, "expected numbers, one or more", "leave out what is none")
        uneven = numbers[numbers != np.round(numbers)]
        if self.field is None:
            unit = _unit(self.key)
            whole = not (uneven.size or unit)
            return self.of_pieces([written(n, unit, whole) for n in numbers.tolist()])
        if self.field.whole and uneven.size:
            message = f"expected whole numbers, got {uneven[0]:g}"
            raise self._error(text, message, "take a count that divides the range")
        for end in (np.min(numbers), np.max(numbers)):
            value = written(float(end), self.field.unit, self.field.whole)
            if _number(self.field, value) is None:
                self._refuse(value)
        return Column(self.key, self.field.unit, self.field.whole, numbers, label=self.label)

    def _piece(self, piece: Any) -> Column:
        """The column of a value, a range or a number."""
        if isinstance(piece, str):
            low, _, rest = piece.partition(":")
            high, _, count = rest.rpartition(":")
            if self.field and low and high and count:
                return self._range(low, high, count)
            return self._value(piece)
        if isinstance(piece, bool | np.bool_):
            return self._value(str(piece).lower())
        if isinstance(piece, NUMBERS):
            return self.of_numbers(np.array([piece]))
        return self._value(str(piece))

    def _value(self, text: str) -> Column:
        number, field = _number(self.field, text), self.field
        if field is not None and number is not None:
            return Column(self.key, field.unit, field.whole, np.array([number]), label=self.label)
        self._refuse(text)
        whole = field is not None and field.whole
        return Column(self.key, "", whole, np.array([np.nan]), (text,), label=self.label)

    def _range(self, low: str, high: str, count: str) -> Column:
        text = f"{low}:{high}:{count}"
        if not count.isdigit() or int(count) < 2:
            message = "expected LOW:HIGH:COUNT with a COUNT of 2 or more"
            raise self._error(text, message, "count both ends")
        ends = [self._value(end).numbers[0] for end in (low, high)]
        if not np.all(np.isfinite(ends)):
            message = "a range goes from a number to a number"
            raise self._error(text, message, "list the words, with commas between them")
        return self.of_numbers(np.linspace(ends[0], ends[1], int(count)), text)

    def _refuse(self, text: str) -> None:
        self.refuse(Setting(self.key, text, self.label(self.key, text)))


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
    alone: Sequence[Column], together: Sequence[Column], taken: Iterable[Setting]
) -> tuple[Axis, ...]:
    """The axes of a sweep: the columns that change ``together`` as the first, then the others.

    InputError where a key stands twice, or is among the settings that are ``taken`` as well.
    """
    if len({len(found) for found in together}) > 1:
        lengths = ", ".join(f"{found.key} has {len(found)}" for found in together)
        message = f"designs need as many values of every key: {lengths}"
        raise InputError(message, cure="give each design a value of each key")
    seen: set[str] = set()
    settings = {setting.key: setting for setting in taken}
    for found in (*together, *alone):
        label = found.label(found.key, "")
        for key in (found.key, f"architecture.{found.key}" if found.key in CHOSEN else ""):
            if key in settings:
                origin = (label, " and ", settings[key].label)
                raise InputError("the same choice twice", origin=origin, cure="keep one")
        if found.key in seen:
            raise InputError("given twice", origin=label, cure="keep one")
        seen.add(found.key)
    first = (Axis(tuple(together)),) if together else ()
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


def _field(key: str) -> Field | None:
    """The number at a key; none where an estimate does not take arrays, or there is no such key."""
    if key == BATCH:
        return _described(_hint(Training, ("batch",)))
    for root, tree in TREES.items():
        if key.startswith(f"{root}."):
            return _described(_hint(tree(), split(key.removeprefix(f"{root}."))))
    return None


def _unit(key: str) -> str:
    """The unit of a number of the training, which is set by its text."""
    root, _, path = key.partition(".")
    found = _described(_hint(training_section(), split(path))) if root == "training" else None
    return found.unit if found else ""


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
