"""A technology, device, architecture or network as a reader wants to see it."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tabulate import tabulate

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.importers.table import imported
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.layers.network import Network, Node
from neurorebit.schema import Document, InputError, informative, paths, units
from neurorebit.schema.device import read_device

READERS: dict[str, Callable[[Document], Any]] = {
    "technology": read_technology,
    "device": read_device,
    "architecture": read_architecture,
    "network": read_network,
}
MARKS = {
    "technology": "feature",
    "device": "r_on",
    "architecture": "transport",
    "network": "layers",
}
DERIVED = {  # what follows from a file: name, unit
    "technology": (("on_n", "A/m"), ("on_p", "A/m"), ("off_n", "A/m"), ("off_p", "A/m")),
    "device": (("r_off", "ohm"), ("g_max", "S"), ("g_min", "S")),
    "architecture": (("levels", ""),),
    "network": (),
}
WIDTH = 78  # of a value, before it continues on the next line


def show(name: str) -> str:
    """The content of a file, by path or by name, with units, sources and what follows from it.

    InputError where nothing has this name, or the file is wrong.
    """
    kind, document = _find(name)
    value = READERS[kind](document)
    title = f"{kind} {document.path.stem}: {document.shown}"
    parts = [f"{title}\n{'=' * len(title)}"]
    if isinstance(value, Network):
        parts += [f"{value.name}: {value.source}", _layers(value), _recipes(document)]
        rest = {"activity": value.activity, "training": value.training}
        parts += [_plain(_rows(rest, document.tree))]
    else:
        parts.append(_plain(_rows(_fields(value), document.tree, informative(value))))
    derived = [[key, units.show(getattr(value, key), unit)] for key, unit in DERIVED[kind]]
    if derived:
        parts.append(f"follows from it\n{_plain(derived)}")
    return "\n\n".join(part for part in parts if part)


def _find(name: str) -> tuple[str, Document]:
    if os.path.isfile(name):
        document = imported(Path(name), name) or Document(Path(name))
        for kind, key in MARKS.items():
            if key in document.tree:
                return kind, document
        raise InputError(
            f"{name}: no technology, device, architecture or network: none of the keys "
            f"{', '.join(MARKS.values())} is there; add the one it needs"
        )
    for kind in MARKS:
        try:
            path = paths.shipped(kind, name)
        except InputError:
            continue
        return kind, Document(path, shown=str(paths.FOLDERS[kind] / path.name))
    known = [shipped for kind in MARKS for shipped in paths.names(kind)]
    near = difflib.get_close_matches(Path(name).stem or name, known, n=1)
    cure = f"; did you mean '{near[0]}'?" if near else ""
    lists = "; ".join(f"{kind}: {', '.join(paths.names(kind))}" for kind in MARKS)
    raise InputError(f"{name}: no such file and no such name{cure} ({lists})")


def _fields(section: Any) -> dict[str, Any]:
    return {field.name: getattr(section, field.name) for field in dataclasses.fields(section)}


def _rows(
    values: dict[str, Any], tree: Any, unused: frozenset[str] = frozenset(), indent: str = ""
) -> list[list[str]]:
    """A line for each key: its value as the file has it, or the default that holds instead.

    Keys that no formula uses are marked.
    """
    rows: list[list[str]] = []
    given = tree if isinstance(tree, dict) else {}
    for key, value in values.items():
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            rows.append(["", ""] if not indent else [])
            rows.append([f"{indent}{key}", ""])
            inner = _fields(value), given.get(key), informative(value)
            rows += _rows(*inner, f"{indent}  ")
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            for text in given.get(key, ()):
                inline = ", ".join(f"{name} {amount}" for name, amount in text.items())
                rows.append([f"{indent}{key}", inline])
        elif key in given:
            note = " (informative: no formula uses it)" if key in unused else ""
            rows.append([f"{indent}{key}", f"{_text(given[key])}{note}"])
        else:
            rows.append([f"{indent}{key}", f"{_text(value)} (default)"])
    return [row for row in rows if row]


def _text(value: Any) -> str:
    return "none" if value is None else str(value)


def _plain(rows: list[list[str]]) -> str:
    """Keys and values in two columns; long values continue below."""
    return tabulate(
        rows, tablefmt="plain", disable_numparse=True, maxcolwidths=[None, WIDTH],
        preserve_whitespace=True,
    ).rstrip()  # fmt: skip


def _layers(network: Network) -> str:
    head = ["layer", "kind", "reads", "window", "in", "out", "matrix", "vectors", "weights", "MACs"]
    rows = []
    for node in network.nodes:
        sources = ["input" if i < 0 else network.nodes[i].name for i in node.inputs]
        straight = node.inputs == (node.index - 1,)
        matmul = node.matmul
        rows.append(
            [
                node.name,
                node.kind,
                "" if straight else ", ".join(sources),
                _window(node),
                str(node.shape_in),
                str(node.shape_out),
                *(
                    (
                        f"{matmul.rows} x {matmul.cols}"
                        + (f" x {matmul.groups}" if matmul.groups > 1 else ""),
                        f"{matmul.vectors:,}",
                        f"{matmul.weights:,}",
                        f"{matmul.macs:,}",
                    )
                    if matmul
                    else ("", "", "", "")
                ),
            ]
        )
    weights = sum(matmul.weights for matmul in network.matmuls)
    rows.append(["sum", *[""] * 7, f"{weights:,}", f"{network.macs:,}"])
    align = ("left",) * 4 + ("right",) * 6
    table = tabulate(rows, head, "simple", disable_numparse=True, colalign=align)
    note = "shapes: channels x height x width; matrix: inputs x outputs (x groups)"
    return f"{table}\n{note}"


def _window(node: Node) -> str:
    """The window over the input or over the output; nothing for a pixel."""
    window = node.layer.spread(node.shape_in) or node.window
    return "" if window.is_pixel else str(window)


def _recipes(document: Document) -> str:
    recipes, chosen = document.tree.get("recipes") or {}, document.tree.get("recipe")
    lines = [
        f"recipe {name}{' (default)' if name == chosen else ''}: "
        + (", ".join(f"{key} {value}" for key, value in (keys or {}).items()) or "as below")
        for name, keys in recipes.items()
    ]
    return "\n".join(lines)
