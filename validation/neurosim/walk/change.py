"""What a walk from a reference's chip to ours is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema.technology import Technology
from validation.neurosim.records.chip import ChipRecord

Pair = NDArray[np.float64]  # energy [J] and time [s], of each layer


@dataclass(frozen=True)
class Step:
    """A correction: what the tool does, what is physically right."""

    tool: str
    right: str


@dataclass(frozen=True)
class Changes:
    """By step, what it changes: in area [m^2], and in each layer in every phase."""

    area: Mapping[str, float] = field(default_factory=dict)
    phases: Mapping[str, Mapping[str, Pair]] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawn:
    """What of a chip's design its record does not say: sides in cells, 0 where there is none."""

    split_side: float
    pe_side: float
    tile_side: float
    wires: float  # of the chip's tree
    _: KW_ONLY
    lanes: float  # results that its units take at once


@dataclass(frozen=True)
class ChipTool:
    """A reference tool: how it draws a technology, and the steps from its chip to ours."""

    prefix: str
    _: KW_ONLY
    technology: Callable[[Technology], Technology] = lambda tech: tech
    steps: Mapping[str, Step] = field(default_factory=dict)
    walk: Callable[[Any], Changes] = lambda case: Changes()
    unlike: Callable[[Any], str | None] = lambda case: None  # why not compared
    drawn: Callable[[ChipRecord], Drawn | None] = lambda record: None  # ours, unless given
