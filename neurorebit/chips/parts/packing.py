"""Groups of a layer along the diagonal of an array (grouped and depthwise convolutions).

Each group has rows and columns of its own; cells where the rows of one group cross the columns of
another hold nothing. Resistive cells at mid range would sum to nothing too, but with the spread of
as many cells as the array has rows, of which a group needs a few. So groups are read one after the
other. A row that carries no one is closed, and cells of closed rows carry no current, so what a
group's columns sum is what they would sum in an array of their own. SRAM cells that hold a zero
carry no current at all, and their groups are read at once, unless rows are read one by one.

Columns of a group lie at as few places of the multiplexers as they can, and so do its rows where
arrays are read back: a read takes those places alone. Crosspoints have no transistor that closes a
row, and their groups have arrays of their own.

Where groups follow each other, no more share an array than the layer's tiles ask for: they are
spread over all arrays of as few tiles as can be, unless other layers share these.

See docs/models/chip.md#packed-groups.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real


class Packing(NamedTuple):
    """By layer: groups in an array, and of these the ones read at once.

    ``places`` of the multiplexers that one group takes, forward and back; ``read_places``: that
    a read of those at once takes. ``packed``: whether a layer is.
    """

    groups: Real
    places: Real
    back_places: Real
    at_once: Real = 1.0
    read_places: Real | None = None
    back_read_places: Real | None = None
    packed: bool | NDArray[np.bool_] = False

    @property
    def turns(self) -> Real:
        """Reads of an array for one plane of a vector, one after the other."""
        turns: Real = self.groups / self.at_once
        return turns

    def of_reads(self, *, back: bool = False) -> Real:
        """Places that a read takes."""
        one, several = (
            (self.back_places, self.back_read_places) if back else (self.places, self.read_places)
        )
        return one if several is None else several

    @classmethod
    def of(
        cls,
        workload: Workload,
        spec: ArchitectureSpec,
        held: Real,
        *,
        pack: bool | NDArray[np.bool_],
        shares: bool | NDArray[np.bool_],
    ) -> Packing:
        """Layers are packed where rows and columns have room for two groups or more.

        ``held``: arrays of a tile. ``pack``: whether groups of a layer may share an array;
        ``shares``: whether layers may share a tile.
        """
        w, arrays, cells = workload, spec.forward, spec.cells_per_weight
        across, places, abreast = beside(w.cols, arrays.cols, arrays.cols_per_adc, cells)
        down, back_places, stacked = beside(w.rows, arrays.rows, spec.rows_per_adc, 1.0)
        if spec.latches:  # all columns of a row at once
            across = np.floor(arrays.cols / (w.cols * cells))
        if not spec.reads_back:
            down = np.floor(arrays.rows / w.rows)
        together = np.maximum(np.minimum(np.minimum(across, down), w.groups), 1.0)
        packed = (together >= 2.0) & np.logical_not(spec.crosspoint) & pack
        chosen = packed & np.logical_not(spec.latches)
        forth, back = (
            (np.where(chosen, each, every), np.where(chosen, each * np.ceil(together / n), every))
            for each, n, every in (
                (places, abreast, arrays.cols_per_adc),
                (back_places, stacked, spec.rows_per_adc),
            )
        )
        if spec.holds_devices or spec.row_by_row:
            tiles = np.ceil(np.ceil(w.groups / together) / held)
            spread = np.where(shares, together, np.ceil(w.groups / (tiles * held)))
            return cls(np.where(packed, spread, 1.0), forth[0], back[0], packed=packed)
        groups = np.where(packed, together, 1.0)
        return cls(groups, forth[0], back[0], groups, forth[1], back[1], packed)


def beside(size: Real, lines: Real, ways: Real, cells: Real) -> tuple[Real, Real, Real]:
    """Groups of ``size`` weights side by side among ``lines`` lines, places that each takes, and
    groups that share these.

    ``ways`` lines share a converter, one at each place; the ``cells`` of a weight share one too.
    """
    converters = np.floor(lines / ways)
    places = cells * np.ceil(size / converters)
    abreast = np.maximum(np.floor(converters / size), 1.0)
    return np.floor(ways / places) * abreast, places, abreast
