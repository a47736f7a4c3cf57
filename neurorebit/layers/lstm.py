"""Long short-term memory (S. Hochreiter and J. Schmidhuber, Neural Computation 9, 1997)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Operation
from neurorebit.layers.functions import LOGISTIC
from neurorebit.layers.recurrent import TANGENT, Cell, Recurrent


@dataclass(frozen=True)
class LstmCell(Cell):
    """c = f c + i g and h = o tanh(c), with gates i, f, o = logistic and g = tanh of sums.

    Forward, of a feature and step: the two parts of four gates are added; three products and a sum.
    Backward: the errors of h meet (1 sum); of o, e tanh(c); of c, e o (1 - tanh(c)^2), added to
    that of the step behind (4 products, 2 sums); of i, f, g and the c before (4 products); three
    gates times s (1 - s), one times 1 - g^2 (8 products, 4 sums). tanh(c) is looked up again.
    """

    gates: ClassVar[int] = 4
    kept: ClassVar[int] = 5  # i, f, g, o and c
    sums: ClassVar[tuple[int, int]] = (5, 7)
    products: ClassVar[tuple[int, int]] = (3, 16)
    functions: ClassVar[tuple[Operation, Operation]] = (
        LOGISTIC + LOGISTIC + LOGISTIC + TANGENT + TANGENT,
        TANGENT,
    )


@dataclass(frozen=True)
class Lstm(Recurrent):
    """Long short-term memory."""

    cell: ClassVar[type[Cell]] = LstmCell
    cell_kind: ClassVar[str] = "lstm_cell"
