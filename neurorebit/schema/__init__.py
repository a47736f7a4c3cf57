"""At the bottom: sections of files, quantities and units, paths, technology and device.

Each name is imported when it is first used: a command that only prints help loads no pydantic.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neurorebit.schema.document import Document as Document
    from neurorebit.schema.document import Loc as Loc
    from neurorebit.schema.document import Misfit as Misfit
    from neurorebit.schema.document import Section as Section
    from neurorebit.schema.document import informative as informative
    from neurorebit.schema.document import join as join
    from neurorebit.schema.document import plain as plain
    from neurorebit.schema.document import split as split
    from neurorebit.schema.document import value_at as value_at
    from neurorebit.schema.errors import Argument as Argument
    from neurorebit.schema.errors import File as File
    from neurorebit.schema.errors import ImpossibleError as ImpossibleError
    from neurorebit.schema.errors import InfeasibleError as InfeasibleError
    from neurorebit.schema.errors import InputError as InputError
    from neurorebit.schema.errors import Line as Line
    from neurorebit.schema.fields import kind_of as kind_of
    from neurorebit.schema.fields import one_of as one_of
    from neurorebit.schema.fields import published as published
    from neurorebit.schema.fields import quantity as quantity
    from neurorebit.schema.fields import word_or as word_or
    from neurorebit.schema.setting import Setting as Setting

_HOMES = {  # the module of each name
    "document": (
        "Document", "Loc", "Misfit", "Section", "informative", "join", "plain", "split", "value_at",
    ),
    "errors": ("Argument", "File", "ImpossibleError", "InfeasibleError", "InputError", "Line"),
    "fields": ("kind_of", "one_of", "published", "quantity", "word_or"),
    "setting": ("Setting",),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}
__all__ = [*_HOME]  # names, all of them texts


def __getattr__(name: str) -> Any:
    """A name of the room, imported from its module."""
    if name not in _HOME:
        raise AttributeError(f"module 'neurorebit.schema' has no attribute {name!r}")
    found = getattr(import_module(f"neurorebit.schema.{_HOME[name]}"), name)
    globals()[name] = found
    return found
