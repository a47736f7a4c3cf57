"""The reader of records of silicon: YAML or JSON, one macro a file, and files of further points."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from neurorebit.checking.silicon.record import CRITERIA, Measurement, Record, Shared, Split
from neurorebit.macros.point import Point
from neurorebit.schema import Document, File, InputError, Loc, Section, quantity
from neurorebit.schema.fields import hints_of
from neurorebit.schema.hints import metadata
from neurorebit.schema.provenance import note, of_file

SHIPPED = Path(__file__).with_name("records")
SUFFIXES = (".yaml", ".yml", ".json")
FIT = "fit"
ROUNDED = 0.02  # by which published shares may add up to more than all


@dataclass(frozen=True, eq=False)
class Silicon:
    """A record, the document that it was read from, and where each of its points stands."""

    record: Record
    document: Document
    places: tuple[tuple[Document, Loc], ...]  # of each point

    @property
    def name(self) -> str:
        return self.record.id

    @property
    def folder(self) -> Path:
        """The folder that paths of the record count from."""
        return self.document.path.parent

    @property
    def fit(self) -> Measurement | None:
        """The one point that a constant may be fitted on."""
        return next((point for point in self.record.points if point.part == FIT), None)


def read_all(given: Sequence[Path] = (), points: Sequence[Path] = ()) -> tuple[Silicon, ...]:
    """The records of files and folders, the shipped ones where none is given; and further points
    over them.

    InputError names file, line and key where a record is wrong, and where two are of one macro.
    """
    found = [read_record(path) for place in given or (SHIPPED,) for path in files(place)]
    by_name: dict[str, Silicon] = {}
    for one in found:
        if one.name in by_name:
            first = by_name[one.name].document.shown
            cure = "give each macro an id of its own"
            raise one.document.error(("id",), f"{first} has the same id", cure)
        by_name[one.name] = one
    for path in (path for place in points for path in files(place)):
        _add_points(by_name, path)
    return tuple(by_name.values())


def files(place: Path) -> list[Path]:
    """The record at a path, or all records of a folder, sorted by name."""
    if place.is_dir():
        found = sorted(path for path in place.iterdir() if path.suffix in SUFFIXES)
        if not found:
            message = f"holds no record ({', '.join(SUFFIXES)})"
            raise InputError(message, origin=File(str(place)), cure="give a folder of records")
        return found
    if not place.is_file():
        raise InputError("no such record", origin=File(str(place)), cure="give a YAML file")
    return [place]


def read_record(path: Path) -> Silicon:
    """The record of a file; InputError names file, line, key and cure where it is wrong."""
    document = Document(path)
    note("record", path.stem, path, partial(of_file, path))
    return of_document(document)


def of_document(document: Document) -> Silicon:
    """The record of a document."""
    _normalise(document)
    record = document.read(Record)
    places: tuple[tuple[Document, Loc], ...] = tuple(
        (document, ("points", number)) for number in range(len(record.points))
    )
    found = Silicon(record, document, places)
    _check(found)
    return found


def _normalise(document: Document) -> None:
    """Short forms as long ones: a file's name for a section, ``vdd_V: 0.7`` for ``vdd: 0.7 V``."""
    tree = document.tree
    for role, value in _items(tree.get("supplies")):
        if not isinstance(value, dict):
            document.lay(("supplies", role), {"file": value}, ("supplies", role))
    if isinstance(tree.get("device"), str):
        document.lay(("device",), {"file": tree["device"]}, ("device",))
    for kind, split in _items(tree.get("shares")):
        for name, piece in _items(split.get("pieces") if isinstance(split, dict) else None):
            if not isinstance(piece, dict):
                loc = ("shares", kind, "pieces", name)
                document.lay(loc, {"share": piece}, loc)
    _bare(document, (), Record)
    _bare(document, ("conditions",), Point)
    for number, _ in enumerate(_list(tree.get("points"))):
        _bare(document, ("points", number), Measurement)
    for number, _ in enumerate(_list(tree.get("given"))):
        _bare(document, ("given", number), Record)


def _bare(document: Document, loc: Loc, section: type[Section]) -> None:
    """Bare numbers of keys that end in their unit, ``clock_Hz: 1e8``, as quantities."""
    tree: Any = document.tree
    for step in loc:
        tree = tree.get(step) if isinstance(tree, dict) else tree[step]
    if not isinstance(tree, dict):
        return
    for key, unit in _units(section).items():
        short = f"{key}_{unit}"
        if short not in tree:
            continue
        if key in tree:
            raise document.error((*loc, short), f"'{key}' is given too", "keep one of them")
        value = tree[short]
        document.lay((*loc, key), value and f"{value} {unit}", (*loc, short))
        del tree[short]


def _units(section: type[Section]) -> dict[str, str]:
    """The keys of a section that have a unit."""
    return {
        name: item.unit
        for name, hint in hints_of(section).items()
        for item in metadata(hint)
        if isinstance(item, quantity) and item.unit
    }


def _items(value: Any) -> Iterable[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else ()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _check(found: Silicon) -> None:
    """InputError where keys of a record do not fit together."""
    record, document = found.record, found.document
    if not record.points:
        raise document.error(("points",), "a record has one point or more", "add one")
    seen: set[str] = set()
    fits = 0
    for point, (source, loc) in zip(record.points, found.places, strict=True):
        if point.id in seen:
            raise source.error((*loc, "id"), "two points have this id", "give each its own")
        seen.add(point.id)
        fits += point.part == FIT
        if fits > 1:
            message = "a second point to fit on; a constant is fitted on one"
            raise source.error((*loc, "part"), message, "make it public")
    roles = record.macro.roles
    for role in record.supplies:
        if role not in roles:
            near = difflib.get_close_matches(role, roles, n=1)
            cure = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(roles)}"
            raise document.error(("supplies", role), "the macro has no such supply", cure)
    for point, (source, loc) in zip(record.points, found.places, strict=True):
        for role in point.supplies:
            if role not in record.supplies:
                message = "the record has no such supply"
                cure = f"there are: {', '.join(record.supplies)}"
                raise source.error((*loc, "supplies", role), message, cure)
    for key in record.unmet:
        if key.partition(".")[0] not in CRITERIA:
            cure = f"begin with one of: {', '.join(CRITERIA)}"
            raise document.error(("unmet", key), "no such criterion", cure)
    for of, split in record.shares.items():
        loc = ("shares", of, "pieces")
        whole = sum(float(piece.share) for piece in split.pieces.values())
        if whole > 1.0 + ROUNDED:
            raise document.impossible(loc, f"the shares are {whole:.1%} together", "check them")
        compared = [float(piece.share) for piece in split.pieces.values() if piece.parts]
        if compared and not any(compared):
            message = "all pieces with parts of ours have a share of zero"
            raise document.error(loc, message, "give one its share")
        _refuse_twice(document, loc, split)
    for number, given in enumerate(record.given):
        if sum(value is not None for value in (given.energy, given.power, given.share)) > 1:
            message = "one of 'energy', 'power' and 'share' says how much is given"
            raise document.error(("given", number), message, "keep one")
    if record.constant is not None and bool(record.constant.parts) == bool(record.constant.key):
        message = "a constant is a factor on parts, or the value of a key"
        raise document.error(("constant",), message, "give one of 'parts' and 'key'")


def _refuse_twice(document: Document, loc: Loc, split: Split) -> None:
    """InputError where a part of ours is in two pieces of a split."""
    seen: dict[str, str] = {}
    for name, piece in split.pieces.items():
        for part in piece.parts:
            for other, of in seen.items():
                if f"{part}/".startswith(f"{other}/") or f"{other}/".startswith(f"{part}/"):
                    message = f"'{part}' is in '{of}' already"
                    raise document.error((*loc, name, "parts"), message, "name each part once")
            seen[part] = name


def _add_points(by_name: dict[str, Silicon], path: Path) -> None:
    """Further points of a macro: each replaces that of its id, or is added."""
    document = Document(path)
    note("points", path.stem, path, partial(of_file, path))
    name = str(document.tree.get("id"))
    if name not in by_name:
        known = ", ".join(by_name)
        message = "the key 'id' is missing" if "id" not in document.tree else "no record has it"
        raise document.error(("id",), message, f"name a record: {known}")
    if not isinstance(document.tree.get("points"), list):
        raise document.error(("points",), "expected a list of points", "write one or more")
    for number, _ in enumerate(document.tree["points"]):
        _bare(document, ("points", number), Measurement)
    document.tree = {"points": document.tree["points"]}
    further = document.read(Further).points
    seen: set[str] = set()
    for number, point in enumerate(further):
        if point.id in seen:
            message = "two points have this id"
            raise document.error(("points", number, "id"), message, "give each its own")
        seen.add(point.id)
    by_name[name] = _with_points(by_name[name], document, further)
    _check(by_name[name])


def _with_points(base: Silicon, document: Document, further: Sequence[Measurement]) -> Silicon:
    """A record with further points: each replaces that of its id, a point to fit on the one that
    there is; what they do not say is as it was in the point that they replace.
    """
    record = base.record
    places = dict(zip((point.id for point in record.points), base.places, strict=True))
    points = {point.id: point for point in record.points}
    fit, theirs = base.fit, next((point for point in further if point.part == FIT), None)
    if fit is not None and theirs is not None and fit.id != theirs.id:
        points = {theirs.id if one == fit.id else one: point for one, point in points.items()}
        record = replace(record, shares=_moved(record.shares, fit.id, theirs.id))
    for number, point in enumerate(further):
        points[point.id] = _over(points.get(point.id), point)
        places[point.id] = (document, ("points", number))
    record = replace(record, points=tuple(points.values()))
    return Silicon(record, base.document, tuple(places[point.id] for point in record.points))


def _over(old: Measurement | None, new: Measurement) -> Measurement:
    """A point with the conditions of the one that it replaces, where it says nothing itself."""
    if old is None:
        return new
    kept = {
        one.name: getattr(old, one.name)
        for one in fields(Point)
        if getattr(new, one.name) is None and getattr(old, one.name) is not None
    }
    return replace(
        new,
        **kept,
        supplies={**old.supplies, **new.supplies},
        macro={**old.macro, **new.macro},
    )


def _moved(shares: Mapping[Shared, Split], old: str, new: str) -> dict[Shared, Split]:
    """Splits of a point under its new id."""
    return {of: replace(one, point=new) if one.point == old else one for of, one in shares.items()}


@dataclass(frozen=True, eq=False, kw_only=True)
class Further(Section):
    """Points of a macro that another file describes."""

    points: tuple[Measurement, ...]


def conditions(found: Silicon, point: Measurement) -> Point:
    """The point with the record's ``conditions`` where it says nothing itself."""
    common = found.record.conditions
    values = {}
    for field in fields(Point):
        own = getattr(point, field.name)
        values[field.name] = getattr(common, field.name) if own is None else own
    return Point(**values)
