"""Groups of a layer along the diagonal of an array (grouped and depthwise convolutions).

Each group has rows and columns of its own; cells where the rows of one group cross the columns of
another hold nothing. All groups at once would read those too: at mid range they sum to nothing, but
with the spread of as many cells as the array has rows, of which a group needs a few. So groups are
read one after the other. A row that carries no one is closed, and cells of closed rows carry no
current, so what a group's columns sum is what they would sum in an array of their own.

Columns of a group lie at as few places of the multiplexers as they can, and so do its rows where
arrays are read back: a read takes those places alone. Crosspoints have no transistor that closes a
row, and their groups have arrays of their own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real


class Packing(NamedTuple):
    """By layer: groups in an array (1: they are not packed), and places of the multiplexers that a
    read of it takes, forward and back.
    """

    groups: Real
    places: Real
    back_places: Real

    @classmethod
    def of(cls, workload: Workload, spec: ArchitectureSpec) -> Packing:
        """As many groups as rows and columns have room for, where that is two or more."""
        w, arrays, cells = workload, spec.forward, spec.cells_per_weight
        across, places = beside(w.cols, arrays.cols, arrays.cols_per_adc, cells)
        down, back_places = beside(w.rows, arrays.rows, spec.rows_per_adc, 1.0)
        if spec.latches:  # all columns of a row at once
            across = np.floor(arrays.cols / (w.cols * cells))
        if not spec.reads_back:
            down = np.floor(arrays.rows / w.rows)
        together = np.minimum(np.minimum(across, down), w.groups)
        packed = (together >= 2.0) & np.logical_not(spec.crosspoint) & arrays.pack_groups
        all_places, all_back = arrays.cols_per_adc, spec.rows_per_adc
        return cls(
            np.where(packed, together, 1.0),
            np.where(packed & np.logical_not(spec.latches), places, all_places),
            np.where(packed & np.logical_not(spec.latches), back_places, all_back),
        )


def beside(size: Real, lines: Real, ways: Real, cells: Real) -> tuple[Real, Real]:
    """Groups of ``size`` weights side by side among ``lines`` lines, and places that each takes.

    ``ways`` lines share a converter, one at each place; the ``cells`` of a weight share one too.
    """
    converters = np.floor(lines / ways)
    places = cells * np.ceil(size / converters)
    return np.floor(ways / places) * np.maximum(np.floor(converters / size), 1.0), places
