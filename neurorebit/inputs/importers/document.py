"""A network that another tool described, as the document of a network file."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from neurorebit.schema import Document
from neurorebit.schema.errors import File

SIDES = ("channels", "height", "width")
MADE = ("tree", "text", "digest", "_origin", "_values")  # what a document has once it is read
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
Tree = dict[str, Any]
Make = Callable[[Mapping[str, int]], Tree]


class ImportedDocument(Document):
    """The values of a network file, made by ``make`` from the sides of its input that are set.

    They are made when they are first asked for, so that ``network.input`` can be set before: it
    decides the sides of all maps, where an importer takes it.
    """

    def __init__(self, path: Path, shown: str, make: Make) -> None:
        self.path, self.shown, self.root = path, shown, "network"
        self._make = make
        self._sizes: dict[str, int] = {}
        self._laid: list[tuple[str, str, object]] = []  # settings other than those of the input

    def __getattr__(self, name: str) -> Any:
        """What a document has once it is read; it is read now."""
        if name not in MADE or "_make" not in self.__dict__:
            raise AttributeError(name)
        self._build()
        return self.__dict__[name]

    def _build(self) -> None:
        """Make the values, and set over them what was set before."""
        self._parse(written(self._make(self._sizes)), File(self.shown))
        for path, text, origin in self._laid:
            super().set(path, text, origin)

    @property
    def changed(self) -> bool:
        """Whether anything but the sides of its input was set."""
        return bool(self._laid)

    def copy(self) -> ImportedDocument:
        """The same document; what is set over the copy leaves this one alone."""
        if "tree" in self.__dict__:
            made = super().copy()
            assert isinstance(made, ImportedDocument)
        else:
            made = copy.copy(self)
        made._sizes, made._laid = dict(self._sizes), list(self._laid)
        return made

    def set(self, path: str, text: str, origin: object = None) -> None:
        """Replace or add a value; sides of the input make all values anew."""
        sizes = _sizes(path, text)
        if sizes is None:
            self._laid.append((path, text, origin))
            if "tree" in self.__dict__:
                super().set(path, text, origin)
            return
        self._sizes |= sizes
        for name in MADE:
            self.__dict__.pop(name, None)


def _sizes(path: str, text: str) -> dict[str, int] | None:
    """The sides of the input that a setting gives, None where it sets something else."""
    key, _, side = path.partition(".")
    if key != "input" or (side and side not in SIDES):
        return None
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    found = {side: value} if side else value
    if not isinstance(found, dict) or not set(found) <= set(SIDES):
        return None
    whole = all(type(n) is int and 0 < n <= 1_000_000 for n in found.values())
    return found if whole else None


def written(tree: Mapping[str, Any]) -> str:
    """The text of a network file: a line for each key, and one for each layer."""
    lines = []
    for key, value in tree.items():
        if key != "layers":
            lines.append(f"{key}: {_inline(value)}")
            continue
        lines.append("layers:")
        lines += [f"  - {_inline(layer)}" for layer in value]
    return "\n".join(lines) + "\n"


def _inline(value: Any) -> str:
    """A value in one line."""
    keys: dict[str, Any] = {
        "default_flow_style": True,
        "width": 10**9,
        "sort_keys": False,
        "allow_unicode": True,
    }
    text: str = yaml.dump(value, Dumper=DUMPER, **keys)
    return text.removesuffix("\n").removesuffix("\n...")


def edited(document: ImportedDocument) -> str:
    """The text of a network file that holds the values of a document, as they are set."""
    if not document.changed:
        return document.text
    return written({key: _typed(value) for key, value in document.tree.items()})


def _typed(value: Any) -> Any:
    """Values that a document keeps as text, as what the text says."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    found = yaml.safe_load(value) if isinstance(value, str) else value
    return found if isinstance(found, bool | int | float) else value
