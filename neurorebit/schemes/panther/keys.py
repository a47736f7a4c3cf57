"""Keys of the section ``training`` that the scheme ``panther`` adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from neurorebit.schema import Section, quantity


@dataclass(frozen=True, kw_only=True)
class Panther(Section):
    """How weights are whole numbers: ``range`` is the largest one over the first ones' deviation.

    All of the bits of a weight span it, to either side of zero. ``training.weight_range`` gives the
    largest weight itself.
    """

    range: Annotated[float, quantity("", above=0, at_most=1000)] = 64.0


@dataclass(frozen=True)
class PantherKeys(Section):
    """A section of its own."""

    panther: Panther = field(default_factory=Panther)
