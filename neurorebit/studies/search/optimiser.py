"""Optuna, asked for one design after the other: samplers, and pruners of trainings.

A sampler draws what it draws from the seed of the search, the number of the trial and the trials
before its batch alone, so that a search that was killed goes on as if it had not been.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from neurorebit.schema import InputError
from neurorebit.studies.search.objectives import Objective
from neurorebit.studies.search.space import Design, Dimension, Space
from neurorebit.studies.search.trials import INFEASIBLE, Trial

CONSTRAINTS = "constraints"  # the attribute in which Optuna's samplers find violations
BEYOND = 1e30  # a value for designs that have none, which no sampler prefers
ABSENT = 10.0  # the violation of a design that cannot exist
WALK = 2000  # steps away from a design that was tried before
POPULATION = 20


def optimiser() -> Any:
    """The module Optuna, which says nothing itself; InputError where it is missing."""
    try:
        import optuna
    except ImportError:
        cure = "install it with: pip install 'neurorebit[search]'"
        raise InputError("a search needs Optuna", cure=cure) from None
    return optuna


@contextlib.contextmanager
def quiet() -> Iterator[Any]:
    """Optuna without its messages and notes on what is experimental."""
    optuna = optimiser()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield optuna
    finally:
        optuna.logging.set_verbosity(before)


def _violations(trial: Any) -> Sequence[float]:
    """By how much a trial is beyond its conditions."""
    found: Sequence[float] = trial.system_attrs.get(CONSTRAINTS, ())
    return found


def _tpe(optuna: Any, seed: int) -> Any:
    return optuna.samplers.TPESampler(seed=seed, constraints_func=_violations)


def _nsga2(optuna: Any, seed: int) -> Any:
    return optuna.samplers.NSGAIISampler(
        population_size=POPULATION, seed=seed, constraints_func=_violations
    )


def _nsga3(optuna: Any, seed: int) -> Any:
    return optuna.samplers.NSGAIIISampler(
        population_size=POPULATION, seed=seed, constraints_func=_violations
    )


def _random(optuna: Any, seed: int) -> Any:
    return optuna.samplers.RandomSampler(seed=seed)


SAMPLERS: Mapping[str, Callable[[Any, int], Any]] = {  # by its word; the first unless given
    "tpe": _tpe,  # tree-structured Parzen estimators of each key
    "nsga2": _nsga2,  # a genetic algorithm
    "nsga3": _nsga3,
    "random": _random,
}
PRUNERS: Mapping[str, Callable[[Any], Any]] = {  # by its word; the first unless given
    "halving": lambda optuna: optuna.pruners.SuccessiveHalvingPruner(
        min_resource=1, reduction_factor=3
    ),
    "median": lambda optuna: optuna.pruners.MedianPruner(n_startup_trials=4),
    "none": lambda optuna: optuna.pruners.NopPruner(),
}


class Sampler:
    """Chooses designs of a space by what became of the trials before."""

    def __init__(self, space: Space, objectives: Sequence[Objective], name: str, seed: int) -> None:
        self._space, self._objectives = space, objectives
        self._name, self._seed = name, seed
        self._tried: set[tuple[tuple[str, str], ...]] = set()
        with quiet() as optuna:
            self._study: Any = optuna.create_study(directions=["minimize"] * len(objectives))

    def ask(self, index: int) -> Trial | None:
        """The design of a trial: none that was tried before; None where no new one was met."""
        stream = np.random.SeedSequence([self._seed, index])
        rng = np.random.default_rng(stream)
        with quiet() as optuna:
            self._study.sampler = SAMPLERS[self._name](optuna, int(rng.integers(2**31)))
            design, attributes = self._suggested({})
            if (moved := self._new(design, rng)) is None:
                return None
            if moved != design:
                design, attributes = self._suggested(moved)
        return Trial(index, design, self._space.texts(design), attributes=attributes)

    def met(self, trial: Trial) -> None:
        """Remember a design, so that it is not chosen again."""
        self._tried.add(trial.design)

    def tell(self, trials: Iterable[Trial]) -> None:
        """What became of trials."""
        with quiet() as optuna:
            for trial in trials:
                self._study.add_trial(self._frozen(optuna, trial))

    def _suggested(self, fixed: Design) -> tuple[Design, dict[str, object]]:
        """A design as the sampler draws it, but for the choices that are fixed.

        Also what the sampler notes of it. Optuna's own trial is given up: what becomes of the
        design is added as a trial of its own.
        """
        if fixed:
            parameters = {key: _parameter(self._space[key], fixed[key]) for key in fixed}
            self._study.enqueue_trial(parameters)
        trial = self._study.ask()
        design = self._space.made(lambda one: suggest(trial, one))
        notes = dict(self._study.get_trials(deepcopy=False)[trial.number].system_attrs)
        self._study.tell(trial, state=optimiser().trial.TrialState.FAIL)
        return design, {key: value for key, value in notes.items() if key != "fixed_params"}

    def _new(self, design: Design, rng: np.random.Generator) -> Design | None:
        """The design, or the first on a walk from it that was not tried; None where all were."""
        for _ in range(WALK):
            if tuple(self._space.texts(design).items()) not in self._tried:
                return design
            design = self._space.neighbour(design, rng)
        return None

    def _frozen(self, optuna: Any, trial: Trial) -> Any:
        """A trial as Optuna's samplers read it: scores, and violations as constraints."""
        table = {name: np.array([value]) for name, value in trial.costs.items()}
        values = []
        for one in self._objectives:
            score = float(one.score(table[one.column])[0]) if one.column in table else BEYOND
            values.append(score if np.isfinite(score) else BEYOND)
        return optuna.trial.create_trial(
            params=parameters(self._space, trial),
            distributions=distributions(optuna, self._space, trial),
            values=values,
            system_attrs={**trial.attributes, CONSTRAINTS: list(trial.violations)},
        )


def suggest(trial: Any, dimension: Dimension) -> float:
    """A choice for a key, drawn by the sampler of an Optuna trial."""
    if not dimension.ranged and dimension.words:
        word = trial.suggest_categorical(dimension.key, list(dimension.texts))
        return dimension.texts.index(word)
    if not dimension.ranged:
        return int(trial.suggest_int(dimension.key, 0, len(dimension) - 1))
    low, high = dimension.ends
    if dimension.column.whole:
        return int(trial.suggest_int(dimension.key, int(low), int(high), log=dimension.log))
    return float(trial.suggest_float(dimension.key, low, high, log=dimension.log))


def distribution(optuna: Any, dimension: Dimension) -> Any:
    """The values of a key as Optuna has them: words, whole numbers (also of rows), numbers."""
    kinds = optuna.distributions
    if not dimension.ranged and dimension.words:
        return kinds.CategoricalDistribution(list(dimension.texts))
    if not dimension.ranged:
        return kinds.IntDistribution(0, len(dimension) - 1)
    low, high = dimension.ends
    if dimension.column.whole:
        return kinds.IntDistribution(int(low), int(high), log=dimension.log)
    return kinds.FloatDistribution(low, high, log=dimension.log)


def _parameter(dimension: Dimension, choice: float) -> object:
    return dimension.texts[int(choice)] if dimension.words else choice


def parameters(space: Space, trial: Trial) -> dict[str, object]:
    """The design of a trial as Optuna's parameters."""
    return {key: _parameter(space[key], choice) for key, choice in trial.choices.items()}


def distributions(optuna: Any, space: Space, trial: Trial) -> dict[str, Any]:
    """The distributions of the keys that the design of a trial has."""
    return {key: distribution(optuna, space[key]) for key in trial.choices}


class Pruner:
    """Says which trainings are not worth the next rung, by their accuracies so far."""

    def __init__(self, name: str) -> None:
        with quiet() as optuna:
            self._study = optuna.create_study(direction="maximize", pruner=PRUNERS[name](optuna))

    def begin(self) -> Any:
        """A training, as Optuna has it."""
        with quiet():
            return self._study.ask()

    def report(self, training: Any, accuracy: float, rung: int) -> None:
        """What a training has reached at a rung, from 1."""
        training.report(accuracy, rung)

    def ends(self, training: Any) -> bool:
        """Whether others reached more at the rung that was reported last."""
        with quiet():
            return bool(training.should_prune())

    def end(self, training: Any, state: str, accuracy: float | None) -> None:
        """Close a training: complete with its accuracy, or given up."""
        with quiet() as optuna:
            states = optuna.trial.TrialState
            if accuracy is None:
                failed = states.FAIL if state == INFEASIBLE else states.PRUNED
                self._study.tell(training, state=failed)
            else:
                self._study.tell(training, accuracy)
