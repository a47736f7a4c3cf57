"""The public functions that estimate: one chip, a grid of chips, a chip in every node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from neurorebit.library import inputs as given
from neurorebit.library.asking import asked
from neurorebit.library.inputs import ChipInput, Named, NetworkInput
from neurorebit.library.progress import Designs
from neurorebit.library.trainings import Data, data_of
from neurorebit.machines.executor import executor
from neurorebit.results.typed.grid import Sweep
from neurorebit.results.typed.partitions import Partitions
from neurorebit.results.typed.run import Estimate
from neurorebit.schema import Argument, Document, InputError
from neurorebit.studies import corners as cornered
from neurorebit.studies import sweep as sweeps
from neurorebit.studies import technologies
from neurorebit.studies.accuracy import Trainer
from neurorebit.studies.axes import Values
from neurorebit.studies.fidelity import Fidelity, fidelity
from neurorebit.studies.partitions import partitioned
from neurorebit.studies.run import report_of
from neurorebit.studies.sweep_accuracy import with_accuracy
from neurorebit.studies.template import Template


def estimate(network: NetworkInput | Named, chip: ChipInput | Named = "rebit") -> Estimate:
    """What a network costs on a chip: area, and energy and time of inference, of each phase of
    training, and of programming all weights once.

    ``network`` and ``chip`` are objects of the functions of these names, or what they take. The
    activity is assumed, as the network file says; ``train`` measures it. Writes nothing and trains
    nothing. InputError where numbers do not fit together, InfeasibleError where a part of the chip
    cannot exist.

    The formulas and their sources are named in the blocks of ``neurorebit.circuits`` and
    ``neurorebit.chips``; ``Estimate.document["assumptions"]`` lists what is assumed.

    >>> import neurorebit as nr
    >>> est = nr.estimate("mlp", nr.chip("rebit", technology="32nm"))
    >>> list(est.phases.index)
    ['inference', 'forward', 'backward', 'gradient', 'update', 'sync', 'programming']
    >>> est.phases.attrs["units"]["energy_J"]
    'J'
    >>> bool(est.layers["energy_J"].sum() > 0.0)
    True
    """
    request = asked(network, chip, train=False)
    return Estimate(report_of(request.inputs(), request))


@overload
def sweep(
    network: NetworkInput | Named,
    chip: ChipInput | Named,
    axes: Mapping[str, Values] | None = None,
    *,
    designs: Mapping[str, Values] | None = None,
    train: Fidelity | Mapping[str, Any] | str | None = None,
    data: Data | None = None,
    seed: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
) -> Sweep: ...


@overload
def sweep(
    network: NetworkInput | Named,
    chip: ChipInput | Named,
    axes: Mapping[str, Values] | None = None,
    *,
    designs: Mapping[str, Values] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path,
    resume: bool = False,
    progress: bool = True,
) -> Partitions: ...


def sweep(
    network: NetworkInput | Named,
    chip: ChipInput | Named,
    axes: Mapping[str, Values] | None = None,
    *,
    designs: Mapping[str, Values] | None = None,
    train: Fidelity | Mapping[str, Any] | str | None = None,
    data: Data | None = None,
    seed: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    progress: bool = True,
) -> Sweep | Partitions:
    """What every combination of the axes' values costs, thousands of designs a second.

    ``axes``: for a key, as ``ChipInput.set`` has it, the values that it takes: numbers in SI units,
    texts with units, or a text such as ``"0.8V:1.0V:5"`` or ``"4,5,6"``. The keys ``technology``,
    ``device`` and ``architecture`` take names, objects and dictionaries. ``designs``: the same
    for keys that change together, one row a design (a DataFrame's columns as a dictionary, say).
    ``workers``: processes of this machine that share the designs; or ``scheduler``: the address of
    a Dask scheduler (``tcp://host:8786``) whose workers do. ``out``: a folder, whose Parquet files
    then hold the designs, as many as the disk takes; ``resume`` goes on with those that are missing
    there. ``progress`` draws a bar in a notebook or on a terminal.

    ``train``: the budget of a training, ``{"images": 1000, "epochs": 2, "width": 0.5}`` and
    ``"seeds"`` (1); what is not given is the network's. Each design that can exist is trained,
    too, from ``seed`` on, and the column ``accuracy`` has the mean over seeds, ``accuracy spread``
    the standard deviation, ``training`` the budget. Costs stay those of the estimate. ``data``: as
    for ``train`` the function.

    A design that cannot exist has nan, and a ``reason``. An interrupt (Ctrl-C, or the stop button
    of a notebook) keeps the designs that were reached; ``interrupted`` says so. InputError where a
    key, a name or a unit is wrong, there is no design or too many, the folder cannot be written or
    has another sweep, or workers have other versions or files.

    >>> import neurorebit as nr
    >>> grid = nr.sweep("mlp", "rebit", {
    ...     "architecture.apim.adc_bits": range(4, 7),
    ...     "technology.vdd": [0.9, 1.0],
    ... })
    >>> len(grid), grid.frame.attrs["units"]["area [m2]"]
    (6, 'm2')
    >>> grid.pareto("energy", "area")["technology.vdd [V]"].tolist()
    [0.9]
    """
    machines = executor(workers, scheduler)
    trained, made = given.network(network), given.chip(chip)
    if train is not None:
        images, dataset = data_of(data)
        trained = trained if dataset is None else trained.set("training.dataset", dataset)
    swept = {*(axes or {}), *(designs or {})}
    files: dict[tuple[str, str], Document] = {}
    axes = {key: given.on_axis(key, values, files) for key, values in (axes or {}).items()}
    designs = {key: given.on_axis(key, values, files) for key, values in (designs or {}).items()}
    template = Template(
        trained.document,
        made.architecture.document,
        None if "technology" in swept else made.technology.document,
        None if "device" in swept else made.device.document,
        settings=(*trained.settings, *made.settings),
        files=files,
        recipe=trained.recipe or None,
    )
    budget = None if train is None else fidelity(train)
    if budget is not None and out is not None:
        message, cure = "trains the designs of a table in memory", "drop it, or the folder"
        raise InputError(message, origin=Argument("train"), cure=cure)
    wanted = sweeps.question(
        template.network,
        axes,
        designs=designs,
        architecture=template.architecture,
        technology=template.technology,
        device=template.device,
        settings=template.settings,
        files=files,
    )
    with machines:
        with Designs(progress) as shown:
            if out is not None:
                place = Path(out)
                return partitioned(wanted, place, machines, resume=resume, progress=shown)
            found = sweeps.swept(wanted, progress=shown, machines=machines)
        if budget is None:
            return found
        with Designs(progress) as shown:
            trainer = Trainer(template, machines, images)
            return with_accuracy(found, trainer, budget, seed=seed, progress=shown)


class Nodes(Sweep):
    """The same chip in several technologies: a row for each."""

    def __repr__(self) -> str:
        return technologies.text(self.table)


def nodes(
    network: NetworkInput | Named,
    chip: ChipInput | Named = "rebit",
    names: Sequence[str | Path] = (),
) -> Nodes:
    """What a chip costs in each CMOS node: in the shipped ones, or those of ``names``.

    What is set over the chip's technology holds in each. A node in which the chip cannot exist has
    nan and a ``reason``. InputError where a file or a value is wrong.

    >>> import neurorebit as nr
    >>> table = nr.nodes("mlp", "rebit", ["32nm", "22nm"])
    >>> table.frame["technology"].tolist()
    ['32nm', '22nm']
    """
    trained, made = given.network(network), given.chip(chip)
    found = technologies.nodes(
        trained.document,
        [str(name) for name in names],
        architecture=made.architecture.document,
        device=made.device.document,
        settings=(*trained.settings, *made.settings),
    )
    return Nodes(found.table, found.axes)


class Corners(Sweep):
    """The same chip at several temperatures and supplies: a row for each corner."""

    def __repr__(self) -> str:
        return cornered.text(self.table)


def corners(
    network: NetworkInput | Named,
    chip: ChipInput | Named = "rebit",
    *,
    temperatures: Sequence[float] = cornered.KELVIN,
    supplies: Sequence[float] = cornered.SHARES,
) -> Corners:
    """What a chip costs at each temperature [K] and share of its supply.

    The column ``worst of`` names the figures that are worst in a row. A corner in which the chip
    cannot exist has nan and a ``reason``. InputError where a file or a value is wrong.

    >>> import neurorebit as nr
    >>> table = nr.corners("mlp", "rebit", temperatures=[300.0, 400.0], supplies=[0.9, 1.1])
    >>> table.frame["worst of"].tolist()
    ['', '', 'latency', 'energy, energy with DRAM, leakage']
    """
    trained, made = given.network(network), given.chip(chip)
    found = cornered.corners(
        trained.document,
        architecture=made.architecture.document,
        technology=made.technology.document,
        device=made.device.document,
        settings=(*trained.settings, *made.settings),
        temperatures=temperatures,
        supplies=supplies,
    )
    return Corners(found.table, found.axes)
