"""The public function that searches: which designs of a space are best, by few of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from neurorebit.inputs.space import SpaceFile, made_space, read_space
from neurorebit.inputs.values import setting_text
from neurorebit.library import inputs as given
from neurorebit.library.asking import call
from neurorebit.library.inputs import ChipInput, Named, NetworkInput
from neurorebit.library.progress import Designs
from neurorebit.library.trainings import SEEDS, Data, data_of
from neurorebit.machines.executor import executor
from neurorebit.results.lock import held
from neurorebit.results.typed.search import Search
from neurorebit.schema import Argument, Document, InputError, Setting
from neurorebit.studies.accuracy import Trainer
from neurorebit.studies.axes import FILES
from neurorebit.studies.fidelity import Fidelity
from neurorebit.studies.search.outcome import result
from neurorebit.studies.search.plan import Budget, plan_of, request_of
from neurorebit.studies.search.search import searched
from neurorebit.studies.template import Template

SpaceInput = Mapping[str, Any] | str | Path
NUMBERS = ("low", "high", "step")


def search(
    network: NetworkInput | Named,
    chip: ChipInput | Named = "rebit",
    space: SpaceInput = (),  # type: ignore[assignment]
    *,
    objectives: Sequence[str] | str = ("energy", "area"),
    budget: int = 200,
    where: Sequence[str] | str = (),
    train: Budget | Sequence[Budget] = (),
    data: Data | None = None,
    sampler: str = "tpe",
    pruner: str = "halving",
    batch: int | None = None,
    seed: int = 0,
    storage: str | Path | None = None,
    resume: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
) -> Search:
    """The best designs of a space, after ``budget`` designs that an optimiser chooses (Optuna).

    ``space``: a space file, or by key (as ``ChipInput.set`` has it) what the key may be: values,
    ``{"low": 0.8, "high": 1.0}`` with ``"step"`` or ``"log": True`` where wanted, or
    ``{"values": ..., "if": {"architecture": ["reram"]}}`` where other keys decide whether it
    exists. Numbers are in SI units. ``technology``, ``device`` and ``architecture`` take names,
    objects and dictionaries. ``objectives``: energy, latency, area, power, accuracy, or any other
    figure of a sweep. ``where``: conditions such as ``"area<60mm2"``.

    Costs are those of ``estimate``: at full width and with assumed activity. An accuracy needs
    ``train``, the budget of its trainings: ``{"images": 1000, "epochs": 2, "width": 0.5, "seeds":
    1}``; of several, each is a rung, after which ``pruner`` (halving, median, none) ends what
    others beat. ``data``: as for ``train`` the function. ``sampler``: tpe, nsga2, nsga3, random.
    ``batch``: designs that are chosen at once (20; 8 where they are trained), before any of them
    is known: trials are the same, in the same order, for the same seed and batch, however many
    ``workers`` do the trainings. ``storage``: a database that gets each trial as it ends, with
    which ``resume`` goes on.

    InputError where a key, a value, a name or a unit is wrong, or Optuna is not installed. Designs
    that cannot exist are trials with a ``reason``.

    >>> import neurorebit as nr
    >>> space = {"architecture.apim.adc_bits": range(4, 9), "technology.vdd": [0.8, 0.9, 1.0]}
    >>> found = nr.search("mlp", "rebit", space, budget=15, progress=False)
    >>> len(found), found.front["technology.vdd [V]"].tolist()
    (15, [0.8, 0.9])
    """
    trained, made = given.network(network), given.chip(chip)
    images, dataset = data_of(data)
    if not 0 <= seed < SEEDS:
        message = f"expected a whole number from 0 to {SEEDS - 1}, got {seed}"
        raise InputError(message, origin=Argument("seed"), value=seed, cure="take one of them")
    files: dict[tuple[str, str], Document] = {}
    file = _file(space, files)
    keys = {choice.key for choice in file.choices}
    chosen = [Setting("training.dataset", dataset)] if dataset is not None else []
    template = Template(
        trained.document,
        made.architecture.document,
        None if "technology" in keys else made.technology.document,
        None if "device" in keys else made.device.document,
        settings=(*trained.settings, *made.settings, *chosen),
        files=files,
        recipe=trained.recipe or None,
    )
    plan = plan_of(
        template,
        file,
        objectives=[objectives] if isinstance(objectives, str) else objectives,
        where=[where] if isinstance(where, str) else where,
        train=[train] if isinstance(train, str | Mapping | Fidelity) else train,
        budget=budget,
        seed=seed,
        sampler=sampler,
        pruner=pruner,
        batch=batch,
    )
    place = None if storage is None else Path(storage)
    with ExitStack() as stack:
        if place is not None:
            stack.enter_context(held(place.absolute().parent, "storage"))
        machines = stack.enter_context(executor(workers, scheduler))
        shown = stack.enter_context(Designs(progress))
        trainer = Trainer(template, machines, images) if plan.rungs else None
        found = searched(plan, trainer=trainer, storage=place, resume=resume, progress=shown)
    return result(found, lambda *design: _call(template, *design))


def _file(space: SpaceInput, files: dict[tuple[str, str], Document]) -> SpaceFile:
    """The space of a file, or of a dictionary, whose numbers get the units of their keys."""
    if isinstance(space, str | Path):
        return read_space(Path(space))
    if not isinstance(space, Mapping) or not space:
        message = "expected keys with their values, or a file"
        cure = "give a dictionary such as {'technology.vdd': [0.8, 0.9]}"
        raise InputError(message, origin=Argument("space"), cure=cure)
    return made_space({str(key): _written(str(key), value, files) for key, value in space.items()})


def _written(key: str, value: Any, files: dict[tuple[str, str], Document]) -> Any:
    """What a key may be, as texts."""
    if isinstance(value, Mapping):
        made: dict[str, Any] = {}
        for word, item in value.items():
            if word in NUMBERS:
                made[word] = _text(key, item)
            elif word == "values":
                made[word] = _written(key, item, files)
            elif word == "if" and isinstance(item, Mapping):
                made[word] = {str(k): _written(str(k), v, files) for k, v in item.items()}
            else:
                made[str(word)] = item
        return made
    if isinstance(value, str):
        return value
    words = given.on_axis(key, _listed(value), files)
    return words if key in FILES else [_text(key, item) for item in words]


def _listed(value: Any) -> list[Any]:
    """The values of a sequence or an array; a single one alone."""
    if isinstance(value, Mapping) or not hasattr(value, "__iter__"):
        return [value]
    return list(value)


def _text(key: str, value: Any) -> str:
    return value if isinstance(value, str) else setting_text(key, value)


def _call(template: Template, design: Sequence[Setting], budget: Fidelity | None, seed: int) -> str:
    """The Python call that asks for a design, trained as in the search where it was."""
    return call(request_of(template, design, budget, seed))
