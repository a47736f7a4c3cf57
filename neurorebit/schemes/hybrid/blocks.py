"""Cells that follow real weights and are programmed in blocks: trains of blocks, then single cells.

A block's train leads on the nominal curve from the levels that were last written. Then each cell
gets what it is left to get, or is brought to its level by write-verify, disturbed cells among them;
or nothing more is sent, and the levels taken as written are those to which the trains lead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurorebit.kernels import pulse
from neurorebit.kernels.levels import Count, Grid
from neurorebit.schemes.parts.blocks import Trains
from neurorebit.schemes.parts.cells import Physics
from neurorebit.schemes.parts.followed import MOST
from neurorebit.training.parts.blocks import FINE
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans


class Followed(NamedTuple):
    """The real weights of a layer, and the cells that follow them: ``levels`` last written, what
    the cells hold (``analog``), how often each was written, and the totals of a training.
    """

    site: Site
    real: Array
    levels: Array
    analog: Array
    writes: Array
    written: Written
    grid: Grid


def write(held: Followed, trains: Trains, physics: Physics, plan: pulse.Plan) -> list[Array]:
    """Bring all cells of a layer to the levels of their real weights; counts of what was written.

    They count pulses. Each step has random numbers of its own: twice as many as attempts.
    """
    site, grid, written = held.site, held.grid, held.written
    asked, sent = (site.workspace.take(held.real.shape, np.int32) for _ in range(2))
    wanted, given = asked.reshape(-1), sent.reshape(-1)
    real, known, analog = (a.reshape(-1) for a in (held.real, held.levels, held.analog))
    parts = [slice(*part) for part in spans(real.size, PART)]
    verifies = plan.write == pulse.Write.VERIFY

    def cells(part: slice) -> pulse.Cells:
        traits, counts = physics.part(part.start, part.stop), np.zeros(len(Count))
        return pulse.Cells(analog[part], traits, physics.response, held.writes[part], counts)

    def ask(i: int) -> None:
        part = parts[i]
        pulse.ask(real[part], known[part], grid, plan, physics.response, wanted[part])

    def send(i: int, pulses: Array, turn: int) -> Array:
        part = cells(parts[i])
        draw = site.draw(parts[i].start, MOST * (2 * written.updates + turn))
        pulse.pulse(part, pulses[parts[i]], draw)
        return np.asarray(part.counts)

    def verify(i: int) -> Array:
        part = cells(parts[i])
        draw = site.draw(parts[i].start, 2 * written.updates + 1)
        pulse.mark(known[parts[i]], given[parts[i]])
        pulse.to_levels(real[parts[i]], known[parts[i]], part, grid, plan, draw)
        return np.asarray(part.counts)

    def settle(i: int) -> None:
        pulse.settle(real[parts[i]], known[parts[i]], grid)

    def reach(i: int) -> None:
        part = parts[i]
        pulse.reach(known[part], grid, plan, physics.response, given[part])

    run, jobs = site.workers.run, len(parts)
    run(ask, jobs)
    trains.share(asked, sent, written)
    counts = run(lambda i: send(i, given, 0), jobs)
    if not trains.fine:
        run(reach, jobs)
    elif verifies:
        counts += run(verify, jobs)
        assert written.blocks is not None
        written.blocks[FINE] = np.nan  # the counts of what was written have them
    else:
        asked -= sent
        trains.finish(asked, sent, written)
        counts += run(lambda i: send(i, wanted, 1), jobs)
        run(settle, jobs)
    site.workspace.drop(asked)
    site.workspace.drop(sent)
    return counts
