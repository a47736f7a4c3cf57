"""The section ``training`` as files have it: keys that schemes add, data sets of the table."""

from __future__ import annotations

from dataclasses import make_dataclass
from functools import cache
from typing import Annotated

from neurorebit.data.table import DATASETS, installed
from neurorebit.schema import Section, one_of
from neurorebit.schema.training import Training
from neurorebit.schemes.table import SCHEMES


def training_section() -> type[Training]:
    """The class that the section ``training`` of a network file is read as."""
    keys = dict.fromkeys(s.keys for s in SCHEMES.values() if s.keys is not None)
    return _section(tuple(keys), installed())


@cache
def _section(keys: tuple[type[Section], ...], fallbacks: tuple[str, ...]) -> type[Training]:
    """``keys`` are sections whose fields it has too; ``fallbacks`` may stand in for a data set."""
    words = [
        ("dataset", Annotated[str, one_of(DATASETS)], Training.dataset),
        ("fallback", Annotated[str, one_of(dict.fromkeys(fallbacks))] | None, Training.fallback),
    ]
    return make_dataclass("Training", words, bases=(*keys, Training), frozen=True, kw_only=True)
