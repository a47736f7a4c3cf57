"""The section ``training`` as files have it: with the keys that schemes add."""

from __future__ import annotations

from dataclasses import make_dataclass
from functools import cache
from typing import Annotated

from neurorebit.schema import Section, one_of
from neurorebit.schema.training import Training
from neurorebit.schemes.table import SCHEMES

TRAINING_SET = {"cifar10": 50_000, "digits": 1438}  # images of an epoch that nothing limits
ANYWHERE = {"digits": ""}  # data sets that need no download

CHOICES = [
    ("dataset", Annotated[str, one_of(TRAINING_SET)], Training.dataset),
    ("fallback", Annotated[str, one_of(ANYWHERE)] | None, Training.fallback),
]


def training_section() -> type[Training]:
    """The class that the section ``training`` of a network file is read as."""
    return _section(tuple(s.keys for s in SCHEMES.values() if s.keys is not None))


@cache
def _section(keys: tuple[type[Section], ...]) -> type[Training]:
    return make_dataclass("Training", CHOICES, bases=(*keys, Training), frozen=True)
