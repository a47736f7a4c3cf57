"""Gated recurrent unit (K. Cho et al., EMNLP 2014, with the reset gate behind the product)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Operation
from neurorebit.layers.functions import LOGISTIC
from neurorebit.layers.recurrent import TANGENT, Cell, Recurrent


@dataclass(frozen=True)
class GruCell(Cell):
    """h = n + z (h - n), with gates r, z = logistic and n = tanh(x + r u) of sums.

    x is the input's part and u the state's. Forward, of a feature and step: r, z and n take a sum
    each, h two; r u and z (h - n) are products. Backward: the errors of h meet (1 sum); of z, e
    (h - n); of n, e (1 - z); of the h before, e z (3 products, 2 sums); n times 1 - n^2 (2 and 1);
    of u and of r, 2 products; two gates times s (1 - s) (4 and 2).
    """

    gates: ClassVar[int] = 3
    kept: ClassVar[int] = 4  # r, z, n and u; h is an output
    sums: ClassVar[tuple[int, int]] = (5, 6)
    products: ClassVar[tuple[int, int]] = (2, 11)
    functions: ClassVar[tuple[Operation, Operation]] = (
        LOGISTIC + LOGISTIC + TANGENT,
        Operation(cycles=0.0),
    )


@dataclass(frozen=True)
class Gru(Recurrent):
    """Gated recurrent unit."""

    cell: ClassVar[type[Cell]] = GruCell
    cell_kind: ClassVar[str] = "gru_cell"
