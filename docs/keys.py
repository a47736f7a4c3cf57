"""Tables of the keys of files for docs/reference/, from the dataclasses that read them.

A key's meaning is what the docstring of its section says of it; where it says nothing, ``MEANINGS``
of ``meanings.py`` has it, and a test names those that neither has.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from annotated_types import Ge, Gt, Le, Lt, MinLen
from meanings import MEANINGS
from pydantic.fields import FieldInfo

from neurorebit.layers.base import Layer
from neurorebit.schema.fields import hints_of, kind_of, one_of, quantity, whole_numbers, word_or
from neurorebit.schema.hints import kinds, metadata

HEAD = ["key", "value", "bounds", "default", "meaning"]
NAMED = re.compile(r"``([\w.]+)``")
SENTENCE = re.compile(r"(?<=[.;])\s+(?=[A-Z`])")
WORDS = {int: "whole number", float: "number", str: "text", bool: "`true` or `false`"}
MANY = {int: "whole numbers", float: "numbers", str: "texts"}


@dataclasses.dataclass(frozen=True)
class Key:
    """A key of a section, in words."""

    name: str
    value: str
    bounds: str
    default: str
    meaning: str

    @property
    def row(self) -> list[str]:
        """The cells of its row."""
        cells = [f"`{self.name}`", self.value, self.bounds, self.default, self.meaning]
        return [cell.replace("|", "\\|") for cell in cells]


def keys(section: type, base: type = object) -> Iterator[Key]:
    """The keys of a section without those of a base, in the order of the class."""
    skipped = {f.name for f in dataclasses.fields(base)} if base is not object else set()
    hints = hints_of(section)
    for one in dataclasses.fields(section):
        if one.name in skipped or one.name.startswith("_"):
            continue
        hint = hints[one.name]
        yield Key(
            one.name,
            value_of(hint),
            bounds_of(hint),
            default_of(one),
            meaning_of(section, one.name),
        )


def sections(section: type, path: str = "") -> Iterator[tuple[str, type]]:
    """The sections below one, each with its path, itself first."""
    yield path, section
    for one in dataclasses.fields(section):
        for kind in kinds(hints_of(section)[one.name]):
            several = get_origin(kind) in (tuple, Mapping)
            for inner in (kind, *get_args(kind)) if several else (kind,):
                if dataclasses.is_dataclass(inner) and isinstance(inner, type):
                    yield from sections(inner, f"{path}.{one.name}".lstrip("."))


# --- what a value is


def value_of(hint: Any) -> str:
    """What stands at a key, in words."""
    words = dict.fromkeys(_values(hint))
    words.pop("", None)
    return " or ".join(words)


def _values(hint: Any) -> Iterator[str]:
    """Each of the things that may stand at a key."""
    for note in metadata(hint):
        if isinstance(note, quantity):
            number = "numbers" if note.many else "number"
            yield f"{number} in {note.unit}" if note.unit else number
            break
        if isinstance(note, one_of):
            yield _choice(note.table)
            break
        if isinstance(note, word_or):
            yield f"{_choice(note.words)} or a section"
            break
        if isinstance(note, kind_of):
            yield f"sections with `{note.key}`"
            break
        if isinstance(note, whole_numbers):
            yield " or ".join(["whole number", *(f"`{form}`" for form in note.forms)])
            break
    else:
        yield from _plain(hint)
        return
    beside = {WORDS[int]} if any(isinstance(note, one_of) for note in metadata(hint)) else set()
    yield from (word for word in _plain(hint) if word.startswith("`") or word in beside)


def _choice(words: Any) -> str:
    return "one of " + " ".join(f"`{word}`" for word in words)


def _plain(hint: Any) -> Iterator[str]:
    """The plain types of an annotation."""
    origin = get_origin(hint)
    if origin is Annotated:
        yield from _plain(get_args(hint)[0])
    elif origin is Literal:
        yield " or ".join(f"`{word}`" for word in get_args(hint))
    elif origin is tuple:
        inner = get_args(hint)[0]
        words = "sections" if dataclasses.is_dataclass(inner) else value_of(inner)
        yield MANY.get(inner, re.sub(r"^number\b", "numbers", words))
    elif origin is Union or type(hint).__name__ == "UnionType":
        for inner in get_args(hint):
            yield from _plain(inner)
    elif origin in (dict, Mapping):
        yield "a mapping"
    elif dataclasses.is_dataclass(hint):
        yield "a section"
    elif hint in WORDS:
        yield WORDS[hint]
    elif hint is Any:
        yield "anything"


def bounds_of(hint: Any) -> str:
    """The bounds of a number, in words."""
    said: list[str] = []
    for note in metadata(hint):
        if isinstance(note, quantity):
            pairs = (
                ("above", note.above), ("at least", note.at_least),
                ("below", note.below), ("at most", note.at_most),
            )  # fmt: skip
            said += [f"{word} {_short(n)}" for word, n in pairs if n is not None]
            said += ["for the reader alone"] if note.informative else []
        elif isinstance(note, whole_numbers):
            said.append(f"{note.least:,} to {note.most:,}")
        elif isinstance(note, FieldInfo):
            said += [text for inner in note.metadata if (text := _bound(inner))]
    return ", ".join(dict.fromkeys(said))


def _bound(note: Any) -> str:
    match note:
        case Ge(ge=n):
            return f"at least {_short(n)}"
        case Gt(gt=n):
            return f"above {_short(n)}"
        case Le(le=n):
            return f"at most {_short(n)}"
        case Lt(lt=n):
            return f"below {_short(n)}"
        case MinLen(min_length=n):
            return f"{n} or more"
    return ""


def _short(number: Any) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


def default_of(one: dataclasses.Field[Any]) -> str:
    """The default of a key, in words; nothing where it must be given."""
    if one.default_factory is not dataclasses.MISSING:
        return "its own"
    if one.default is dataclasses.MISSING:
        return "required"
    value = one.default
    if value is None or value == "" or value == ():
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, np.ndarray | tuple):
        return f"`{list(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


# --- what a key means


def meaning_of(section: type, key: str) -> str:
    """What the docstrings of a section and of its bases say of a key, or what MEANINGS says."""
    for one in section.__mro__:
        if said := MEANINGS.get(f"{one.__name__}.{key}"):
            return _sentence(said)
        if dataclasses.is_dataclass(one) and one.__dict__.get("__doc__"):
            found = _said(inspect.cleandoc(one.__dict__["__doc__"]), key)
            if found:
                return found
    return _sentence(MEANINGS.get(key, ""))


def _said(text: str, key: str) -> str:
    """The sentences of a docstring that name a key first, and those that go on with it."""
    found: list[str] = []
    for paragraph in text.split("\n\n"):
        going = False
        for sentence in SENTENCE.split(" ".join(paragraph.split())):
            named = NAMED.findall(sentence)
            if key in named[:2] and (named[0] == key or re.match(r"``\w+``,? (and|,)", sentence)):
                going = True
            elif named or sentence.startswith(("In ", "A ")):
                going = False
            if going:
                found.append(sentence)
    said = " ".join(found).rstrip(";")
    said = re.sub(rf"^``{key}``(?! and ``):? (is |are )?", "", said)
    return _sentence(said.replace("``", "`"))


def _sentence(text: str) -> str:
    """Text with a capital, and without a stop where it is one sentence."""
    alone = text.removesuffix(".") if ". " not in text else text
    return alone[:1].upper() + alone[1:]


def lacking(section: type) -> Iterator[str]:
    """The keys of a section and of those below it of which nothing says what they mean."""
    for path, one in sections(section):
        for key in keys(one):
            if not key.meaning:
                yield f"{one.__name__}.{key.name}" if path else key.name


def layer_keys(kind: type[Layer]) -> Iterator[Key]:
    """The keys of a kind of layer that not every layer has."""
    return keys(kind, Layer)
