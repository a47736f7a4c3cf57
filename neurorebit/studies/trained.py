"""The training of a run: what it starts from, what it runs on, and what the report keeps of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorebit import __version__
from neurorebit.circuits.array import device_array
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.data.dataset import Dataset
from neurorebit.data.fit import fitting
from neurorebit.data.locate import Source, load, locate
from neurorebit.inputs.files import Inputs
from neurorebit.schema import Argument, InputError
from neurorebit.schema.reads import Reads
from neurorebit.schema.training import Step, Training
from neurorebit.schemes.ablations import foreign
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.learning import most_frequent
from neurorebit.studies.memory import refuse_too_large
from neurorebit.studies.placement import has_ended
from neurorebit.studies.request import Request
from neurorebit.weights.archive import SCHEMA, NetworkWeights
from neurorebit.weights.archive import given as read_given
from neurorebit.weights.fitting import Start, fit

if TYPE_CHECKING:  # at run time only where training is asked for: it needs Numba
    from neurorebit.training.checkpoint import Saved
    from neurorebit.training.trainer import TrainingResult

ERRORS = ("test_rmse", "test_r2")  # of a regression
VALIDATION = "validation"
Say = Callable[[str], None]
Progress = Callable[[Step], None]


def described(weights: NetworkWeights) -> dict[str, Any]:
    """Where weights came from, as a report says it."""
    return {
        "from": str(weights.origin),
        "sha256": weights.sha256,
        "trained": None if weights.foreign else weights.header.get("training"),
        "foreign": weights.foreign,
    }


@dataclass(frozen=True, eq=False)
class Trained:
    """What the training reached, and on what.

    ``data`` is None where a caller's loop had the images, of which it tested ``tested``.
    """

    result: TrainingResult
    data: Dataset | None
    fallback: bool
    reads: frozenset[str]  # keys of the files that the training read
    _: KW_ONLY
    regression: bool = False
    given: NetworkWeights | None = None  # what it started from
    header: dict[str, Any]
    cut: Mapping[str, float] = field(default_factory=dict)  # by layer, see ``beyond``
    tested: int = 0

    @property
    def weights(self) -> NetworkWeights:
        """What was learned, as a file of weights keeps it."""
        result = self.result
        reached = {
            "dataset": result.dataset,
            "epochs": len(result.epochs),
            "images_seen": result.images_seen,
            "test_accuracy": result.test_accuracy,
            "weights_sha256": result.weights_sha256,
        }
        return NetworkWeights(result.weights, {**self.header, "training": reached})

    def record(self, training: Training) -> dict[str, Any]:
        """What the report keeps of the training, by its ``training`` section."""
        result, data = self.result, self.data
        tests = self.tested if data is None else len(data.test_labels)
        known = None if self.regression or data is None else data.test_labels
        return {
            "dataset": result.dataset,
            "data_sha256": None if data is None else data.sha256,
            "fallback": self.fallback,
            "images": result.images,
            "guess": None if known is None else most_frequent(known),
            "images_seen": result.images_seen,
            "test_images": min(training.test_images or tests, tests),
            **({"evaluated_on": VALIDATION} if training.evaluate_on == VALIDATION else {}),
            "scheme": result.scheme,
            "epochs": [_epoch(asdict(epoch), self.regression) for epoch in result.epochs],
            "test_accuracy": result.test_accuracy,
            **({key: _last(result.epochs, key) for key in ERRORS} if self.regression else {}),
            "interrupted": result.interrupted,
            "out_of_time": result.out_of_time,
            "diverged": result.diverged,
            "weights_sha256": result.weights_sha256,
            "weights_from": None if self.given is None else described(self.given),
            "histogram": asdict(result.histogram) if result.histogram else None,
            "demands": asdict(result.demands) if result.demands else None,
            "conversions": [asdict(one) for one in result.conversions],
            "keys_read": sorted(key for key in self.reads if not key.startswith("training.")),
        }

    @property
    def length(self) -> str:
        """How long it was, for a reader."""
        epochs, rest = divmod(self.result.images_seen, self.result.images)
        whole = f"{epochs} {'epoch' if epochs == 1 else 'epochs'} of {self.result.images:,} images"
        if not rest:
            return whole
        return f"{whole} and {rest:,} more" if epochs else f"{rest:,} images of the first epoch"


def _located(inputs: Inputs, folder: Path | None) -> Source:
    """The data set; where there is none, InputError says first what no data would help with."""
    try:
        return locate(inputs.wanted, folder)
    except InputError:
        from neurorebit.training.model import refuse_untrainable

        refuse_untrainable(inputs.network)
        raise


def train(inputs: Inputs, request: Request, say: Say, progress: Progress | None) -> Trained:
    """Train the network of the inputs as a request asks.

    ``say`` gets a line that says on what data. InputError where there is nothing to go on with,
    or an unfinished run would be replaced.
    """
    from neurorebit.training import checkpoint

    reads = Reads()
    seen = inputs.observed(reads)
    network, training = seen.network, inputs.network.training
    given = None if request.weights_from is None else read_given(request.weights_from)
    weights = None if given is None else fit(given, inputs.network)
    chip = seen.architecture, seen.device
    start = _start(request, say)
    with ThreadPoolExecutor(1) as aside:  # Numba takes as long to import as images to be read
        if isinstance(request.data, Dataset):
            fallback, reading = False, aside.submit(fitting, request.data, network)
            place = request.data.name
        else:
            source = _located(inputs, request.data)
            refuse_too_large(network, source.known, SCHEMES[inputs.architecture.scheme])
            fallback = source.dataset == training.fallback != training.dataset
            reading = aside.submit(lambda: fitting(load(source, network.input), network))
            place = str(source)
        from neurorebit.training import trainer

        images = reading.result()
    say(f"training on {place}")
    if other := foreign(inputs.architecture):
        say(other)
    for note in weights.notes if weights else ():
        say(note)
    wires = wires_between_cells(seen) if training.wires == "resistive" else None
    if start is not None:
        identity = checkpoint.identity(
            network, *chip, images, seed=request.seed, wires=wires, weights=weights
        )
        checkpoint.check(start, identity)
        reads.keys |= start.reads
        say(f"going on from {start.path}: {start.length}")
    kept = None
    if request.checkpoints is not None:
        kept = checkpoint.Checkpoints(request.checkpoints, request.checkpoint_every, reads.keys)
    scheme = SCHEMES[inputs.architecture.scheme]
    result = trainer.train(
        network,
        *chip,
        images,
        scheme=scheme,
        seed=request.seed,
        threads=request.threads,
        wires=wires,
        progress=progress,
        checkpoints=kept,
        start=start,
        weights=weights,
        stop_after=request.stop_after,
    )
    return Trained(
        result,
        images,
        fallback,
        frozenset(reads.keys),
        regression=network.regression,
        given=given,
        header=_header(inputs, request),
        cut=beyond(weights, result.weights) if scheme.held is Held.CELLS else {},
    )


def beyond(start: Start | None, kept: Mapping[str, Any]) -> dict[str, float]:
    """The share of the weights that each layer was given which its cells have no range for.

    ``kept``: what the layers hold, with the weight at the end of their cells' range. A cell that
    was to get more holds that much, and keeps it where the layer is frozen.
    """
    found = {}
    for name, one in (start.matrices if start else {}).items():
        full = kept.get(f"{name}.full")
        if full is not None and (share := float(np.mean(np.abs(one.weight) > np.max(full)))):
            found[name] = share
    return found


def _header(inputs: Inputs, request: Request) -> dict[str, Any]:
    """What a file of weights says of the training that they come from."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "command": request.command,
        **inputs.names,
        "scheme": inputs.architecture.scheme,
        "seed": request.seed,
        "layers": [
            {
                "name": node.name,
                "kind": node.kind,
                "shape_in": str(node.shape_in),
                "shape_out": str(node.shape_out),
            }
            for node in inputs.network.nodes
        ],
    }


def _epoch(epoch: dict[str, Any], regression: bool) -> dict[str, Any]:
    """What the report keeps of an epoch: no errors of a regression where there is none."""
    return {key: v for key, v in epoch.items() if regression or not key.endswith(("_rmse", "_r2"))}


def _last(epochs: tuple[Any, ...], key: str) -> float | None:
    """A value of the last epoch, if there is one."""
    return getattr(epochs[-1], key) if epochs else None


def _start(request: Request, say: Say) -> Saved | None:
    """The checkpoint that a request goes on from; None where it starts anew.

    A run that is to go on and was killed before its first checkpoint starts anew, and ``say`` gets
    a line. InputError where the run has come to its end, or starts anew over an unfinished one.
    """
    from neurorebit.training import checkpoint

    folder, resume = request.checkpoints, Argument("resume")
    if not request.resume:
        if folder is not None:
            checkpoint.refuse_unfinished(folder)
        return None
    if folder is None:
        cure = "name the folder of the checkpoints with ", Argument("checkpoint")
        raise InputError("there is no folder to go on from", origin=resume, cure=cure)
    if checkpoint.find(folder) is not None:
        return checkpoint.load(folder)
    if has_ended(request.folder):
        message = f"the run in {request.folder} has come to its end, there is nothing to go on with"
        raise InputError(message, origin=resume, cure=("drop ", resume, " to start anew"))
    say(f"there is no checkpoint in {folder} yet; the training starts anew")
    return None


def wires_between_cells(inputs: Inputs) -> tuple[float, float]:
    """Resistance of the wire of a row and of a column from cell to cell [ohm]."""
    spec = inputs.architecture
    array = CrosspointArray if spec.crosspoint else device_array
    cell = array(inputs.technology, inputs.device, rows=1.0, cols=1.0)
    return float(cell.row_res), float(cell.col_res)
