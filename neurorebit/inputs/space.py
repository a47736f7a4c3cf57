"""The reader of a space: keys of the other files, and the values that a search may give each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

import yaml

from neurorebit.schema import Argument, Document, InputError, Loc
from neurorebit.schema.provenance import note

SECTIONS = ("space", "where")
WORDS = ("values", "low", "high", "step", "log", "if")  # of a key that is written as a section
MOST_KEYS = 200
MOST_VALUES = 10_000  # of a key that are listed
EXAMPLE = "write it as in architecture.apim.adc_bits: [4, 5, 6]"
RANGE = "write it as in {low: 0.8 V, high: 1 V, step: 0.05 V}"


@dataclass(frozen=True)
class Choice:
    """What a search may give a key: listed values, or the numbers of a range.

    ``values``: texts as an axis of a sweep has them. A range goes from ``low`` to ``high``, both
    included, in steps or without; ``log``: its numbers are as likely in each decade. ``only``: for
    other keys the values with which this one exists. ``origin`` is where it was written.
    """

    key: str
    origin: object
    values: tuple[str, ...] = ()
    low: str = ""
    _: KW_ONLY
    high: str = ""
    step: str = ""
    log: bool = False
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def refused(self, message: str, cure: str, value: object = None) -> InputError:
        """What is wrong with it, at its place."""
        return InputError(message, origin=self.origin, key=self.key, value=value, cure=cure)


@dataclass(frozen=True)
class SpaceFile:
    """A space as written: its choices, and conditions that its designs are to meet."""

    shown: str
    digest: str
    choices: tuple[Choice, ...]
    where: tuple[tuple[str, object], ...]  # texts, and where each was written


def read_space(path: Path) -> SpaceFile:
    """The space of a YAML file with a section ``space`` and, where wanted, a list ``where``.

    InputError with file, line and key where it is wrong.
    """
    document = Document(path)
    note("space", path.name, path, document.digest)
    return _space(document)


def made_space(choices: Mapping[str, Any]) -> SpaceFile:
    """The same of a dictionary of keys, whose values are texts, lists or sections of texts."""
    text = yaml.safe_dump({"space": dict(choices)}, sort_keys=False, allow_unicode=True)
    origin = Argument("space")
    return _space(Document.of_text(text, Path("space"), shown="space", origin=origin))


def _space(document: Document) -> SpaceFile:
    for name in document.tree:
        if name not in SECTIONS:
            raise document.error((name,), "unknown section", f"take {' or '.join(SECTIONS)}")
    space = document.tree.get("space")
    if not isinstance(space, dict) or not space:
        message = "expected a section 'space' with keys and their values"
        raise document.error(("space",) if "space" in document.tree else (), message, EXAMPLE)
    if len(space) > MOST_KEYS:
        message = f"{len(space)} keys, of {MOST_KEYS} at most"
        raise document.error(("space",), message, "take fewer")
    where = document.tree.get("where", [])
    where = [where] if isinstance(where, str) else where
    if not isinstance(where, list) or not all(isinstance(one, str) for one in where):
        cure = "write a list, as in where: [area < 60 mm2]"
        raise document.error(("where",), "expected conditions", cure)
    conditions = tuple((text, _origin(document, ("where", i))) for i, text in enumerate(where))
    choices = tuple(_choice(document, key, given) for key, given in space.items())
    return SpaceFile(document.shown, document.digest, choices, conditions)


def _origin(document: Document, loc: Loc) -> object:
    """Where a key of the file stands."""
    return document.error(loc, "").origin


def _choice(document: Document, key: str, given: Any) -> Choice:
    loc: Loc = ("space", key)
    origin = _origin(document, loc)
    if not isinstance(given, dict):
        return Choice(key, origin, _values(document, loc, given))
    for word in given:
        if word not in WORDS:
            raise document.error((*loc, word), "unknown word", f"take one of {', '.join(WORDS)}")
    only = _only(document, (*loc, "if"), given.get("if"))
    if "values" in given:
        extra = [word for word in ("low", "high", "step", "log") if word in given]
        if extra:
            raise document.error((*loc, extra[0]), "of a range, beside values", "keep one of both")
        return Choice(key, origin, _values(document, (*loc, "values"), given["values"]), only=only)
    words = {}
    for word in ("low", "high", "step"):
        text = given.get(word, "")
        if not isinstance(text, str) or (not text and (word != "step" or word in given)):
            place = (*loc, word) if word in given else loc
            raise document.error(place, f"expected a number '{word}'", RANGE)
        words[word] = text
    log = str(given.get("log", "false")).lower()
    if log not in ("true", "false"):
        raise document.error((*loc, "log"), f"expected true or false, got '{log}'", "write one")
    if log == "true" and words["step"]:
        message = "steps are equal, and a range of decades has none"
        raise document.error((*loc, "log"), message, "drop log, or list the values")
    return Choice(
        key,
        origin,
        low=words["low"],
        high=words["high"],
        step=words["step"],
        log=log == "true",
        only=only,
    )


def _values(document: Document, loc: Loc, given: Any) -> tuple[str, ...]:
    """The listed values: a list, or a text with commas."""
    if isinstance(given, str):
        given = [piece.strip() for piece in given.split(",")]
    if not isinstance(given, list) or not given:
        raise document.error(loc, "expected values", EXAMPLE)
    if len(given) > MOST_VALUES:
        message = f"{len(given):,} values, of {MOST_VALUES:,} at most"
        raise document.error(loc, message, "write a range")
    for i, value in enumerate(given):
        if not isinstance(value, str) or not value:
            raise document.error((*loc, i), "expected a number or a word", EXAMPLE)
    return tuple(given)


def _only(document: Document, loc: Loc, given: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For other keys the values with which a key exists."""
    if given is None and "if" not in document.tree["space"][loc[1]]:
        return ()
    if not isinstance(given, dict) or not given:
        cure = "write it as in if: {architecture: [rebit, reram]}"
        raise document.error(loc, "expected other keys with values", cure)
    return tuple((key, _values(document, (*loc, key), value)) for key, value in given.items())
