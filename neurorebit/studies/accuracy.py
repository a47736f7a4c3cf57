"""What designs learn at a stated budget: short trainings of many, wherever they are done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from neurorebit.data.dataset import Dataset
from neurorebit.data.locate import locate
from neurorebit.machines.tasks import Executor, unwanted
from neurorebit.schema import Argument, InfeasibleError, InputError, Setting
from neurorebit.schema.training import Step
from neurorebit.studies.axes import FILES
from neurorebit.studies.fidelity import Fidelity
from neurorebit.studies.request import Request
from neurorebit.studies.template import Template

ACCURACY = "accuracy"  # the mean over seeds
SPREAD = "accuracy spread"  # the standard deviation over seeds, of more than one
ALWAYS = ("training", "network", "architecture")  # roots and files that every training reads
SCHEME = "architecture.scheme"
DIVERGED = "the training diverged"
Data = Path | Dataset | None


@dataclass(frozen=True)
class Task:
    """A training: a design, its budget, and one of its seeds; ``row`` says whose it is."""

    row: int
    design: tuple[tuple[str, str], ...]
    fidelity: Fidelity
    seed: int


@dataclass(frozen=True)
class Reached:
    """What a training reached; a reason where there is no accuracy, and the keys that it read.

    ``keys`` is None where nobody knows: all may matter then.
    """

    accuracy: float
    reason: str = ""
    keys: frozenset[str] | None = None
    _: KW_ONLY
    dataset: str = ""
    test_images: int = 0


def reached(template: Template, data: Data, threads: int, task: Task) -> Reached:
    """Train a design; no file is written. What is wrong with the design becomes the reason."""
    from neurorebit.studies.trained import train

    design = tuple(Setting(key, text) for key, text in task.design)
    chosen = [s for s in template.settings if s.key not in {s.key for s in task.fidelity.settings}]
    budgeted = replace(template, settings=(*chosen, *task.fidelity.settings))
    request = Request(template.network, data=data, seed=task.seed, threads=threads)
    try:
        found = train(budgeted.inputs(design), request, _nothing, _while_wanted)
    except (InputError, InfeasibleError) as problem:
        return Reached(np.nan, problem.text())
    if found.result.interrupted:
        raise KeyboardInterrupt
    keys = frozenset(found.reads)
    assert found.data is not None
    dataset, tests = found.result.dataset, len(found.data.test_labels)
    accuracy = found.result.test_accuracy
    if found.result.diverged or accuracy is None or not np.isfinite(accuracy):
        return Reached(np.nan, DIVERGED, keys, dataset=dataset, test_images=tests)
    return Reached(float(accuracy), "", keys, dataset=dataset, test_images=tests)


def _while_wanted(step: Step) -> None:
    """End a training of a worker whose client waits for it no longer."""
    if unwanted():
        raise KeyboardInterrupt


def _nothing(line: str) -> None:
    """What a training says is not shown among those of many."""


@dataclass(eq=False)
class Memory:
    """What trainings reached so far. One that differs in nothing that it reads is not repeated."""

    _known: dict[tuple[Fidelity, int], list[tuple[dict[str, str], Reached]]] = field(
        default_factory=dict
    )

    def add(self, task: Task, outcome: Reached) -> None:
        """Keep what a training reached."""
        known = self._known.setdefault((task.fidelity, task.seed), [])
        known.append((dict(task.design), outcome))

    def find(self, task: Task) -> Reached | None:
        """What this training reaches, where an earlier one tells."""
        design = dict(task.design)
        for other, outcome in self._known.get((task.fidelity, task.seed), ()):
            keys = {key for key in {*design, *other} if design.get(key) != other.get(key)}
            if not any(reads(outcome, key) for key in keys):
                return outcome
        return None


def reads(outcome: Reached, key: str) -> bool:
    """Whether another value at a key may change what a training reached."""
    root = key.partition(".")[0]
    if outcome.keys is None or key in (*ALWAYS, SCHEME) or root in ("training", "network"):
        return True
    if key in FILES:
        return any(known.startswith(f"{key}.") for known in outcome.keys)
    return any(
        known == key or known.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{known}.")
        for known in outcome.keys
    )


@dataclass(frozen=True, eq=False)
class Trainer:
    """Where and on what designs are trained."""

    template: Template
    machines: Executor
    data: Data = None
    memory: Memory = field(default_factory=Memory)

    def check(self, design: Mapping[str, str] | None = None) -> None:
        """InputError where no design can be trained: there are no data, or there is no class."""
        inputs = self.template.inputs(
            tuple(Setting(key, text) for key, text in (design or {}).items()), fitting=False
        )
        if inputs.network.regression:
            message = "a network that gives numbers has no accuracy"
            cure = "take a network with classes, or objectives of the estimate alone"
            raise InputError(message, origin=Argument("network"), cure=cure)
        if not isinstance(self.data, Dataset):
            locate(inputs.wanted, self.data)

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Reached]]:
        """Each training with what it reached, as soon as that is known."""
        known: list[tuple[Task, Reached]] = []

        def unknown() -> Iterator[Task]:
            for task in tasks:
                found = self.memory.find(task)
                if found is None:
                    yield task
                else:
                    known.append((task, found))

        train = partial(reached, self.template, self.data, self.machines.threads)
        for task, outcome in self.machines.run(train, unknown()):
            self.memory.add(task, outcome)
            yield from _taken(known)
            yield task, outcome
        yield from _taken(known)


def _taken(known: list[tuple[Task, Reached]]) -> Iterator[tuple[Task, Reached]]:
    while known:
        yield known.pop(0)


def mean_and_spread(accuracies: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation over seeds; nan for the deviation of one."""
    values = np.array(accuracies, dtype=np.float64)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else np.nan
    return float(np.mean(values)), spread
