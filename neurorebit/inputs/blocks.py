"""Repeated layers and named blocks of a network file, written out as a plain list of layers.

An entry of ``layers`` is a layer (``kind``), a use of a block (``block``), or layers that are
repeated (``repeat`` and ``layers``). A use of a block or a repetition is an *instance*: its layers
get names of their own below the instance's, ``stage1.conv2``, and those of the second of several
repetitions ``stage1.2.conv2``. A name stands for the layer that was made last under it.

References are lexical. Inside a block, ``input`` is what the instance reads, as it is the image
outside; besides, a block sees its own layers and its parameters. A parameter is used as ``$name``;
one that names a layer means a layer of whoever uses the block. Inside a repetition, ``input`` is
what the repetition reads, the output of the one before, and names around it are seen too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from neurorebit.layers.table import KINDS
from neurorebit.schema import Document, InputError, Loc

IMAGE = "input"  # what the image, or what an instance reads, is called among the layers
LAYERS = 10_000  # of a network, all repetitions counted
DEEPEST = 30  # instances in one another
TOO_DEEP = f"more than {DEEPEST} blocks in one another"
KEYS = frozenset({"block", "repeat", "layers", "name", "input"})  # of an instance
PARAMETER = re.compile(r"\$(\w+)")
COUNT = re.compile(r"[0-9]{1,18}")
Entry = dict[str, Any]


class Bound(NamedTuple):
    """A parameter's value: where it is written, and in whose scope a name in it is looked up."""

    value: Any
    loc: Loc
    scope: Scope


@dataclass(eq=False)
class Scope:
    """The names that one instance sees: those of its layers, its parameters, and what it reads.

    ``path`` is the name of the instance, empty outside of all; ``around``: the scope in which a
    repetition is written, None for a block, which sees nothing around it.
    """

    path: str
    reads: str
    around: Scope | None = None
    bound: Mapping[str, Bound] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict, init=False)
    counts: dict[str, int] = field(default_factory=dict, init=False)

    def below(self, name: str) -> str:
        """The whole name of a layer of this instance."""
        return f"{self.path}.{name}" if self.path else name

    def unnamed(self, kind: str) -> str:
        """The name of the next layer of a kind that has none."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}{self.counts[kind]}"


def write_out(document: Document) -> None:
    """Write out the instances of a network file in its document, which keeps the lines.

    InputError where an instance is wrong, or the layers are more than ``LAYERS``. A document
    without instances is left as it is.
    """
    layers = document.tree.get("layers")
    if not isinstance(layers, list) or not (
        "blocks" in document.tree or any(map(_is_instance, layers))
    ):
        return
    _Writer(document).write(layers)


def _is_instance(entry: Any) -> bool:
    return isinstance(entry, dict) and ("block" in entry or "repeat" in entry)


class _Writer:
    """The layers of one file, written out in order."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.blocks: dict[str, Any] = self._sections(("blocks",), document.tree.get("blocks"))
        self.sizes: dict[str, int] = {}
        self.made: list[Entry] = []
        self.places: dict[Loc, Loc] = {}
        self.known: set[str] = set()

    def write(self, layers: list[Any]) -> None:
        for name in self.blocks:
            self._block(name, ())
        self._counted(layers, ("layers",), ())
        self._list(layers, ("layers",), Scope("", IMAGE), 0)
        self.document.replace("layers", self.made, self.places)
        self.document.tree.pop("blocks", None)

    # -- what there is, before anything is made of it --------------------------------------------

    def _sections(self, loc: Loc, value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            message, cure = f"expected a section, got '{value}'", "write keys below it, indented"
            raise self.document.error(loc, message, cure)
        return value

    def _entries(self, loc: Loc, value: Any) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise self.document.error(loc, "expected a list of layers", "write one or more")
        return value

    def _block(self, name: str, above: tuple[str, ...]) -> int:
        """How many layers a block has; InputError where it is wrong, or uses itself."""
        loc: Loc = ("blocks", name)
        if name in above:
            raise self.document.error(loc, f"the block '{name}' uses itself", "end the circle")
        if name in self.sizes:
            return self.sizes[name]
        block = self._sections(loc, self.blocks[name])
        for key in block:
            if key not in ("parameters", "layers"):
                cure = "a block has 'parameters' and 'layers'"
                raise self.document.error((*loc, key), "unknown key", cure)
        for key in self._sections((*loc, "parameters"), block.get("parameters")):
            if key in KEYS or key == "kind" or not PARAMETER.fullmatch(f"${key}"):
                message = f"a parameter cannot be called '{key}'"
                raise self.document.error((*loc, "parameters", key), message, "rename it")
        layers = self._entries((*loc, "layers"), block.get("layers"))
        self.sizes[name] = self._counted(layers, (*loc, "layers"), (*above, name))
        return self.sizes[name]

    def _counted(self, layers: list[Any], loc: Loc, above: tuple[str, ...]) -> int:
        """How many layers a list makes; InputError where they are too many."""
        if len(above) > DEEPEST:
            raise self.document.error(loc, TOO_DEEP, "write the inner ones out")
        total = 0
        for i, entry in enumerate(layers):
            total += self._size(entry, (*loc, i), above)
            if total > LAYERS:
                message = f"{total:,} layers and more, all repetitions counted"
                raise self.document.error((*loc, i), message, f"at most {LAYERS:,} are read")
        return total

    def _size(self, entry: Any, loc: Loc, above: tuple[str, ...]) -> int:
        if not _is_instance(entry):
            return 1
        if "block" in entry:
            name = str(entry["block"])
            if name not in self.blocks:
                known = ", ".join(self.blocks) or "none"
                message = f"no block '{name}'; the file has: {known}"
                raise self.document.error((*loc, "block"), message, "name one of 'blocks'")
            if "layers" in entry:
                message = "a block has its own layers"
                raise self.document.error((*loc, "layers"), message, "remove one of the two")
            size = self._block(name, above)
        else:
            inner = self._entries((*loc, "layers"), entry.get("layers"))
            size = self._counted(inner, (*loc, "layers"), above)
            for key in entry:
                if key not in KEYS:
                    message = "unknown key of a repetition"
                    raise self.document.error((*loc, key), message, "remove it")
        return size * self._times(entry, loc)

    def _times(self, entry: Entry, loc: Loc) -> int:
        """How often an instance is repeated."""
        text = entry.get("repeat", "1")
        if not COUNT.fullmatch(str(text)) or int(text) < 1:
            message = f"expected a whole number of at least 1, got '{text}'"
            raise self.document.error((*loc, "repeat"), message, "write it as in 3")
        return int(text)

    # -- the layers ------------------------------------------------------------------------------

    def _list(self, layers: list[Any], loc: Loc, scope: Scope, depth: int) -> None:
        if depth > DEEPEST:
            raise self.document.error(loc, TOO_DEEP, "write the inner ones out")
        for i, entry in enumerate(layers):
            if _is_instance(entry):
                self._instance(entry, (*loc, i), scope, depth)
            else:
                self._layer(entry, (*loc, i), scope)

    @property
    def _last(self) -> str:
        """The name of the layer before."""
        return str(self.made[-1]["name"]) if self.made else IMAGE

    def _layer(self, entry: Any, loc: Loc, scope: Scope) -> None:
        if not isinstance(entry, dict):
            message, cure = f"expected a section, got '{entry}'", "write it as in {kind: relu}"
            raise self.document.error(loc, message, cure)
        place: Loc = ("layers", len(self.made))
        self.places[place] = loc
        made: Entry = {}
        kind = str(self._value(entry.get("kind"), (*loc, "kind"), scope, (*place, "kind")))
        named = str(entry["name"]) if entry.get("name") else scope.unnamed(kind)
        references = {IMAGE, *(KINDS[kind].also_reads if kind in KINDS else ())}
        for key, value in entry.items():
            if key in references:
                made[key] = self._referred(value, (*loc, key), scope)
            elif key != "name":
                made[key] = self._value(value, (*loc, key), scope, (*place, key))
        first = scope.reads if scope.path and not scope.names else ""
        if not entry.get("input") and first not in ("", self._last):
            made["input"] = first
        made["name"] = scope.below(named)
        if named in scope.names or made["name"] in self.known:
            message = f"a layer named '{named}' came before"
            raise self.document.error((*loc, "name"), message, "rename one")
        scope.names[named] = made["name"]
        self.known.add(made["name"])
        self.made.append(made)

    def _instance(self, entry: Entry, loc: Loc, scope: Scope, depth: int) -> None:
        times, of_block = self._times(entry, loc), "block" in entry
        word = str(entry["block"]) if of_block else "repeat"
        name = str(entry.get("name") or scope.unnamed(word))
        if name in scope.names:
            message = f"a layer named '{name}' came before"
            raise self.document.error((*loc, "name"), message, "rename one")
        reads = self._last
        if entry.get("input"):
            reads = self._referred(entry["input"], (*loc, "input"), scope)
        elif scope.path and not scope.names:
            reads = scope.reads
        bound = dict(self._bound(entry, loc, scope)) if of_block else scope.bound
        body: Loc = ("blocks", word, "layers") if of_block else (*loc, "layers")
        layers = self.blocks[word]["layers"] if of_block else entry["layers"]
        for time in range(1, times + 1):
            path = scope.below(f"{name}.{time}" if "repeat" in entry else name)
            inner = Scope(path, reads, None if of_block else scope, bound)
            self._list(layers, body, inner, depth + 1)
            reads = self._last
            if "repeat" in entry:
                scope.names[f"{name}.{time}"] = reads
        scope.names[name] = reads

    def _bound(self, entry: Entry, loc: Loc, scope: Scope) -> Iterator[tuple[str, Bound]]:
        """The parameters of a use of a block: those given, and the defaults of the others."""
        name = str(entry["block"])
        home: Loc = ("blocks", name, "parameters")
        declared = self.blocks[name].get("parameters") or {}
        for key in entry:
            if key not in KEYS and key not in declared:
                known = ", ".join(declared) or "none"
                message = f"the block '{name}' has no such parameter; it has: {known}"
                raise self.document.error((*loc, key), message, "remove it")
        for key, default in declared.items():
            if key in entry:
                given = entry[key]
                if isinstance(given, str) and (used := PARAMETER.fullmatch(given)):
                    yield key, self._parameter(used[1], (*loc, key), scope)
                else:
                    yield key, Bound(given, (*loc, key), scope)
            elif default is None:
                message = f"the block '{name}' needs the parameter '{key}'"
                raise self.document.error(loc, message, "give it")
            else:
                yield key, Bound(default, (*home, key), Scope("", IMAGE))

    def _parameter(self, name: str, loc: Loc, scope: Scope) -> Bound:
        if name not in scope.bound:
            known = ", ".join(f"${known}" for known in scope.bound) or "none"
            message = f"no parameter '${name}' here; there is: {known}"
            raise self.document.error(loc, message, "name it under 'parameters' of the block")
        return scope.bound[name]

    def _value(self, value: Any, loc: Loc, scope: Scope, place: Loc) -> Any:
        """A value with parameters put in, whose lines are those of where they were given."""
        if isinstance(value, list):
            return [
                self._value(item, (*loc, i), scope, (*place, i)) for i, item in enumerate(value)
            ]
        if isinstance(value, dict):
            return {
                key: self._value(item, (*loc, key), scope, (*place, key))
                for key, item in value.items()
            }
        used = PARAMETER.fullmatch(value) if isinstance(value, str) else None
        if used is None:
            return value
        bound = self._parameter(used[1], loc, scope)
        self.places[place] = bound.loc
        return bound.value

    def _referred(self, value: Any, loc: Loc, scope: Scope) -> Any:
        """The whole name of the layer, or of each of the layers, that a key names."""
        if isinstance(value, list):
            return [self._referred(item, (*loc, i), scope) for i, item in enumerate(value)]
        used = PARAMETER.fullmatch(value) if isinstance(value, str) else None
        if used is not None:
            bound = self._parameter(used[1], loc, scope)
            if isinstance(bound.value, list):
                return [self._found(str(name), loc, bound.scope) for name in bound.value]
            return self._found(str(bound.value), loc, bound.scope)
        return value if value is None else self._found(str(value), loc, scope)

    def _found(self, name: str, loc: Loc, scope: Scope) -> str:
        seen: Scope | None = scope
        while seen is not None:
            if name == IMAGE:
                return seen.reads
            if name in seen.names:
                return seen.names[name]
            if seen.below(name) in self.known:
                return seen.below(name)
            seen = seen.around
        raise self._unknown(name, loc)

    def _unknown(self, name: str, loc: Loc) -> InputError:
        message = f"no layer named '{name}' comes before"
        return self.document.error(loc, message, "name one that does")
