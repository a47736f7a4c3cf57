"""Keys of the section ``training`` that the scheme ``residual`` adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from neurorebit.schema import Section, quantity

Count = Annotated[int, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, kw_only=True)
class Residual(Section):
    """Several arrays that hold a weight together, and how what one holds moves to the one before.

    ``arrays``: how many. A cell of each is worth ``scale`` times one of the array before it. Every
    ``every`` batches ``rows`` rows of the last array are read and moved; of each array before it
    as many rows, each ``slower`` times less often than of the one behind it.
    """

    arrays: Annotated[int, Field(ge=2, le=8)] = 3
    scale: Annotated[float, quantity("", above=0, below=1)] = 0.25
    every: Count = 1
    rows: Count = 16
    slower: Count = 4


@dataclass(frozen=True)
class ResidualKeys(Section):
    """A section of its own."""

    residual: Residual = field(default_factory=Residual)
