"""Many designs in one pass: named axes become arrays, one broadcast estimate answers for all."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import cache, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.shared import forget
from neurorebit.inputs.files import Source, parse_setting
from neurorebit.machines.tasks import Executor, unwanted
from neurorebit.results.sweep import CRITERIA, FEASIBLE, PARETO, REASON, Table, front
from neurorebit.results.typed.grid import Axes, Sweep
from neurorebit.schema import Argument, Document, ImpossibleError, InputError, Setting
from neurorebit.studies.axes import MOST, Label, Values, axes_of, column, of_designs
from neurorebit.studies.grid import Box, Grid, Question, first_of, tasks
from neurorebit.studies.outcomes import OUTCOMES

Progress = Callable[[int, int], None]  # designs done, designs in all

NOT_REACHED = "not reached: the sweep was interrupted"


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
    asked = question(
        network,
        axes,
        designs=designs,
        architecture=architecture,
        technology=technology,
        device=device,
        settings=settings,
        files=files,
        pareto=pareto,
        label=label,
    )
    return swept(asked, pareto=pareto, progress=progress)


def swept(
    asked: Question,
    *,
    pareto: Sequence[str] = (),
    progress: Progress | None = None,
    machines: Executor | None = None,
) -> Sweep:
    """The designs of a question as one table; ``machines`` share them, if there are any.

    InputError where they are too many for memory.
    """
    if asked.count > MOST:
        message = f"a table takes 1 to {MOST:,} designs, these axes make {asked.count:,}"
        raise InputError(message, cure="take fewer values, or write to a folder")
    grid = Grid(asked)
    table = grid.axes_of(grid.whole) | grid.blank(grid.whole)
    reached = table[REASON] != ""
    done = int(np.count_nonzero(reached))
    interrupted = False
    try:
        with closing(_outcomes(asked, grid, machines)) as parts:
            for where, values in parts:
                for name, of_part in values.items():
                    table[name][where] = of_part.ravel()
                done += int(np.count_nonzero(~reached[where]))
                reached[where] = True
                if progress:
                    progress(done, asked.count)
    except KeyboardInterrupt:
        interrupted = True
        for name in OUTCOMES:
            table[name][~reached] = np.nan
        table[FEASIBLE][~reached], table[REASON][~reached] = False, NOT_REACHED
    finally:
        forget()  # circuits that hold arrays of designs
    if pareto:
        table[PARETO] = front(table, pareto)
    return Sweep(table, form(asked), interrupted)


def question(
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
    label: Label = of_designs,
) -> Question:
    """What a sweep of these arguments asks; InputError for a mistake in them."""
    given = tuple(s if isinstance(s, Setting) else parse_setting(s) for s in settings)
    taken = list(given)
    for kind, name in (("technology", technology), ("device", device)):
        if name is not None:
            taken.append(Setting(f"architecture.{kind}", str(name), Argument(kind, name)))
    bare = Question(network, architecture, technology, device, settings=given, files=files or {})

    @cache
    def refuse(setting: Setting) -> None:
        with suppress(ImpossibleError):
            bare.read((setting,))

    impossible = None  # a mistake that no axis is to blame for comes first
    try:
        bare.read()
    except ImpossibleError as problem:
        impossible = problem
    for criterion in pareto:
        if criterion not in CRITERIA:
            origin, known = Argument("pareto", criterion), ", ".join(CRITERIA)
            message = f"expected one of {known}"
            raise InputError(message, origin=origin, value=criterion, cure="take one of them")
    alone = [column(key, values, refuse) for key, values in (axes or {}).items()]
    together = [column(key, values, refuse, label) for key, values in (designs or {}).items()]
    made = replace(bare, axes=axes_of(alone, together, taken))
    if not made.count:
        message = f"a sweep takes 1 to {MOST:,} designs, these axes make 0"
        raise InputError(message, cure="give an axis or designs")
    Grid(made).refuse_mistakes(impossible)
    return made


def form(asked: Question) -> Axes:
    """The axes as the result of a sweep has them."""
    names = tuple(tuple(one.heading for one in axis.columns) for axis in asked.axes)
    return Axes(names, asked.shape)


def _outcomes(
    asked: Question, grid: Grid, machines: Executor | None
) -> Generator[tuple[NDArray[np.intp], Table], None, None]:
    """What designs cost, some at a time, with where they stand in the table of all."""
    if machines is None or machines.workers == 1:
        yield from grid.outcomes(grid.whole)
        return
    for box, table in machines.run(partial(part, asked), tasks(asked.shape)):
        first = first_of(box, asked.shape)
        yield np.arange(first, first + len(table[FEASIBLE])), table


def part(asked: Question, box: Box) -> Table:
    """The outcomes of a box, as a worker makes them; it stops where nobody waits for them."""
    grid = kept(asked)
    table = grid.blank(box)
    try:
        for where, values in grid.outcomes(box):
            for name, of_part in values.items():
                table[name][where] = of_part.ravel()
            if unwanted():
                break
    finally:
        forget()
    return table


@lru_cache(maxsize=1)
def kept(asked: Question) -> Grid:
    """The grid of a question, which a worker keeps from box to box."""
    return Grid(asked)
