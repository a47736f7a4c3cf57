"""Accuracies beside the costs of a sweep: each design that can exist is trained at one budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from neurorebit.results.frames import unit_of
from neurorebit.results.sweep import FEASIBLE, REASON, Table
from neurorebit.results.typed.grid import Sweep
from neurorebit.studies.accuracy import ACCURACY, SPREAD, Reached, Task, Trainer, mean_and_spread
from neurorebit.studies.axes import written
from neurorebit.studies.fidelity import Fidelity

BUDGET = "training"  # the column that says what stands behind an accuracy
Progress = Callable[[int, int], None]  # trainings done, of those to do


def with_accuracy(
    found: Sweep,
    trainer: Trainer,
    fidelity: Fidelity,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Sweep:
    """The sweep with an accuracy for each feasible design, and its spread where seeds are several.

    A column says the budget. A design whose training fails has nan, and the reason. An interrupt
    keeps what was reached; the other designs have nan.
    """
    table = dict(found.table)
    count = len(table[FEASIBLE])
    keys = [heading for columns in found.axes.columns for heading in columns]
    reached: dict[int, dict[int, Reached]] = {}
    rows = np.flatnonzero(table[FEASIBLE]).tolist()
    interrupted = found.interrupted
    todo = len(rows) * fidelity.seeds
    try:
        trainer.check()
        seeds = range(seed, seed + fidelity.seeds)
        tasks = _tasks(_designs(table, keys, rows), fidelity, seeds)
        for done, (task, outcome) in enumerate(trainer.run(tasks), 1):
            reached.setdefault(task.row, {})[task.seed] = outcome
            if progress:
                progress(done, todo)
    except KeyboardInterrupt:
        interrupted = True
    accuracy, spread = np.full(count, np.nan), np.full(count, np.nan)
    reasons, budget = table[REASON].copy(), np.full(count, "", dtype=object)
    for row, outcomes in reached.items():
        if len(outcomes) < fidelity.seeds:
            continue
        accuracy[row], spread[row] = mean_and_spread(
            [outcomes[one].accuracy for one in sorted(outcomes)]
        )
        reasons[row] = next((one.reason for one in outcomes.values() if one.reason), "")
        budget[row] = fidelity.text
    table |= {REASON: reasons, ACCURACY: accuracy}
    table |= {SPREAD: spread} if fidelity.seeds > 1 else {}
    return replace(found, table={**table, BUDGET: budget}, interrupted=interrupted)


Design = tuple[tuple[str, str], ...]


def _designs(
    table: Table, headings: Sequence[str], rows: Sequence[int]
) -> Iterator[tuple[int, Design]]:
    """The designs of these rows."""
    for row in rows:
        yield row, tuple((_key(heading), _text(table, heading, row)) for heading in headings)


def _tasks(
    designs: Iterable[tuple[int, Design]], fidelity: Fidelity, seeds: Sequence[int]
) -> Iterator[Task]:
    """The trainings of designs."""
    for row, design in designs:
        for seed in seeds:
            yield Task(row, design, fidelity, seed)


def _key(heading: str) -> str:
    return heading.partition(" [")[0]


def _text(table: Table, heading: str, row: int) -> str:
    """The value of a key in a row, as it would be set."""
    values = table[heading]
    if values.dtype == object:
        return str(values[row])
    whole = bool(np.issubdtype(values.dtype, np.integer))
    return written(float(values[row]), unit_of(heading), whole)
