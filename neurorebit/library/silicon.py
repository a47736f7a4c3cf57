"""The public functions of macros: held against silicon, or billed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit.checking.silicon import against, bill, frame, outcome, picture, reader, text
from neurorebit.results import folder
from neurorebit.results.frames import of_rows
from neurorebit.schema import Argument, InputError

if TYPE_CHECKING:
    import pandas as pd

Place = str | Path
ROW = (
    "macro", "point", "part", "figure", "of", "silicon", "blind", "fitted", "ratio_blind",
    "ratio_fitted", "evidence", "reading_error", "reason",
)  # fmt: skip
SHARE = "macro", "of", "point", "name", "silicon", "blind", "fitted", "difference"
PART = "macro", "point", "part", "energy_J", "leakage_W", "area_m2"


@dataclass(frozen=True, eq=False, repr=False)
class SiliconValidation:
    """Macros held against silicon: a row for each figure, the shares, and what does not hold."""

    outcome: outcome.Outcome

    @property
    def holds(self) -> bool:
        """Whether all criteria hold."""
        return self.outcome.holds

    @property
    def broken(self) -> tuple[str, ...]:
        """The criteria that do not hold, one line each."""
        return self.outcome.broken

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each figure of each point: ours without (``blind``) and with the constant
        (``fitted``), silicon's, and the ratios. In SI units: energy [J] of an operation, operations
        a second, area [m^2]; nan where a macro cannot exist, and ``reason`` says why.
        """
        rows = [frame.row(one) for each in self.outcome.macros for one in each.rows]
        return of_rows(rows, ROW)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """A row for each part of a published split of energy or area; shares of 1."""
        rows = [
            asdict(one) | {"difference": one.difference}
            for each in self.outcome.macros
            for one in each.shares
        ]
        return of_rows(rows, SHARE)

    @property
    def values(self) -> dict[str, Any]:
        """All of it as plain values, as ``--json`` writes them."""
        return frame.values(self.outcome)

    def plot(self, path: Place) -> Path:
        """Write the parity plot, a PNG; InputError where it cannot be written."""
        place = Path(path)
        made = {place.name: picture.parity(self.outcome)}
        folder.write(place.parent, made, argument="path")
        return place

    def __repr__(self) -> str:
        return text.text(self.outcome)

    def _repr_html_(self) -> str:
        table: str = self.frame._repr_html_()  # type: ignore[operator]
        return table


def validate_silicon(
    records: Place | Sequence[Place] = (),
    *,
    points: Place | Sequence[Place] = (),
    tolerance: float = outcome.TOLERANCE,
) -> SiliconValidation:
    """Hold compute-in-memory macros against what was measured on silicon.

    ``records``: files that describe a macro each, or folders of them; the shipped ones unless
    given. ``points``: files of further points, over those of the records. ``tolerance``: mean
    deviation of energies at points that nothing was fitted on. InputError names file, line and key
    where one is wrong.

    >>> import neurorebit as nr
    >>> nr.validate_silicon(tolerance=0.0)
    Traceback (most recent call last):
    ...
    neurorebit.schema.errors.InputError: tolerance 0.0: expected a share above zero; give 0.1, say
    """
    if not 0.0 < tolerance < float("inf"):
        origin = Argument("tolerance", tolerance)
        raise InputError("expected a share above zero", origin=origin, cure="give 0.1, say")
    read = reader.read_all(_paths(records), _paths(points))
    return SiliconValidation(against.compare(read, tolerance))


@dataclass(frozen=True, eq=False, repr=False)
class MacroBill:
    """What a macro costs at the points of its record."""

    record: reader.Silicon
    points: tuple[bill.Billed, ...]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each point: energy [J] and time [s] of a product, area [m^2], TOPS and so on;
        nan where the macro cannot exist, and ``reason`` says why.
        """
        names = ("point", *bill.FIGURES, "reason")
        return of_rows(bill.values(self.points), names, index="point")

    @cached_property
    def parts(self) -> pd.DataFrame:
        """A row for each part at each point: energy [J] of a product, leakage [W], area [m^2]."""
        return of_rows((part for each in self.points for part in each.parts), PART)

    def __repr__(self) -> str:
        return bill.text(self.record, self.points)

    def _repr_html_(self) -> str:
        table: str = self.frame._repr_html_()  # type: ignore[operator]
        return table


def macro(record: Place) -> MacroBill:
    """What a compute-in-memory macro alone costs, at the points of the file that describes it.

    ``record``: a YAML or JSON file as ``validate_silicon`` takes it; nothing need be measured.
    InputError names file, line and key where it is wrong.

    >>> import pathlib, tempfile
    >>> import neurorebit as nr
    >>> mine = '''
    ... id: mine
    ... macro: {kind: near_memory, rows: 128, columns: 128}
    ... supplies: {core: 22nm_lstp}
    ... points:
    ...   - {id: nominal, vdd: 0.8 V}
    ...   - {id: fast, vdd: 0.9 V}
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "mine.yaml")
    ...     _ = path.write_text(mine)
    ...     found = nr.macro(path).frame
    >>> bool(found.loc["fast", "tops"] > found.loc["nominal", "tops"])
    True
    """
    found = reader.read_record(Path(record))
    return MacroBill(found, bill.bill(found))


def _paths(given: Place | Sequence[Place]) -> tuple[Path, ...]:
    return (Path(given),) if isinstance(given, str | Path) else tuple(map(Path, given))
