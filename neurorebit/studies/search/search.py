"""A search: designs of a space are chosen a batch at a time, estimated in one pass, and trained.

A batch is chosen by the trials before it alone. So the trials follow from the seed, the space and
the size of a batch, whatever does the trainings, and a search that was killed goes on with the
trials that it would have had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path

import numpy as np

from neurorebit.results.sweep import FEASIBLE, REASON, unbeaten
from neurorebit.schema import Argument, InputError
from neurorebit.studies.accuracy import ACCURACY, SPREAD, Reached, Task, Trainer, mean_and_spread
from neurorebit.studies.search.objectives import with_power
from neurorebit.studies.search.optimiser import ABSENT, Pruner, Sampler
from neurorebit.studies.search.plan import Plan
from neurorebit.studies.search.storage import Storage
from neurorebit.studies.search.trials import COMPLETE, INFEASIBLE, PRUNED, Trial

Progress = Callable[[int, int], None]  # trials that have ended, of those to do


@dataclass(eq=False)
class Search:
    """A search at work. ``trials`` are those that have ended, by their number."""

    plan: Plan
    trainer: Trainer | None = None
    storage: Storage | None = None
    progress: Progress | None = None
    _: KW_ONLY
    trials: dict[int, Trial] = field(default_factory=dict)
    interrupted: bool = False
    exhausted: bool = False  # every design of the space was tried

    def run(self) -> None:
        """Try designs until the budget is spent, or no new one is met; an interrupt ends it."""
        plan = self.plan
        sampler = Sampler(plan.space, plan.objectives, plan.sampler, plan.seed)
        pruner = Pruner(plan.pruner)
        if self.storage is not None:
            self._take_up(self.storage.trials())
        try:
            for start in range(0, plan.budget, plan.at_once):
                batch = []
                for index in range(start, min(start + plan.at_once, plan.budget)):
                    trial = self.trials.get(index) or self._asked(sampler, index)
                    if trial is None:
                        break
                    sampler.met(trial)
                    batch.append(trial)
                sampler.tell(self._tried(batch, pruner))
                if self.exhausted:
                    break
        except KeyboardInterrupt:
            self.interrupted = True

    def _asked(self, sampler: Sampler, index: int) -> Trial | None:
        count = self.plan.space.count
        trial = sampler.ask(index) if index < count else None
        self.exhausted = trial is None
        return trial

    def _take_up(self, stored: Mapping[int, Trial]) -> None:
        """Take over trials that have ended, and what their trainings reached."""
        self.trials = {i: trial for i, trial in stored.items() if i < self.plan.budget}
        for trial in self.trials.values() if self.trainer else ():
            self._remember(trial)

    def _remember(self, trial: Trial) -> None:
        assert self.trainer is not None
        for rung, accuracies in enumerate(trial.accuracies):
            for task, accuracy in zip(self._tasks(trial, rung), accuracies, strict=True):
                self.trainer.memory.add(task, Reached(accuracy))
        if trial.state == INFEASIBLE and len(trial.accuracies) < len(self.plan.rungs):
            for task in self._tasks(trial, len(trial.accuracies)):
                self.trainer.memory.add(task, Reached(np.nan, trial.reason))

    def _tasks(self, trial: Trial, rung: int) -> list[Task]:
        """The trainings of a trial at a rung."""
        fidelity = self.plan.rungs[rung]
        seeds = range(self.plan.seed, self.plan.seed + fidelity.seeds)
        return [Task(trial.index, trial.design, fidelity, seed) for seed in seeds]

    def _ended(self, trial: Trial) -> None:
        """Keep a trial that has ended."""
        if trial.index in self.trials:
            return
        if self.storage is not None:
            self.storage.keep(trial, self.plan.training)
        self.trials[trial.index] = trial
        if self.progress is not None:
            self.progress(len(self.trials), self.plan.budget)

    def _tried(self, batch: Sequence[Trial], pruner: Pruner) -> list[Trial]:
        """What became of the trials of a batch, in their order."""
        new = [trial for trial in batch if trial.index not in self.trials]
        costed = {trial.index: trial for trial in batch} | {
            trial.index: trial for trial in self._costed(new)
        }
        if self.plan.rungs:
            able = [t for t in costed.values() if t.state != INFEASIBLE or t.accuracies]
            for trial in costed.values():
                if trial not in able:
                    self._ended(trial)
            _Training(self, pruner).run([t.ended(COMPLETE) for t in able])
        else:
            for trial in costed.values():
                self._ended(trial)
        return [self.trials[trial.index] for trial in batch]

    def _costed(self, trials: Sequence[Trial]) -> list[Trial]:
        """The trials with their costs, all estimated in one pass."""
        if not trials:
            return []
        table = with_power(self.plan.template.costs([trial.texts for trial in trials]))
        found = []
        for row, trial in enumerate(trials):
            costs = {
                name: float(values[row])
                for name, values in table.items()
                if name not in (FEASIBLE, REASON) and np.isfinite(values[row])
            }
            trial = replace(trial, costs=costs, state=COMPLETE)
            found.append(self.judged(trial, str(table[REASON][row])))
        return found

    def judged(self, trial: Trial, reason: str = "") -> Trial:
        """The trial with its violations: infeasible where there is a reason, or a condition or an
        objective does not hold or is not there.
        """
        violations, lacking = [ABSENT if reason else 0.0], ""
        for one in self.plan.conditions:
            if one.column == ACCURACY and ACCURACY not in trial.costs and not reason:
                violations.append(0.0)  # not yet
                continue
            value = np.array([trial.costs.get(one.column, np.nan)])
            violations.append(float(one.violation(value)[0]))
            if violations[-1] > 0.0 and not lacking:
                lacking = f"beyond {one.text}"
        for objective in self.plan.objectives:
            if objective.column not in (ACCURACY, *trial.costs) and not reason:
                lacking = lacking or f"has no {objective.name}"
                violations[0] = ABSENT
        judged = replace(trial, violations=tuple(violations))
        why = reason or lacking
        return judged.ended(INFEASIBLE, why) if why else judged


class _Training:
    """The trainings of a batch, from rung to rung; those that others beat end early."""

    def __init__(self, search: Search, pruner: Pruner) -> None:
        self._search, self._pruner = search, pruner
        self._plan = search.plan
        assert search.trainer is not None
        self._trainer = search.trainer

    def run(self, trials: Sequence[Trial]) -> None:
        """Train the trials, and keep each as it ends."""
        begun = {trial.index: self._pruner.begin() for trial in trials}
        alive = [replace(t, accuracies=(), costs=_untrained(t.costs)) for t in trials]
        last = len(self._plan.rungs) - 1
        ended: dict[int, Trial] = {}
        for rung in range(len(self._plan.rungs)):
            reached = self._rung(alive, rung, ended if rung == last else None)
            alive = []
            for trial in reached:
                if trial.state == INFEASIBLE:
                    ended[trial.index] = trial
                    self._search._ended(trial)
                else:
                    alive.append(trial)
                    self._pruner.report(begun[trial.index], trial.costs[ACCURACY], rung + 1)
            if rung < last:
                worse = {t.index for t in alive if self._is_beaten(t, alive)}
                pruned = [
                    t for t in alive if self._pruner.ends(begun[t.index]) and t.index in worse
                ]
                for trial in pruned:
                    more = f"pruned after {self._plan.rungs[rung].text}"
                    ended[trial.index] = trial.ended(PRUNED, more)
                    self._search._ended(ended[trial.index])
                alive = [trial for trial in alive if trial not in pruned]
        for trial in alive:
            ended[trial.index] = trial
        for index, training in begun.items():
            accuracy = ended[index].costs.get(ACCURACY) if ended[index].state == COMPLETE else None
            self._pruner.end(training, ended[index].state, accuracy)

    def _rung(
        self, trials: Sequence[Trial], rung: int, ended: dict[int, Trial] | None
    ) -> list[Trial]:
        """The trials with the accuracies of a rung; the last one ends them as they come."""
        tasks = [task for trial in trials for task in self._search._tasks(trial, rung)]
        results: dict[int, dict[int, Reached]] = {trial.index: {} for trial in trials}
        by_index = {trial.index: trial for trial in trials}
        found: dict[int, Trial] = {}
        for task, outcome in self._trainer.run(tasks):
            here = results[task.row]
            here[task.seed] = outcome
            if len(here) < self._plan.rungs[rung].seeds:
                continue
            trial = self._trained(by_index[task.row], [here[seed] for seed in sorted(here)])
            if ended is not None:
                trial = self._search.judged(trial, trial.reason)
                self._search._ended(trial)
            found[task.row] = trial
        return [found[trial.index] for trial in trials]

    def _trained(self, trial: Trial, outcomes: Sequence[Reached]) -> Trial:
        """The trial with what its seeds reached; infeasible where one of them failed."""
        wrong = next((one.reason for one in outcomes if one.reason), "")
        if wrong:
            failed = replace(trial, violations=(ABSENT, *trial.violations[1:]))
            return failed.ended(INFEASIBLE, wrong)
        accuracies = tuple(one.accuracy for one in outcomes)
        mean, spread = mean_and_spread(accuracies)
        learned = {ACCURACY: mean} | ({SPREAD: spread} if np.isfinite(spread) else {})
        return replace(
            trial,
            accuracies=(*trial.accuracies, accuracies),
            costs={**_untrained(trial.costs), **learned},
        )

    def _is_beaten(self, trial: Trial, among: Sequence[Trial]) -> bool:
        """Whether a trial is beaten in all objectives, by trials that were trained as long."""
        rung = len(trial.accuracies)
        first = trial.index - trial.index % self._plan.at_once  # of the batch
        earlier = [t for t in self._search.trials.values() if t.index < first]
        others = [t for t in earlier if len(t.accuracies) >= rung]
        losses = np.array([self._losses(one, rung) for one in (*among, *others)])
        front = unbeaten(losses, np.ones(len(losses), bool))
        return not front[[one.index for one in among].index(trial.index)]

    def _losses(self, trial: Trial, rung: int) -> list[float]:
        """The objectives of a trial, by the accuracy that it had at a rung; less is better."""
        costs = {**trial.costs, ACCURACY: mean_and_spread(trial.accuracies[rung - 1])[0]}
        return [
            float(one.losses(np.array(costs.get(one.column, np.nan))))
            for one in self._plan.objectives
        ]


def _untrained(costs: Mapping[str, float]) -> dict[str, float]:
    """The costs without what was learned."""
    return {name: value for name, value in costs.items() if name not in (ACCURACY, SPREAD)}


def searched(
    plan: Plan,
    *,
    trainer: Trainer | None = None,
    storage: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Search:
    """Search, and keep what was reached at an interrupt.

    ``storage``: the database that gets each trial as it ends; ``resume``: it may hold trials of
    this very search, which are not tried again. InputError where the plan or the database is wrong.
    """
    plan.check()
    if trainer is not None:
        trainer.check()
    if resume and storage is None:
        message = "there is nothing to go on with"
        cure = ("name the database with ", Argument("storage"))
        raise InputError(message, origin=Argument("resume"), cure=cure)
    kept = None
    if storage is not None:
        kept = Storage(storage, plan.space, plan.objectives)
        kept.open(plan.identity, resume)
    try:
        search = Search(plan, trainer if plan.rungs else None, kept, progress)
        search.run()
    finally:
        if kept is not None:
            kept.close()
    return search
