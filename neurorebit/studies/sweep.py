"""Many designs in one pass: named axes become arrays, and one broadcast estimate answers for all.

Numbers broadcast, each axis along one of its own; nouns loop outside. A pass is cut into boxes of
the grid, so memory stays within bounds. The formulas are the same as in ``estimate``, and so are
the results. A design that cannot exist is nan and keeps the reason, whether a value is out of its
bounds, the files do not fit each other, or a part cannot be built.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real
from neurorebit.circuits.shared import forget
from neurorebit.estimation.design import design
from neurorebit.inputs.files import Inputs, Source, parse_setting, read_inputs
from neurorebit.inputs.pairs import pairs
from neurorebit.results.sweep import CRITERIA, FEASIBLE, PARETO, REASON, Table, front
from neurorebit.results.typed.grid import Axes, Sweep
from neurorebit.schema import (
    Argument,
    Document,
    ImpossibleError,
    InputError,
    Misfit,
    Setting,
    split,
)
from neurorebit.schema import technology as nodes
from neurorebit.schema.device import Device
from neurorebit.schemes.assumed import assumed, programmed
from neurorebit.studies.axes import FILES, MOST, Axis, Label, Values, axes_of, column, of_designs
from neurorebit.studies.keys import place
from neurorebit.studies.outcomes import OUTCOMES, Costs

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]  # designs done, designs in all
Read = Callable[[Iterable[Setting]], Inputs]
Rows = Sequence[NDArray[np.intp]]  # of each axis: those of a part of a grid
Box = tuple[slice, ...]  # a part of a grid: a range of rows of each axis

NOT_REACHED = "not reached: the sweep was interrupted"
AT_ONCE = 4096  # designs in a box: enough that Python's share is small, few enough for the caches


def sweep(
    network: Source,
    axes: Mapping[str, Values] | None = None,
    *,
    designs: Mapping[str, Values] | None = None,
    architecture: Source = "rebit",
    technology: Source | None = None,
    device: Source | None = None,
    settings: Sequence[Setting | str] = (),
    files: Mapping[tuple[str, str], Document] | None = None,
    pareto: Sequence[str] = (),
    progress: Progress | None = None,
    label: Label = of_designs,
) -> Sweep:
    """Every combination of the axes' values: columns of the axes, then of what each chip costs.

    ``axes`` gives for a key (as of a setting) numbers in SI units, texts with units, or a text such
    as ``"0.8V:1.0V:5"``. ``files`` are documents made in memory, by the kind of file and the word
    that means them on an axis. The keys of ``designs`` change together, one row a design; messages
    call their values what ``label`` does. Rows are in order, the last axis fastest. InputError for
    a mistake: a key, name or word that does not exist, a value that cannot be read. A value that
    cannot be, alone or with others, leaves nan and the reason; so does an interrupt (Ctrl-C) for
    the designs that it comes before.
    """
    given = tuple(s if isinstance(s, Setting) else parse_setting(s) for s in settings)
    taken = list(given)
    for kind, name in (("technology", technology), ("device", device)):
        if name is not None:
            taken.append(Setting(f"architecture.{kind}", str(name), Argument(kind, name)))

    def read(settings: Iterable[Setting]) -> Inputs:
        named: dict[str, Source] = {
            setting.key: (files or {}).get((setting.key, setting.text), setting)
            for setting in settings
            if setting.key in FILES
        }
        return read_inputs(
            network,
            named.get("architecture", architecture),
            named.get("technology", technology),
            named.get("device", device),
            settings=(*given, *(setting for setting in settings if setting.key not in FILES)),
            fitting=False,
        )

    @cache
    def refuse(setting: Setting) -> None:
        with suppress(ImpossibleError):
            read((setting,))

    impossible = _impossible(read)  # a mistake that no axis is to blame for comes first
    for criterion in pareto:
        if criterion not in CRITERIA:
            origin, known = Argument("pareto", criterion), ", ".join(CRITERIA)
            message = f"expected one of {known}"
            raise InputError(message, origin=origin, value=criterion, cure="take one of them")
    alone = [column(key, values, refuse) for key, values in (axes or {}).items()]
    together = [column(key, values, refuse, label) for key, values in (designs or {}).items()]
    in_order = axes_of(alone, together, taken)
    shape = tuple(map(len, in_order))
    count = math.prod(shape) if shape else 0
    if not 0 < count <= MOST:
        message = f"a sweep takes 1 to {MOST:,} designs, these axes make {count:,}"
        raise InputError(message, cure="take fewer values" if count else "give an axis or designs")
    groups = itertools.product(*(axis.groups() for axis in in_order))
    passes, failed = _passes(in_order, groups, read)
    if not passes:
        _refuse_mistakes(failed, impossible)

    table = _columns(in_order, shape)
    table |= {name: np.full(count, np.nan) for name in OUTCOMES}
    table |= {FEASIBLE: np.zeros(count, bool), REASON: _wrong(in_order, shape)}
    for rows, problem in failed:
        table[REASON][_places(rows, shape)] = problem.text(_value)
    done = int(np.count_nonzero(table[REASON] != ""))
    reached = table[REASON] != ""
    interrupted = False
    try:
        for one in passes:
            for box in boxes(one.shape, AT_ONCE):
                where = one.places(box, shape)
                for name, values in one.outcome(box).items():
                    table[name][where] = values.ravel()
                reached[where] = True
                done += where.size
                if progress:
                    progress(done, count)
    except KeyboardInterrupt:
        interrupted = True
        for name in OUTCOMES:
            table[name][~reached] = np.nan
        table[FEASIBLE][~reached], table[REASON][~reached] = False, NOT_REACHED
    finally:
        forget()  # circuits that hold arrays of designs
    if pareto:
        table[PARETO] = front(table, pareto)
    names = tuple(tuple(one.heading for one in axis.columns) for axis in in_order)
    return Sweep(table, Axes(names, shape), interrupted)


def boxes(shape: tuple[int, ...], most: int) -> Iterator[Box]:
    """A grid in order, in parts of ``most`` designs or fewer: whole last axes, and part of one."""
    steps, held = [], 1
    for length in reversed(shape):
        steps.append(min(length, max(1, most // held)))
        held *= steps[-1]
    cuts = [
        [slice(low, min(low + step, length)) for low in range(0, length, step)]
        for length, step in zip(shape, reversed(steps), strict=True)
    ]
    return itertools.product(*cuts)


def _columns(axes: Sequence[Axis], shape: tuple[int, ...]) -> Table:
    """The value of every key in every design."""
    table: Table = {}
    for i, axis in enumerate(axes):
        along = tuple(-1 if k == i else 1 for k in range(len(axes)))
        for one in axis.columns:
            table[one.heading] = np.broadcast_to(one.shown.reshape(along), shape).ravel()
    return table


# --- a pass


@dataclass(frozen=True, eq=False)
class _Pass:
    """The designs that share all nouns: the rows they take of each axis, and their numbers.

    ``numbers`` holds for each key its axis and its values along the rows.
    """

    inputs: Inputs
    rows: Rows
    numbers: Mapping[str, tuple[int, Array]]
    _kept: dict[tuple[Any, ...], nodes.Technology] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Designs along each axis."""
        return tuple(map(len, self.rows))

    def places(self, box: Box, shape: tuple[int, ...]) -> NDArray[np.intp]:
        """Where the designs of a box stand in a table of all."""
        return _places([rows[cut] for rows, cut in zip(self.rows, box, strict=True)], shape)

    def _arrays(self, box: Box, root: str) -> Iterator[tuple[str, Array]]:
        """The numbers below a root, each along its axis of the box, with an axis for the layers."""
        for key, (axis, values) in self.numbers.items():
            if key.startswith(f"{root}."):
                along = [-1 if i == axis else 1 for i in range(len(box) + 1)]
                yield key.removeprefix(f"{root}."), values[box[axis]].reshape(along)

    def _placed(self, tree: Any, box: Box, root: str) -> Any:
        for path, values in self._arrays(box, root):
            tree = place(tree, split(path), values)
        return tree

    def _technology(self, box: Box) -> nodes.Technology:
        """One object for as long as its numbers stay, so that what is made of it is made once."""
        axes = sorted({axis for key, (axis, _) in self.numbers.items() if _is_technology(key)})
        part = tuple((axis, box[axis].start, box[axis].stop) for axis in axes)
        if part not in self._kept:
            self._kept.clear()
            self._kept[part] = self._placed(self.inputs.technology, box, "technology")
        return self._kept[part]

    def misfits(self, box: Box) -> list[tuple[str, Misfit]]:
        """What does not fit together, and in whose file."""
        spec = self._placed(self.inputs.architecture, box, "architecture")
        technology = self._technology(box)
        network = self._placed(self.inputs.network, box, "network")
        device = self._placed(self.inputs.device, box, "device")
        return [
            *(("architecture", misfit) for misfit in spec.misfits()),
            *(("technology", misfit) for misfit in nodes.misfits(technology)),
            *pairs(network, spec, technology, device),
        ]

    def outcome(self, box: Box) -> Table:
        """What the designs of a box cost; nan and a reason where one cannot exist."""
        inputs = self.inputs
        spec = self._placed(inputs.architecture, box, "architecture")
        device = self._placed(inputs.device, box, "device")
        batch: Real = float(inputs.network.training.batch)
        for _, values in self._arrays(box, "training"):
            batch = values
        if (images := inputs.images) is not None:
            batch = np.minimum(batch, float(images))
        activity = Measured.of(assumed(inputs.network, inputs.architecture, inputs.device))
        over: dict[str, Any] = dict(self._arrays(box, "network.activity"))
        over = self._programmed(spec, device) | over
        planes = (over.pop("input_density"),) if "input_density" in over else activity.planes
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            made = design(
                Workload.of(inputs.network.stages),
                spec,
                self._technology(box),
                device,
                activity=replace(activity, planes=planes, **over),
                batch=batch,
                training=inputs.network.training,
            )
            costs = Costs(made, batch, tuple(cut.stop - cut.start for cut in box))
            return costs.table(self.misfits(box))

    def _programmed(self, spec: ArchitectureSpec, device: Device) -> dict[str, Any]:
        """Cells programmed by the designs of a box, but for what the network file gives."""
        network = self.inputs.network
        if spec is self.inputs.architecture and device is self.inputs.device:
            return {}
        moved = programmed(network, spec, device)
        return {k: v for k, v in moved.items() if getattr(network.activity, k) is None}


def _is_technology(key: str) -> bool:
    return key.startswith("technology.")


def _passes(
    axes: Sequence[Axis], groups: Iterable[Rows], read: Read
) -> tuple[list[_Pass], list[tuple[Rows, InputError]]]:
    """The passes of a sweep, and the rows of those whose files and nouns are wrong together."""
    passes, failed = [], []
    for rows in groups:
        settings, numbers = [], {}
        for i, (axis, chosen) in enumerate(zip(axes, rows, strict=True)):
            for one in axis.columns:
                settings.append(one.setting(int(chosen[0])))
                if not one.noun(int(chosen[0])):
                    numbers[one.key] = i, one.numbers[chosen]
        try:
            passes.append(_Pass(read(settings), rows, numbers))
        except InputError as problem:
            failed.append((rows, problem))
    return passes, failed


def _impossible(read: Read) -> ImpossibleError | None:
    """What is impossible of the inputs before any axis changes them; InputError for a mistake."""
    try:
        read(())
    except ImpossibleError as problem:
        return problem
    return None


def _refuse_mistakes(
    failed: Sequence[tuple[Rows, InputError]], impossible: ImpossibleError | None
) -> None:
    """InputError where no pass could be read: for what no axis is to blame, or all are mistakes."""
    if impossible is not None:
        raise impossible
    problems = [problem for _, problem in failed]
    if problems and not any(isinstance(one, ImpossibleError) for one in problems):
        raise problems[0]


def _wrong(axes: Sequence[Axis], shape: tuple[int, ...]) -> NDArray[Any]:
    """For each design what is wrong with a value of it by itself, nothing where there is none."""
    why = np.full(shape, "", dtype=object)
    for i, axis in enumerate(axes):
        along = tuple(-1 if k == i else 1 for k in range(len(axes)))
        why = np.where(why == "", axis.wrong.reshape(along), why)
    return why.ravel()


def _value(argument: Argument) -> str:
    """An argument as a reason names it: by its value, for the table says what it is of."""
    return str(argument.name if argument.value is None else argument.value)


def _places(rows: Rows, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Where the designs of these rows stand in a table of all."""
    return np.ravel_multi_index(np.ix_(*rows), shape).ravel()
