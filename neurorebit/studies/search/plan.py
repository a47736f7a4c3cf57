"""What is searched, made of words; and the run that asks for a design of a search again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import Any

from neurorebit import __version__
from neurorebit.inputs.space import SpaceFile
from neurorebit.schema import Argument, ImpossibleError, InputError, Setting
from neurorebit.studies.accuracy import ACCURACY
from neurorebit.studies.axes import FILES
from neurorebit.studies.fidelity import Fidelity, fidelity
from neurorebit.studies.request import Request
from neurorebit.studies.search.objectives import Condition, Objective, condition
from neurorebit.studies.search.objectives import objectives as named
from neurorebit.studies.search.optimiser import PRUNERS, SAMPLERS
from neurorebit.studies.search.space import Space, resolved
from neurorebit.studies.template import Template

BATCH, BATCH_TRAINED = 20, 8  # designs chosen at once: where they are estimated, or trained
MOST = 1_000_000
Budget = Fidelity | Mapping[str, Any] | str  # of a training


@dataclass(frozen=True, eq=False)
class Plan:
    """What is searched, and how.

    ``rungs`` are the budgets of training, the shortest first; there are none where no objective
    and no condition is of the accuracy. ``batch``: designs that are chosen at once.
    """

    template: Template
    space: Space
    objectives: tuple[Objective, ...]
    budget: int
    _: KW_ONLY
    conditions: tuple[Condition, ...] = ()
    rungs: tuple[Fidelity, ...] = ()
    seed: int = 0
    sampler: str = next(iter(SAMPLERS))
    pruner: str = next(iter(PRUNERS))
    batch: int | None = None

    @property
    def at_once(self) -> int:
        """The designs of a batch."""
        if self.batch is not None:
            return self.batch
        return BATCH_TRAINED if self.rungs else BATCH

    @property
    def training(self) -> str:
        """The budget of the last rung, in words."""
        return self.rungs[-1].text if self.rungs else ""

    def check(self) -> None:
        """InputError where its parts do not fit together."""
        for name, table, argument in (
            (self.sampler, SAMPLERS, "sampler"),
            (self.pruner, PRUNERS, "pruner"),
        ):
            if name not in table:
                message = f"expected one of {', '.join(table)}"
                origin = Argument(argument, name)
                raise InputError(message, origin=origin, value=name, cure="take one of them")
        for name, value in (("budget", self.budget), ("batch", self.at_once)):
            if not 1 <= value <= MOST:
                message = f"expected a whole number from 1 to {MOST:,}, got {value}"
                raise InputError(message, origin=Argument(name), value=value, cure="take one")
        columns = [one.column for one in self.objectives]
        columns += [one.column for one in self.conditions]
        if ACCURACY in columns and not self.rungs:
            message = "an accuracy needs trainings, and nobody says how long"
            cure = ("give ", Argument("train"), " images=1000,epochs=2,seeds=1, or more")
            raise InputError(message, origin=Argument("objectives"), cure=cure)
        if self.rungs and ACCURACY not in columns:
            message = "trainings are for an accuracy, which is no objective and no condition"
            raise InputError(message, origin=Argument("train"), cure="drop it, or add accuracy")
        self.template.refuse_twice((one.key for one in self.space.dimensions), "space")

    @property
    def identity(self) -> dict[str, Any]:
        """What the trials follow from, but for their number."""
        inputs = self.template.inputs(fitting=False)
        return {
            "version": __version__,
            "names": dict(inputs.names),
            "files": {kind: document.digest for kind, document in inputs.documents.items()},
            "settings": {setting.key: setting.text for setting in self.template.settings},
            "space": {one.key: one.shown for one in self.space.dimensions},
            "conditions on keys": {
                one.key: {key: sorted(texts) for key, texts in one.only.items()}
                for one in self.space.dimensions
                if one.only
            },
            "objectives": [one.column for one in self.objectives],
            "where": [one.text for one in self.conditions],
            "training": [one.words for one in self.rungs],
            "seed": self.seed,
            "sampler": self.sampler,
            "pruner": self.pruner if self.rungs else "",
            "batch": self.at_once,
        }


def plan_of(
    template: Template,
    file: SpaceFile,
    *,
    objectives: Sequence[str],
    where: Sequence[str],
    train: Sequence[Budget],
    **more: Any,
) -> Plan:
    """What is searched, of words: InputError where one is wrong."""

    def refuse(settings: Sequence[Setting]) -> None:
        template.inputs(settings, fitting=False)

    with suppress(ImpossibleError):
        template.inputs(fitting=False)  # what is wrong without a space comes first
    template.refuse_twice((choice.key for choice in file.choices), "space")
    return Plan(
        template,
        resolved(file, refuse),
        named(objectives),
        conditions=tuple(
            condition(text, origin) for text, origin in (*file.where, *((w, None) for w in where))
        ),
        rungs=tuple(fidelity(one) for one in train),
        **more,
    )


def request_of(
    template: Template, design: Sequence[Setting], budget: Fidelity | None, seed: int, **more: Any
) -> Request:
    """The run that asks for a design, trained as in the search where it was."""
    named_files = {setting.key: setting.text for setting in design if setting.key in FILES}
    return Request(
        template.network,
        named_files.get("architecture", template.architecture),
        named_files.get("technology", template.technology),
        named_files.get("device", template.device),
        settings=(*template.over(design), *(budget.settings if budget else ())),
        recipe=template.recipe,
        train=budget is not None,
        seed=seed if budget else 0,
        **more,
    )
