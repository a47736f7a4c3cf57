"""The designs of a sweep, costed part by part: numbers broadcast, nouns loop outside.

A part is a box of the grid. Its designs that share all nouns are a pass, cut into boxes that memory
and caches hold. The formulas are the same as in ``estimate``, and so are the results. A design that
cannot exist is nan and keeps the reason, whether a value is out of its bounds, the files do not fit
each other, or a part cannot be built.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real
from neurorebit.estimation.design import design
from neurorebit.inputs.files import Inputs, Source, read_inputs
from neurorebit.inputs.pairs import pairs
from neurorebit.results.sweep import FEASIBLE, REASON, Table
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
from neurorebit.schema.technology_misfits import misfits
from neurorebit.schemes.assumed import assumed, programmed
from neurorebit.studies.axes import FILES, Axis
from neurorebit.studies.keys import place
from neurorebit.studies.outcomes import OUTCOMES, Costs

Array = NDArray[np.float64]
Rows = Sequence[NDArray[np.intp]]  # of each axis: those of a part of a grid
Box = tuple[slice, ...]  # a part of a grid: a range of rows of each axis

AT_ONCE = 4096  # designs in a box: enough that Python's share is small, few enough for the caches
A_TASK = 65536  # designs that a worker is given at a time, at most: seconds of work
MANY = 64  # parts that a large grid has at least
READ = 64  # inputs that are kept, each for a choice of all nouns


@dataclass(frozen=True, eq=False)
class Question:
    """What a sweep asks: the axes of its designs, and the files that they are set over.

    ``files``: documents made in memory, by the kind of file and the word that means them.
    """

    network: Source
    architecture: Source = "rebit"
    technology: Source | None = None
    device: Source | None = None
    _: KW_ONLY
    settings: tuple[Setting, ...] = ()
    files: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    axes: tuple[Axis, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Values along each axis."""
        return tuple(map(len, self.axes))

    @property
    def count(self) -> int:
        """Designs in all."""
        return math.prod(self.shape) if self.axes else 0

    def read(self, settings: Iterable[Setting] = ()) -> Inputs:
        """The inputs with these settings; they may choose files."""
        chosen = tuple(settings)
        named: dict[str, Source] = {
            setting.key: self.files.get((setting.key, setting.text), setting)
            for setting in chosen
            if setting.key in FILES
        }
        return read_inputs(
            self.network,
            named.get("architecture", self.architecture),
            named.get("technology", self.technology),
            named.get("device", self.device),
            settings=(*self.settings, *(one for one in chosen if one.key not in FILES)),
            fitting=False,
        )


class Grid:
    """The designs that a question asks for; the last axis is the fastest."""

    def __init__(self, asked: Question) -> None:
        self._asked = asked
        self._groups = [axis.groups() for axis in asked.axes]
        self._wrong = [axis.wrong for axis in asked.axes]
        self._inputs = lru_cache(READ)(self._read)

    @property
    def whole(self) -> Box:
        """The box of all designs."""
        return tuple(slice(0, length) for length in self._asked.shape)

    def refuse_mistakes(self, impossible: ImpossibleError | None) -> None:
        """InputError where no design can be read: ``impossible``, or else what is wrong with all.

        Values that cannot be are no mistakes.
        """
        first: InputError | None = None
        for chosen in self._chosen():
            found = self._inputs(chosen)
            if not isinstance(found, InputError):
                return
            if isinstance(found, ImpossibleError) and impossible is None:
                return
            first = first or found
        if impossible is not None:
            raise impossible
        if first is not None:
            raise first

    def axes_of(self, box: Box) -> Table:
        """The value of every key in every design of a box."""
        table: Table = {}
        shape = extent(box)
        for i, (axis, cut) in enumerate(zip(self._asked.axes, box, strict=True)):
            along = tuple(-1 if k == i else 1 for k in range(len(box)))
            for one in axis.columns:
                values = one.shown[cut].reshape(along)
                table[one.heading] = np.broadcast_to(values, shape).ravel()
        return table

    def blank(self, box: Box) -> Table:
        """The outcomes of a box before any is known, with the reasons of values by themselves."""
        shape = extent(box)
        why = np.full(shape, "", dtype=object)
        for i, (wrong, cut) in enumerate(zip(self._wrong, box, strict=True)):
            along = tuple(-1 if k == i else 1 for k in range(len(box)))
            why = np.where(why == "", wrong[cut].reshape(along), why)
        table: Table = {name: np.full(why.size, np.nan) for name in OUTCOMES}
        return table | {FEASIBLE: np.zeros(why.size, bool), REASON: why.ravel()}

    def outcomes(self, box: Box) -> Iterator[tuple[NDArray[np.intp], Table]]:
        """What the designs of a box cost, some at a time, with where they stand in it.

        Of designs that cannot be read only the reason.
        """
        shape = extent(box)
        for chosen, rows in self._parts(box):
            inputs = self._inputs(chosen)
            inside = [of - cut.start for of, cut in zip(rows, box, strict=True)]
            if isinstance(inputs, InputError):
                yield _places(inside, shape), {REASON: np.array(inputs.text(_value), dtype=object)}
                continue
            numbers = {}
            for i, (axis, group) in enumerate(zip(self._asked.axes, chosen, strict=True)):
                first = int(self._groups[i][group][0])
                for one in axis.columns:
                    if not one.noun(first):
                        numbers[one.key] = i, one.numbers[rows[i]]
            of_pass = _Pass(inputs, tuple(map(len, rows)), numbers)
            for part in boxes(of_pass.shape, AT_ONCE):
                at = [of[cut] for of, cut in zip(inside, part, strict=True)]
                yield _places(at, shape), of_pass.outcome(part)

    def _chosen(self) -> Iterator[tuple[int, ...]]:
        """A group of rows of each axis, for every choice of all nouns."""
        return itertools.product(*(range(len(groups)) for groups in self._groups))

    def _parts(self, box: Box) -> Iterator[tuple[tuple[int, ...], Rows]]:
        """The choices of nouns that a box has, with the rows of each axis."""
        of_axes = []
        for groups, cut in zip(self._groups, box, strict=True):
            ends = [np.searchsorted(rows, (cut.start, cut.stop)) for rows in groups]
            inside = [rows[low:high] for rows, (low, high) in zip(groups, ends, strict=True)]
            of_axes.append([(i, rows) for i, rows in enumerate(inside) if rows.size])
        for parts in itertools.product(*of_axes):
            yield tuple(i for i, _ in parts), tuple(rows for _, rows in parts)

    def _read(self, chosen: tuple[int, ...]) -> Inputs | InputError:
        """The inputs of a choice of all nouns, with the first numbers of each axis; or what is
        wrong with them together.
        """
        firsts = [int(groups[i][0]) for groups, i in zip(self._groups, chosen, strict=True)]
        settings = [
            one.setting(row)
            for axis, row in zip(self._asked.axes, firsts, strict=True)
            for one in axis.columns
        ]
        try:
            return self._asked.read(settings)
        except InputError as problem:
            return problem


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


def tasks(shape: tuple[int, ...]) -> Iterator[Box]:
    """A grid in the parts that workers are given: many, for none to wait long at the end."""
    share = math.prod(shape) // MANY
    return boxes(shape, min(A_TASK, max(1, share // AT_ONCE) * AT_ONCE))


def first_of(box: Box, shape: tuple[int, ...]) -> int:
    """Where the first design of a box stands among all; in a box of ``boxes`` all others follow."""
    return int(np.ravel_multi_index(tuple(cut.start for cut in box), shape))


def extent(box: Box) -> tuple[int, ...]:
    """Designs along each axis of a box."""
    return tuple(cut.stop - cut.start for cut in box)


# --- a pass


@dataclass(frozen=True, eq=False)
class _Pass:
    """Designs that share all nouns, along each axis, and their numbers.

    ``numbers`` holds for each key its axis and its values along it.
    """

    inputs: Inputs
    shape: tuple[int, ...]
    numbers: Mapping[str, tuple[int, Array]]
    _kept: dict[tuple[Any, ...], nodes.Technology] = field(default_factory=dict)

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
            *(("technology", misfit) for misfit in misfits(technology)),
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
            costs = Costs(made, batch, extent(box))
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


def _value(argument: Argument) -> str:
    """An argument as a reason names it: by its value, for the table says what it is of."""
    return str(argument.name if argument.value is None else argument.value)


def _places(rows: Rows, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Where the designs of these rows stand in a table of all."""
    return np.ravel_multi_index(np.ix_(*rows), shape).ravel()
