"""Evaluations of functions by a lane: the table, and the arithmetic around it.

All arithmetic is of stored values. A lane multiplies and adds once a cycle, and reads its table in
another. An argument is brought to the interval of the table first:

- functions with f(-x) = 1 - f(x) are looked up at |x|, which is clipped at the end of the table;
- 2^x = 2^n 2^(x - n), with n the integer part, so that exp(x) = 2^(x log2 e);
- 1 / x and 1 / sqrt(x) of x = 2^n m, 1 <= m < 2, with n from the leading one. A root of odd n takes
  a product with 1 / sqrt(2), every other time.

Shifts are products with a power of two. A division is a product with a reciprocal.
"""

from __future__ import annotations

from neurorebit.layers.base import Operation, Value
from neurorebit.layers.tables import (
    EXPONENTIAL_TABLE,
    LOGISTIC_TABLE,
    NORMAL_SLOPE_TABLE,
    NORMAL_TABLE,
    RECIPROCAL_TABLE,
    ROOT_TABLE,
    Table,
)

SUM = Operation(cycles=1.0, additions=((1, Value.STORED),))
PRODUCT = Operation(cycles=1.0, products=((1, Value.STORED),))
# |x|, and a comparison with the end of the table in the same cycle.
MAGNITUDE = Operation(cycles=1.0, additions=((2, Value.STORED),))
LEADING_ONE = SUM  # a carry runs past the zeros


def interpolated(table: Table) -> Operation:
    """A look-up, then two products and two sums; the inner and the outer result are written."""
    return Operation(
        cycles=3.0,
        additions=((2, Value.STORED),),
        products=((2, Value.STORED),),
        words=2.0,
        lookups=((1, table),),
    )


def reflected(table: Table) -> Operation:
    """A function with f(-x) = 1 - f(x): 1 - f(|x|) below zero."""
    return MAGNITUDE + interpolated(table) + SUM


LOGISTIC = reflected(LOGISTIC_TABLE)
NORMAL = reflected(NORMAL_TABLE)
NORMAL_SLOPE = reflected(NORMAL_SLOPE_TABLE)
EXPONENTIAL = PRODUCT + interpolated(EXPONENTIAL_TABLE) + PRODUCT
RECIPROCAL = LEADING_ONE + PRODUCT + interpolated(RECIPROCAL_TABLE) + PRODUCT
DIVISION = RECIPROCAL + PRODUCT
HALF_PRODUCT = Operation(cycles=0.5, products=((0.5, Value.STORED),))
RECIPROCAL_ROOT = LEADING_ONE + PRODUCT + interpolated(ROOT_TABLE) + PRODUCT + HALF_PRODUCT
