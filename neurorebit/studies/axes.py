"""Axes of a sweep: keys of the files, and the values that each takes.

A key is written as for a setting, and every value passes the checks of a value set there. Numbers
become arrays; whatever else a key may hold (a kind, a file, a word) is a noun, to be looped over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.inputs.files import CHOSEN, check_key, plain_key
from neurorebit.schema import Argument, InputError, Setting
from neurorebit.studies.keys import Field, beyond, field_of, number_of, unit_of

FILES = ("technology", "device", "architecture")  # keys that name a whole file
BLOCKS = (
    tuple(  # numbers of cells that are programmed together, of which all outcomes are looked at
        f"architecture.{arrays}.blocks.{key}"
        for arrays in ("apim", "arrays", "inference_arrays")
        for key in ("rows", "cols", "drivers")
    )
)
# numbers of bit planes, each of which has a density
COUNTS = ("architecture.input_bits", *BLOCKS)
MOST = 10_000_000  # designs of a sweep
NUMBERS = (int, float, np.integer, np.floating)
Values = Sequence[Any] | NDArray[Any] | str
Refuse = Callable[[Setting], None]  # raises where a value is a mistake, whatever it is used with
# how messages name a value of a key, in a row if one is meant; of the key alone: ""
Label = Callable[[str, str, int | None], object]


def of_axes(key: str, text: str, row: int | None = None) -> Argument:
    """The label of a value of an axis."""
    return Argument("axes", f"{key}={text}" if text else key)


def of_designs(key: str, text: str, row: int | None = None) -> Argument:
    """The label of a value of a design."""
    return Argument("designs", f"{key}={text}" if text else key)


@dataclass(frozen=True, eq=False)
class Column:
    """A key and its values along an axis: numbers in SI units, or nouns where those are nan.

    ``nouns`` is empty where there is none, else it has a text for each value, none for numbers.
    ``wrong`` is empty where every value is within its bounds, else it has a text for each value
    that is not, which says why; such a value is in no design that can exist. ``label`` names a
    value in messages.
    """

    key: str
    unit: str
    whole: bool
    numbers: NDArray[np.float64]
    _: KW_ONLY
    nouns: tuple[str, ...] = ()
    wrong: tuple[str, ...] = field(default=(), kw_only=True)
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
        return Setting(self.key, text, self.label(self.key, text, row))


def written(number: float, unit: str, whole: bool) -> str:
    """The text that is read as this very number."""
    return f"{number:.0f}" if whole else f"{number!r} {unit}".rstrip()


@dataclass(frozen=True, eq=False)
class Axis:
    """One key, or several that change together."""

    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def wrong(self) -> NDArray[Any]:
        """Why no design with a row can exist, by the value itself; nothing where it may."""
        why = np.full(len(self), "", dtype=object)
        for column in self.columns:
            if column.wrong:
                why = np.where(why == "", np.array(column.wrong, dtype=object), why)
        return why

    def groups(self) -> list[NDArray[np.intp]]:
        """The rows that share all nouns, in order of their first, without those that are wrong.

        Numbers that decide how many things there are count as nouns.
        """
        right = np.flatnonzero(self.wrong == "")
        nouns = [column.nouns for column in self.columns if column.nouns]
        counts = [column.numbers for column in self.columns if column.key in COUNTS]
        nouns += [tuple(map(str, numbers.tolist())) for numbers in counts]
        if not nouns:
            return [right] if right.size else []
        rows_of: dict[tuple[str, ...], list[int]] = {}
        for row in right.tolist():
            rows_of.setdefault(tuple(one[row] for one in nouns), []).append(row)
        return [np.array(rows) for rows in rows_of.values()]


def column(key: str, values: Values, refuse: Refuse, label: Label = of_axes) -> Column:
    """A key and its values: texts with units, or numbers in SI units.

    InputError for a value that is a mistake; a number out of its bounds is marked as ``wrong``.
    A text may be a list ``V1,V2`` and hold ranges ``LOW:HIGH:COUNT``, ends included.
    """
    if key not in FILES:
        check_key(key, label(key, "", None))
    reader = _Reader(plain_key(key), field_of(plain_key(key)), refuse, label)
    if isinstance(values, str):
        pieces: list[Any] = [piece.strip() for piece in values.split(",")]
    elif _are_numbers(values):
        return reader.of_numbers(np.asarray(values))
    else:
        pieces = list(values)
    return reader.of_pieces(pieces)


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
    _: KW_ONLY
    row: int | None = None  # of the value that is read

    def _error(self, text: str, message: str, cure: str) -> InputError:
        origin = self.label(self.key, text, self.row)
        return InputError(message, origin=origin, value=text, cure=cure)

    def of_pieces(self, pieces: Sequence[Any]) -> Column:
        """The column of values and ranges, one after the other."""
        if not pieces or any(isinstance(piece, str) and not piece for piece in pieces):
            cure = f"write {self.key}=V1,V2 or LOW:HIGH:COUNT"
            raise self._error("", "a value is missing", cure)
        parts = [replace(self, row=row)._piece(piece) for row, piece in enumerate(pieces)]
        nouns = tuple(part.noun(row) for part in parts for row in range(len(part)))
        wrong = tuple(text for part in parts for text in part.wrong or [""] * len(part))
        return Column(
            self.key,
            self.field.unit if self.field else "",
            all(part.whole for part in parts),
            np.concatenate([part.numbers for part in parts]),
            nouns=nouns if any(nouns) else (),
            wrong=wrong if any(wrong) else (),
            label=self.label,
        )

    def of_numbers(self, given: NDArray[Any], text: str = "") -> Column:
        """The column of numbers in SI units, which are right if the least and the greatest are."""
        numbers = np.asarray(given, dtype=np.float64).ravel()
        if not numbers.size or not np.all(np.isfinite(numbers)):
            raise self._error(text, "expected numbers, one or more", "leave out what is none")
        uneven = numbers[numbers != np.round(numbers)]
        if self.field is None:
            unit = unit_of(self.key)
            whole = not (uneven.size or unit)
            return self.of_pieces([written(n, unit, whole) for n in numbers.tolist()])
        if self.field.whole and uneven.size:
            message = f"expected whole numbers, got {uneven[0]:g}"
            raise self._error(text, message, "take a count that divides the range")
        ends = np.array([np.min(numbers), np.max(numbers)])
        wrong = self._wrong(self.field, numbers) if any(self._wrong(self.field, ends)) else ()
        return Column(
            self.key, self.field.unit, self.field.whole, numbers, wrong=wrong, label=self.label
        )

    def _wrong(self, field: Field, numbers: NDArray[np.float64]) -> tuple[str, ...]:
        """What is wrong with each of the numbers; InputError where one is no number of the key."""
        texts = []
        for number in numbers.tolist():
            text = written(number, field.unit, field.whole)
            found = None
            if number_of(field, text) is None:
                found = beyond(field, text)
                if found is None:
                    self._refuse(text)
            texts.append(f"{self.key}: {found[1]}" if found else "")
        return tuple(texts)

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
        number, field = number_of(self.field, text), self.field
        wrong: tuple[str, ...] = ()
        if field is not None and number is None and (found := beyond(field, text)):
            number, wrong = found[0], (f"{self.key}: {found[1]}",)
        if field is not None and number is not None:
            values = np.array([number])
            return Column(self.key, field.unit, field.whole, values, wrong=wrong, label=self.label)
        self._refuse(text)
        whole = field is not None and field.whole
        return Column(self.key, "", whole, np.array([np.nan]), nouns=(text,), label=self.label)

    def _range(self, low: str, high: str, count: str) -> Column:
        text = f"{low}:{high}:{count}"
        if not count.isdecimal() or not 2 <= (points := float(count)) <= MOST:
            message = f"expected LOW:HIGH:COUNT with a COUNT from 2 to {MOST:,}"
            raise self._error(text, message, "count both ends")
        ends = [self._value(end).numbers[0] for end in (low, high)]
        if not np.all(np.isfinite(ends)):
            message = "a range goes from a number to a number"
            raise self._error(text, message, "list the words, with commas between them")
        return self.of_numbers(np.linspace(ends[0], ends[1], int(points)), text)

    def _refuse(self, text: str) -> None:
        self.refuse(Setting(self.key, text, self.label(self.key, text, self.row)))


def axes_of(
    alone: Sequence[Column], together: Sequence[Column], taken: Iterable[Setting]
) -> tuple[Axis, ...]:
    """The axes of a sweep: the columns that change ``together`` as the first, then the others.

    InputError where a key stands twice, or is among the settings that are ``taken`` as well.
    """
    if len({len(one) for one in together}) > 1:
        lengths = ", ".join(f"{one.key} has {len(one)}" for one in together)
        message = f"designs need as many values of every key: {lengths}"
        raise InputError(message, cure="give each design a value of each key")
    seen: set[str] = set()
    settings = {setting.key: setting for setting in taken}
    for one in (*together, *alone):
        label = one.label(one.key, "", None)
        for key in (one.key, f"architecture.{one.key}" if one.key in CHOSEN else ""):
            if key in settings:
                origin = (label, " and ", settings[key].label)
                raise InputError("the same choice twice", origin=origin, cure="keep one")
        if one.key in seen:
            raise InputError("given twice", origin=label, cure="keep one")
        seen.add(one.key)
    first = (Axis(tuple(together)),) if together else ()
    return (*first, *(Axis((one,)) for one in alone))
