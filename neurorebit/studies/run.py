"""One run, end to end: files, training if asked for, estimate, report."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorebit import __version__
from neurorebit.estimation.estimate import Estimate, estimate
from neurorebit.inputs.files import Inputs
from neurorebit.results import document, folder
from neurorebit.results.lock import held
from neurorebit.results.writers import table
from neurorebit.schema import Argument, InfeasibleError, InputError
from neurorebit.schema.activity import Activity
from neurorebit.schema.reads import Reads
from neurorebit.schemes.ablations import ablations
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.idle import Used, idle, is_shipped
from neurorebit.studies.notes import is_short, notes
from neurorebit.studies.placement import place
from neurorebit.studies.plausible import of_area, of_values
from neurorebit.studies.request import Request
from neurorebit.studies.unmoved import unmoved
from neurorebit.weights import tensors
from neurorebit.weights.archive import NetworkWeights

if TYPE_CHECKING:  # at run time only where training is asked for: it takes as long as an estimate
    from neurorebit.studies.trained import Progress, Say, Trained


LARGEST = 1 << 62  # images, where nobody says how many there are


@dataclass(frozen=True)
class Outcome:
    """The report of a run, the folder it was written to, and how the training ended."""

    report: dict[str, Any]
    folder: Path
    files: tuple[str, ...]
    interrupted: bool = False
    _: KW_ONLY
    out_of_time: bool = False
    diverged: bool = False
    weights: NetworkWeights | None = None  # what was learned


class Interrupted(KeyboardInterrupt):
    """A run was interrupted before it had a report; ``checkpoint`` is what it may resume from."""

    def __init__(self, checkpoint: Path | None) -> None:
        super().__init__()
        self.checkpoint = checkpoint


def run(request: Request, say: Say, progress: Progress | None = None) -> Outcome:
    """Do what a request asks for, and write the report.

    ``say`` gets lines that say where the report goes, if that is not where it was expected, and
    what the training runs on. InputError or InfeasibleError, before any training, where a file or
    an argument is wrong, the chip is impossible, or the output folder cannot be written or holds a
    training. Interrupted where there is no report yet.
    """
    inputs = request.inputs()
    request = place(request, inputs.network.name, say)
    report = report_of(inputs, request)  # or refuses
    folder.claim(request.folder, (*table.WRITERS, *table.PICTURES))
    if request.save_weights is not None:
        tensors.check_place(request.save_weights)
        _refuse_checkpoint(request.save_weights, request)

    checkpoints = request.checkpoints
    with ExitStack() as locks:
        locks.enter_context(_interruptible(checkpoints))
        locks.enter_context(held(request.folder))
        if request.train and checkpoints is not None and not _same(checkpoints, request.folder):
            locks.enter_context(held(checkpoints, "checkpoint"))
        trained = None
        if request.train:
            from neurorebit.studies.trained import train

            if checkpoints is not None:
                folder.claim(checkpoints, argument="checkpoint")
            trained = train(inputs, request, say, progress)
            report = report_of(inputs, request, trained)
            if request.save_weights is not None:
                trained.weights.save(request.save_weights)
        contents = table.files(report, table.PICTURES if request.pictures else None)
        replaced = (request.folder / document.NAME).exists()
        stale = [name for name in table.PICTURES if replaced and name not in contents]
        folder.write(request.folder, contents, stale=stale)
        if trained is None:
            return Outcome(report, request.folder, tuple(contents))
        result = trained.result
        if checkpoints is not None and (result.finished or result.diverged):
            from neurorebit.training import checkpoint

            checkpoint.remove(checkpoints)
        return Outcome(
            report,
            request.folder,
            tuple(contents),
            interrupted=result.interrupted,
            out_of_time=result.out_of_time,
            diverged=result.diverged,
            weights=trained.weights,
        )


def report_of(inputs: Inputs, request: Request, trained: Trained | None = None) -> dict[str, Any]:
    """The report document of a run: what the chip costs, and what the training reached.

    The estimate takes the activity that the training measured, or assumes it. InfeasibleError
    where the chip cannot exist.
    """
    reads = Reads()
    seen = inputs.observed(reads)
    measured = trained.result.activity if trained else None
    activity = measured or assumed(seen.network, seen.architecture, seen.device)
    design = estimated(seen, activity, trained.result.images if trained else seen.images)
    report = document.build(
        header(inputs, request, activity, trained, billed=reads.keys),
        design,
        inputs.architecture,
        activity,
        training=trained.record(inputs.network.training) if trained else None,
    )
    used = _used(reads.keys, trained)

    def again(changed: Inputs) -> Estimate:
        taken = measured or assumed(changed.network, changed.architecture, changed.device)
        return estimated(changed, taken, design.images)

    report["idle"] += unmoved(inputs, request, used, design, made=again)
    report["notes"] += [*of_values(inputs), *of_area(report["chip"]["area_m2"])]
    return report


def _used(billed: Set[str], trained: Trained | None) -> Used:
    """The keys that the estimate and the training read."""
    return Used(billed, trained.reads if trained else None, trained is not None)


def _refuse_checkpoint(path: Path, request: Request) -> None:
    """InputError where weights would get the name of a checkpoint, which goes when a run ends."""
    if request.train and request.checkpoints is not None:
        from neurorebit.training import checkpoint

        names = checkpoint.NAME, checkpoint.PREVIOUS, checkpoint.PART
        if path.name in names and _same(path.parent, request.checkpoints):
            message, origin = "checkpoints have this name", Argument("save_weights", path)
            raise InputError(message, origin=origin, value=path, cure="name another file")


def _same(one: Path, other: Path) -> bool:
    """Whether two paths mean the same folder."""
    return one.resolve() == other.resolve()


@contextmanager
def _interruptible(checkpoints: Path | None) -> Iterator[None]:
    """An interrupt says where what was reached can be gone on with."""
    try:
        yield
    except KeyboardInterrupt:
        from neurorebit.training import checkpoint

        found = checkpoint.find(checkpoints) if checkpoints is not None else None
        raise Interrupted(found) from None


def estimated(inputs: Inputs, activity: Activity, images: int | None) -> Estimate:
    """The estimate of the inputs' chip with this activity; ``images`` make an epoch, if known."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused in words
            return estimate(
                inputs.network,
                inputs.architecture,
                inputs.technology,
                inputs.device,
                activity=activity,
                batch=min(inputs.network.training.batch, images or LARGEST),
                images=images,
            )
    except InfeasibleError as problem:
        if not (problem.part.endswith("array") and inputs.architecture.holds_devices):
            raise
        width = Argument("settings", "device.cell.width")
        above = f" above {float(inputs.device.cell.width):g} ({inputs.documents['device'].shown})"
        raise InfeasibleError(
            problem.message,
            part=problem.part,
            quantity=problem.quantity,
            cure=(problem.cure, "; so may a wider cell, ", width, above),
        ) from None


def header(
    inputs: Inputs,
    request: Request,
    activity: Activity,
    trained: Trained | None,
    *,
    billed: Set[str],
) -> dict[str, Any]:
    """What was run on which inputs, and what a reader must know before the first table.

    ``billed`` are the keys that the estimate read.
    """
    spec, network = inputs.architecture, inputs.network
    sentences = ablations(spec, network.training if trained else None)
    used = _used(billed, trained)
    own = [kind for kind, file in inputs.documents.items() if not is_shipped(kind, file.path)]
    return {
        "name": "neurorebit",
        "version": __version__,
        "command": request.command,
        **inputs.names,
        "scheme": inputs.architecture.scheme,
        "recipe": inputs.recipe,
        "seed": request.seed,
        "inputs": inputs.record(),
        "ablations": list(sentences),
        "idle": list(idle(inputs, used, inputs.settings, own)),
        "overrides": [str(setting) for setting in inputs.settings],
        "settings": {setting.key: setting.text for setting in inputs.settings},
        "short_run": trained is not None and is_short(inputs, trained),
        "notes": notes(inputs, request, activity, trained),
    }
