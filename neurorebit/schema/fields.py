"""Kinds of fields of a section: a quantity, a word of a table, a section of some kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

import numpy as np
from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError, core_schema

from neurorebit.schema import units

T = TypeVar("T")


_adapters: dict[type, TypeAdapter[Any]] = {}


def adapter(cls: type[T]) -> TypeAdapter[T]:
    """The check of a class, made once."""
    if cls not in _adapters:
        _adapters[cls] = TypeAdapter(cls)
    return _adapters[cls]


_hints: dict[type, Mapping[str, Any]] = {}


def hints_of(cls: type) -> Mapping[str, Any]:
    """The annotations of a class with their metadata, evaluated once."""
    if cls not in _hints:
        _hints[cls] = get_type_hints(cls, include_extras=True)
    return _hints[cls]


@dataclasses.dataclass(frozen=True)
class quantity:
    """Field metadata: a number with this unit, within these bounds (in SI units).

    With ``many`` the value is a list of numbers with one unit behind them, read as a float64 array.
    An ``informative`` number is for the reader: no formula takes it.
    """

    unit: str
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    _: dataclasses.KW_ONLY
    at_most: float | None = None
    many: bool = False
    informative: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to check a field with ``read``."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, text: object) -> Any:
        """The value in SI units; PydanticCustomError says what was expected and given."""
        if isinstance(text, float | np.ndarray):
            return text
        wanted = ("numbers" if self.many else "a number") + (
            f" in {self.unit}" if self.unit else ""
        )
        try:
            numbers = units.parse_all(str(text), self.unit)
            if not self.many and len(numbers) > 1:
                raise ValueError("expected one number")
        except ValueError as problem:
            raise PydanticCustomError(
                "quantity",
                "expected {wanted}, got '{text}' ({problem})",
                {
                    "wanted": wanted,
                    "text": str(text),
                    "problem": str(problem),
                    "cure": f"write it as in '{self.example}'",
                },
            ) from None
        for number in numbers:
            self._check(number, str(text))
        return np.array(numbers) if self.many else numbers[0]

    @property
    def example(self) -> str:
        """How such a value is written."""
        one = f"1 {self.unit}".rstrip()
        return f"1, {one}" if self.many else one

    def _check(self, number: float, text: str) -> None:
        bounds = [
            (self.above, "above", self.above is not None and number <= self.above),
            (self.at_least, "at least", self.at_least is not None and number < self.at_least),
            (self.below, "below", self.below is not None and number >= self.below),
            (self.at_most, "at most", self.at_most is not None and number > self.at_most),
        ]
        if any(broken for _, _, broken in bounds):
            said = " and ".join(
                f"{word} {bound:g} {self.unit}".rstrip()
                for bound, word, _ in bounds
                if bound is not None
            )
            raise PydanticCustomError(
                "range", "must be {said}, got {text}", {"said": said, "text": text}
            )


class whole_numbers:
    """Field metadata: a whole number, or a list of them in one of ``forms``, within bounds.

    A form names the numbers of a list, such as ``[height, width]``. The value is an ``int`` or a
    tuple of them, as it was given.
    """

    def __init__(self, least: int, most: int, *forms: str) -> None:
        self.least, self.most, self.forms = least, most, forms

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to check a field with ``read``."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, value: object) -> int | tuple[int, ...]:
        """The number or numbers; PydanticCustomError says what was expected and given."""
        several = isinstance(value, list | tuple)
        given = list(value) if isinstance(value, list | tuple) else [value]
        shown = f"[{', '.join(map(str, given))}]" if several else f"'{value}'"
        lengths = [form.count(",") + 1 for form in self.forms] if several else [1]
        try:
            numbers = tuple(_whole(item) for item in given)
        except ValueError:
            numbers = ()
        if len(numbers) not in lengths:
            forms = ["a whole number", *self.forms]
            wanted = " or ".join([", ".join(forms[:-1]), forms[-1]] if forms[1:] else forms)
            about = {"wanted": wanted, "shown": shown}
            raise PydanticCustomError("quantity", "expected {wanted}, got {shown}", about)
        if min(numbers) < self.least or max(numbers) > self.most:
            about = {"bounds": f"{self.least:,} to {self.most:,}", "shown": shown}
            raise PydanticCustomError("range", "must be {bounds}, got {shown}", about)
        return numbers if several else numbers[0]


def _whole(item: object) -> int:
    """A whole number, or the text of one; ValueError for anything else."""
    if isinstance(item, bool) or not isinstance(item, int | str):
        raise ValueError("not a whole number")
    return int(item)


@dataclasses.dataclass(frozen=True)
class published:
    """Field metadata: the range (in SI units) outside of which no published value is known.

    A value outside is taken, and the report says so: it may be a slip of a unit. ``source`` names
    the lowest and the highest figures and where they were published; the range is theirs, rounded
    outwards.
    """

    least: float
    most: float
    unit: str = ""
    _: dataclasses.KW_ONLY
    source: str

    def __contains__(self, value: object) -> bool:
        """Whether a number lies within, bounds included but for rounding."""
        number = float(value)  # type: ignore[arg-type]  # of a field that holds numbers
        return self.least * (1.0 - 1e-9) <= number <= self.most * (1.0 + 1e-9)

    def __str__(self) -> str:
        return " to ".join(self.written(bound) for bound in (self.least, self.most))

    def written(self, number: float) -> str:
        """A number with the unit."""
        value, unit = units.scale(number, self.unit)
        return f"{value:.4g} {unit}".strip()


@dataclasses.dataclass(frozen=True, eq=False)
class one_of:
    """Field metadata: a word that is a key of ``table``, looked up when the value is read.

    So a table that grows needs no other change: the table has all words of a file. ``instead`` says
    of words that other tools have what there is here in their place.
    """

    table: Mapping[str, Any]
    instead: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to check a field with ``read``."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, text: object) -> str:
        """The word; PydanticCustomError names those that are known."""
        if not isinstance(text, str) or text not in self.table:
            known = ", ".join(f"'{word}'" for word in self.table)
            about = {"expected": known, "tag": str(text)}
            if str(text) in self.instead:
                about["cure"] = self.instead[str(text)]
            raise PydanticCustomError("choice", "expected one of {expected}", about)
        return str(text)


@dataclasses.dataclass(frozen=True, eq=False)
class word_or:
    """Field metadata: one of some words, or a section of a class."""

    words: tuple[str, ...]
    section: type

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to check a field with ``read``."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, value: object) -> Any:
        """The word or the section; PydanticCustomError or ValidationError says what is wrong."""
        if isinstance(value, self.section):
            return value
        if isinstance(value, Mapping):
            return adapter(self.section).validate_python(value)
        return one_of(dict.fromkeys(self.words)).read(value)


@dataclasses.dataclass(frozen=True, eq=False)
class kind_of:
    """Field metadata: a section whose ``key`` is a key of ``table``, which names its dataclass.

    As with ``one_of``, the table is looked up when the value is read.
    """

    table: Mapping[str, type]
    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to check a field with ``read``."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, value: object) -> Any:
        """The section; PydanticCustomError or ValidationError says what is wrong with it."""
        if isinstance(value, tuple(self.table.values())):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError("dict_type", "expected a section")
        about = {"discriminator": f"'{self.key}'"}
        kind = value.get(self.key)
        if kind is None:
            raise PydanticCustomError("union_tag_not_found", "the key is missing", about)
        if not isinstance(kind, str) or kind not in self.table:
            about |= {"tag": str(kind), "expected_tags": ", ".join(f"'{k}'" for k in self.table)}
            raise PydanticCustomError("union_tag_invalid", "an unknown kind", about)
        return adapter(self.table[kind]).validate_python(value)
