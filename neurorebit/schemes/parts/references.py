"""The reference cells of a layer's arrays: cells at mid range that reads are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import reading
from neurorebit.kernels.noise import Draw
from neurorebit.kernels.reading import Noise, Rest
from neurorebit.training.parts.weights import PART, Site
from neurorebit.training.parts.workers import Array, spans

FORWARD, BACK = 8, 9  # numbers of their arrays in the layer, for their random numbers; of each
# further array that holds a weight 2 higher
Hold = Callable[[int, int], Array]  # the weights that so many cells of an array hold, by its number


@dataclass(frozen=True, eq=False)
class References:
    """What a forward or a transposed read of a layer is compared with, cell by cell.

    As the estimate bills them, an array has a column of reference cells for each of its converters,
    on the same rows: columns that share a converter share the cells of that column. A transposed
    read has rows of its own, one for each converter that rows share. Reference cells are of the
    same device and written in the same way as the others, once, to mid range; after that they are
    left as they are. ``cells`` [lines, columns]: their weights, 0 at mid range; ``line_of``: the
    line of each row of the matrix (groups one after the other); ``share``: columns of the matrix
    that share a column of ``cells``.
    """

    site: Site
    number: int
    hold: Hold
    line_of: Array = field(init=False)
    share: int = field(init=False)
    cells: Array = field(init=False)

    def __post_init__(self) -> None:
        site, spec = self.site, self.site.spec
        groups, rows, cols = site.shape
        if (self.number - FORWARD) % 2 == 0:
            share = int(spec.forward.cols_per_adc / spec.cells_per_weight)
            line_of, lines = list(range(rows)), rows
        else:
            share, lines, line_of = 1, 0, []
            for start, stop in site.cuts:
                line_of += [lines + i // spec.rows_per_adc for i in range(stop - start)]
                lines = line_of[-1] + 1
        across = -(-cols // share)
        found = np.concatenate([lines * g + np.asarray(line_of) for g in range(groups)])
        cells = self.hold(groups * lines * across, self.number).reshape(groups * lines, across)
        for name, value in (("line_of", found), ("share", share), ("cells", cells)):
            object.__setattr__(self, name, value)

    def seen(self, law: Rest | None, error: Noise | None, read: int) -> Array:
        """The cells as one read sees them: after a rest, and with the noise of that read."""
        now = self.cells
        for change in (law, error):
            if change is not None:
                now = self._changed(now, change, read)
        return now

    def _changed(self, cells: Array, change: Rest | Noise, read: int) -> Array:
        site, out = self.site, np.empty_like(cells)
        flat, parts = (cells.reshape(-1), out.reshape(-1)), spans(cells.size, PART)

        def job(i: int) -> None:
            start, stop = parts[i]
            draw = Draw(start, read, site.index, self.number, site.seed)
            source, target = flat[0][start:stop], flat[1][start:stop]
            if isinstance(change, Rest):
                reading.rest(source, target, change, 0, draw)
            else:
                reading.read(source, target, change, draw)

        site.workers.run(job, len(parts))
        return out

    def compared(self, weight: Array, seen: Array, out: Array) -> None:
        """``out`` = the weights less the cells that each of them is compared with."""
        rows = weight.shape[0] * weight.shape[1]
        flat = weight.reshape(rows, -1), out.reshape(rows, -1)
        parts = spans(rows, max(1, PART // weight.shape[2]))

        def job(i: int) -> None:
            part = slice(*parts[i])
            reading.compare(flat[0][part], flat[1][part], seen, self.line_of[part], self.share)

        self.site.workers.run(job, len(parts))
