"""The public functions that train: a network on a chip, by one scheme or by many side by side."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict, Unpack

import numpy as np

from neurorebit.data.dataset import NHWC, Dataset
from neurorebit.data.table import DATASETS
from neurorebit.inputs.values import setting_text
from neurorebit.library import inputs as given
from neurorebit.library.asking import asked, network_call
from neurorebit.library.inputs import ChipInput, DeviceInput, Named, NetworkInput, TechnologyInput
from neurorebit.library.progress import Images
from neurorebit.machines.executor import executor
from neurorebit.machines.tasks import processors
from neurorebit.results.typed.run import Run
from neurorebit.results.typed.schemes import SchemeComparison
from neurorebit.schema import Argument, InputError, Setting
from neurorebit.studies import run as runs
from neurorebit.studies import schemes as comparisons
from neurorebit.studies.request import Request
from neurorebit.studies.trained import train as trained
from neurorebit.weights.archive import NetworkWeights

SEEDS = 2**32
Arrays = tuple[Any, Any, Any, Any]  # training images and labels, test images and labels
Weights = NetworkWeights | str | Path | Mapping[str, Any]
Data = str | Path | Dataset | Arrays


class Options(TypedDict, total=False):
    """How runs train: arguments of ``train`` that all functions here take."""

    data: Data | None
    epochs: int | None
    images: int | None
    seed: int
    threads: int | None
    checkpoint_every: float
    resume: bool


class RunOptions(Options, total=False):
    """Those that only a single run takes."""

    scheme: str | None
    checkpoint: str | Path | None
    stop_after: float
    weights_from: Weights | None


def train(
    network: NetworkInput | Named,
    chip: ChipInput | Named = "rebit",
    *,
    scheme: str | None = None,
    data: Data | None = None,
    epochs: int | None = None,
    images: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: float = 120.0,
    resume: bool = False,
    stop_after: float = math.inf,
    weights_from: Weights | None = None,
    progress: bool = True,
) -> Run:
    """Train a network on a chip, and estimate what the chip costs with the activity measured.

    ``scheme``: how weights are held and learn (the architecture's unless given). ``data``: the name
    of a data set; the folder that has the network's; an archive ``.npz`` or a folder of pictures;
    or arrays ``(training images, labels, test images, labels)``. Images are uint8 or floats,
    [N, height, width, channels] of the network's input, or of 2 or 3 axes as in the layouts of an
    archive; labels are classes from 0 [N], or with ``training.loss=squared`` targets [N] or
    [N, outputs]. A data set that is not there is replaced by the fallback
    that the network names. ``epochs``, and ``images`` of each: the network's unless given.
    ``seed``: of all randomness, 0 to 2^32 - 1. ``threads``: all processors unless given.

    Writes nothing but checkpoints, and these where ``checkpoint`` names a folder for them: after
    the first step, every ``checkpoint_every`` seconds [s] and where the training ends early.
    ``resume`` goes on from the newest one, and ends as if it had never stopped. The training ends
    after ``stop_after`` seconds [s]. ``weights_from``: what the network starts from, weights of
    another run (``done.weights``), a file of them, or a state dict, by name or in memory; drawn
    from the seed unless given. An interrupt (Ctrl-C, or the stop button of a notebook) ends
    it after the step in progress: the run that returns has what was reached, and says so.

    InputError where files, data and arguments are wrong or do not fit together, InfeasibleError
    where the chip cannot exist, both before any training.

    >>> import neurorebit as nr
    >>> net = nr.network("mlp").set({"network.width": 0.1, "training.calibration_steps": 1})
    >>> done = nr.train(net, "rebit", scheme="hybrid", data="digits", epochs=2, images=128)
    >>> done.epochs.index.tolist()
    [1, 2]
    >>> 0.0 <= done.accuracy <= 1.0
    True
    >>> done.estimate.phases.loc["forward", "per"]
    'image'
    """
    options: RunOptions = {
        "scheme": scheme,
        "data": data,
        "epochs": epochs,
        "images": images,
        "seed": seed,
        "threads": threads,
        "checkpoint": checkpoint,
        "checkpoint_every": checkpoint_every,
        "resume": resume,
        "stop_after": stop_after,
        "weights_from": weights_from,
    }
    return _trained(request_of(network, chip, options), progress)


def run(
    network: NetworkInput | Named,
    chip: ChipInput | Named = "rebit",
    *,
    training: bool = True,
    out: str | Path | None = None,
    replace: bool = False,
    progress: bool = True,
    **options: Unpack[RunOptions],
) -> Run:
    """What ``neurorebit run`` does: train and estimate, or estimate alone, and write the report.

    ``out``: the folder of the report, and of checkpoints where ``checkpoint`` names no other;
    nothing is written without either. ``replace``: whether a training there may be replaced.
    ``training`` False estimates alone, with assumed activity. All other arguments, and the errors,
    are those of ``train``; InputError also where ``out`` cannot be written or holds a training.

    >>> import neurorebit as nr
    >>> nr.run("mlp", "rebit", training=False).epochs.empty
    True
    """
    request = request_of(network, chip, options)
    place = None if out is None else Path(out)
    request = dataclasses.replace(request, train=training, out=place, replace=replace)
    if out is not None:
        with Images(progress) as shown:
            outcome = runs.run(request, shown.say, shown)
            return Run(outcome.report, outcome.weights)
    if training:
        return _trained(request, progress)
    return Run(runs.report_of(request.inputs(), request))


def compare_schemes(
    network: NetworkInput | Named,
    schemes: Sequence[str] = (),
    *,
    seeds: int = 1,
    technology: TechnologyInput | Named | None = None,
    device: DeviceInput | Named | None = None,
    settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    replace: bool = False,
    reach: Sequence[float] = (),
    workers: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
    **options: Unpack[Options],
) -> SchemeComparison:
    """Train a network by several schemes, each on a chip built for it, and lay them side by side.

    ``schemes``: their names; all that train the network, with their variants, unless given.
    ``seeds``: runs of each, from ``seed`` on. ``technology`` and ``device``: of all chips; those
    that their architectures name unless given. ``settings``: values of keys in all of them.
    ``out``: a folder that keeps the report of each run as it ends, and what ``resume`` goes on
    from; nothing is written without. ``replace``: whether trainings there may be replaced.
    ``reach``: test accuracies (0 to 1) to which energy and writes are summed up; shares of the best
    unless given.
    ``workers``: processes of this machine that share the runs and its processors; or ``scheduler``:
    the address of a Dask scheduler (``tcp://host:8786``) whose workers do, with ``out`` in a folder
    that all machines share. What a run gives does not depend on either. The other arguments are
    those of ``train``. An interrupt ends it: the comparison has the schemes that were trained, and
    says which are missing.

    InputError where a name is unknown, or files, data and settings are wrong; InfeasibleError where
    a chip cannot exist.

    >>> import neurorebit as nr
    >>> net = nr.network("mlp").set({"network.width": 0.1, "training.calibration_steps": 1})
    >>> table = nr.compare_schemes(net, ["hybrid", "real"], data="digits", epochs=1, images=64)
    >>> table.frame.index.tolist()
    ['hybrid', 'real']
    >>> sorted(table.runs)
    [('hybrid', 0), ('real', 0)]
    """
    single: RunOptions = {
        **options,
        "scheme": None,
        "checkpoint": None,
        "stop_after": math.inf,
        "weights_from": None,
    }
    request = request_of(network, "rebit", single)
    chosen = [s for s in request.settings if s.key.partition(".")[0] in ("network", "training")]
    for part in (
        None if technology is None else given.technology(technology),
        None if device is None else given.device(device),
    ):
        chosen += part.settings if part is not None else ()
    chosen += [Setting(key, setting_text(key, value)) for key, value in (settings or {}).items()]
    said = Images(progress).say
    names = list(schemes) or comparisons.suited(
        dataclasses.replace(request, settings=tuple(chosen)), said
    )
    if scheduler is not None and out is None:
        origin, cure = Argument("scheduler", scheduler), "name a folder that all machines share"
        raise InputError("needs a folder for the runs (out)", origin=origin, cure=cure)
    with TemporaryDirectory() as scratch, executor(workers, scheduler) as machines:
        folder = Path(out) if out is not None else Path(scratch, "schemes")
        table = comparisons.schemes(
            dataclasses.replace(
                request,
                technology=None if technology is None else given.technology(technology).document,
                device=None if device is None else given.device(device).document,
                settings=tuple(chosen),
                out=folder,
                replace=replace,
            ),
            names,
            seeds,
            say=said,
            progress=lambda: Images(progress),
            machines=machines,
            reach=_accuracies(reach),
            command=f"compare_schemes({network_call(request)}, {names!r}, seeds={seeds})",
        )
        return SchemeComparison.read(table.rows, table.text, folder)


def _accuracies(reach: Sequence[float]) -> tuple[float, ...]:
    """Accuracies; InputError where one is none."""
    for accuracy in reach:
        if not 0.0 < accuracy <= 1.0:
            message = f"expected accuracies above 0 and up to 1, got {accuracy:g}"
            raise InputError(message, origin=Argument("reach"), cure="give shares of the images")
    return tuple(map(float, reach))


def request_of(
    network: NetworkInput | Named, chip: ChipInput | Named, options: RunOptions
) -> Request:
    """The run that a caller asks for."""
    images, dataset = data_of(options.get("data"))
    seed, checkpoint = options.get("seed", 0), options.get("checkpoint")
    if not 0 <= seed < SEEDS:
        message = f"expected a whole number from 0 to {SEEDS - 1}, got {seed}"
        raise InputError(message, origin=Argument("seed"), value=seed, cure="take one of them")
    return asked(
        network,
        chip,
        {
            "architecture.scheme": options.get("scheme"),
            "training.dataset": dataset,
            "training.epochs": options.get("epochs"),
            "training.images": options.get("images"),
        },
        data=images,
        seed=seed,
        threads=options.get("threads") or processors(),
        checkpoint=None if checkpoint is None else Path(checkpoint),
        checkpoint_every=options.get("checkpoint_every", 120.0),
        resume=options.get("resume", False),
        stop_after=options.get("stop_after", math.inf),
        weights_from=options.get("weights_from"),
    )


def _trained(request: Request, progress: bool) -> Run:
    """Train, and estimate the chip; no report is written."""
    inputs = request.inputs()
    runs.report_of(inputs, request)  # or refuses
    with Images(progress) as shown:
        found = trained(inputs, request, shown.say, shown)
    if request.checkpoint is not None and (found.result.finished or found.result.diverged):
        from neurorebit.training import checkpoint

        checkpoint.remove(request.checkpoint)
    return Run(runs.report_of(inputs, request, found), found.weights)


def data_of(data: Data | None) -> tuple[Path | Dataset | None, str | None]:
    """A folder or images to train on, and the name of a data set, of which one at most is given."""
    if data is None or isinstance(data, Path | Dataset):
        return data, None
    if isinstance(data, str):
        return (None, data) if data in DATASETS else (_place(data), None)
    try:
        images, labels, test_images, test_labels = data
    except (TypeError, ValueError):
        message = "expected a name, a folder, or training images, labels, test images and labels"
        raise InputError(message, origin=Argument("data"), cure="give the four arrays") from None
    return Dataset(
        "arrays of the caller",
        np.asarray(images),
        np.asarray(labels),
        test_images=np.asarray(test_images),
        test_labels=np.asarray(test_labels),
        origin="memory",
        mirrored=False,
        layout=NHWC if np.ndim(images) == len(NHWC) else "",
    ), None


def _place(name: str) -> Path:
    """A file or folder of that name; InputError where there is none: a data set may be meant."""
    if not Path(name).exists():
        cure = f"name an archive or a folder, or one of {', '.join(DATASETS)}"
        message = "no such data set, archive or folder"
        raise InputError(message, origin=Argument("data", name), value=name, cure=cure)
    return Path(name)
