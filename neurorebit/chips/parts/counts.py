"""How many tiles, PEs, macros and converters a chip has."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurorebit.chips.parts.macro import Macro
from neurorebit.chips.parts.product_unit import ProductUnit
from neurorebit.chips.parts.tile import Pe, Tile
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.bank import Converters


@dataclass(frozen=True)
class Counts:
    """Numbers of composites and of converters in a part of a chip."""

    tiles: int = 0
    pes: int = 0
    macros: int = 0
    converters: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.tiles + other.tiles,
            self.pes + other.pes,
            self.macros + other.macros,
            self.converters + other.converters,
        )

    def __rmul__(self, n: int) -> Counts:
        return Counts(n * self.tiles, n * self.pes, n * self.macros, n * self.converters)


def counts_of(chip: Block) -> dict[str, Counts]:
    """The counts of each part of one chip that has any, by the part's name."""
    found: dict[str, Counts] = {}
    for count, block in chip.parts:
        inside = _whole(count) * within(block)
        if inside != Counts():
            found[block.name] = found.get(block.name, Counts()) + inside
    return found


def within(block: Block) -> Counts:
    """What one block has of each, itself among them; macros are not looked into for macros."""
    if isinstance(block, Converters):
        return Counts(converters=_whole(block.count))
    total = Counts()
    for count, part in block.parts:
        inside = within(part)
        if isinstance(block, Pe | ProductUnit) and part is block.macro:
            inside = replace(inside, macros=1)
        total = total + _whole(count) * inside
    if isinstance(block, Macro):
        return replace(total, macros=1)
    own = Counts(tiles=int(isinstance(block, Tile)), pes=int(isinstance(block, Pe)))
    return total + own


def _whole(count: object) -> int:
    return int(np.rint(np.max(np.asarray(count))))
