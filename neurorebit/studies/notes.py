"""Notes that a reader must know before the first table of a report, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from neurorebit.data.table import DATASETS
from neurorebit.inputs.files import Inputs
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, plain
from neurorebit.schema.activity import Activity
from neurorebit.schemes.ablations import why_idle
from neurorebit.studies.cell_notes import of_cells, of_rest
from neurorebit.studies.conversions import of_ranges
from neurorebit.studies.layer_notes import listed, of_layers
from neurorebit.studies.learning import ending, of_data
from neurorebit.studies.request import Request, refusals

if TYPE_CHECKING:
    from neurorebit.studies.trained import Trained

PAPER = "paper"  # the recipe with the published schedule
DATA = "trained on "  # how the note on the images begins
SHORT = "the accuracy comes from a short run, "  # how the note on one begins
SCHEDULE = ("training.epochs", "training.images")  # what the paper's schedule sets


def notes(
    inputs: Inputs, request: Request, activity: Activity, trained: Trained | None
) -> list[str]:
    """The notes of a run's report, one sentence each."""
    lines = []
    if not inputs.network.source:
        lines.append("the network file names no source")
    if (width := inputs.network.width) != 1:
        lines.append(
            f"width {width:g}: the layers before the last have {width:g} times the channels of the "
            "file, rounded to whole numbers"
        )
    if trained is None:
        lines.append(f"nothing was trained: no accuracy, and the activity is {activity.source}")
        lines += [f"no such training: {one.message}; {one.cure}" for one in refusals(inputs)][:1]
        lines += _of_epoch(inputs)
        return [*lines, *of_layers(inputs), *_drift(inputs)]
    record, kept = trained.record(inputs.network.training), request.checkpoints is not None
    lines += ending(record, plain(inputs.network), kept=kept)
    lines += of_data(trained.data) if trained.data is not None else ()
    images = f"{DATA}{trained.result.dataset}"
    if trained.fallback:
        name = inputs.network.training.dataset
        assert name is not None
        gets = f"; 'neurorebit data fetch {name}' gets it" if name in DATASETS else ""
        title = DATASETS[name].title if name in DATASETS else name
        images += f" as a fallback: {title} was not found{gets}"
    elif trained.data is not None and trained.data.note:
        images += f": {trained.data.note}"
    lines.append(images)
    if trained.given is not None:
        lines.append(_of_start(record["weights_from"]))
        lines += of_range(trained.cut)
    if is_short(inputs, trained):
        settings = tuple(s for s in request.settings if s.key not in SCHEDULE)
        paper = replace(request, recipe=PAPER, settings=settings)
        lines.append(f"{SHORT}{trained.length}; for the paper's schedule: {paper.command}")
    else:
        lines.append(f"trained for {trained.length}")
    lines.append(f"the estimate's activity is {activity.source}")
    lines += _of_conversion(inputs)
    lines += of_ranges(record["conversions"], inputs.architecture)
    return [*lines, *of_layers(inputs), *of_cells(inputs), *_drift(inputs)]


def _of_start(given: Mapping[str, Any]) -> str:
    """What the training started from, by its record."""
    of = f"started from the weights of {given['from']} (sha256 {given['sha256'][:12]})"
    reached = (given["trained"] or {}).get("test_accuracy")
    return of if reached is None else f"{of}, which a training left at {100.0 * reached:.2f} %"


def _of_conversion(inputs: Inputs) -> Iterator[str]:
    """That the default way to convert is not the chip's own, where there are converters."""
    spec, training = inputs.architecture, inputs.network.training
    if training.conversion == "fast" and not why_idle("conversion", spec, training):
        yield (
            "training.conversion=fast: training converted the sum of an input's bit planes once, "
            "the chip that is billed converts every plane, which errs less; bit_serial trains so"
        )


def of_range(cut: Mapping[str, float]) -> list[str]:
    """The note on first weights that the cells of their layers have no range for."""
    shares = [f"{100.0 * share:.2g} % in {name}" for name, share in cut.items()]
    if not shares:
        return []
    return [
        f"first weights beyond the range of the cells are held at its end: {listed(shares)}; a "
        "larger training.level_range takes them in, with coarser steps"
    ]


def _drift(inputs: Inputs) -> Iterator[str]:
    """The note on drift, where cells of the device are on the chip."""
    if inputs.architecture.holds_devices:
        yield from of_rest(inputs.device)


def _of_epoch(inputs: Inputs) -> list[str]:
    """That nobody says how many images an epoch has."""
    if inputs.images is not None or not inputs.architecture.trains:
        return []
    dataset = inputs.network.training.dataset
    why = f"{dataset} is not there or does not fit" if dataset else "no data set is named"
    return [f"an epoch has no length: {why}; training.images says how many images it has"]


def is_short(inputs: Inputs, trained: Trained) -> bool:
    """Whether the training was shorter than the paper's schedule for this network."""
    if PAPER not in inputs.recipes:
        return False
    written = inputs.documents["network"]  # as it was read, without settings
    paper = read_network(Document.of_text(written.text, written.path), PAPER).training
    result = trained.result
    size = result.images if trained.data is None else len(trained.data.train_labels)
    return len(result.epochs) < paper.epochs or result.images < min(paper.images or size, size)
