"""The effect of wire resistance on the arrays of a layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.kernels import wires
from neurorebit.schema import InfeasibleError
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array, spans

DRIVES = 8  # driven rows that are solved together: one vector register
TOLERANCE = 1e-6  # of the drive: potentials that move less are settled
SWEEPS = 10_000


@dataclass(eq=False)
class Wires:
    """The matrix that arrays with resistive wires apply, as a correction of the cells' weights.

    An array is a linear network: each row has its drive, which may be zero, and columns end at
    zero volts. Its currents are a matrix times the drives; entry (i, j) is the current of column j
    while row i alone is driven. Each weight w becomes share * w + offset. Both are measured before
    the first step and again for the evaluation that ends an epoch; cells that are written in
    between are read with the shares of the last measurement.

    The used part of an array lies next to its drivers and its converters. The reference is the
    current of mid-range cells at the same place of an array of such cells. In a transposed read,
    columns are driven where they were sensed and rows sensed where they were driven: the transposed
    matrix, by reciprocity. Cells that hold the digits of one weight are taken as one.
    """

    site: Site
    share: Array | None = None
    offset: Array | None = None
    learned: bool = False  # since the last measurement

    def applied(self, matrix: Array, learning: bool) -> Array:
        """The matrix that arrays of ``matrix`` apply, from the workspace; the caller drops it."""
        if self.share is None or self.offset is None or (self.learned and not learning):
            self._measure(matrix)
        self.learned = learning
        assert self.share is not None
        assert self.offset is not None
        out = self.site.workspace.take(matrix.shape, matrix.dtype)
        np.multiply(matrix, self.share, out=out)
        return np.add(out, self.offset, out=out)

    def _measure(self, matrix: Array) -> None:
        site = self.site
        assert site.wires is not None, "resistive wires need their resistance"
        digits = float(site.spec.cells_per_weight)
        row, col = 1.0 / (digits * site.wires[0]), 1.0 / site.wires[1]
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
            return transfer(np.full(shapes[i], middle), row, col)

        references = dict(zip(shapes, site.workers.run(reference, len(shapes)), strict=True))

        def job(i: int) -> None:
            block = blocks[i]
            g = middle + half * matrix[block].astype(np.float64)
            if not np.isfinite(g).all():
                return  # the loss shows it
            g = np.maximum(g, 1e-3 * low)  # no noise makes a cell a source
            share[block] = found = transfer(g, row, col) / g
            offset[block] = (found * middle - references[g.shape]) / half

        site.workers.run(job, len(blocks))
        self.share, self.offset = share, offset


def transfer(g: Array, row: float, col: float) -> Array:
    """Current [S] of each column per volt on each row alone, for cells ``g`` [rows, cols] [S].

    ``row`` and ``col``: conductance [S] of the wire from cell to cell. InfeasibleError where the
    potentials do not settle.
    """
    rows, cols = g.shape
    found = np.empty((rows, cols))
    for start, stop in spans(rows, DRIVES):
        drives = np.zeros((rows, stop - start))
        drives[start:stop] = np.eye(stop - start)
        currents = np.empty((cols, stop - start))
        if not wires.sense(g, row, col, drives, currents, TOLERANCE, SWEEPS):
            raise InfeasibleError(
                f"training.wires=resistive: an array of {rows} x {cols} cells does not settle with "
                f"wires of {1 / row:.3g} ohm a cell; take a smaller array or a wider wire"
            )
        found[start:stop] = currents.T
    return found
