"""The space of a search: keys in order, the values that each may take, and when it exists.

A design gives each key that exists a choice: the index of a listed value, or a number of a range.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import cache, cached_property

import numpy as np

from neurorebit.inputs.files import CHOSEN, plain_key
from neurorebit.inputs.space import Choice, SpaceFile
from neurorebit.schema import ImpossibleError, InputError, Setting
from neurorebit.studies.axes import FILES, MOST, Column, column, written

Design = dict[str, float]  # by key the choice: an index, or the number itself
Refuse = Callable[[Sequence[Setting]], None]  # raises where settings are wrong by themselves
STEP = 1e-9  # of a step, by which the last one may miss the end of a range
COUNTED = 100_000  # combinations of the values that others hang on, of which designs are counted
CHIPS = 64  # of which a key is looked for before the search; on others it shows in the search
WORD = "list the words instead"


@dataclass(frozen=True, eq=False)
class Dimension:
    """A key and its values: those of the column, or all from its first to its second."""

    key: str
    column: Column
    _: KW_ONLY
    ranged: bool = False
    log: bool = False
    only: Mapping[str, frozenset[str]]
    origin: object = None

    def __len__(self) -> int:
        return len(self.column)

    @property
    def size(self) -> float:
        """How many values it has."""
        if not self.ranged:
            return len(self)
        low, high = self.ends
        return high - low + 1 if self.column.whole else math.inf

    @property
    def words(self) -> bool:
        """Whether values have no order."""
        return bool(self.column.nouns)

    @property
    def texts(self) -> tuple[str, ...]:
        """The listed values as they would be set."""
        return tuple(self.column.text(row) for row in range(len(self.column)))

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of a range."""
        low, high = self.column.numbers.tolist()
        return low, high

    def text(self, choice: float) -> str:
        """A choice as it would be set."""
        if self.ranged:
            return written(float(choice), self.column.unit, self.column.whole)
        return self.column.text(int(choice))

    @property
    def shown(self) -> str:
        """Its values, for a reader."""
        if not self.ranged:
            return ", ".join(self.texts)
        return f"{self.text(self.ends[0])} to {self.text(self.ends[1])}{' (log)' * self.log}"


@dataclass(frozen=True, eq=False)
class Space:
    """The dimensions of a search, each behind those that decide whether it exists."""

    dimensions: tuple[Dimension, ...]
    digest: str = ""

    def exists(self, dimension: Dimension, design: Mapping[str, float]) -> bool:
        """Whether a key exists beside these choices for the keys before it."""
        return all(
            key in design and self[key].text(design[key]) in texts
            for key, texts in dimension.only.items()
        )

    def __getitem__(self, key: str) -> Dimension:
        return next(one for one in self.dimensions if one.key == key)

    def made(self, choose: Callable[[Dimension], float]) -> Design:
        """A design whose choices are made one after the other, for the keys that exist."""
        design: Design = {}
        for dimension in self.dimensions:
            if self.exists(dimension, design):
                design[dimension.key] = choose(dimension)
        return design

    def texts(self, design: Mapping[str, float]) -> dict[str, str]:
        """The values of a design as they would be set."""
        return {key: self[key].text(choice) for key, choice in design.items()}

    @cached_property
    def count(self) -> float:
        """How many designs there are; infinite where a range has no steps, or they are too many."""
        parents = {key for one in self.dimensions for key in one.only}
        found: list[tuple[Design, float]] = [({}, 1.0)]
        for one in self.dimensions:
            grown: list[tuple[Design, float]] = []
            for design, times in found:
                if not self.exists(one, design):
                    grown.append((design, times))
                elif one.key in parents:
                    grown += [({**design, one.key: row}, times) for row in range(len(one))]
                else:
                    grown.append((design, times * one.size))
            found = grown
            if len(found) > COUNTED:
                return math.inf
        return sum(times for _, times in found)

    def neighbour(self, design: Design, rng: np.random.Generator) -> Design:
        """A design that differs in one choice by a step, and in what hangs on it."""
        moved = self.dimensions[int(rng.integers(len(self.dimensions)))]
        while moved.key not in design:
            moved = self.dimensions[int(rng.integers(len(self.dimensions)))]

        def choose(dimension: Dimension) -> float:
            if dimension is moved:
                return _step(dimension, design[dimension.key], rng)
            if dimension.key in design:
                return design[dimension.key]
            return _any(dimension, rng)

        return self.made(choose)


def _step(dimension: Dimension, choice: float, rng: np.random.Generator) -> float:
    if dimension.ranged:
        return _any(dimension, rng)
    if dimension.words:
        return int(rng.integers(len(dimension)))
    return int(np.clip(choice + rng.choice([-1, 1]), 0, len(dimension) - 1))


def _any(dimension: Dimension, rng: np.random.Generator) -> float:
    if not dimension.ranged:
        return int(rng.integers(len(dimension)))
    low, high = dimension.ends
    if dimension.column.whole:
        return int(rng.integers(int(low), int(high) + 1))
    if dimension.log:
        return float(np.clip(np.exp(rng.uniform(np.log(low), np.log(high))), low, high))
    return float(rng.uniform(low, high))


# --- from the file


def resolved(file: SpaceFile, refuse: Refuse) -> Space:
    """The space that a file describes; ``refuse`` reads settings on the chip of the search.

    InputError, at the key's line, where a key or a value is a mistake, or a key does not exist on
    a chip of the space and no ``if`` says so.
    """
    choices = {_plain(one): one for one in file.choices}
    if len(choices) < len(file.choices):
        seen: set[str] = set()
        for one in file.choices:
            if _plain(one) in seen:
                raise one.refused("given twice", "keep one")
            seen.add(_plain(one))
    dimensions: dict[str, Dimension] = {}
    for key in _in_order(choices):
        dimensions[key] = _dimension(choices[key], key, dimensions, refuse)
    return Space(tuple(dimensions.values()), digest=file.digest)


def _plain(choice: Choice) -> str:
    """The one spelling of a key."""
    key = plain_key(choice.key)
    below = key.removeprefix("architecture.")
    return below if below in CHOSEN else key


def _in_order(choices: Mapping[str, Choice]) -> Iterator[str]:
    """The keys, files first, each behind those that its existence hangs on."""
    left = sorted(choices, key=lambda key: (key not in FILES, key != "architecture"))
    done: set[str] = set()
    while left:
        for key in left:
            needs = [plain_key(other) for other, _ in choices[key].only]
            for other in needs:
                if other not in choices:
                    message = f"exists if {other}, which is no key of the space"
                    raise choices[key].refused(message, "add that key, or drop the condition")
            if done.issuperset(needs):
                break
        else:
            message = "keys exist only beside each other"
            raise choices[left[0]].refused(message, "drop a condition")
        left.remove(key)
        done.add(key)
        yield key


def _dimension(
    choice: Choice, key: str, before: Mapping[str, Dimension], refuse: Refuse
) -> Dimension:
    only = {}
    for other, values in choice.only:
        parent = before[plain_key(other)]
        only[parent.key] = frozenset(_normal(choice, parent, value) for value in values)

    chips = _chips(before, only)

    @cache
    def read(setting: Setting) -> None:
        for chip in chips:
            try:
                refuse((*chip, setting))
            except ImpossibleError:
                continue
            except InputError as problem:
                raise _explained(problem, chip, bool(only)) from None

    listed = choice.values or (choice.low, choice.high)
    try:
        made = column(key, listed, read, lambda name, text, row: f"{name}={text}" if text else name)
        if not made.nouns:  # words were read one by one
            read(made.setting(0))
    except InputError as problem:
        raise problem.seen_from(choice.origin) from None
    found = Dimension(
        key, made, ranged=not choice.values, log=choice.log, only=only, origin=choice.origin
    )
    return _ranged(choice, found) if found.ranged else replace(found, column=_distinct(made))


def _chips(
    before: Mapping[str, Dimension], only: Mapping[str, frozenset[str]]
) -> list[tuple[Setting, ...]]:
    """The settings of the chips on which a key has to exist: all that the space has."""
    deciding = {key: sorted(texts) for key, texts in only.items()}
    if "architecture" in before and "architecture" not in deciding:
        deciding["architecture"] = list(before["architecture"].texts)
    for key in list(deciding):
        for other, texts in before[key].only.items():
            deciding.setdefault(other, sorted(texts))
    pairs = ([Setting(key, text) for text in texts] for key, texts in deciding.items())
    return list(itertools.islice(itertools.product(*pairs), CHIPS))


def _explained(problem: InputError, chip: Sequence[Setting], conditional: bool) -> InputError:
    """What is wrong with a key, and on which chip, where the space has several."""
    if not chip:
        return problem
    on = ", ".join(f"{setting.key}={setting.text}" for setting in chip)
    cure = "keep in its condition the values that fit"
    if not conditional:
        cure = (
            f"where another {chip[0].key} has it, write {{values: ..., if: {{{chip[0].key}: ...}}}}"
        )
    wrong = problem.seen_from(problem.origin or "")
    return InputError((wrong.message, f", with {on}"), cure=cure)


def _normal(choice: Choice, parent: Dimension, value: str) -> str:
    """A value of a condition as the other key's dimension has it."""
    if parent.ranged:
        message = f"hangs on {parent.key}, which is a range"
        raise choice.refused(message, "list the values of that key", value)
    if value in parent.texts:
        return value
    made = column(parent.key, [value], lambda setting: None, lambda *_: choice.origin)
    if made.text(0) in parent.texts:
        return made.text(0)
    message = f"exists if {parent.key} is {value}, which is none of {', '.join(parent.texts)}"
    raise choice.refused(message, "take one of them", value)


def _distinct(made: Column) -> Column:
    """The values in order, each once; words as they are listed."""
    texts = [made.text(row) for row in range(len(made))]
    rows = [row for row in range(len(made)) if texts.index(texts[row]) == row]
    if not made.nouns:
        rows.sort(key=lambda row: float(made.numbers[row]))
    return replace(
        made,
        numbers=made.numbers[rows],
        nouns=tuple(made.nouns[row] for row in rows) if made.nouns else (),
        wrong=tuple(made.wrong[row] for row in rows) if made.wrong else (),
    )


def _ranged(choice: Choice, found: Dimension) -> Dimension:
    """A range, or the list of its steps."""
    made = found.column
    if made.nouns or len(made) != 2:
        raise choice.refused("a range goes from a number to a number", WORD, choice.low)
    if made.wrong:
        raise choice.refused(next(filter(None, made.wrong)), "take ends within the bounds")
    low, high = made.numbers.tolist()
    if not low < high:
        raise choice.refused(f"low {choice.low} is not below high {choice.high}", "exchange them")
    if found.log and low <= 0.0:
        raise choice.refused("a range of decades begins above zero", "drop log, or raise low")
    if not choice.step:
        return found
    step = _length(choice, found)
    steps = math.floor((high - low) / step + STEP)
    if not 1 <= steps < MOST:
        message = f"{steps:,} steps of {choice.step} from {choice.low} to {choice.high}"
        raise choice.refused(message, f"take a step that gives 2 to {MOST:,} values")
    digits = max(0, 15 - math.ceil(math.log10(max(abs(low), abs(high)))))
    numbers = np.array([round(low + i * step, min(digits, 300)) for i in range(steps + 1)])
    return replace(found, column=replace(made, numbers=numbers), ranged=False)


def _length(choice: Choice, found: Dimension) -> float:
    """The step of a range, in the unit of its key."""
    from neurorebit.schema import units

    try:
        step = units.parse(choice.step, found.column.unit)
    except ValueError as problem:
        unit = f" in {found.column.unit}" if found.column.unit else ""
        cure = f"write a number{unit}"
        raise choice.refused(f"step: {problem}, got {choice.step}", cure, choice.step) from None
    if not step > 0.0 or (found.column.whole and step != round(step)):
        kind = "a whole number" if found.column.whole else "a number"
        message = f"expected {kind} above zero as step, got {choice.step}"
        raise choice.refused(message, "write one", choice.step)
    return step
