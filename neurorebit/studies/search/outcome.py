"""The result of a search: its table, and the document that says what was searched and how."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurorebit import __version__
from neurorebit.results.search_text import FRONT, STATE, TRIAL
from neurorebit.results.sweep import FEASIBLE, REASON, Table, unbeaten
from neurorebit.results.typed.search import Search as Result
from neurorebit.schema import Setting
from neurorebit.studies.accuracy import ACCURACY, SPREAD
from neurorebit.studies.fidelity import Fidelity
from neurorebit.studies.outcomes import OUTCOMES
from neurorebit.studies.search.importance import importances
from neurorebit.studies.search.objectives import POWER
from neurorebit.studies.search.plan import Plan
from neurorebit.studies.search.search import Search
from neurorebit.studies.search.space import Dimension
from neurorebit.studies.search.trials import COMPLETE, INFEASIBLE, Trial

SCHEMA = 1  # of the document
Spell = Callable[[Sequence[Setting], Fidelity | None, int], str]  # a design as it is asked for


def result(search: Search, spell: Spell, command: str = "") -> Result:
    """The result of a search; ``spell`` writes how a design, with its training, is asked for, and
    ``command`` is how the search was.
    """
    plan = search.plan
    trials = [search.trials[index] for index in sorted(search.trials)]
    table = _table(plan, trials, spell)
    done = [trial for trial in trials if trial.state == COMPLETE]
    about: dict[str, Any] = {
        "schema": SCHEMA,
        "name": "neurorebit",
        "command": command,
        **{key: value for key, value in plan.identity.items() if key not in ("objectives",)},
        "version": __version__,
        "objectives": [
            {"name": one.name, "column": one.column, "unit": one.unit, "more": one.more}
            for one in plan.objectives
        ],
        "where": [{"text": one.text, "column": one.column} for one in plan.conditions],
        "training": [
            {**dataclasses.asdict(one), "first_seed": plan.seed, "text": one.text}
            for one in plan.rungs
        ],
        "keys": [one.column.heading for one in plan.space.dimensions],
        "designs": int(plan.space.count) if math.isfinite(plan.space.count) else None,
        "budget": plan.budget,
        "trials": len(trials),
        "front": [int(trial) for trial in table[TRIAL][table[FRONT]]],
        "importances": importances(plan.space, plan.objectives, done),
        "interrupted": search.interrupted,
        "exhausted": search.exhausted,
    }
    return Result(table, about)


def _table(plan: Plan, trials: Sequence[Trial], spell: Spell) -> Table:
    """A row for each trial."""
    table: Table = {TRIAL: np.array([trial.index for trial in trials], dtype=np.int64)}
    for one in plan.space.dimensions:
        table[one.column.heading] = _values(one, trials)
    names = (*OUTCOMES, *POWER, *((ACCURACY, SPREAD) if plan.rungs else ()))
    for name in names:
        table[name] = np.array([trial.costs.get(name, np.nan) for trial in trials], dtype=float)
    if plan.rungs:
        table["training"] = _texts(_reached(plan, trial) for trial in trials)
    table[STATE] = _texts(trial.state for trial in trials)
    table[FEASIBLE] = np.array([trial.state != INFEASIBLE for trial in trials], dtype=bool)
    table[REASON] = _texts(trial.reason for trial in trials)
    complete = np.array([trial.state == COMPLETE for trial in trials], dtype=bool)
    losses = np.stack([one.losses(table[one.column]) for one in plan.objectives], axis=-1)
    table[FRONT] = unbeaten(losses, complete) if len(trials) else complete
    table["command"] = _texts(_command(plan, trial, spell) for trial in trials)
    return table


def _texts(values: Any) -> Any:
    return np.array(list(values), dtype=object)


def _values(one: Dimension, trials: Sequence[Trial]) -> Any:
    """The values of a key, nothing or nan where a design has none."""
    if one.words:
        return _texts(trial.texts.get(one.key, "") for trial in trials)
    numbers = [
        np.nan if (choice := trial.choices.get(one.key)) is None
        else choice if one.ranged else one.column.numbers[int(choice)]
        for trial in trials
    ]  # fmt: skip
    made = np.array(numbers, dtype=float)
    return made.astype(np.int64) if one.column.whole and np.all(np.isfinite(made)) else made


def _reached(plan: Plan, trial: Trial) -> str:
    """The training behind the accuracy of a trial, in words."""
    return plan.rungs[len(trial.accuracies) - 1].text if trial.accuracies else ""


def _command(plan: Plan, trial: Trial, spell: Spell) -> str:
    """How the design of a trial, trained as it was, is asked for."""
    settings = [Setting(key, text) for key, text in trial.texts.items()]
    fidelity = plan.rungs[len(trial.accuracies) - 1] if trial.accuracies else None
    return spell(settings, fidelity, plan.seed)
