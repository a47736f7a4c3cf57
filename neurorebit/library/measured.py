"""The public function that makes a device of measured pulses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from neurorebit.library.inputs import DeviceInput
from neurorebit.schema import Argument, Document, InputError, units

if TYPE_CHECKING:
    import pandas as pd

Conditions = str | float | Sequence[str | float]  # one for both directions, or up and down


@dataclass(frozen=True, eq=False, repr=False)
class FittedDevice(DeviceInput):
    """A device fitted to measured pulses, ready for ``with_device``.

    ``table`` says for a reader what was found and how sure it is; ``picture`` is a PNG of trains
    and fit. ``save`` writes the device file.
    """

    table: str = field(kw_only=True)
    picture: bytes = field(kw_only=True)

    def _repr_png_(self) -> bytes:
        return self.picture

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{self.table}"


def fit(
    data: str | Path | pd.DataFrame,
    *,
    voltage: Conditions | None = None,
    width: Conditions | None = None,
    name: str | None = None,
    like: str = "taox_hfox",
) -> FittedDevice:
    """The device of measured pulse trains.

    ``data``: a CSV file or a DataFrame with a row for each reading: ``cell``, ``cycle``,
    ``direction`` (ltp, ltd), ``pulse`` (from 0 or 1), ``conductance_S`` [S]. ``voltage`` [V] and
    ``width`` [s] of the pulses: one, or one up and one down; those of the device ``like`` unless
    given, as is all that the data do not say. ``name``: the device's, that of the file unless
    given. Writes nothing. InputError with line and column where the data are wrong.

    The curve of the pulses has signed labels (docs/models/devices.md#nonlinearity-labels).

    >>> import numpy as np, pandas as pd
    >>> import neurorebit as nr
    >>> rows = [
    ...     {"cell": cell, "cycle": 0, "direction": way, "pulse": pulse,
    ...      "conductance_S": (1e-6 + 9e-6 * share) * (1.0 + 0.01 * noise)}
    ...     for cell in range(3)
    ...     for way in ("ltp", "ltd")
    ...     for pulse, noise in enumerate(np.random.default_rng(cell).standard_normal(21))
    ...     for share in [pulse / 20 if way == "ltp" else 1 - pulse / 20]
    ... ]
    >>> mine = nr.fit(pd.DataFrame(rows), voltage="1.6 V", width="50 ns", name="mine")
    >>> bool(80e3 < mine.values["r_on"] < 120e3)
    True
    >>> nr.chip("rebit").with_device(mine).device.name
    'mine'
    """
    from neurorebit.fitting import fitted  # needs Numba

    voltages, widths = _both("voltage", voltage, "V"), _both("width", width, "s")

    def made(path: Path, shown: str) -> FittedDevice:
        found = fitted(path, name=shown, voltages=voltages, widths=widths, like=like)
        document = Document.of_text(found.text, Path(shown), "device", shown=f"{shown} (fitted)")
        return FittedDevice(document, table=found.table, picture=found.picture)

    if isinstance(data, str | Path):
        path = Path(data)
        return made(path, name or path.stem)
    with TemporaryDirectory() as folder:
        path = Path(folder, "data.csv")
        data.to_csv(path, index=False)
        try:
            return made(path, name or "measured")
        except InputError as problem:
            raise problem.seen_from(Argument("data")) from None


def _both(argument: str, given: Conditions | None, unit: str) -> tuple[float, float] | None:
    """A quantity of the pulses up and down [V] or [s]; InputError where it is none."""
    if given is None:
        return None
    parts = given.split(",") if isinstance(given, str) else given
    listed = [parts] if isinstance(parts, int | float) else list(parts)
    try:
        values = [units.parse(v, unit) if isinstance(v, str) else float(v) for v in listed]
    except ValueError:
        values = []
    if len(values) not in (1, 2) or not all(value > 0.0 for value in values):
        message = f"expected one quantity in {unit}, or one up and one down, got {given!r}"
        cure = f"write it as in '1 {unit}'"
        raise InputError(message, origin=Argument(argument), value=given, cure=cure)
    return values[0], values[-1]
