"""What the dataclasses of files say of the values at a key: types, and what is said of them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from neurorebit.schema.document import Loc
from neurorebit.schema.fields import hints_of, published


def hint_at(hint: Any, loc: Loc) -> Any:
    """The annotation at these steps below an annotation, None if there is none."""
    for step in loc:
        inner = None
        for kind in kinds(hint):
            if isinstance(step, int) and get_origin(kind) is tuple:
                inner = get_args(kind)[0]
            elif isinstance(kind, type) and is_dataclass(kind):
                inner = hints_of(kind).get(str(step), inner)
        if inner is None:
            return None
        hint = inner
    return hint


def kinds(hint: Any) -> tuple[Any, ...]:
    """What an annotation allows, unions and metadata taken apart."""
    if get_origin(hint) is Annotated:
        return kinds(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(kind for inner in get_args(hint) for kind in kinds(inner))
    return (hint,)


def metadata(hint: Any) -> tuple[Any, ...]:
    """What is said of a field beside its type, of all types of a union."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        return (*notes, *metadata(inner))
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(item for inner in get_args(hint) for item in metadata(inner))
    return ()


def far_out(section: Any, loc: Loc = ()) -> Iterator[tuple[Loc, float, published]]:
    """The keys of a section, and of those below it, whose number no published value is near."""
    hints = hints_of(type(section))
    for field in fields(section):
        value, here = getattr(section, field.name), (*loc, field.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from far_out(value, here)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            for known in metadata(hints[field.name]):
                if isinstance(known, published) and value not in known:
                    yield here, float(value), known


def ranges(section: type, loc: Loc = ()) -> Iterator[tuple[Loc, published]]:
    """The keys of a section, and of those below it, whose published range is known."""
    for name, hint in hints_of(section).items():
        yield from (((*loc, name), one) for one in metadata(hint) if isinstance(one, published))
        for kind in kinds(hint):
            if isinstance(kind, type) and is_dataclass(kind):
                yield from ranges(kind, (*loc, name))
