"""What a mapping gives a program: what it costs, how each layer stands on the chip, its file."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from neurorebit.results import folder, mapping_text
from neurorebit.results.frames import of_rows
from neurorebit.results.mapping_text import FIRST
from neurorebit.schema import Argument, InputError

if TYPE_CHECKING:
    import pandas as pd

KEY = "architecture.mapping.layers"
ENTRY = ("layer", "copies", "kernel_split", "pack_groups", "share_tile")  # keys of the file
COLUMNS = (*ENTRY, "tiles", "latency_s", "copies_before", "tiles_before", "latency_before_s")


class Figures(NamedTuple):
    """What a mapping costs: area [m^2], and energy [J] and time [s] of the work of an image.

    In a pipeline the time is that between images.
    """

    area: float
    energy: float
    latency: float

    @property
    def edp(self) -> float:
        """Energy times latency [J s]."""
        return self.energy * self.latency

    @property
    def throughput(self) -> float:
        """Time between images [s], which is least where most images come through a second."""
        return self.latency

    def of(self, objective: str) -> float:
        """The figure that was minimised."""
        return float(getattr(self, objective))


@dataclass(frozen=True, eq=False, repr=False)
class MappedNetwork:
    """The best mapping that was reached, and the chip as it was given.

    ``rows``: of each layer with weights the keys of its entry (None: not given), and what it has
    and takes, before and after. ``bound``: no mapping has less of what was minimised; ``stopped``:
    the time ran out before the gap was closed. ``about`` says what was mapped and how.
    """

    before: Figures
    best: Figures
    rows: tuple[dict[str, Any], ...]
    _: KW_ONLY
    bound: float
    stopped: bool
    about: dict[str, Any]

    @property
    def objective(self) -> str:
        """What was minimised."""
        return str(self.about["objective"])

    @property
    def work(self) -> str:
        """What costs it: inference or training."""
        return str(self.about["work"])

    @property
    def gap(self) -> float:
        """The share by which a better mapping may exist."""
        value = self.best.of(self.objective)
        return max(0.0, 1.0 - self.bound / value) if value > 0.0 else 0.0

    @property
    def gain(self) -> float:
        """What was minimised, before over after."""
        return self.before.of(self.objective) / self.best.of(self.objective)

    @property
    def settings(self) -> dict[str, Any]:
        """What to set over the chip: ``chip.set(found.settings)``."""
        entries = [
            {key: row[key] for key in ENTRY if row[key] is not None}
            for row in self.rows
            if any(row[key] is not None for key in ENTRY[1:])
        ]
        return {KEY: entries}

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each layer: its entry, tiles and time [s] of an image, before and after."""
        return of_rows(self.rows, COLUMNS, index="layer")

    @property
    def text(self) -> str:
        """The mapping for a reader."""
        return mapping_text.text(self)

    @property
    def file(self) -> str:
        """A file of settings, with what it is and costs in the lines above."""
        mapping = {"source": self.about["source"], "layers": self.settings[KEY]}
        tree = {"architecture": {"mapping": mapping}}
        lines = [f"# {line}".rstrip() for line in mapping_text.heads(self)]
        dumped = yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
        return "\n".join((*lines, str(dumped)))

    def save(self, place: str | Path) -> Path:
        """Write the file of settings; InputError where it cannot be, or another file is there."""
        path = Path(place)
        claim(path)
        folder.write(path.parent, {path.name: self.file})
        return path

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        title, *lines = mapping_text.heads(self)
        said = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
        shown: str = self.frame.to_html(na_rep="")
        return f"<div><b>{html.escape(title)}</b><ul>{said}</ul>{shown}</div>"


class _Dumper(yaml.SafeDumper):
    """Writes an entry of a list in one line."""


def _entry(dumper: yaml.SafeDumper, entry: Mapping[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", entry, flow_style="layer" in entry)


_Dumper.add_representer(dict, _entry)


def claim(path: Path) -> None:
    """InputError unless a mapping can be written there: a new file, or one that is a mapping."""
    origin = Argument("out", path)
    if path.is_dir():
        raise InputError("is a folder", origin=origin, value=path, cure="name a file")
    if path.exists() and not _is_mapping(path):
        message = "is there, and is no mapping that was written before"
        raise InputError(message, origin=origin, value=path, cure="name another file")
    folder.claim(path.parent, [path.name])


def _is_mapping(path: Path) -> bool:
    """Whether a file begins as a mapping does; an empty one may be replaced too."""
    with path.open("rb") as file:
        start = file.read(len(FIRST) + 2)
    return not start or start == f"# {FIRST}".encode()
