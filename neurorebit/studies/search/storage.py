"""The database of a search: an Optuna study in SQLite, to which each trial is added as it ends.

A trial is one transaction: it is there, whole, or it is not. Values are raw and in SI units; what
cannot be is a failed trial with its reason.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from neurorebit.schema import Argument, InputError
from neurorebit.studies.accuracy import mean_and_spread
from neurorebit.studies.search.objectives import Objective
from neurorebit.studies.search.optimiser import (
    CONSTRAINTS,
    distributions,
    optimiser,
    parameters,
    quiet,
)
from neurorebit.studies.search.space import Space
from neurorebit.studies.search.trials import COMPLETE, INFEASIBLE, PRUNED, Trial

NAME = "search"  # of the study
REQUEST = "neurorebit"  # the attribute with what was searched, and with what we keep of a trial
SCHEMA = 1
MAGIC = b"SQLite format 3\0"
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
Request = Mapping[str, Any]  # what a search was asked for, but for its budget


class Storage:
    """The study of one search in a file; ``asked`` is what the search is."""

    def __init__(self, path: Path, space: Space, objectives: tuple[Objective, ...]) -> None:
        self.path, self._space, self._objectives = path, space, objectives
        self._study: Any = None

    def open(self, asked: Request, resume: bool) -> None:
        """Make the study, or open the one to go on with.

        InputError where the file is something else, holds another search, or one that is not to
        be gone on with.
        """
        directions = ["maximize" if one.more else "minimize" for one in self._objectives]
        with self._said(), quiet() as optuna:
            if self.path.exists() and self.path.stat().st_size > 0 and not _is_optunas(self.path):
                message = "is there, and is no database of a search"
                raise self._error(message, "name another file")
            storage = optuna.storages.RDBStorage("sqlite:///search.db", **_connection(self.path))
            names = [one.study_name for one in storage.get_all_studies()]
            if NAME not in names:
                study = optuna.create_study(study_name=NAME, storage=storage, directions=directions)
                study.set_user_attr(REQUEST, {"schema": SCHEMA, **asked})
            else:
                study = optuna.load_study(study_name=NAME, storage=storage)
        self._check(study.user_attrs.get(REQUEST), asked)
        if NAME in names and not resume and study.get_trials(deepcopy=False):
            cure = ("give ", Argument("resume"), " to go on with it, or name another file")
            raise self._error("holds a search", cure)
        self._study = study

    def _check(self, stored: Any, asked: Request) -> None:
        """InputError unless the study is of this search."""
        if not isinstance(stored, dict) or "schema" not in stored:
            raise self._error("holds a study that no search of ours made", "name another file")
        if stored["schema"] != SCHEMA:
            message = f"is of schema {stored['schema']}, and this version has {SCHEMA}"
            raise self._error(message, "name another file")
        for key, value in asked.items():
            if stored.get(key) != value:
                message = f"holds another search: its {key} was {_short(stored.get(key))}, "
                message += f"not {_short(value)}"
                raise self._error(message, "name another file, or ask for the same")

    def trials(self) -> dict[int, Trial]:
        """The trials that have ended, by their number."""
        found = {}
        with self._said(), quiet():
            for frozen in self._study.get_trials(deepcopy=False):
                own = frozen.user_attrs.get(REQUEST)
                if isinstance(own, dict) and own["index"] not in found:
                    found[own["index"]] = _trial(own, frozen)
        return dict(sorted(found.items()))

    def keep(self, trial: Trial, fidelity: str) -> None:
        """Add a trial that has ended."""
        with self._said(), quiet() as optuna:
            states = optuna.trial.TrialState
            state = {COMPLETE: states.COMPLETE, PRUNED: states.PRUNED, INFEASIBLE: states.FAIL}
            values = [float(trial.costs[one.column]) for one in self._objectives] \
                if trial.state == COMPLETE else None  # fmt: skip
            reached = {
                rung: mean_and_spread(values_)[0]
                for rung, values_ in enumerate(trial.accuracies, 1)
            }
            self._study.add_trial(
                optuna.trial.create_trial(
                    state=state[trial.state],
                    params=parameters(self._space, trial),
                    distributions=distributions(optuna, self._space, trial),
                    values=values,
                    intermediate_values=reached,
                    user_attrs={
                        "design": dict(trial.texts),
                        "reason": trial.reason,
                        REQUEST: _attributes(trial, fidelity),
                    },
                    system_attrs={**trial.attributes, CONSTRAINTS: list(trial.violations)},
                )
            )

    def close(self) -> None:
        """Let go of the file."""
        if self._study is not None:
            self._study._storage.remove_session()
            self._study = None

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """What the database refuses, as an InputError."""
        optuna = optimiser()
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (optuna.exceptions.StorageInternalError, SQLAlchemyError, sqlite3.Error) as problem:
            cause = problem.__cause__ or problem
            first = str(getattr(cause, "orig", None) or cause).splitlines()[0]
            message, cure = f"cannot be used: {first}", "make room, or name another file"
            raise self._error(message, cure) from None
        except InputError:
            raise
        except (RuntimeError, ValueError, KeyError) as problem:
            message = f"is a database that Optuna cannot read: {str(problem).splitlines()[0]}"
            raise self._error(message, "name another file") from None

    def _error(self, message: Any, cure: Any) -> InputError:
        origin = Argument("storage", self.path)
        return InputError(message, origin=origin, value=self.path, cure=cure)


def _connection(path: Path) -> dict[str, Any]:
    """How the database is opened: by its path, for in an address some characters mean another file.

    A lock that another process holds is waited for.
    """
    opened = partial(sqlite3.connect, path.absolute(), timeout=30, check_same_thread=False)
    return {"engine_kwargs": {"creator": opened}}


def _is_optunas(path: Path) -> bool:
    """Whether a file is a database without tables, or with those of Optuna; nothing is written."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return False
    except OSError:
        return False
    address = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
        tables = {name for (name,) in database.execute(TABLES)}
    return not tables or "studies" in tables


def _attributes(trial: Trial, fidelity: str) -> dict[str, Any]:
    """What is kept of a trial beside what Optuna keeps."""
    return {
        "index": trial.index,
        "design": dict(trial.texts),
        "choices": dict(trial.choices),
        "state": trial.state,
        "reason": trial.reason,
        "costs": dict(trial.costs),
        "accuracies": [list(seeds) for seeds in trial.accuracies],
        "violations": list(trial.violations),
        "training": fidelity,
    }


def _trial(own: Mapping[str, Any], frozen: Any) -> Trial:
    """A trial as it was kept."""
    return Trial(
        own["index"],
        own["choices"],
        own["design"],
        state=own["state"],
        reason=own["reason"],
        costs=own["costs"],
        accuracies=tuple(tuple(seeds) for seeds in own["accuracies"]),
        violations=tuple(own["violations"]),
        attributes={k: v for k, v in frozen.system_attrs.items() if k != CONSTRAINTS},
    )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
