"""Objects of a JSON file that know their place, so that an error names file, key and cure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurorebit.schema import File, InputError
from neurorebit.schema.json_file import read_json


@dataclass(frozen=True)
class Entry:
    """An object at a key path of a file. All methods raise InputError for a wrong value."""

    file: str
    path: str
    content: Mapping[str, Any]

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def below(self, key: str) -> str:
        """The path of a key of this object."""
        return f"{self.path}.{key}" if self.path else key

    def error(
        self, message: str, key: str = "", *, value: object = None, cure: str = ""
    ) -> InputError:
        """An error at this object, or at a key of it."""
        path = self.below(key) if key else self.path
        return InputError(message, origin=File(self.file), key=path, value=value, cure=cure)

    def only(self, keys: Iterable[str]) -> None:
        """Refuse keys that are not among these."""
        for key in self.content:
            if key not in keys:
                raise self.error("unknown", key, cure=f"there are: {', '.join(sorted(keys))}")

    def required(self, key: str, cure: str = "") -> Any:
        """A value that must be given."""
        if key not in self.content:
            raise self.error("missing", key, cure=cure)
        return self.content[key]

    def text(self, key: str, cure: str = "") -> str:
        """A required text, which is not empty."""
        value = self.required(key, cure)
        if not isinstance(value, str) or not value:
            raise self.error(f"expected a text, got {value!r}", key, value=value, cure=cure)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number; required unless there is a default."""
        value = self.required(key) if default is None else self.content.get(key, default)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            cure = "write a finite number without quotes"
            raise self.error(f"expected a number, got {value!r}", key, value=value, cure=cure)
        return float(value)

    def inner(self, key: str) -> Entry:
        """An optional object; it is empty where the key is missing."""
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            cure = "write keys and values in braces"
            raise self.error(f"expected an object, got {value!r}", key, value=value, cure=cure)
        return Entry(self.file, self.below(key), value)

    def numbers(self, key: str) -> dict[str, float]:
        """An optional object of names and numbers."""
        inner = self.inner(key)
        return {name: inner.number(name) for name in inner.content}

    def items(self, key: str) -> list[Any]:
        """An optional list."""
        value = self.content.get(key, [])
        if not isinstance(value, list):
            cure = "write the entries in brackets"
            raise self.error(f"expected a list, got {value!r}", key, value=value, cure=cure)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """An optional list of texts."""
        items = self.items(key)
        return tuple(Entry(self.file, self.path, {key: item}).text(key) for item in items)

    def entries(self, key: str) -> Iterator[Entry]:
        """The objects of an optional list."""
        for number, item in enumerate(self.items(key)):
            name = f"{key}[{number}]"
            yield Entry(self.file, self.path, {name: item}).inner(name)


def files(path: Path) -> list[Path]:
    """The JSON file at a path, or all JSON files of a folder, plain or packed."""
    if path.is_file():
        return [path]
    origin = File(str(path))
    if not path.is_dir():
        raise InputError("no such file or folder", origin=origin, cure="give a file of records")
    listed = sorted([*path.glob("*.json"), *path.glob("*.json.xz")])
    if not listed:
        cure = "give a file of records, or a folder of such files"
        raise InputError("holds no .json file", origin=origin, cure=cure)
    return listed


def document(path: Path) -> Entry:
    """The content of a JSON file, plain or packed."""
    content = read_json(path, "give a file of records")
    if not isinstance(content, dict):
        cure = "give a file of records"
        message = "expected an object with 'source' and 'records'"
        raise InputError(message, origin=File(str(path)), cure=cure)
    return Entry(str(path), "", content)
