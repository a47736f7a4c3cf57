"""Keys of the section ``training`` that the scheme ``low_rank`` adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from neurorebit.schema import Section, quantity


@dataclass(frozen=True)
class LowRankKeys(Section):
    """``rank``: columns of the two matrices of each layer whose product is the change that gathers.

    ``flush``: steps after which it may be written to the cells. ``density``: least share of a
    layer's cells that must get a pulse; else the change gathers on.
    """

    rank: Annotated[int, Field(ge=1, le=64)] = 4
    flush: Annotated[int, Field(ge=1, le=1_000_000)] = 2
    density: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.01
