"""The rows of a layer's matrix that one array holds (docs/models/chip.md#floorplan).

The rows of an array decide the partial sums that its converters see, so the estimate and the
training use the same cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neurorebit.layers.base import Matmul
from neurorebit.schema.numbers import Real

Cuts = tuple[tuple[int, int], ...]  # first row, and the row after the last


def most_common(values: Sequence[float] | NDArray[np.float64]) -> float:
    """The most frequent value; of several, the one that occurs first."""
    distinct, first, counts = np.unique(
        np.asarray(values, float), return_index=True, return_counts=True
    )
    return float(distinct[np.lexsort((first, -counts))[0]])


def common_positions(matmuls: Sequence[Matmul]) -> int:
    """The number of window positions that most layers have: the PEs of a kernel-split tile."""
    return int(most_common([matmul.positions for matmul in matmuls]))


class Sized(Protocol):
    """A matmul, or arrays of the numbers of several."""

    @property
    def rows(self) -> Any: ...
    @property
    def groups(self) -> Any: ...
    @property
    def positions(self) -> Any: ...


def is_kernel_split(
    matmul: Sized, positions: float, rows: Real, enabled: bool
) -> bool | NDArray[np.bool_]:
    """Whether a layer has a PE for each window position (Peng, Liu, Yu, ISCAS 2019).

    ``positions`` is the common number of them, ``rows`` those of an array, which may be an array of
    designs.
    """
    common = (matmul.positions == positions) & (positions > 1)
    split: bool | NDArray[np.bool_] = (matmul.rows >= rows) & (matmul.groups == 1) & common
    return split & enabled


def any_splits(matmuls: Sequence[Matmul], rows: int) -> bool:
    """Whether any layer has a PE for each window position where that is enabled."""
    positions = common_positions(matmuls) if matmuls else 0
    return any(bool(is_kernel_split(matmul, positions, rows, True)) for matmul in matmuls)


def may_split(matmul: Sized, positions: float) -> bool | NDArray[np.bool_]:
    """Whether a layer can have a PE for each window position, of which most have ``positions``."""
    may: bool | NDArray[np.bool_] = (matmul.positions == positions) & (matmul.groups == 1)
    return may & (positions > 1)


def array_cuts(
    matmuls: Sequence[Matmul],
    rows: int,
    kernel_split: bool,
    asked: Sequence[bool | None] = (),
) -> tuple[Cuts, ...]:
    """For each layer the row ranges of its matrix that one array of ``rows`` rows each holds.

    Kernel-split layers put up to ``rows`` channels of one window position into an array, the others
    cut the matrix at multiples of ``rows``. ``asked``: for each layer whether it is to be split,
    None where ``kernel_split`` decides.
    """
    positions = common_positions(matmuls)
    cuts = []
    for matmul, wish in zip(matmuls, asked or [None] * len(matmuls), strict=True):
        usual = is_kernel_split(matmul, positions, rows, kernel_split)
        split = usual if wish is None else wish
        block = matmul.channels if split else matmul.rows
        cuts.append(
            tuple(
                (start + low, start + min(low + rows, block))
                for start in range(0, matmul.rows, block)
                for low in range(0, block, rows)
            )
        )
    return tuple(cuts)
