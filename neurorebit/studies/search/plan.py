"""What is searched, made of words; and the run that asks for a design of a search again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from neurorebit.inputs.space import SpaceFile
from neurorebit.schema import ImpossibleError, Setting
from neurorebit.studies.axes import FILES
from neurorebit.studies.fidelity import Fidelity, fidelity
from neurorebit.studies.request import Request
from neurorebit.studies.search.objectives import condition
from neurorebit.studies.search.objectives import objectives as named
from neurorebit.studies.search.search import Plan
from neurorebit.studies.search.space import resolved
from neurorebit.studies.template import Template

Budget = Fidelity | Mapping[str, Any] | str  # of a training


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
