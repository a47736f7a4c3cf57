"""The reader of a file of settings: keys of the other files and the values that go over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from neurorebit.inputs.files import check_key, plain_key
from neurorebit.schema import Document, InputError, Setting
from neurorebit.schema.provenance import note
from neurorebit.schema.yaml_text import LOADER

WIDTH = 1_000_000  # of a line, so that a value stays in one


def read_settings(path: Path) -> list[Setting]:
    """The settings of a YAML file, a mapping of keys that may be nested or joined by dots.

    ``technology: {vdd: 0.8 V}`` and ``technology.vdd: 0.8 V`` are the same; a list is a value.
    InputError with the line where a key is unknown, has no value or stands twice.
    """
    document = Document(path)
    note("settings", path.name, path, document.digest)
    lines: dict[str, object] = {}
    settings = []
    for loc, value in _leaves(document.tree, ()):
        origin = document.error(loc, "").origin
        key = plain_key(".".join(loc))
        check_key(key, origin)
        if value == {}:
            raise InputError("has no value", origin=origin, key=key, cure="give one, or drop it")
        if key in lines:
            also = (origin, " and ", lines[key])
            raise InputError("the same key twice", origin=also, key=key, cure="keep one")
        lines[key] = origin
        settings.append(Setting(key, _text(value), origin))
    return settings


def _leaves(tree: dict[str, Any], loc: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values of a tree of mappings, with the keys that lead to them."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*loc, key))
        else:
            yield (*loc, key), value


def _text(value: Any) -> str:
    """A value as YAML text of one line; every scalar of it is the text that stands in the file."""
    if isinstance(value, str) and _is_plain(value):
        return value
    text = yaml.safe_dump(value, default_flow_style=True, width=WIDTH, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _is_plain(value: str) -> bool:
    """Whether a text means itself without quotes."""
    try:
        node = yaml.compose(value, Loader=LOADER)
    except yaml.YAMLError:
        return False
    null = "tag:yaml.org,2002:null"
    return isinstance(node, yaml.ScalarNode) and node.value == value and node.tag != null
