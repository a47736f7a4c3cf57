"""The tables of docs/reference/, which follow from the package: keys, commands, names, files."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

import keys
import silicon_tables
import torch_names
from keys import HEAD, Key
from written_files import WRITTEN, table

import neurorebit as nr
from neurorebit.__main__ import COMMANDS, parser_of
from neurorebit.checking.records import FIGURES
from neurorebit.chips.table import ORGANISATIONS
from neurorebit.inputs.technology import technology_type
from neurorebit.inputs.training import training_section
from neurorebit.layers.table import KINDS
from neurorebit.schema import paths
from neurorebit.schema.activity import ActivityFile
from neurorebit.schema.device import Device
from neurorebit.schema.reads import Reads
from neurorebit.schemes.table import SCHEMES

NETWORK = "lenet5"  # whose estimates tell what chips read


# --- keys of files


class Further(NamedTuple):
    """A last column: its head, and its cells by the paths of keys."""

    head: str
    cells: Mapping[str, str]


def of_sections(
    section: type, root: str, further: Further | None = None, *, level: int = 2
) -> Iterator[str]:
    """A heading and a table for a section and for each below it."""
    for path, one in dict.fromkeys(keys.sections(section)):
        yield from _section(f"{root}.{path}".strip("."), one, path, further=further, level=level)


def _section(
    name: str, one: type, path: str, *, further: Further | None = None, level: int = 2
) -> Iterator[str]:
    own = list(keys.keys(one))
    alternatives = [key for key in own if key.name == "cells" and key.value.startswith("`")]
    yield f"{'#' * level} `{name}`" + (f" ({alternatives[0].value})" if alternatives else "")
    yield ""
    head = HEAD if further is None else [*HEAD, further.head]
    yield from table(head, (_row(key, path, further) for key in own))
    yield ""


def _row(key: Key, path: str, further: Further | None) -> list[str]:
    if further is None:
        return key.row
    cells, full = further.cells, f"{path}.{key.name}".strip(".")
    return [*key.row, cells.get(full, cells.get(path, ""))]


@cache
def reads() -> dict[str, dict[str, str]]:
    """By file the keys that estimates read, and on which shipped chips."""
    from neurorebit.schemes.assumed import assumed
    from neurorebit.studies.request import Request
    from neurorebit.studies.run import estimated

    found: dict[str, dict[str, list[str]]] = {"technology": {}, "device": {}}
    chips = paths.names("architecture")
    for chip in chips:
        noted = Reads()
        seen = Request(NETWORK, architecture=chip, train=False).inputs().observed(noted)
        estimated(seen, assumed(seen.network, seen.architecture, seen.device), seen.images)
        for full in noted.keys:
            root, _, key = re.sub(r"\[\d+\]", "", full).partition(".")
            if root in found:
                known = found[root].setdefault(key, [])
                known += [chip] if chip not in known else []
    return {
        root: {key: _chips(read, chips) for key, read in of.items()} for root, of in found.items()
    }


def _chips(read: list[str], chips: list[str]) -> str:
    return "all" if len(read) == len(chips) else " ".join(f"`{chip}`" for chip in read)


def network_keys() -> Iterator[str]:
    """Keys of a network file but for layers and training."""
    from neurorebit.inputs.network import NetworkFile

    for path, one in keys.sections(NetworkFile):
        if not path.startswith(("layers", "training")):
            yield from _section(f"network.{path}".strip("."), one, path)


def training_keys() -> Iterator[str]:
    """Keys of the section ``training``, and the schemes that heed them."""
    ignored = frozenset().union(*(scheme.heeds for scheme in SCHEMES.values()))
    own = {key for scheme in SCHEMES.values() for key in scheme.own_keys}
    heeded = {}
    for key in keys.keys(training_section()):
        some = key.name in ignored | own
        names = [
            f"`{name}`"
            for name, scheme in SCHEMES.items()
            if scheme.heeded(key.name) or scheme.heeded(key.name, devices=False)
        ]
        heeded[key.name] = " ".join(names) if some else "all"
    yield from of_sections(training_section(), "training", Further("heeded by", heeded))


def layer_keys() -> Iterator[str]:
    """The kinds of layers and their keys."""
    for name, kind in KINDS.items():
        yield f"### `{name}`"
        yield ""
        yield _first(kind) + "."
        yield ""
        own = list(keys.layer_keys(kind))
        if own:
            yield from table(HEAD, (key.row for key in own))
            yield ""


def any_layer_keys() -> Iterator[str]:
    """The keys that every layer has."""
    from neurorebit.layers.base import Layer

    yield from table(HEAD, (key.row for key in keys.keys(Layer)))


def _first(thing: Any) -> str:
    """The first sentence of a docstring."""
    text = " ".join(inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].split())
    return re.split(r"\.(?:\s|$)", text)[0].replace("``", "`")


def architecture_keys(organisation: str) -> Iterator[str]:
    """The keys of the architecture file of an organisation."""
    yield from of_sections(ORGANISATIONS[organisation].spec, "architecture", level=3)


def technology_keys() -> Iterator[str]:
    """The keys of a technology file, and the chips whose estimate reads them."""
    yield from of_sections(
        technology_type(), "technology", Further("read by", reads()["technology"])
    )


def device_keys() -> Iterator[str]:
    """The keys of a device file, and the chips whose estimate reads them."""
    yield from of_sections(Device, "device", Further("read by", reads()["device"]))


def activity_keys() -> Iterator[str]:
    """The keys of an activity file."""
    yield from of_sections(ActivityFile, "activity", level=3)


def silicon_keys() -> Iterator[str]:
    """The keys of a record of silicon, but for its macro."""
    from neurorebit.checking.silicon.record import Record

    for path, one in dict.fromkeys(keys.sections(Record)):
        if path != "macro":
            yield from _section(f"record.{path}".strip("."), one, path, level=3)


def structure_keys() -> Iterator[str]:
    """The structures of macros, their keys and their supplies."""
    from neurorebit.macros.structure import Structure
    from neurorebit.macros.table import STRUCTURES

    for name, kind in STRUCTURES.items():
        yield f"### `{name}`"
        yield ""
        yield f"{_first(kind)}."
        yield ""
        own = (key for key in keys.keys(kind, Structure) if key.name != "kind")
        yield from table(HEAD, (key.row for key in own))
        yield ""
        yield from table(
            ["supply", "feeds"], ([f"`{role}`", feeds] for role, feeds in kind.roles.items())
        )
        yield ""


def measured_figures() -> Iterator[str]:
    """The forms that a measured figure may have."""
    from neurorebit.checking.silicon import measured

    forms = {
        "energy": (*measured.ENERGY, measured.POWER),
        "speed": measured.SPEED,
        "area": measured.AREA,
        "speed and area": measured.DENSITY,
        "highest clock": (measured.CLOCK,),
        "leakage of a macro at rest": (measured.LEAKAGE,),
    }
    rows = [
        [
            what,
            " ".join(f"`{key}`" for key in of),
            " ".join(f"`{key}`" for key, (bare, _) in measured.QUANTITIES.items() if bare in of),
        ]
        for what, of in forms.items()
    ]
    yield from table(["figure", "numbers, by key", "with their unit"], rows)


def record_figures() -> Iterator[str]:
    """The figures of a record."""
    yield (
        ", ".join(f"`{figure}`" for figure in FIGURES) + ", or properties by their path in `values`"
    )


# --- commands and names


def command_options() -> Iterator[str]:
    """Every command with its options."""
    for name, summary in COMMANDS.items():
        words = [name]
        parser = parser_of(words)
        made = parser._subparsers._group_actions[0].choices[name]  # type: ignore[union-attr]
        yield f"## `neurorebit {name}`"
        yield ""
        yield f"{summary[:1].upper()}{summary[1:]}."
        yield ""
        rows = [[_spelled(one), _help(made, one)] for one in made._actions if one.dest != "help"]
        if rows:
            yield from table(["option", "meaning"], rows)
            yield ""


def _spelled(action: Any) -> str:
    """An option or an argument as it is written."""
    words = "|".join(action.choices) if action.choices else action.dest.upper()
    value = action.metavar or (words if action.nargs != 0 else "")
    if isinstance(value, tuple):
        value = " ".join(value)
    if not action.option_strings:
        return f"`{value}`"
    flags = ", ".join(action.option_strings)
    text = f"`{flags}`" if action.nargs == 0 else f"`{flags} {value}`"
    return text.replace("|", "\\|")


def _help(parser: Any, action: Any) -> str:
    text = parser._get_formatter()._expand_help(action) if action.help else ""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")


def api() -> Iterator[str]:
    """Every public name with its signature and what its docstring says."""
    for name in nr.__all__:
        thing = getattr(nr, name)
        if not callable(thing):
            continue
        yield f"## `{name}`"
        yield ""
        if inspect.isfunction(thing):
            yield from ("```python", f"{name}{_signature(thing)}", "```", "")
        yield from _prose(inspect.cleandoc(thing.__doc__ or ""))
        yield ""


def torch_api() -> Iterator[str]:
    """The public names of neurorebit.torch."""
    yield from torch_names.page(_prose)


class _Plain:
    """An annotation that is shown as it is written."""

    def __init__(self, text: Any) -> None:
        self.text = text

    def __repr__(self) -> str:
        return str(self.text)


def _signature(function: Any) -> str:
    """The signature of a function, one argument a line where it is long."""
    given = inspect.signature(function)
    signature = given.replace(
        parameters=[p.replace(annotation=_Plain(p.annotation)) for p in given.parameters.values()],
        return_annotation=_Plain(given.return_annotation),
    )
    text = str(signature)
    if len(text) < 80:
        return text
    lines, mark = [], False
    for one in signature.parameters.values():
        if one.kind is one.KEYWORD_ONLY and not mark:
            lines.append("    *,")
            mark = True
        lines.append(f"    {one},")
    returned = str(signature).rpartition(" -> ")[2]
    return "\n".join(["(", *lines, f") -> {returned}"])


def _prose(text: str) -> Iterator[str]:
    """A docstring as Markdown: examples in fences, names in single backticks."""
    for paragraph in text.split("\n\n"):
        if paragraph.lstrip().startswith(">>>"):
            yield from ("```pycon", inspect.cleandoc(paragraph), "```", "")
        else:
            yield " ".join(paragraph.split()).replace("``", "`")
            yield ""


BLOCKS = {
    block.__name__: block
    for block in (
        network_keys,
        training_keys,
        any_layer_keys,
        layer_keys,
        technology_keys,
        device_keys,
        activity_keys,
        silicon_keys,
        structure_keys,
        measured_figures,
        record_figures,
        command_options,
        api,
        torch_api,
        *WRITTEN,
        *silicon_tables.TABLES,
    )
} | {
    f"{name}_keys": partial(architecture_keys, name)
    for name, organisation in ORGANISATIONS.items()
    if organisation.sections
}
