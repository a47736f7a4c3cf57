"""The effect of wire resistance on the arrays of a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from neurorebit.kernels import wires
from neurorebit.schema import InfeasibleError
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array, spans

DRIVES = 8  # driven rows that are solved together: one vector register
TOLERANCE = 1e-6  # of the drive: potentials that move less are settled
SWEEPS = 10_000


class Network(NamedTuple):
    """What conducts while one row of an array is driven, or sensed.

    ``row`` and ``col``: conductance [S] of the wire from cell to cell. ``others``: share of the
    other rows whose cells conduct too.
    """

    row: float
    col: float
    others: float


@dataclass(eq=False)
class Wires:
    """The matrix that arrays with resistive wires apply, as a correction of the cells' weights.

    Columns end at zero volts. Access transistors of a row that carries a zero are off, so which
    cells conduct depends on the input. Here the other rows conduct as often as they carry a one:
    what wires take is right on the mean over inputs, while that of one input grows with the square
    of its ones. Entry (i, j) is the current of column j while row i alone has a voltage, and the
    share of ones of the other rows loads the columns. Columns that
    wait for a converter carry no current, so a row's wire carries that of one in ``cols_per_adc``.
    Row by row, no other row conducts. Crosspoints always do, and all their lines are taken as held.

    In a ``transposed`` read, columns are driven where they were sensed, zeros at zero volts, and
    rows are sensed where they were driven: the transposed matrix, by reciprocity. Of the other rows
    one in ``rows_per_adc`` is sensed at the same time, and the rest are cut off.

    Each weight w becomes share * w + offset. Both are measured before the first step and again for
    the evaluation that ends an epoch; cells that are written in between are read with the shares of
    the last measurement. The used part of an array lies next to its drivers and its converters. The
    reference is the current of mid-range cells at the same place of an array of such cells. Cells
    that hold the digits of one weight are taken as one.
    """

    site: Site
    transposed: bool = False
    share: Array | None = None
    offset: Array | None = None
    learned: bool = field(default=False, kw_only=True)  # since the last measurement

    def applied(self, matrix: Array, learning: bool, ones: Callable[[], float]) -> Array:
        """The matrix that arrays of ``matrix`` apply, from the workspace; the caller drops it.

        ``ones``: the share of rows that carry a one in a bit plane, asked for where it is measured.
        """
        if self.share is None or self.offset is None or (self.learned and not learning):
            self._measure(matrix, self._network(ones))
        self.learned = learning
        assert self.share is not None
        assert self.offset is not None
        out = self.site.workspace.take(matrix.shape, matrix.dtype)
        np.multiply(matrix, self.share, out=out)
        return np.add(out, self.offset, out=out)

    def _network(self, ones: Callable[[], float]) -> Network:
        site, arrays = self.site, self.site.spec.forward
        assert site.wires is not None, "resistive wires need their resistance"
        row, col = 1.0 / (float(site.spec.cells_per_weight) * site.wires[0]), 1.0 / site.wires[1]
        if site.spec.crosspoint:
            return Network(row, col, 1.0)
        if self.transposed:
            shared = getattr(arrays, "rows_per_adc", arrays.cols_per_adc)
            return Network(row, col, 1.0 / float(shared))
        alone = site.spec.row_by_row
        return Network(row * float(arrays.cols_per_adc), col, 0.0 if alone else ones())

    def _measure(self, matrix: Array, network: Network) -> None:
        site, digits = self.site, float(self.site.spec.cells_per_weight)
        low, high = float(site.device.g_min), float(site.device.g_max)
        middle, half = 0.5 * (high + low), 0.5 * (high - low)
        share, offset = np.ones_like(matrix), np.zeros_like(matrix)
        blocks = [
            (group, slice(*rows), slice(*cols))
            for group in range(len(matrix))
            for rows in site.cuts
            for cols in spans(matrix.shape[2], int(site.spec.forward.cols / digits))
        ]
        shapes = sorted({matrix[block].shape for block in blocks})

        def reference(i: int) -> Array:
            return transfer(np.full(shapes[i], middle), network)

        references = dict(zip(shapes, site.workers.run(reference, len(shapes)), strict=True))

        def job(i: int) -> None:
            block = blocks[i]
            g = middle + half * matrix[block].astype(np.float64)
            if not np.isfinite(g).all():
                return  # the loss shows it
            g = np.maximum(g, 1e-3 * low)  # no noise makes a cell a source
            share[block] = found = transfer(g, network) / g
            offset[block] = (found * middle - references[g.shape]) / half

        site.workers.run(job, len(blocks))
        self.share, self.offset = share, offset


def transfer(g: Array, network: Network) -> Array:
    """Current [S] of each column per volt on each row alone, for cells ``g`` [rows, cols] [S].

    InfeasibleError where the potentials do not settle.
    """
    rows, cols = g.shape
    found = np.empty((rows, cols))
    for start, stop in spans(rows, DRIVES):
        drives = np.zeros((rows, stop - start))
        drives[start:stop] = np.eye(stop - start)
        conducting = np.maximum(drives, network.others)
        currents = np.empty((cols, stop - start))
        lines = network.row, network.col
        if not wires.sense(g, conducting, drives, *lines, currents, TOLERANCE, SWEEPS):
            raise InfeasibleError(
                f"training.wires=resistive: an array of {rows} x {cols} cells does not settle with "
                f"wires of {1 / network.row:.3g} ohm a cell; take a smaller array or a wider wire"
            )
        found[start:stop] = currents.T
    return found
