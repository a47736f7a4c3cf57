"""SRAM cells inside a macro, of which logic reads one word without a word line.

See docs/models/adder_trees.md#digital-trees.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.array import SramArray
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Footprint, Real
from neurorebit.circuits.settling.blocks import gates_area
from neurorebit.schema.technology import Technology

SWITCH = 2.0  # gate pitches of the pass gate that connects a cell to the logic


@dataclass(frozen=True, eq=False)
class StorageCells(Block):
    """``bits`` that logic reads, each chosen from ``words`` cells by pass gates.

    A cell has ``transistors``, and by their number more area and leakage than a 6T cell.
    ``cell_area`` [m^2] is a published one, in place of that of the technology. The cells hold still
    while products are formed: they leak.
    """

    tech: Technology
    bits: Positive
    words: Positive = 1.0
    _: KW_ONLY
    cell_area: Real | None = None
    transistors: Real = 6.0
    name: str = "cells"

    abuts = True

    @cached_property
    def array(self) -> SramArray:
        """All cells, as one row."""
        return SramArray(self.tech, 1.0, self.bits * self.words)

    @property
    def body(self) -> Footprint:
        own, larger = self.array.footprint, self.transistors / 6.0
        count = self.bits * self.words
        area = larger * own.area.total if self.cell_area is None else count * self.cell_area
        switches = np.where(np.asarray(self.words) > 1.0, count * SWITCH, 0.0)
        return Footprint.of(area + gates_area(self.tech, switches), larger * own.leakage.total)
