"""What the resistance of its wires makes of a layer's arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.kernels import wires
from neurorebit.schema import InfeasibleError
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array, spans

DRIVES = 8  # rows driven in turn that are solved together: one vector register
TOLERANCE = 1e-6  # of the drive: potentials that move less are settled
SWEEPS = 10_000


@dataclass(eq=False)
class Wires:
    """The matrix that arrays with resistive wires apply, as a correction of the cells' own.

    An array is a linear network: rows hold their drive, a zero too, and columns end at zero volts.
    So its currents are a matrix times the drives, whatever they are, and entry (i, j) of it is what
    column j carries while row i alone is driven. Each weight becomes share * weight + offset, as
    found when they were last measured: before the first step, and again for the evaluation that
    ends an epoch; in between, cells are written under the shares of the epoch before.

    The used part of an array lies next to its drivers and its converters. The reference is the
    current of mid-range cells at the same place of an array of such cells. Backwards, columns are
    driven where they were sensed and rows sensed where they were driven: the transposed matrix, by
    reciprocity. Cells that hold the digits of one weight are taken as one.
    """

    site: Site
    share: Array | None = None
    offset: Array | None = None
    learned: bool = False  # since they were measured

    def applied(self, matrix: Array, learning: bool) -> Array:
        """What arrays that hold ``matrix`` apply; taken from the workspace, the caller drops it."""
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
                return  # the loss will show it
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
