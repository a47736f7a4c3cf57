"""How a network is cut into arrays, PEs and tiles (system.md 4 and 13.4).

Arrays over layers have the layers on their last axis. Any number of a spec may be an array of
designs: as many axes as the sweep has, and a last one of length one, where the layers go.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.architecture import ArchitectureSpec
from neurorebit.circuits.cost import Real
from neurorebit.layers.cuts import common_positions, is_kernel_split, most_common
from neurorebit.layers.network import Network

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layers:
    """The matrix layers as arrays, one entry for each, in network order."""

    channels: Array  # of one group
    outputs: Array  # of one group
    positions: Array
    groups: Array
    vectors: Array
    pooled: Array  # vectors after the pooling that follows
    inputs: Array  # values of the input map
    added: Array  # values of residual connections that end behind the layer
    kernel: Array
    split: NDArray[np.bool_]
    normed: NDArray[np.bool_]  # batch norm follows
    rectified: NDArray[np.bool_]
    first: NDArray[np.bool_]  # reads the image: no error to send back

    @property
    def rows(self) -> Array:
        """Rows of one group's matrix."""
        return self.channels * self.positions

    @property
    def weights(self) -> Array:
        """Weights of all groups."""
        return self.rows * self.outputs * self.groups

    @property
    def macs(self) -> Array:
        """Multiplications and additions for one image."""
        return self.weights * self.vectors

    @classmethod
    def of(cls, network: Network, spec: ArchitectureSpec) -> Layers:
        """The layers of a network, as this chip maps them."""
        positions = common_positions(network.matmuls)
        fields: dict[str, list[float | bool | NDArray[np.bool_]]] = {
            name: [] for name in cls.__dataclass_fields__
        }
        for stage in network.stages:
            m, node = stage.matmul, stage.node
            kinds = {n.kind for n in stage.followers}
            values = {
                "channels": m.channels,
                "outputs": m.cols,
                "positions": m.positions,
                "groups": m.groups,
                "vectors": m.vectors,
                "pooled": stage.outgoing // (m.cols * m.groups),
                "inputs": m.inputs,
                "added": sum(n.shape_out.size for n in stage.followers if n.kind == "add"),
                "kernel": node.kernel,
                "split": is_kernel_split(
                    m, positions, spec.forward.rows, spec.forward.kernel_split
                ),
                "normed": "batch_norm" in kinds,
                "rectified": "relu" in kinds,
                "first": not stage.sends_error,
            }
            for name, value in values.items():
                fields[name].append(value)
        split = np.concatenate(np.broadcast_arrays(*map(np.atleast_1d, fields["split"])), axis=-1)
        flags = ("normed", "rectified", "first")
        arrays = {
            n: np.array(v, bool if n in flags else float) for n, v in fields.items() if n != "split"
        }
        return cls(split=split, **arrays)


def ceil(x: Real) -> Real:
    """Round up, forgiving the rounding of a quotient that is whole."""
    return np.ceil(np.asarray(x) * (1 - 1e-12))


@dataclass(frozen=True, eq=False)
class Floorplan:
    """PE and tile sides in cells, tiles and copies of each layer, for the forward arrays.

    Kernel-split tiles have ``split_positions`` PEs of ``split_side``; the others have tiles of
    ``tile_side`` with PEs of ``pe_side``. Sides are powers of two from twice the array up (tiles:
    four times), chosen for the best use of the cells.
    """

    layers: Layers
    rows: Real
    cols: Real
    cells_per_weight: Real
    common_positions: float
    split_positions: Real
    split_side: Real
    pe_side: Real
    tile_side: Real

    @classmethod
    def of(cls, layers: Layers, spec: ArchitectureSpec) -> Floorplan:
        """The best floorplan for these layers."""
        rows, cols, cells = spec.forward.rows, spec.forward.cols, spec.cells_per_weight
        width = layers.outputs * cells
        size = np.maximum(rows, cols)
        positions = np.max(np.where(layers.split, layers.positions, 1.0), axis=-1, keepdims=True)
        split_side: Real = (
            _best(2.0 * size, layers.split, layers.channels, width)
            if isinstance(spec.forward.pe_side, str)
            else spec.forward.pe_side
        )
        plain = ~layers.split & (layers.groups == 1)
        tile_side = _best(4.0 * size, plain, layers.rows, width)
        common = most_common(layers.positions)
        pe_side = tile_side / 2.0
        return cls(layers, rows, cols, cells, common, positions, split_side, pe_side, tile_side)

    @property
    def width(self) -> Array:
        """Columns of one group's matrix, in cells."""
        return self.layers.outputs * self.cells_per_weight

    @property
    def pes_per_side(self) -> Real:
        """PEs along the side of a tile that is not kernel-split."""
        return self.tile_side / self.pe_side

    @cached_property
    def arrays(self) -> Array:
        """Arrays that hold weights of the layer, copies not counted."""
        m = self.layers
        split = m.positions * ceil(m.channels / self.rows) * ceil(self.width / self.cols)
        whole = m.groups * ceil(m.rows / self.rows) * ceil(self.width / self.cols)
        return np.where(m.split, split, whole)

    @property
    def array_rows(self) -> Array:
        """Arrays whose partial sums make one output: the row blocks of the matrix."""
        m = self.layers
        split = m.positions * ceil(m.channels / self.rows)
        return np.where(m.split, split, ceil(m.rows / self.rows))

    @property
    def pe_rows(self) -> Array:
        """PEs whose partial sums make one output."""
        m = self.layers
        split = m.positions * ceil(m.channels / self.split_side)
        return np.where(m.split, split, ceil(m.rows / self.pe_side))

    @property
    def array_cols(self) -> Real:
        """Arrays that one row of the matrix crosses."""
        return ceil(self.width / self.cols)

    @property
    def pe_cols(self) -> Real:
        """PEs that one row of the matrix crosses."""
        side = np.where(self.layers.split, self.split_side, self.pe_side)
        return ceil(self.width / side)

    @property
    def tiles_down(self) -> Array:
        """Tiles among which the rows of the matrix are cut."""
        m = self.layers
        split = ceil(m.channels / self.split_side)
        return np.where(m.split, split, ceil(m.rows / self.tile_side))

    @cached_property
    def tiles(self) -> Array:
        """Tiles of each layer."""
        m = self.layers
        split = ceil(m.channels / self.split_side) * ceil(self.width / self.split_side)
        whole = ceil(m.rows / self.tile_side) * ceil(self.width / self.tile_side)
        held = (self.tile_side / self.rows) * (self.tile_side / self.cols)
        return np.where(m.split, split, np.where(m.groups > 1, ceil(self.arrays / held), whole))

    @cached_property
    def copies(self) -> Array:
        """Copies of a small layer that work side by side (system.md 4.3)."""
        m = self.layers
        q, side = self.pes_per_side, self.pe_side
        fits = ((m.rows <= self.tile_side) | (self.width <= self.tile_side)) & ~m.split
        down = np.where(fits, np.maximum(1.0, np.floor(q / ceil(m.rows / side))), 1.0)
        across = np.where(fits, np.maximum(1.0, np.floor(q / ceil(self.width / side))), 1.0)
        z = np.where(m.split, self.split_side, side)
        y = np.where(m.split, m.channels, m.rows)
        fits = (y <= z) | (self.width <= z)
        inner = np.floor(ceil(z / self.rows) / ceil(y / self.rows))
        outer = np.floor(ceil(z / self.cols) / ceil(self.width / self.cols))
        down = down * np.where(fits, np.maximum(1.0, inner), 1.0)
        across = across * np.where(fits, np.maximum(1.0, outer), 1.0)
        return np.where(m.groups > 1, 1.0, down * across)

    @property
    def held(self) -> Array:
        """Cells that hold the layer's weights, copies not counted."""
        return self.layers.weights * self.cells_per_weight

    @property
    def cells(self) -> Array:
        """Cells in the layer's tiles."""
        split = self.split_positions * self.split_side**2
        return self.tiles * np.where(self.layers.split, split, self.tile_side**2)

    @property
    def utilization(self) -> Array:
        """Share of the cells of a layer's tiles that hold its weights; copies do not count."""
        return self.held / self.cells


def _best(smallest: Real, chosen: NDArray[np.bool_], rows: Real, cols: Real) -> Real:
    """The side, of ``smallest`` and its doubles, that the chosen layers fill best.

    The smallest where none is chosen. Candidates stand along a first axis of their own; one that
    holds all layers in a single block is the last that can be best.
    """
    largest = max(np.max(rows), np.max(cols))
    doublings = max(0.0, np.ceil(np.log2(largest / np.min(smallest)))) + 1.0
    axes = max(map(np.ndim, (smallest, chosen, cols)))
    sides = smallest * 2.0 ** np.arange(doublings).reshape((-1,) + (1,) * axes)
    blocks = ceil(rows / sides) * ceil(cols / sides) * sides**2
    used = np.sum(np.where(chosen, rows * cols, 0.0), axis=-1, keepdims=True)
    taken = np.sum(np.where(chosen, blocks, 0.0), axis=-1, keepdims=True)
    best: Real = smallest * 2.0 ** np.argmax(used / np.maximum(taken, 1.0), axis=0)
    return best
