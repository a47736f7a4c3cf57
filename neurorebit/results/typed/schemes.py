"""What a comparison of schemes gives a program: a frame, the run of each, the files of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from neurorebit.results import folder
from neurorebit.results.document import NAME, Json, read
from neurorebit.results.frames import of_rows
from neurorebit.results.spending import KEYS, reached
from neurorebit.results.typed.run import Run

if TYPE_CHECKING:
    import pandas as pd

UNITS = {
    "energy_J_per_epoch": "J",
    "energy_with_dram_J_per_epoch": "J",
    "latency_s_per_epoch": "s",
    "area_m2": "m2",
}
WORDS = ("ablations", "endings", "command")  # of a row, which the text tells


@dataclass(frozen=True, eq=False, repr=False)
class SchemeComparison:
    """Schemes side by side: a row for each, and by name and seed the run of each.

    ``text`` is the table for a reader; ``files`` has all files that the comparison writes where it
    is asked to, by their paths in its folder.
    """

    rows: tuple[Json, ...]
    text: str
    runs: Mapping[tuple[str, int], Run]
    files: Mapping[str, bytes]

    @classmethod
    def read(cls, rows: Sequence[Json], text: str, place: Path) -> Self:
        """The comparison whose files a folder has."""
        files = {
            str(path.relative_to(place)): path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file()
        }
        runs = {}
        for path in place.glob(f"*/{NAME}"):
            name, _, seed = path.parent.name.rpartition("_seed")
            runs[name, int(seed)] = Run(read(path))
        return cls(tuple(rows), text, runs, files)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each scheme, by its name: accuracy (0 to 1), and of its first seed energy and
        time of an epoch, area, digital memory, pulses and writes, lifetime in epochs.
        """
        rows: list[dict[str, Any]] = [*self.rows]
        keys = (key for row in rows for key in row if key not in WORDS)
        made = of_rows(rows, tuple(dict.fromkeys(keys)), index="scheme")
        made.attrs["units"] |= {key: unit for key, unit in UNITS.items() if key in made}
        return made

    def energy_to(self, accuracy: float) -> pd.DataFrame:
        """A row for each scheme, by its name: what it spent until its tests reached an accuracy.

        ``accuracy`` from 0 to 1, of the mean over the seeds. Columns are the first such ``epoch``,
        the ``test_accuracy`` there, energies [J] and ``cells_programmed``; nan where it was not
        reached, and energies of software, which has no chip.
        """
        runs: dict[str, list[Json]] = {}
        for name, seed in sorted(self.runs, key=lambda key: key[1]):
            runs.setdefault(name, []).append(self.runs[name, seed].document)
        names = [str(row["scheme"]) for row in self.rows if row["scheme"] in runs]
        rows = reached({name: runs[name] for name in names}, (accuracy,))
        keys = [key for key in KEYS if not key.startswith("target")]
        made = of_rows([*rows], tuple(keys), index="scheme").astype(float)
        made.attrs["units"] = {"energy_J": "J", "energy_with_dram_J": "J"}
        return made

    def save(self, place: str | Path) -> Path:
        """Write the folder that ``neurorebit schemes`` writes, with the report of each run.

        Returns the path; InputError where it cannot be written.
        """
        path = Path(place)
        groups: dict[Path, dict[str, str | bytes]] = {}
        for name, content in self.files.items():
            at = path / name
            groups.setdefault(at.parent, {})[at.name] = content
        for parent, contents in groups.items():
            folder.write(parent, contents)
        return path

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        table: str = self.frame.to_html()
        return table
