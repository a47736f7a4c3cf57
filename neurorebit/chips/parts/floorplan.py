"""The floorplan: the matrices of a network cut into arrays, PEs and tiles.

See docs/models/chip.md#floorplan.
Arrays over layers have the layers on their last axis. Any number of a spec may be an array of
designs: its first axes are those of the sweep, its last axis, for the layers, has length one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.packing import Packing
from neurorebit.chips.parts.spec import ArchitectureSpec, least_side
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Bill, Cost, Real
from neurorebit.layers.cuts import is_kernel_split, most_common

Array = NDArray[np.float64]


def ceil(x: Real) -> Real:
    """Round up, forgiving the rounding of a quotient that is whole."""
    return np.ceil(np.asarray(x) * (1 - 1e-12))


def sum_over_layers(amounts: Real) -> Array:
    """The sum over the layers; their axis stays, with length one."""
    total: Array = np.sum(np.atleast_1d(amounts), axis=-1, keepdims=True)
    return total


def max_over_layers(amounts: Real) -> Array:
    """The maximum over the layers; their axis stays, with length one."""
    largest: Array = np.max(np.atleast_1d(amounts), axis=-1, keepdims=True)
    return largest


@dataclass(frozen=True, eq=False)
class Pieces:
    """The arrays of all layers, sorted into four kinds by the rows and columns in use.

    The last axis has four times as many entries as there are layers: first the full arrays of all
    layers, then the arrays of the last columns, of the last rows, and of both (the corner of the
    matrix). ``rows`` and ``cols`` are in use in each of ``counts`` arrays of a kind.
    """

    rows: Array
    cols: Array
    counts: Array

    @classmethod
    def cut(cls, down: tuple[Real, Real], across: tuple[Real, Real], blocks: Real) -> Pieces:
        """``blocks`` equal matrices cut into arrays: each pair is a length of the matrix and the
        length of an array.
        """
        (high, full), (low, last) = _full_and_rest(*down)
        (wide, whole), (thin, end) = _full_and_rest(*across)
        counts = (blocks * n for n in (full * whole, full * end, last * whole, last * end))
        rows, cols = _concatenated(high, high, low, low), _concatenated(wide, thin, wide, thin)
        return cls(rows, cols, _concatenated(*counts))

    @staticmethod
    def spread(amounts: Array) -> Array:
        """Repeat the amounts of layers for their four kinds of arrays; one amount stays single."""
        return amounts if amounts.shape[-1] == 1 else np.concatenate((amounts,) * 4, axis=-1)

    def cost(self, one: Cost, layers: int) -> Cost:
        """The cost of ``layers`` layers, of whose arrays all work at once, given that of one array
        of each kind.
        """
        all_of_kind = one.across(self.counts)
        energy = {
            part: np.sum(self.by_kind(joules, layers), axis=-2)
            for part, joules in all_of_kind.energy.items.items()
        }
        slowest = np.max(self.by_kind(one.latency.total, layers), axis=-2)
        return Cost(Bill(energy), Bill({"": slowest}))

    def by_kind(self, amounts: Real, layers: int) -> Array:
        """Amounts of these arrays with an axis for the four kinds in front of the layers' axis."""
        shape = np.broadcast_shapes(np.shape(amounts), (4 * layers,))
        return np.broadcast_to(amounts, shape).reshape(*shape[:-1], 4, -1)


@dataclass(frozen=True, eq=False)
class Floorplan:
    """PE and tile sides in cells, tiles and copies of each layer, for the forward arrays.

    Kernel-split tiles have ``split_positions`` PEs of ``split_side``; the others have tiles of
    ``tile_side`` with PEs of ``pe_side``, two along each side. A side is a whole number of arrays,
    both along the rows and along the columns; unless it is given, a PE's is the least that holds
    two arrays or more. Twice that side never fills its cells better, since what one such PE holds,
    four of the least hold as well. ``packing``: groups that share an array. ``shares``: whether
    layers share tiles; they follow each other, so that buffers and adders serve one at a time.
    ``joins``: whether they share arrays, too, where they fill less than one.
    """

    workload: Workload
    split: NDArray[np.bool_]
    rows: Real
    cols: Real
    cells_per_weight: Real = field(kw_only=True)
    common_positions: float = field(kw_only=True)
    split_positions: Real = field(kw_only=True)
    split_side: Real = field(kw_only=True)
    pe_side: Real = field(kw_only=True)
    tile_side: Real = field(kw_only=True)
    packing: Packing = field(kw_only=True)
    shares: bool | NDArray[np.bool_] = field(default=False, kw_only=True)
    joins: bool | NDArray[np.bool_] = field(default=False, kw_only=True)

    @classmethod
    def of(
        cls, workload: Workload, spec: ArchitectureSpec, split: NDArray[np.bool_] | None = None
    ) -> Floorplan:
        """The floorplan of a chip; ``split``: layers that are kernel-split."""
        w, forward, cells = workload, spec.forward, spec.cells_per_weight
        common = most_common(w.positions)
        if split is None:
            split = np.asarray(is_kernel_split(w, common, forward.rows, forward.kernel_split))
            split = np.broadcast_to(split, np.broadcast_shapes(split.shape, w.rows.shape))
        side: Real = (
            least_side(forward.rows, forward.cols)
            if isinstance(forward.pe_side, str)
            else forward.pe_side
        )
        return cls(
            w,
            split,
            forward.rows,
            forward.cols,
            cells_per_weight=cells,
            common_positions=common,
            split_positions=np.max(np.where(split, w.positions, 1.0), axis=-1, keepdims=True),
            split_side=side,
            pe_side=side,
            tile_side=2.0 * side,
            packing=Packing.of(w, spec, (2.0 * side / forward.rows) * (2.0 * side / forward.cols)),
            shares=forward.share_tiles,
            joins=forward.share_tiles & np.logical_not(spec.crosspoint),
        )

    @property
    def width(self) -> Array:
        """Columns of one group's matrix, in cells."""
        return self.workload.cols * self.cells_per_weight

    @property
    def pes_per_side(self) -> Real:
        """PEs along the side of a tile that is not kernel-split."""
        return self.tile_side / self.pe_side

    @cached_property
    def arrays(self) -> Array:
        """Arrays that hold weights of the layer, copies not counted."""
        w = self.workload
        blocks = np.where(self.split, 1.0, ceil(w.groups / self.packing.groups))
        return blocks * self.array_rows * self.array_cols

    @cached_property
    def pieces(self) -> Pieces:
        """The arrays, sorted by how far they are filled; of packed groups each counts as one."""
        w, split = self.workload, self.split
        down = np.where(split, w.channels, w.rows), self.rows
        blocks = np.where(split, w.positions, w.groups)
        return Pieces.cut(down, (self.width, self.cols), blocks)

    @cached_property
    def read_pieces(self) -> Pieces:
        """The arrays as reads see them: groups that are read at once are one, a rest another."""
        w, group, pieces = self.workload, self.packing.at_once, self.pieces
        if not np.any(np.asarray(group) > 1.0):
            return pieces
        full = np.floor(w.groups / group)
        rest = w.groups - full * group
        several = np.where(group > 1.0, group, 1.0), np.where(group > 1.0, rest, 1.0)
        none = np.zeros_like(full)
        sizes = _concatenated(several[0], none + 1.0, none + 1.0, np.maximum(several[1], 1.0))
        counts = _concatenated(full, none, none, np.where(rest > 0.0, 1.0, 0.0))
        joined = _concatenated(*(np.where(group > 1.0, 1.0, 0.0),) * 4) > 0.0
        rows, cols = (_concatenated(*(size,) * 4) * sizes for size in (w.rows, self.width))
        return Pieces(
            np.where(joined, rows, pieces.rows),
            np.where(joined, cols, pieces.cols),
            np.where(joined, counts, pieces.counts),
        )

    @property
    def fullest(self) -> Array:
        """Cells that hold weights in the fullest array of each layer: it is cut from a corner."""
        w = self.workload
        high = np.minimum(np.where(self.split, w.channels, w.rows), self.rows)
        return np.asarray(self.packing.groups * high * np.minimum(self.width, self.cols))

    @property
    def array_rows(self) -> Array:
        """Arrays whose partial sums make one output: the row blocks of the matrix."""
        w = self.workload
        split = w.positions * ceil(w.channels / self.rows)
        return np.where(self.split, split, ceil(w.rows / self.rows))

    @property
    def pe_rows(self) -> Array:
        """PEs whose partial sums make one output."""
        w = self.workload
        split = w.positions * ceil(w.channels / self.split_side)
        return np.where(self.split, split, ceil(w.rows / self.pe_side))

    @property
    def array_cols(self) -> Real:
        """Arrays that one row of the matrix crosses."""
        return ceil(self.width / self.cols)

    @property
    def pe_cols(self) -> Real:
        """PEs that one row of the matrix crosses."""
        side = np.where(self.split, self.split_side, self.pe_side)
        return ceil(self.width / side)

    @property
    def tiles_down(self) -> Array:
        """Tiles among which the rows of the matrix are cut."""
        w = self.workload
        split = ceil(w.channels / self.split_side)
        return np.where(self.split, split, ceil(w.rows / self.tile_side))

    @property
    def tiles_across(self) -> Array:
        """Tiles that one row of the matrix crosses: each takes all of its inputs."""
        side = np.where(self.split, self.split_side, self.tile_side)
        return np.asarray(ceil(self.width / side))

    @property
    def tile_pes_across(self) -> Array:
        """PEs of one tile that take the same input, of a kernel-split tile the first of a row."""
        pes = np.minimum(self.pes_per_side, self.pe_cols)
        return np.where(self.split, 1.0, pes)

    @property
    def tile_pes_down(self) -> Array:
        """PEs of one tile that take the same error, of a kernel-split tile the first of a row."""
        pes = np.minimum(self.pes_per_side, self.pe_rows)
        return np.where(self.split, 1.0, pes)

    @cached_property
    def tiles(self) -> Array:
        """Tiles of each layer."""
        w = self.workload
        split = ceil(w.channels / self.split_side) * ceil(self.width / self.split_side)
        whole = ceil(w.rows / self.tile_side) * ceil(self.width / self.tile_side)
        held = self._held_by_a_tile
        return np.where(self.split, split, np.where(w.groups > 1, ceil(self.arrays / held), whole))

    @property
    def _held_by_a_tile(self) -> Real:
        """Arrays of a tile that is not kernel-split."""
        return (self.tile_side / self.rows) * (self.tile_side / self.cols)

    @property
    def there(self) -> Array:
        """Tiles of each layer, none of those whose weights stand in digital macros alone."""
        return self.workload.in_cells * self.tile_shares

    @cached_property
    def copies(self) -> Array:
        """Copies of a small layer that work side by side (docs/models/chip.md#copies).

        A step of a recurrent layer waits for the one before it, so that copies would stand idle.
        """
        w = self.workload
        q, side = self.pes_per_side, self.pe_side
        fits = ((w.rows <= self.tile_side) | (self.width <= self.tile_side)) & ~self.split
        down = np.where(fits, np.maximum(1.0, np.floor(q / ceil(w.rows / side))), 1.0)
        across = np.where(fits, np.maximum(1.0, np.floor(q / ceil(self.width / side))), 1.0)
        side = np.where(self.split, self.split_side, side)
        rows = np.where(self.split, w.channels, w.rows)
        fits = (rows <= side) | (self.width <= side)
        down_pe = np.floor(ceil(side / self.rows) / ceil(rows / self.rows))
        across_pe = np.floor(ceil(side / self.cols) / ceil(self.width / self.cols))
        down = down * np.where(fits, np.maximum(1.0, down_pe), 1.0)
        across = across * np.where(fits, np.maximum(1.0, across_pe), 1.0)
        packed = np.maximum(np.floor(self.tiles * self._held_by_a_tile / self.arrays), 1.0)
        grouped = np.where(self.packing.packed, packed, 1.0)
        several = np.where(w.groups > 1, grouped, down * across)
        return np.where((w.serial > 0.0) | self._shared, 1.0, several)

    @property
    def _shared(self) -> NDArray[np.bool_]:
        """Layers that leave room in their tile to others."""
        roomy = ~self.split & (self.tiles == 1.0) & (self.arrays < self._held_by_a_tile)
        return np.asarray(roomy & (self.workload.in_cells > 0.0) & self.shares)

    @property
    def tile_shares(self) -> Array:
        """Tiles of each layer; of shared ones its part, with an equal part of what stays empty."""
        return shared(self.tiles, self.array_shares / self._held_by_a_tile, self._shared)

    @cached_property
    def array_shares(self) -> Array:
        """Arrays of each layer; of those that share one, an equal part of it.

        Layers that fill less than an array stand along its diagonal, in the order of the network:
        each has rows and columns of its own, and a read opens the rows of one layer alone. One that
        does not fit behind the layer before begins another array.
        """
        w = self.workload
        small = self._shared & (self.arrays == 1.0) & (w.groups == 1.0) & self.joins
        if not np.any(small):
            return np.asarray(self.arrays)
        rows, cols = w.rows / self.rows, self.width / self.cols
        shape = np.broadcast_shapes(np.shape(small), np.shape(rows), np.shape(cols))
        small, rows, cols = (np.broadcast_to(a, shape) for a in (small, rows, cols))
        used = np.full((2, *shape[:-1]), np.inf)  # rows and columns of the array that is filled
        number = np.zeros(shape[:-1])  # of that array
        member = np.zeros(shape)
        for layer in range(shape[-1]):
            here, size = small[..., layer], np.stack((rows[..., layer], cols[..., layer]))
            behind = np.where(here, used + size, used)
            fits = np.all(behind <= 1.0 + 1e-9, axis=0)
            number = number + (here & ~fits)
            used = np.where(here, np.where(fits, behind, size), used)
            member[..., layer] = np.where(here, number, 0.0)
        same = (member[..., :, None] == member[..., None, :]) & (member[..., :, None] > 0.0)
        together = np.maximum(np.sum(same, axis=-1), 1.0)
        return np.where(small, 1.0 / together, self.arrays)

    @property
    def held(self) -> Array:
        """Cells that hold the layer's weights, copies not counted."""
        return self.workload.in_cells * self.workload.weights * self.cells_per_weight

    @property
    def cells(self) -> Array:
        """Cells in the layer's tiles."""
        split = self.split_positions * self.split_side**2
        return self.tile_shares * np.where(self.split, split, self.tile_side**2)

    @property
    def utilization(self) -> Array:
        """Share of the cells of a layer's tiles that hold its weights; copies do not count."""
        return self.held / self.cells


def shared(tiles: Real, parts: Real, where: bool | NDArray[np.bool_]) -> Array:
    """``tiles`` of each layer, or the parts of the tiles that layers share ``where`` they do.

    ``parts`` of a tile are filled; their sum is brought to whole tiles.
    """
    if not np.any(where):
        return np.asarray(tiles)
    filled = sum_over_layers(np.where(where, parts, 0.0))
    whole = ceil(filled) / np.where(filled > 0.0, filled, 1.0)
    return np.where(where, parts * whole, tiles)


def _full_and_rest(total: Real, size: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
    """A length cut into full pieces and a rest: the length of each, and how many there are.

    Where there is no rest, zero pieces of full length stand for it.
    """
    full = np.floor(total / size)
    rest, longest = total - full * size, np.minimum(total, size)
    return (longest, full), (np.where(rest > 0, rest, longest), np.where(rest > 0, 1.0, 0.0))


def _concatenated(*amounts: Real) -> Array:
    """Amounts one after the other along the axis of the layers."""
    return np.concatenate(np.broadcast_arrays(*amounts), axis=-1)
