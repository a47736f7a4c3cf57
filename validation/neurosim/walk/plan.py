"""DNN+NeuroSim V2.1's floorplan: sides, tiles, copies, and how a layer's matrix is cut.

See docs/models/chip.md#floorplan. "Split" layers have a PE for each kernel position.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from validation.neurosim.records.chip import ChipRecord, Flags, Rows
from validation.neurosim.walk.change import Drawn


def up(x: Rows | float) -> Rows:
    """Rounded up, but for what rounding errors add."""
    whole: Rows = np.ceil(np.asarray(x, dtype=np.float64) - 1e-9)
    return whole


def down(x: Rows | float) -> Rows:
    """Rounded down, but for what rounding errors take."""
    whole: Rows = np.floor(np.asarray(x, dtype=np.float64) + 1e-9)
    return whole


def bits_of(x: Rows | float) -> Rows:
    """Bits that address a number of items."""
    return up(np.log2(np.maximum(x, 1.0)))


@dataclass(frozen=True, eq=False)
class ToolPlan:
    """The floorplan of a record's chip, in cells; arrays have one entry a layer."""

    record: ChipRecord

    @property
    def positions(self) -> Rows:
        """Kernel positions of each layer."""
        return self.record.positions

    @property
    def common(self) -> float:
        """Kernel positions of a split layer."""
        return self.record.common

    @property
    def split(self) -> Flags:
        """Layers with a PE for each kernel position."""
        return self.record.split

    @property
    def channels(self) -> Rows:
        result: Rows = self.record.shapes[2]
        return result

    @property
    def outputs(self) -> Rows:
        result: Rows = self.record.shapes[5]
        return result

    @property
    def pooled(self) -> Flags:
        """Layers that a 2 x 2 pooling follows."""
        result: Flags = self.record.shapes[6] > 0.0
        return result

    @property
    def cells_per_weight(self) -> float:
        return self.record.cells_per_weight

    @property
    def rows(self) -> float:
        """Rows of an array."""
        return self.record["numRowSubArray"]

    @property
    def cols(self) -> float:
        """Columns of an array."""
        return self.record["numColSubArray"]

    @cached_property
    def high(self) -> Rows:
        """Rows of each layer's matrix."""
        return self.channels * self.positions

    @cached_property
    def wide(self) -> Rows:
        """Columns of each layer's matrix, in cells."""
        return self.outputs * self.cells_per_weight

    # -- sides -----------------------------------------------------------------------------------

    @property
    def _array(self) -> float:
        return max(self.rows, self.cols)

    def _start(self, layers: Flags, least: float) -> float:
        """Where a search begins: it looks at columns only."""
        if not np.any(layers):
            return 0.0
        return max(float(2.0 ** bits_of(np.max(self.wide[layers]))), least)

    @staticmethod
    def _best(
        start: float, beyond: float, used: Callable[[float], float], bar: float = 0.0
    ) -> tuple[float, float]:
        """Of a side and its halves beyond a least one that is never tried, the best used."""
        best, side = start, start
        while side > beyond:
            share = used(side)
            if share > bar:
                best, bar = side, share
            side /= 2.0
        return best, bar

    @cached_property
    def split_side(self) -> float:
        """Of a kernel-split PE."""
        s, total = self.split, self.high * self.wide

        def used(side: float) -> float:
            tiles = np.sum((up(self.channels / side) * up(self.wide / side))[s])
            return float(np.sum(total[s]) / (tiles * side**2 * self.common))

        return self._best(self._start(s, 2.0 * self._array), 2.0 * self._array, used)[0]

    def _whole_used(self, side: float, copies: Rows) -> float:
        whole = ~self.split
        tiles = np.sum((up(self.high / side) * up(self.wide / side))[whole])
        return float(np.sum((copies * self.high * self.wide)[whole]) / (tiles * side**2))

    @cached_property
    def _tile(self) -> tuple[float, float]:
        start = self._start(~self.split, 4.0 * self._array)
        one = np.ones_like(self.high)
        return self._best(start, 4.0 * self._array, lambda side: self._whole_used(side, one))

    @property
    def tile_side(self) -> float:
        """Of a tile that is not kernel-split; 0 without one."""
        return self._tile[0]

    @cached_property
    def pe_side(self) -> float:
        """Of its PEs."""
        side, bar = self._tile

        def used(pe: float) -> float:
            down_, across = self._pe_copies(side, pe)
            return self._whole_used(side, down_ * across)

        return self._best(side / 2.0, 2.0 * self._array, used, bar)[0]

    @property
    def pes_per_side(self) -> float:
        """PEs along the side of a tile that is not kernel-split."""
        return float(up(self.tile_side / self.pe_side)) if self.pe_side else 0.0

    # -- copies and tiles ------------------------------------------------------------------------

    def _pe_copies(self, side: float, pe: float) -> tuple[Rows, Rows]:
        q = up(side / pe)
        fits = (self.high <= side) | (self.wide <= side)

        def copies(length: Rows) -> Rows:
            result: Rows = np.where(fits, np.maximum(1.0, down(q / up(length / pe))), 1.0)
            return result

        return copies(self.high), copies(self.wide)

    @cached_property
    def _copies(self) -> tuple[Rows, Rows]:
        """Copies of a layer down and across."""
        down_, across = np.ones_like(self.high), np.ones_like(self.high)
        if self.pe_side:
            down_, across = self._pe_copies(self.tile_side, self.pe_side)
        down_, across = np.where(self.split, 1.0, down_), np.where(self.split, 1.0, across)
        side = self.side
        high = np.where(self.split, self.channels, self.high)
        fits = (high <= side) | (self.wide <= side)
        inner = down(up(side / self.rows) / up(high / self.rows))
        outer = down(up(side / self.cols) / up(self.wide / self.cols))
        return (
            down_ * np.where(fits, np.maximum(1.0, inner), 1.0),
            across * np.where(fits, np.maximum(1.0, outer), 1.0),
        )

    @property
    def copies(self) -> Rows:
        return self._copies[0] * self._copies[1]

    @cached_property
    def side(self) -> Rows:
        """Side of a PE of each layer."""
        return np.where(self.split, self.split_side, self.pe_side)

    @cached_property
    def tiles_down(self) -> Rows:
        split = up(self.channels / (self.split_side or 1.0))
        return np.where(self.split, split, up(self.high / (self.tile_side or 1.0)))

    @cached_property
    def tiles_across(self) -> Rows:
        side = np.where(self.split, self.split_side, self.tile_side)
        return up(self.wide / side)

    @property
    def tiles(self) -> Rows:
        return self.tiles_down * self.tiles_across

    @cached_property
    def grid(self) -> tuple[float, float]:
        """Tiles of the chip down and across."""
        total = np.sum(self.tiles)
        rows = up(np.sqrt(total))
        return float(rows), float(up(total / rows))

    # -- how a layer lies in its tiles -----------------------------------------------------------

    @cached_property
    def in_tile(self) -> tuple[Rows, Rows]:
        """Rows and columns of the matrix in the fullest tile."""
        side = np.where(self.split, self.split_side, self.tile_side)
        high = np.where(
            self.split,
            self.positions * np.minimum(self.channels, side),
            np.minimum(self.high, side),
        )
        return high, np.minimum(self.wide, side)

    @cached_property
    def share(self) -> tuple[Rows, Rows]:
        """Rows and columns of the matrix in the mean tile."""
        return self.high / self.tiles_down, self.wide / self.tiles_across

    @cached_property
    def alone(self) -> Flags:
        """Layers of which a whole tile's matrix is evaluated in one PE, copied all over."""
        copied = (self.copies > 1.0) & ~self.split
        q = self.pes_per_side
        result: Flags = copied & (self._copies[0] >= q) & (self._copies[1] >= q)
        return result

    @cached_property
    def in_pe(self) -> tuple[Rows, Rows]:
        """Rows and columns of the matrix in a PE."""
        high, wide = self.in_tile
        part = np.where(self.split, high / self.common, np.minimum(high, self.pe_side))
        cols = np.where(self.split, wide, np.minimum(wide, self.pe_side))
        return np.where(self.alone, high, part), np.where(self.alone, wide, cols)

    @cached_property
    def pe_share(self) -> tuple[Rows, Rows]:
        """Rows and columns of the matrix in the mean PE."""
        high, wide = self.share
        pe = self.pe_side or 1.0
        down_ = np.where(self.split, self.common, up(self.in_tile[0] / pe))
        across = np.where(self.split, 1.0, up(self.in_tile[1] / pe))
        return (
            high / np.where(self.alone, 1.0, down_),
            wide / np.where(self.alone, 1.0, across),
        )

    @cached_property
    def pe_copies(self) -> Rows:
        """Copies inside a PE that is evaluated alone."""
        q = self.pes_per_side or 1.0
        return np.where(self.alone, up(self._copies[0] / q) * up(self._copies[1] / q), 1.0)

    @cached_property
    def pes(self) -> Rows:
        """PEs of a tile that are added up: all, where there are no copies, whether used or not."""
        high, wide = self.in_tile
        pe = self.pe_side or 1.0
        used = np.where(self.copies > 1.0, up(high / pe) * up(wide / pe), self.pes_per_side**2)
        return np.where(self.alone, 1.0, np.where(self.split, self.common, used))

    @cached_property
    def repeated(self) -> Rows:
        """Times the arrays are charged: PEs of a tile that hold nothing repeat the one before."""
        pe = self.pe_side or 1.0
        used = up(self.in_tile[0] / pe) * up(self.in_tile[1] / pe)
        return np.where(self.split | (self.copies > 1.0), 1.0, self.pes / used)

    @cached_property
    def added(self) -> Rows:
        """PEs whose results a tile adds."""
        pe = self.pe_side or 1.0
        used = np.where(self.copies > 1.0, up(self.in_tile[0] / pe), self.pes_per_side)
        return np.where(self.alone, 1.0, np.where(self.split, self.common, used))

    @cached_property
    def parallel(self) -> Rows:
        """What a tile's time is divided by, beside the copies inside a PE."""
        return np.where(self.alone, self.pes_per_side**2, self.copies)

    @cached_property
    def arrays_down(self) -> Rows:
        """Arrays of a PE whose sums are added."""
        return up(self.in_pe[0] / self.rows)

    @cached_property
    def bare(self) -> Flags:
        """Layers whose PE is full of copies of one array, which needs no tree."""
        n = up(np.sqrt(up(self.side / self.rows) * up(self.side / self.cols)))
        q = self.pes_per_side or 1.0
        one = (self.arrays_down == 1.0) & (up(self.in_pe[1] / self.cols) == 1.0)
        full = (up(self._copies[0] / q) >= n) & (up(self._copies[1] / q) >= n)
        result: Flags = self.alone & (self.pe_copies > 1.0) & one & full
        return result

    @cached_property
    def trees_in_pe(self) -> Rows:
        """Times a PE's trees are charged: once for each array, where the PE holds copies."""
        arrays = self.arrays_down * up(self.in_pe[1] / self.cols)
        return np.where(self.alone & (self.pe_copies > 1.0) & ~self.bare, arrays, 1.0)

    @cached_property
    def pieces(self) -> tuple[tuple[Rows, Rows, Rows], ...]:
        """Arrays by what is used of them: rows, columns, and how many there are in a layer."""
        high = np.where(self.split, self.channels, self.high)
        blocks = np.where(self.split, self.common, 1.0)
        (tall, talls), (low, lows) = _cut(high, self.rows)
        (broad, broads), (thin, thins) = _cut(self.wide, self.cols)
        return (
            (tall, broad, blocks * talls * broads),
            (tall, thin, blocks * talls * thins),
            (low, broad, blocks * lows * broads),
            (low, thin, blocks * lows * thins),
        )

    @property
    def different(self) -> Rows:
        """Arrays of a layer that see different inputs."""
        high = np.where(self.split, self.channels, self.high)
        return np.where(self.split, self.common, 1.0) * up(high / self.rows)


def _cut(total: Rows, size: float) -> tuple[tuple[Rows, Rows], tuple[Rows, Rows]]:
    """A length cut into full pieces and a rest, and how many there are of each."""
    full = down(total / size)
    rest = total - full * size
    return (np.minimum(total, size), full), (rest, np.where(rest > 0.0, 1.0, 0.0))


def drawn(record: ChipRecord) -> Drawn:
    """What of its design a record does not say.

    The chip's tree has a tile's width of wires for each tile, halved until they are few enough.
    """
    plan, ways = ToolPlan(record), record["numColMuxed"]
    grid = float(up(np.sqrt(plan.common)))
    widths = np.where(plan.split, plan.split_side * grid, plan.tile_side)
    wires = float(np.sum(widths * (1.0 + 1.0 / ways)))
    while wires > record["maxGlobalBusWidth"]:
        wires /= 2.0
    lanes = float(up(max(plan.tile_side, plan.split_side * grid) / ways))
    sides = plan.split_side, plan.pe_side, plan.tile_side
    return Drawn(*sides, wires=wires, lanes=lanes)
