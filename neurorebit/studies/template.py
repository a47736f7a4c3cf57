"""The network and the chip whose keys designs set: what many designs have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from neurorebit.inputs.files import CHOSEN, Inputs, Source, read_inputs
from neurorebit.results.sweep import FEASIBLE, REASON, Table
from neurorebit.schema import Argument, Document, InputError, Setting
from neurorebit.studies.axes import FILES
from neurorebit.studies.outcomes import OUTCOMES
from neurorebit.studies.sweep import sweep

Texts = Mapping[str, str]  # a design: by key the value, as it would be set


@dataclass(frozen=True, eq=False)
class Template:
    """The files of a study, with settings over them.

    ``files`` are documents made in memory, by the kind of file and the word that means them.
    """

    network: Source
    architecture: Source = "rebit"
    technology: Source | None = None
    device: Source | None = None
    _: KW_ONLY
    settings: tuple[Setting, ...] = ()
    files: Mapping[tuple[str, str], Document] = field(default_factory=dict)
    recipe: str | None = None

    def named(self, design: Iterable[Setting]) -> dict[str, Source | None]:
        """The chip's files where a design names some: of a word the document that it means."""
        found: dict[str, Source | None] = {
            "architecture": self.architecture,
            "technology": self.technology,
            "device": self.device,
        }
        for setting in design:
            if setting.key in FILES:
                found[setting.key] = self.files.get((setting.key, setting.text), setting)
        return found

    def over(self, design: Iterable[Setting]) -> tuple[Setting, ...]:
        """All settings of a design but for those that name files."""
        return (*self.settings, *(one for one in design if one.key not in FILES))

    def inputs(self, design: Sequence[Setting] = (), *, fitting: bool = True) -> Inputs:
        """The files with a design over them; InputError where something is wrong."""
        named = self.named(design)
        return read_inputs(
            self.network,
            named["architecture"] or "rebit",
            named["technology"],
            named["device"],
            recipe=self.recipe,
            settings=self.over(design),
            fitting=fitting,
        )

    def refuse_twice(self, keys: Iterable[str], what: str) -> None:
        """InputError where a key of designs is chosen here, too; ``what`` is what designs are."""
        chosen = {setting.key: setting.label for setting in self.settings}
        for kind in CHOSEN:
            if (given := getattr(self, kind)) is not None:
                chosen[kind] = Argument(kind, None if isinstance(given, Document) else given)
        for key in keys:
            for spelt in (key, f"architecture.{key}" if key in CHOSEN else ""):
                if spelt in chosen:
                    origin = (Argument(what, key), " and ", chosen[spelt])
                    raise InputError("the same choice twice", origin=origin, cure="keep one")

    def costs(self, designs: Sequence[Texts]) -> Table:
        """What designs cost, in one broadcast pass for all that set the same keys.

        A design that cannot exist, or whose files are wrong together, has nan and the reason.
        """
        table: Table = {name: np.full(len(designs), np.nan) for name in OUTCOMES}
        table |= {FEASIBLE: np.zeros(len(designs), bool), REASON: np.full(len(designs), "", object)}
        for keys, rows in _alike(designs).items():
            columns = {key: [designs[row][key] for row in rows] for key in keys}
            try:
                found = sweep(
                    self.network,
                    designs=columns,
                    architecture=self.architecture,
                    technology=None if "technology" in columns else self.technology,
                    device=None if "device" in columns else self.device,
                    settings=self.settings,
                    files=self.files,
                ).table
            except InputError as problem:
                table[REASON][rows] = problem.text()
                continue
            for name in table:
                table[name][rows] = found[name]
        return table


def _alike(designs: Sequence[Texts]) -> dict[tuple[str, ...], list[int]]:
    """The rows of the designs that set the same keys."""
    found: dict[tuple[str, ...], list[int]] = {}
    for row, design in enumerate(designs):
        found.setdefault(tuple(design), []).append(row)
    return found
