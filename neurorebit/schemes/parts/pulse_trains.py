"""Pulse trains of inputs and errors, which pulse the cells where they coincide."""

from __future__ import annotations

import numpy as np

from neurorebit.kernels import noise, outer_product
from neurorebit.schema.training import SLOTS
from neurorebit.schemes.parts.cells import Cells
from neurorebit.training.parts.weights import PART, Site
from neurorebit.training.parts.workers import Array, spans


def coincide(
    site: Site,
    cells: Cells,
    vectors: tuple[Array, Array],
    rate: float,
    *,
    counted: tuple[int, int],
) -> list[Array]:
    """Pulse each cell where its row's and its column's trains coincide; counts by part.

    ``vectors``: inputs [vectors, rows] and errors [vectors, cols], against the sign of whose
    product a cell moves; ``rate``: expected pulses of a cell per unit of that product. ``counted``:
    rounds and vectors so far, which give the trains and each vector random numbers of their own.
    """
    inputs, errors = vectors
    rounds, seen = counted
    rows, cols = inputs.shape[1], errors.shape[1]
    # each train takes a slot with the square root of the chance of a coincidence
    chance = (rate / SLOTS) ** 0.5
    tops = float(np.max(np.abs(errors))), float(np.max(np.abs(inputs)))
    balance = (tops[0] / tops[1]) ** 0.5 if min(tops) > 0.0 else 1.0  # no pulses if one is 0
    row_trains = _trains(cells, inputs, chance * balance, purpose=noise.BITS, rounds=rounds)
    col_trains = _trains(cells, errors, chance / balance, purpose=noise.OTHER_BITS, rounds=rounds)
    pieces = spans(rows, max(1, PART // (16 * cols)))

    def job(i: int) -> Array:
        first, last = pieces[i]
        part = cells.part(first * cols, last * cols)
        own = np.ascontiguousarray(row_trains[:, first:last])
        draw = cells.draw(first * cols, seen)
        signs = np.ascontiguousarray(inputs[:, first:last])
        outer_product.pulse_vectors(part, own, col_trains, signs, errors, draw)
        return np.asarray(part.counts)

    return site.workers.run(job, len(pieces))


def _trains(cells: Cells, values: Array, scale: float, *, purpose: int, rounds: int) -> Array:
    """The pulse train of each value, one bit a slot."""
    out = np.empty(values.shape, np.uint32)
    flat, trains = values.reshape(-1), out.reshape(-1)
    parts = spans(flat.size, PART)

    def job(i: int) -> None:
        part = slice(*parts[i])
        draw = cells.draw(parts[i][0], rounds)
        outer_product.trains(flat[part], scale, SLOTS, purpose, draw, trains[part])

    cells.site.workers.run(job, len(parts))
    return out
