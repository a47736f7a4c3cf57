"""One run, end to end: files, training if asked for, estimate, report."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit import __version__
from neurorebit import results as report
from neurorebit.chips.architecture import InPlaceSpec
from neurorebit.circuits.array import device_array
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.estimation.estimate import Estimate, estimate
from neurorebit.inputs.files import Inputs, Setting, read_inputs
from neurorebit.inputs.network import read_network
from neurorebit.results import pictures as picture
from neurorebit.schema import Document, InfeasibleError, InputError, plain
from neurorebit.schema.activity import Activity
from neurorebit.schema.training import Training
from neurorebit.schemes.ablations import ablations
from neurorebit.schemes.assumed import assumed
from neurorebit.schemes.table import SCHEMES

if TYPE_CHECKING:  # at run time only where training is asked for: it needs Numba
    from neurorebit.training.data import Dataset
    from neurorebit.training.trainer import TrainingResult

Say = Callable[[str], None]
Progress = Callable[[int, int, int, float, float], None]  # epoch, done, to do, loss, images/s

PAPER = "paper"  # the recipe with the published schedule
DATA = "trained on "  # how the note on the images begins
LEARNED = 0.1  # of the way from guessing to all right: less is not called learning


@dataclass(frozen=True)
class Request:
    """What the command line asks for.

    ``out`` None means ``reports/<network>``, ``checkpoint`` None means there. Checkpoints are
    written every ``checkpoint_every`` seconds [s]; the training ends after ``stop_after`` [s].
    """

    network: str
    architecture: str = "rebit"
    technology: str = ""
    device: str = ""
    settings: tuple[Setting, ...] = ()
    train: bool = True
    recipe: str = ""
    seed: int = 0
    data: Path | None = None
    out: Path | None = None
    threads: int = 1
    checkpoint: Path | None = None
    checkpoint_every: float = 120.0
    resume: bool = False
    stop_after: float = math.inf

    def command(
        self,
        recipe: str = "",
        without: tuple[str, ...] = (),
        name: str = "run",
        more: tuple[str, ...] = (),
    ) -> str:
        """The command line that asks for this again, but for where files lie and threads."""
        words = ["neurorebit", name, self.network]
        chosen = {
            "--architecture": "" if self.architecture == "rebit" else self.architecture,
            "--technology": self.technology,
            "--device": self.device,
            "--recipe": recipe or self.recipe,
        }
        words += [word for option, name in chosen.items() if name for word in (option, name)]
        for setting in self.settings:
            if setting.key not in without:
                words += str(setting).split(" ", 1)
        words += ["--seed", str(self.seed)] if self.seed else []
        words += [] if self.train else ["--no-train"]
        return shlex.join([*words, *more])

    def inputs(self) -> Inputs:
        """The files it names, with its settings over them. InputError where one is wrong."""
        return read_inputs(
            self.network,
            self.architecture,
            self.technology,
            self.device,
            self.recipe,
            self.settings,
        )


@dataclass(frozen=True)
class Outcome:
    """The report of a run, the folder it was written to, and how the training ended."""

    report: dict[str, Any]
    folder: Path
    files: tuple[str, ...]
    interrupted: bool = False
    out_of_time: bool = False
    diverged: bool = False


def run(request: Request, say: Say, progress: Progress | None = None) -> Outcome:
    """Do what a request asks for, and write the report.

    ``say`` is told in one line what the training will run on. InputError or InfeasibleError, before
    any training, where a file or an option is wrong, the chip is impossible, or the output folder
    cannot be written.
    """
    inputs = request.inputs()
    spec, network = inputs.architecture, inputs.network
    folder = request.out or Path("reports") / re.sub(r"[^\w-]+", "_", network.name)
    activity = assumed(network, spec)
    design = _estimate(inputs, activity, inputs.images)  # or refuses
    report.claim(folder)

    checkpoints = request.checkpoint or folder
    with _told(checkpoints):
        trained = None
        if request.train:
            report.claim(checkpoints, "--checkpoint")
            trained = _train(inputs, request, folder, checkpoints, say, progress)
            activity = trained.result.activity or activity
            design = _estimate(inputs, activity, trained.result.images)
        result = trained.result if trained else None
        training = _training_record(inputs.network.training, trained) if trained else None
        header = {
            "name": "neurorebit",
            "version": __version__,
            "command": request.command(),
            **inputs.names,
            "scheme": spec.scheme,
            "recipe": inputs.recipe,
            "seed": request.seed,
            "inputs": inputs.record(),
            "ablations": list(ablations(spec, network.training if result else None)),
            "overrides": [str(setting) for setting in inputs.settings],
            "notes": _notes(inputs, request, activity, trained, training),
        }
        document = report.build(header, design, spec, activity, training)
        contents = report.files(document, picture.files(document))
        report.write(folder, contents)
        if result is None:
            return Outcome(document, folder, tuple(contents))
        if result.finished or result.diverged:
            from neurorebit.training import checkpoint

            checkpoint.remove(checkpoints)
        return Outcome(
            document,
            folder,
            tuple(contents),
            interrupted=result.interrupted,
            out_of_time=result.out_of_time,
            diverged=result.diverged,
        )


@contextmanager
def _told(checkpoints: Path) -> Iterator[None]:
    """KeyboardInterrupt says where what was reached can be gone on with."""
    try:
        yield
    except KeyboardInterrupt:
        from neurorebit.training import checkpoint

        path = checkpoint.find(checkpoints)
        told = f"--resume goes on from {path}" if path else ""
        raise KeyboardInterrupt(told) from None


def _estimate(inputs: Inputs, activity: Activity, images: int) -> Estimate:
    try:
        return estimate(
            inputs.network,
            inputs.architecture,
            inputs.technology,
            inputs.device,
            activity,
            batch=min(inputs.network.training.batch, images),
            images=images,
        )
    except InfeasibleError as problem:
        if "array: " not in str(problem) or not inputs.architecture.holds_devices:
            raise
        raise InfeasibleError(
            f"{problem}; so may a wider cell, --set device.cell.width above "
            f"{float(inputs.device.cell.width):g} ({inputs.documents['device'].shown})"
        ) from None


@dataclass(frozen=True, eq=False)
class Trained:
    """What the training reached, and on what."""

    result: TrainingResult
    data: Dataset
    fallback: bool

    @property
    def length(self) -> str:
        """How long it was, for a reader."""
        epochs, rest = divmod(self.result.images_seen, self.result.images)
        whole = f"{epochs} {'epoch' if epochs == 1 else 'epochs'} of {self.result.images:,} images"
        if not rest:
            return whole
        return f"{whole} and {rest:,} more" if epochs else f"{rest:,} images of the first epoch"


def _train(
    inputs: Inputs,
    request: Request,
    folder: Path,
    checkpoints: Path,
    say: Say,
    progress: Progress | None,
) -> Trained:
    from neurorebit.training import checkpoint, data

    if request.resume and checkpoint.find(checkpoints) is None and _has_ended(folder):
        raise InputError(
            f"--resume: the run in {folder} has come to its end, there is nothing to go on with; "
            "drop --resume to start anew"
        )
    start = checkpoint.load(checkpoints) if request.resume else None
    if start is None:
        checkpoint.refuse_unfinished(checkpoints)
    network, training = inputs.network, inputs.network.training
    chip = inputs.architecture, inputs.device
    source = data.locate(
        training.dataset, training.fallback, network.input, network.classes, request.data
    )
    say(f"training on {source}")
    with ThreadPoolExecutor(1) as aside:  # Numba takes as long to import as images to be read
        reading = aside.submit(data.load, source, network.input)
        from neurorebit.training import trainer

        images = reading.result()
    wires = _wires(inputs) if training.wires == "resistive" else None
    if start is not None:
        identity = checkpoint.identity(network, *chip, images, seed=request.seed, wires=wires)
        checkpoint.check(start, identity)
        say(f"going on from {start.path}: {start.length}")
    result = trainer.train(
        network,
        *chip,
        images,
        scheme=SCHEMES[inputs.architecture.scheme],
        seed=request.seed,
        threads=request.threads,
        wires=wires,
        progress=progress,
        checkpoints=checkpoint.Checkpoints(checkpoints, request.checkpoint_every),
        start=start,
        stop_after=request.stop_after,
    )
    return Trained(result, images, fallback=source.dataset != training.dataset)


def _wires(inputs: Inputs) -> tuple[float, float]:
    """Resistance of the wire of a row and of a column from cell to cell [ohm]."""
    spec = inputs.architecture
    crossed = isinstance(spec, InPlaceSpec) and spec.arrays.cells == "crosspoint"
    array = CrosspointArray if crossed else device_array
    cell = array(inputs.technology, inputs.device, rows=1.0, cols=1.0)
    return float(cell.row_res), float(cell.col_res)


def _has_ended(folder: Path) -> bool:
    """Whether a folder has the report of a training that was not cut short."""
    try:
        training = json.loads((folder / "report.json").read_text(encoding="utf-8"))["training"]
        return not (training["interrupted"] or training["out_of_time"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _training_record(training: Training, trained: Trained) -> dict[str, Any]:
    result, tests = trained.result, len(trained.data.test_labels)
    return {
        "dataset": result.dataset,
        "data_sha256": trained.data.sha256,
        "fallback": trained.fallback,
        "images": result.images,
        "images_seen": result.images_seen,
        "test_images": min(training.test_images or tests, tests),
        "scheme": result.scheme,
        "epochs": [asdict(epoch) for epoch in result.epochs],
        "test_accuracy": result.test_accuracy,
        "interrupted": result.interrupted,
        "out_of_time": result.out_of_time,
        "diverged": result.diverged,
        "weights_sha256": result.weights_sha256,
        "histogram": asdict(result.histogram) if result.histogram else None,
        "demands": asdict(result.demands) if result.demands else None,
    }


def ending(training: dict[str, Any], network: dict[str, Any]) -> list[str]:
    """What a reader must know of how a training ended, by its record and the network's values."""
    epochs, classes = network["training"]["epochs"], network["classes"]
    reached = training["epochs"]
    found = []
    if training["diverged"]:
        seen = training.get("images_seen")
        after = "" if seen is None else f"after {seen:,} of {epochs * training['images']:,} images "
        found.append(
            f"DIVERGED: {after}the loss or a weight is no longer a number; try a lower "
            "training.learning_rate"
        )
    elif training["interrupted"] or training["out_of_time"]:
        word = "INTERRUPTED" if training["interrupted"] else "STOPPED, its time being up,"
        where = f"in epoch {len(reached)} of {epochs}" if reached else "before the first step"
        found.append(f"{word} {where}; --resume goes on")
    if reached and not training["diverged"]:
        last, guess = reached[-1], 1.0 / classes
        right = last["train_accuracy"] if last["test_accuracy"] is None else last["test_accuracy"]
        if last["loss"] >= math.log(classes) and right < guess + LEARNED * (1.0 - guess):
            found.append(
                f"did not learn: the last epoch's loss of {last['loss']:.3g} is no better than "
                f"guessing among {classes} classes ({math.log(classes):.3g}); try another "
                "training.learning_rate"
            )
    return found


def _notes(
    inputs: Inputs,
    request: Request,
    activity: Activity,
    trained: Trained | None,
    record: dict[str, Any] | None,
) -> list[str]:
    """What a reader must know before the first table."""
    notes = []
    if (width := inputs.network.width) != 1:
        notes.append(
            f"width {width:g}: the layers before the last have {width:g} times the channels of the "
            "file, rounded to whole numbers"
        )
    if trained is None or record is None:
        told = f"nothing was trained: no accuracy, and the activity is {activity.source}"
        return [*notes, told]
    notes += ending(record, plain(inputs.network))
    told = f"{DATA}{trained.result.dataset}"
    if trained.fallback:
        told += " as a fallback: CIFAR-10 was not found; 'neurorebit data fetch cifar10' gets it"
    elif trained.data.note:
        told += f": {trained.data.note}"
    notes.append(told)
    if _is_short(inputs, trained):
        paper = request.command(PAPER, without=("training.epochs", "training.images"))
        notes.append(
            f"the accuracy comes from a short run, {trained.length}; for the paper's schedule: "
            f"{paper}"
        )
    else:
        notes.append(f"trained for {trained.length}")
    notes.append(f"the estimate's activity is {activity.source}")
    return notes


def _is_short(inputs: Inputs, trained: Trained) -> bool:
    """Whether the training was shorter than the paper's schedule for this network."""
    if PAPER not in inputs.recipes:
        return False
    paper = read_network(Document(inputs.documents["network"].path), PAPER).training
    size = len(trained.data.train_labels)
    result = trained.result
    return len(result.epochs) < paper.epochs or result.images < min(paper.images or size, size)
