"""A YAML file to a frozen dataclass, or an InputError that names file, line, key and cure.

PyYAML gives the text of every value and its line, pydantic checks it against the dataclass; this
module only joins the two. Every scalar reaches pydantic as the text that stands in the file, so a
quantity keeps its unit.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_origin

import numpy as np
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from neurorebit.schema import yaml_text
from neurorebit.schema.errors import File, ImpossibleError, InputError, Line, Words, printable
from neurorebit.schema.fields import adapter, hints_of, kind_of, one_of, quantity
from neurorebit.schema.setting import Setting

T = TypeVar("T")
Loc = tuple[str | int, ...]
EXPECTED = {  # what pydantic says in other words
    "bool_parsing": "true or false",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "string_type": "text",
}
BOUNDS = frozenset(  # errors that say that a number lies out of its bounds
    {"range", "greater_than", "greater_than_equal", "less_than", "less_than_equal"}
)
INDEX = re.compile("[0-9]{1,9}")  # of a list, in a key path
ALIKE = 0.7  # how alike two keys are of which one may be meant, from 0 to 1
MENTIONED = 3  # places that an error names
BARE = "_bare"  # the attribute of an observed section that holds it as it was
RENAMED = {"weights": "scheme", "sar_cycle": "cycle"}  # keys of earlier versions


@dataclasses.dataclass(frozen=True, eq=False)
class Misfit:
    """Values that are right each by itself, and where they do not fit together.

    ``where`` is true or false, or says so of each design; ``message`` has a place for each of
    ``values``, which are numbers or arrays over the designs too.
    """

    loc: Loc
    where: Any
    message: str
    values: tuple[Any, ...] = ()
    cure: str = dataclasses.field(default="", kw_only=True)

    def text(self, *values: Any) -> str:
        """What is wrong with these values of one design."""
        return self.message.format(*values)


class Section:
    """Base of the dataclasses that a file is read into: keys they do not name are errors.

    ``instead`` says of keys that other tools have what there is here in their place.
    """

    instead: ClassVar[Mapping[str, str]] = {}
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True
    )


def informative(section: Any) -> frozenset[str]:
    """The keys of a section that are for the reader alone."""
    hints = hints_of(type(section))
    return frozenset(
        name
        for name, hint in hints.items()
        for item in getattr(hint, "__metadata__", ())
        if isinstance(item, quantity) and item.informative
    )


def split(path: str) -> Loc:
    """A key path as its steps: ``layers[3].kernel`` is ``("layers", 3, "kernel")``."""
    steps = re.sub(r"\[([0-9]+)\]", r".\1", path).split(".")
    return tuple(int(step) if INDEX.fullmatch(step) else step for step in steps if step)


def join(loc: Iterable[str | int]) -> str:
    """The steps as a key path, as a reader writes it."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else str(step))
    return text


class Document:
    """A YAML file as read: its values as text, the line of each, and what was set over it."""

    def __init__(self, path: Path, root: str = "", shown: str | None = None) -> None:
        self.path = path
        self.shown = shown or str(path)
        self.root = root
        self._parse(yaml_text.read_text(path, self.shown))

    @classmethod
    def of_text(
        cls, text: str, path: Path, root: str = "", *, shown: str = "", origin: object = None
    ) -> Document:
        """A document of this text, which no file need hold; ``path`` names it.

        Errors name ``origin``, or the lines of the text where there is none.
        """
        made = cls.__new__(cls)
        made.path, made.shown, made.root = path, shown or str(path), root
        made._parse(text, origin)
        return made

    def _parse(self, text: str, origin: object = None) -> None:
        """Take the values of a YAML text; InputError where it is not one."""
        self.text = text
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self._origin: dict[Loc, object] = {}
        self._places: dict[Loc, Loc] = {}  # where values are written that stand elsewhere now
        self.tree: dict[str, Any] = {}
        self._values = 0  # read so far, those that aliases stand for included
        node = yaml_text.compose(text, self.shown, origin)
        if not isinstance(node, yaml.MappingNode):
            message, cure = "expected 'key: value' lines, got none", "write them, as in vdd: 0.9 V"
            raise InputError(message, origin=origin or Line(self.shown, 1), cure=cure)
        self.tree = self._read(node, (), origin)

    def __str__(self) -> str:
        return self.shown

    def copy(self) -> Document:
        """The same document; what is set over the copy leaves this one alone."""
        made = copy.copy(self)
        made.tree, made._origin = _copied(self.tree), dict(self._origin)
        made._places = dict(self._places)
        return made

    @classmethod
    def of_values(cls, tree: dict[str, Any], shown: str, root: str = "") -> Document:
        """Values that come from no file of their own, as if read from one; errors name ``shown``.

        Numbers are in SI units, lists of numbers arrays.
        """
        made = cls.__new__(cls)
        made.path, made.shown, made.root = Path(shown), shown, root
        made.text, made.digest, made._values = "", "", 0
        made._origin, made._places, made.tree = {(): File(shown)}, {}, tree
        return made

    def _read(self, node: yaml.Node, loc: Loc, origin: object) -> Any:
        """The values of a node; InputError where an alias stands for what it stands in."""
        try:
            return self._plain(node, loc, origin)
        except RecursionError:
            raise yaml_text.too_deep(origin or File(self.shown)) from None

    def _plain(self, node: yaml.Node, loc: Loc, origin: object = None) -> Any:
        """The values of a node as text; each comes from its line, or from ``origin``."""

        def here(of: yaml.Node) -> object:
            return Line(self.shown, of.start_mark.line + 1) if origin is None else origin

        def text(of: yaml.Node) -> str:
            """What a scalar says, in one line."""
            said = " ".join(str(of.value).split()) if "\n" in of.value else str(of.value)
            if not said.replace("\t", " ").replace("\xa0", " ").isprintable():
                message = f"holds a character that does not print: '{printable(said)}'"
                raise InputError(message, origin=here(of), key=join(loc), cure="remove it")
            return said

        self._values += 1
        if self._values > yaml_text.VALUES:
            message = f"more than {yaml_text.VALUES:,} values, those of aliases included"
            raise InputError(message, origin=here(node), cure="write fewer")
        if len(loc) > yaml_text.DEEPEST:
            raise yaml_text.too_deep(here(node))
        self._origin.setdefault(loc, here(node))
        if isinstance(node, yaml.MappingNode):
            values: dict[str, Any] = {}
            for key_node, value_node in node.value:
                if not isinstance(key_node, yaml.ScalarNode):
                    message, cure = "a key is a word", "write 'key: value'"
                    raise InputError(message, origin=here(key_node), key=join(loc), cure=cure)
                key = text(key_node)
                self._origin[(*loc, key)] = here(key_node)
                if key in values:
                    raise self.error((*loc, key), "given twice", "keep one")
                values[key] = self._plain(value_node, (*loc, key), origin)
            return values
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*loc, i), origin) for i, item in enumerate(node.value)]
        if node.tag == "tag:yaml.org,2002:null":
            return None
        return text(node)

    def set(self, path: str, text: str, origin: object = None) -> None:
        """Replace or add the value at a key path; ``text`` is read as YAML.

        Errors name ``origin``, or the key and the text where there is none. InputError where the
        text is not YAML or the path leads nowhere.
        """
        setting = Setting(f"{self.root}.{path}" if self.root else path, text, origin)
        origin, loc = setting.label, split(path)

        def refuse(message: str, cure: str) -> InputError:
            return InputError(message, origin=origin, value=text, cure=cure)

        node = yaml_text.compose(text, self.shown, origin)
        parent: Any = self.tree
        for i, step in enumerate(loc):
            if isinstance(parent, list) and not (isinstance(step, int) and step < len(parent)):
                expected = f"expected an index below {len(parent)}"
                cure = "entries of a list count from 0"
                raise InputError(expected, origin=origin, key=repr(step), value=text, cure=cure)
            if not isinstance(parent, dict | list):
                raise refuse(f"{join(loc[:i])} has no keys below it", "set the key itself")
            key: Any = step if isinstance(parent, list) else str(step)
            if i == len(loc) - 1:
                for known in [known for known in self._origin if known[: len(loc)] == loc]:
                    del self._origin[known]
                parent[key] = None if node is None else self._read(node, loc, origin)
                self._origin[loc] = origin
            else:
                if isinstance(parent, dict) and parent.get(key) is None:
                    parent[key] = {}
                    self._origin[loc[: i + 1]] = origin
                parent = parent[key]

    def lay(self, loc: Loc, value: Any, source: Loc) -> None:
        """Put a value of this file over another key of it; errors name the line it came from."""
        value_at(self.tree, loc[:-1])[loc[-1]] = value
        for known, origin in list(self._origin.items()):
            if known[: len(source)] == source:
                self._origin[loc + known[len(source) :]] = origin

    def replace(self, key: str, value: Any, places: Mapping[Loc, Loc]) -> None:
        """Put a value that was made of this file at a key; errors name where it is written.

        ``places``: for keys of the value, the keys of the file that they, and what stands below
        them, were made of.
        """
        self.tree[key] = value
        self._places = dict(places)

    def _written(self, loc: Loc) -> Loc:
        """The key of the file that a key was made of."""
        for length in range(len(loc), 0, -1):
            if loc[:length] in self._places:
                return self._places[loc[:length]] + loc[length:]
        return loc

    def error(self, loc: Loc, message: Words, cure: Words = "") -> InputError:
        """An InputError at the line of a key (or of the nearest key around it)."""
        written = self._written(loc) if self._places else loc
        known = written
        while known and known not in self._origin:
            known = known[:-1]
        where = self._origin.get(known, Line(self.shown, 1))
        try:
            value = value_at(self.tree, loc)
        except (LookupError, TypeError):
            value = None
        return InputError(message, origin=where, key=join(written), value=value, cure=cure)

    def impossible(self, loc: Loc, message: Words, cure: Words = "") -> ImpossibleError:
        """The same for a value that can be read, but that nothing can have."""
        found = self.error(loc, message, cure)
        return ImpossibleError(
            message, origin=found.origin, key=found.key, value=found.value, cure=cure
        )

    def refuse(self, misfits: Iterable[Misfit]) -> None:
        """ImpossibleError for the first of the misfits that is one."""
        for misfit in misfits:
            if misfit.where:
                raise self.impossible(misfit.loc, misfit.text(*misfit.values), misfit.cure)

    def look_up(self, loc: Loc, choice: one_of) -> None:
        """InputError unless the value at ``loc`` is a word of a table above the file's class."""
        try:
            TypeAdapter(Annotated[str, choice]).validate_python(value_at(self.tree, loc))
        except ValidationError as problem:
            context = problem.errors()[0]["ctx"]
            raise self._no_such_word(loc, str(context["tag"]), str(context["expected"])) from None

    def read(self, cls: type[T]) -> T:
        """The file as an instance of ``cls``; InputError where it does not fit."""
        try:
            return adapter(cls).validate_python(self.tree)
        except ValidationError as problem:
            raise self._explain(problem, cls) from None

    def _explain(self, problem: ValidationError, cls: type) -> InputError:
        errors = problem.errors(include_url=False)
        # an unknown key explains the missing one next to it, so it comes first
        error = next((e for e in errors if e["type"] == "unexpected_keyword_argument"), errors[0])
        loc, value = self._located(error["loc"])
        kind, context = error["type"], error.get("ctx", {})
        if kind == "unexpected_keyword_argument":
            return self.error(loc, "unknown key", _instead(loc, cls) or _cure(loc, cls))
        if kind in ("missing", "missing_argument"):
            absent = [e["loc"] for e in errors if e["type"] == kind]
            missing = [f"'{one[-1]}'" for one in absent if one[:-1] == error["loc"][:-1]]
            if len(missing) == 1:
                return self.error(loc[:-1], f"the key {missing[0]} is missing", "add it")
            return self.error(loc[:-1], f"the keys {', '.join(missing)} are missing", "add them")
        if kind in ("union_tag_invalid", "literal_error", "choice"):
            expected = str(context.get("expected_tags") or context.get("expected"))
            loc += (_tag(context),) if kind == "union_tag_invalid" else ()
            given = str(context.get("tag") or value)
            return self._no_such_word(loc, given, expected, str(context.get("cure", "")))
        if kind in ("dataclass_type", "dict_type", "model_attributes_type"):
            cure = "write its keys in lines of their own below it, indented"
            return self.error(loc, f"expected a section, got '{value}'", cure)
        if kind in ("list_type", "tuple_type"):
            cure = "write a line with '- ' for each entry, or [one, another]"
            return self.error(loc, f"expected a list, got '{value}'", cure)
        if kind == "union_tag_not_found":
            return self.error(loc, f"the key '{_tag(context)}' is missing", "add it")
        message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
        if kind in EXPECTED:
            message = f"expected {EXPECTED[kind]}"
        words = [
            e["ctx"]
            for e in errors
            if e["type"] in ("literal_error", "choice") and self._located(e["loc"])[0] == loc
        ]
        message += "".join(f", or {word['expected']}" for word in words)
        got = "" if kind in ("quantity", "range", "value_error") else f", got '{value}'"
        text = f"{message}{got}"
        here = (e["type"] for e in errors if self._located(e["loc"])[0] == loc)
        if BOUNDS.isdisjoint(here):
            cures = [str(one["cure"]) for one in (context, *words) if "cure" in one]
            return self.error(loc, text, cures[0] if cures else "write what is expected")
        return self.impossible(loc, text, "take a value within the bounds")

    def _no_such_word(self, loc: Loc, given: str, expected: str, cure: str = "") -> InputError:
        """An InputError that names the words that are known, and the one nearest to it."""
        choices = re.findall(r"'([^']+)'", expected)
        near = difflib.get_close_matches(given, choices)
        cure = cure or (f"did you mean '{near[0]}'?" if near else "take one of them")
        return self.error(loc, f"expected one of {', '.join(choices)}, got '{given}'", cure)

    def _located(self, loc: Iterable[int | str]) -> tuple[Loc, Any]:
        """The part of pydantic's location that names keys of the file, and the value there."""
        steps = list(loc)
        keys: list[str | int] = []
        value: Any = self.tree
        for i, step in enumerate(steps):
            here = range(len(value)) if isinstance(value, list) else value
            if isinstance(here, dict | range) and step in here:
                value = value[step]
            elif i < len(steps) - 1 or not isinstance(value, dict):
                continue  # the name of a union's branch, not a key
            keys.append(step)
        return tuple(keys), value


def _copied(tree: Any) -> Any:
    """A copy of dictionaries and lists; what stands in them is never changed."""
    if isinstance(tree, dict):
        return {key: _copied(value) for key, value in tree.items()}
    return [_copied(item) for item in tree] if isinstance(tree, list) else tree


def _tag(context: Mapping[str, Any]) -> str:
    """The key that says which of several sections this is."""
    return str(context["discriminator"]).strip("'")


def value_at(tree: Any, loc: Loc) -> Any:
    """The value at these steps of a tree of dicts and lists."""
    for step in loc:
        tree = tree[step]
    return tree


def _instead(loc: Loc, cls: type) -> str:
    """What the section around a key that it does not know has in its place, or nothing."""
    key = str(loc[-1])
    return next((s.instead[key] for s in _sections(cls, loc[:-1]) if key in s.instead), "")


def _sections(hint: Any, loc: Loc) -> Iterator[type[Section]]:
    """The sections that may stand at these steps below an annotation."""
    tables = [item for item in getattr(hint, "__metadata__", ()) if isinstance(item, kind_of)]
    inner: tuple[Any, ...] = tuple(kind for item in tables for kind in item.table.values())
    for kind in inner or getattr(hint, "__args__", inner):
        yield from _sections(kind, loc)
    if not (isinstance(hint, type) and issubclass(hint, Section)):
        return
    named = [step for step in loc if isinstance(step, str)]
    if not named:
        yield hint
    elif named[0] in (hints := hints_of(hint)):
        yield from _sections(hints[named[0]], tuple(named[1:]))


def _cure(loc: Loc, cls: type) -> str:
    """What to do about a key that ``cls`` does not know there."""
    key, homes = str(loc[-1]), _homes(cls)
    if RENAMED.get(key) in homes:
        return f"it is called '{RENAMED[key]}' now"
    here = tuple(step for step in loc if isinstance(step, str))
    if kinds := homes.get(key, {}).get(here):
        return f"it belongs to {', '.join(kinds)}"
    if key in homes:
        places = [f"'{join(path)}'" for path in sorted(homes[key], key=len)[:MENTIONED]]
        return f"did you mean {' or '.join(places)}?"
    near = difflib.get_close_matches(key, sorted(homes), cutoff=ALIKE)
    return f"did you mean '{near[0]}'?" if near else "remove it"


def _homes(cls: type) -> dict[str, dict[tuple[str, ...], list[str]]]:
    """Where each key below ``cls`` stands: its paths, without indices, and what sections have it.

    A section is named by its word in a table, or by its fields that have one value, such as
    ``kind: conv``.
    """
    homes: dict[str, dict[tuple[str, ...], list[str]]] = {}

    def walk(kind: Any, path: tuple[str, ...], above: tuple[type, ...], word: str = "") -> None:
        tables = [item for item in getattr(kind, "__metadata__", ()) if isinstance(item, kind_of)]
        for choice in tables:
            for tag, section in choice.table.items():
                walk(section, path, above, f"{choice.key}: {tag}")
        for inner in () if tables else getattr(kind, "__args__", ()):
            walk(inner, path, above)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind not in above:
            hints = hints_of(kind)
            for name in (field.name for field in dataclasses.fields(kind)):
                places = homes.setdefault(name, {})
                here = places.setdefault((*path, name), [])
                here.append(word or _section(hints, kind.__name__))
                walk(hints[name], (*path, name), (*above, kind))

    walk(cls, (), ())
    return homes


def _section(hints: Mapping[str, Any], name: str) -> str:
    """A section as its file calls it: by a field of one value, or by ``name``."""
    single = (
        f"{key}: {hint.__args__[0]}"
        for key, hint in hints.items()
        if get_origin(hint) is Literal and len(hint.__args__) == 1
    )
    return next(single, name)


def bare(value: T) -> T:
    """A section as it was before ``Reads.of`` observed it: what is read of it is not noted."""
    found: T = getattr(value, BARE, value)
    return found


def plain(value: Any) -> Any:
    """A dataclass as dicts, lists, numbers and text: what a report records of its inputs."""
    value = bare(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value
