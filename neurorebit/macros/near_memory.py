"""Digital arithmetic beside an SRAM array that is read row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Annotated, Literal

import numpy as np

from neurorebit.circuits.arithmetic import Mac
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.sram import SramBank
from neurorebit.macros.point import Point
from neurorebit.macros.structure import Macro, Structure
from neurorebit.macros.supplies import Supplies
from neurorebit.schema import quantity
from neurorebit.schema.technology import Technology

Count = Annotated[Real, quantity("", at_least=1)]


@dataclass(frozen=True, eq=False)
class NearMemoryMacro(Macro):
    """A bank of SRAM and a multiply-accumulate lane for each weight of a row.

    A product takes the ``used`` rows one after the other: a row is read while the lanes work on the
    last.
    """

    tech: Technology
    rows: Positive = 128.0
    cols: Positive = 128.0
    _: KW_ONLY
    input_bits: Positive = 8.0
    weight_bits: Positive = 8.0
    used: Positive = 128.0
    name: str = "macro"

    @property
    def lanes(self) -> Real:
        """Weights of a row."""
        return np.floor(self.cols / self.weight_bits)

    @property
    def ops(self) -> Real:  # type: ignore[override]
        return 2.0 * self.used * self.lanes

    @property
    def bits(self) -> tuple[Real, Real]:  # type: ignore[override]
        return self.input_bits, self.weight_bits

    @cached_property
    def bank(self) -> SramBank:
        return SramBank(self.tech, self.rows, self.cols)

    @cached_property
    def mac(self) -> Mac:
        wide, narrow = (
            np.maximum(self.input_bits, self.weight_bits),
            np.minimum(self.input_bits, self.weight_bits),
        )
        sum_bits = wide + narrow + log2_up(self.rows)
        return Mac(self.tech, wide, narrow, sum_bits, count=self.lanes)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.bank), (1.0, self.mac)

    @property
    def cycles(self) -> Real:
        """A row a cycle."""
        return self.used

    @action
    def product(self) -> Cost:
        """Each row is read, and then multiplied and added; the rows follow each other."""
        rows = self.used * (self.bank.read() | self.mac.accumulate())
        return rows + self.mac.resolve()


@dataclass(frozen=True, eq=False, kw_only=True)
class NearMemory(Structure):
    """Digital arithmetic beside an SRAM array that is read row by row.

    ``kind`` is its word. ``rows`` are those of the array; a point's are read. ``columns`` are its
    columns.
    ``input_bits`` and ``weight_bits`` hold where a point does not say otherwise.
    """

    kind: Literal["near_memory"]
    rows: Count
    columns: Count
    input_bits: Count = 8.0
    weight_bits: Count = 8.0

    @property
    def limits(self) -> Mapping[str, Real]:
        return {"rows": self.rows, "columns": self.columns}

    def macro(self, supplies: Supplies, point: Point) -> Macro:
        rows, inputs, weights = (point.given(key) for key in ("rows", "input_bits", "weight_bits"))
        return NearMemoryMacro(
            supplies.of(),
            self.rows,
            self.columns,
            used=self.rows if rows is None else rows,
            input_bits=self.input_bits if inputs is None else inputs,
            weight_bits=self.weight_bits if weights is None else weights,
        )
