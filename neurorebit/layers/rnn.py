"""Plain recurrent layer (J. L. Elman, Cognitive Science 14, 1990)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Operation
from neurorebit.layers.recurrent import TANGENT, Cell, Recurrent


@dataclass(frozen=True)
class RnnCell(Cell):
    """h = tanh(x + u), where x is the input's part and u the state's.

    Forward, of a feature and step: a sum. Backward: the errors of h meet (1 sum), times 1 - h^2 (2
    products, 1 sum).
    """

    gates: ClassVar[int] = 1
    kept: ClassVar[int] = 1  # h
    sums: ClassVar[tuple[int, int]] = (1, 2)
    products: ClassVar[tuple[int, int]] = (0, 2)
    functions: ClassVar[tuple[Operation, Operation]] = (TANGENT, Operation(cycles=0.0))


@dataclass(frozen=True)
class Rnn(Recurrent):
    """Plain recurrent layer."""

    cell: ClassVar[type[Cell]] = RnnCell
    cell_kind: ClassVar[str] = "rnn_cell"
