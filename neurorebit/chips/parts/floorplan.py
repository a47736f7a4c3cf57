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

from neurorebit.chips.parts.capacity import laid_out
from neurorebit.chips.parts.mapping import Chosen, decided
from neurorebit.chips.parts.packing import Packing
from neurorebit.chips.parts.pieces import Array, concatenated
from neurorebit.chips.parts.pieces import Pieces as Pieces
from neurorebit.chips.parts.pieces import ceil as ceil
from neurorebit.chips.parts.pieces import max_over_layers as max_over_layers
from neurorebit.chips.parts.pieces import sum_over_layers as sum_over_layers
from neurorebit.chips.parts.spec import ArchitectureSpec, least_side
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real
from neurorebit.layers.cuts import is_kernel_split, most_common


@dataclass(frozen=True, eq=False)
class Floorplan:
    """PE and tile sides in cells, tiles and copies of each layer, for the forward arrays.

    Kernel-split tiles have ``split_positions`` PEs of ``split_side``; the others have tiles of
    ``tile_side`` with PEs of ``pe_side``, two along each side. A side is a whole number of arrays,
    both along the rows and along the columns; unless it is given, a PE's is the least that holds
    two arrays or more. Twice that side never fills its cells better, since what one such PE holds,
    four of the least hold as well. ``packing``: groups that share an array. ``shares``: whether
    layers share tiles; they follow each other, so that buffers and adders serve one at a time.
    ``joins``: whether they share arrays, too, where they fill less than one. ``asked``: copies of
    each layer, nan for as many as fill the tiles that one takes. ``laid``: the tiles that the chip
    is laid out for, kernel-split ones and others; those of the layers unless given. ``swapped``: 1
    for layers that are written to the same tiles in turn; None where all have room.
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
    asked: Real = field(default=np.nan, kw_only=True)
    laid: tuple[Real, Real] | None = field(default=None, kw_only=True)
    swapped: Array | None = field(default=None, kw_only=True)

    @classmethod
    def of(
        cls,
        workload: Workload,
        spec: ArchitectureSpec,
        split: NDArray[np.bool_] | None = None,
        *,
        chosen: Chosen | None = None,
    ) -> Floorplan:
        """The floorplan of a chip; ``split``: layers that are kernel-split. ``chosen``: what is
        asked of each layer, by the architecture's mapping unless given.
        """
        w, forward, cells = workload, spec.forward, spec.cells_per_weight
        chosen = Chosen.of(spec.mapping, w.names) if chosen is None else chosen
        common = most_common(w.positions)
        if split is None:
            usual = is_kernel_split(w, common, forward.rows, forward.kernel_split)
            split = decided(chosen.split, usual)
            split = np.broadcast_to(split, np.broadcast_shapes(split.shape, w.rows.shape))
        shares = decided(chosen.shared, forward.share_tiles)
        joins = forward.share_tiles & np.isnan(chosen.shared) & np.logical_not(spec.crosspoint)
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
            packing=Packing.of(
                w,
                spec,
                (2.0 * side / forward.rows) * (2.0 * side / forward.cols),
                pack=decided(chosen.packed, forward.pack_groups),
                shares=shares,
            ),
            shares=shares,
            joins=joins,
            asked=chosen.copies,
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
        sizes = concatenated(several[0], none + 1.0, none + 1.0, np.maximum(several[1], 1.0))
        counts = concatenated(full, none, none, np.where(rest > 0.0, 1.0, 0.0))
        joined = concatenated(*(np.where(group > 1.0, 1.0, 0.0),) * 4) > 0.0
        rows, cols = (concatenated(*(size,) * 4) * sizes for size in (w.rows, self.width))
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
        """Tiles of each layer, those of all copies."""
        return np.asarray(self.tiles_of_a_set * self.sets)

    @cached_property
    def sets(self) -> Array:
        """Sets of tiles that a layer has: in each stand as many copies as fit."""
        sets = ceil(np.where(np.isnan(self.asked), self.fitting, self.asked) / self.fitting)
        return np.asarray(sets)

    @cached_property
    def tiles_of_a_set(self) -> Array:
        """Tiles that one copy of each layer takes, with those copies that fit in beside it."""
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
        """Copies of a layer that work side by side: as many as asked for, or as fill its tiles.

        A step of a recurrent layer waits for the one before it, so that copies would stand idle.
        """
        alone = (self.workload.serial > 0.0) | self.stands_with_others
        usual = np.where(alone, 1.0, self.fitting)
        return np.where(np.isnan(self.asked), usual, self.asked)

    @cached_property
    def fitting(self) -> Array:
        """Copies of a small layer that fit in the tiles of one (docs/models/chip.md#copies)."""
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
        room = self.tiles_of_a_set * self._held_by_a_tile
        packed = np.maximum(np.floor(room / self.arrays), 1.0)
        grouped = np.where(self.packing.packed, packed, 1.0)
        return np.where(w.groups > 1, grouped, down * across)

    @property
    def stands_with_others(self) -> NDArray[np.bool_]:
        """Layers that leave room in their tile to others."""
        arrays = self.arrays * np.where(np.isnan(self.asked), 1.0, self.asked)
        roomy = ~self.split & (self.tiles == 1.0) & (arrays < self._held_by_a_tile)
        return np.asarray(roomy & (self.workload.in_cells > 0.0) & self.shares)

    @property
    def tile_shares(self) -> Array:
        """Tiles of each layer; of shared ones its part, with an equal part of what stays empty."""
        return shared(self.tiles, self.array_shares / self._held_by_a_tile, self.stands_with_others)

    @cached_property
    def array_shares(self) -> Array:
        """Arrays of each layer, of all copies where these share a tile; of those that share one, an
        equal part of it.

        Layers that fill less than an array stand along its diagonal, in the order of the network:
        each has rows and columns of its own, and a read opens the rows of one layer alone. One that
        does not fit behind the layer before begins another array.
        """
        w = self.workload
        arrays = self.arrays * np.where(self.stands_with_others, self.copies, 1.0)
        small = self.stands_with_others & (arrays == 1.0) & (w.groups == 1.0) & self.joins
        if not np.any(small):
            return np.asarray(arrays)
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
        return np.where(small, 1.0 / together, arrays)

    def laid_out(self, shares: Real) -> Real:
        """Tiles of a kind that the chip has, given those of each layer."""
        if self.swapped is None:
            return ceil(sum_over_layers(shares))
        return laid_out(shares, self.swapped)

    def parts_of(self, shares: Real) -> Real:
        """Of a kind of tiles the parts of each layer: of those that layers are swapped in, a part
        in proportion to the tiles that it takes there.
        """
        if self.swapped is None or not np.any(self.swapped > 0.0):
            return shares
        turns = np.where(self.swapped > 0.0, shares, 0.0)
        region = max_over_layers(ceil(turns)) / np.maximum(sum_over_layers(turns), 1e-300)
        return np.where(self.swapped > 0.0, region * shares, shares)

    def cut(self, spec: ArchitectureSpec) -> Array | None:
        """Of all stages those before which several images wait for a swap; None where none do."""
        if self.swapped is None or spec.capacity is None or not np.any(self.swapped > 0.0):
            return None
        together = np.asarray(spec.capacity.images, np.float64) > 1.0
        here = np.where(together, self.swapped, 0.0)
        w = self.workload
        if w.places is None:
            return here
        found = np.zeros((*here.shape[:-1], len(w.all.rows)))
        found[..., w.places] = here
        return found

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
