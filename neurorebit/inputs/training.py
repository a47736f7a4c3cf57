"""The section ``training`` as files have it: with the keys that schemes add."""

from __future__ import annotations

from dataclasses import make_dataclass
from functools import cache

from neurorebit.schema import Section
from neurorebit.schema.training import Training
from neurorebit.schemes.table import SCHEMES


def training_section() -> type[Training]:
    """The class that the section ``training`` of a network file is read as."""
    return _section(tuple(s.keys for s in SCHEMES.values() if s.keys is not None))


@cache
def _section(keys: tuple[type[Section], ...]) -> type[Training]:
    return make_dataclass("Training", [], bases=(*keys, Training), frozen=True)
