"""The table of a sweep: its Pareto front, its best designs for a reader, and its files."""

from __future__ import annotations

import csv
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from neurorebit.schema import InputError, units

Table = dict[str, NDArray[Any]]  # columns of equal length, by name and unit

FEASIBLE, REASON, PARETO = "feasible", "reason", "pareto"
CRITERIA = {  # what designs may be compared by, the less the better
    "energy": "training energy [J/image]",
    "energy_with_dram": "training energy with DRAM [J/image]",
    "latency": "training latency [s/image]",
    "area": "area [m2]",
    "leakage": "leakage [W]",
    "inference_energy": "forward energy [J/image]",
    "inference_latency": "forward latency [s/image]",
}
SHOWN = (  # beside the axes, in the table for a reader
    "area [m2]", "training energy [J/image]", "training latency [s/image]", "forward TOPS/W chip",
    "backward TOPS/W chip",
)  # fmt: skip
AT_ONCE = 4096  # rows written
FEW = 1000  # designs whose front is found at once


# --- the front


def front(table: Table, criteria: Sequence[str]) -> NDArray[np.bool_]:
    """The feasible designs that none is better than in one criterion and no worse in the others."""
    costs = np.stack([table[CRITERIA[name]] for name in criteria], axis=-1)
    kept = np.zeros(len(costs), dtype=bool)
    rows = np.flatnonzero(table[FEASIBLE])
    if rows.size:
        points, which = np.unique(costs[rows], axis=0, return_inverse=True)
        kept[rows] = _undominated(points)[which.ravel()]
    return kept


def _undominated(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of different points no other one is below."""
    kept = np.zeros(len(points), dtype=bool)
    left = np.arange(len(points))
    while left.size > FEW:  # fronts of shares first: what is not on one is not on that of all
        shares = -(-left.size // FEW)
        fronts = [left[i::shares][_alone(points[left[i::shares]])] for i in range(shares)]
        before, left = left.size, np.concatenate(fronts)
        if left.size > 0.7 * before:
            break
    kept[left[_alone(points[left])]] = True
    return kept


def _alone(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The same, one point of the front after the other."""
    kept = np.zeros(len(points), dtype=bool)
    ranks = [np.unique(column, return_inverse=True)[1] for column in points.T]
    left = np.argsort(np.sum(ranks, axis=0))
    points = points[left]
    while left.size:
        kept[left[0]] = True  # of the least sum of ranks: no other can be below it
        beside = np.any(points < points[0], axis=1)
        left, points = left[beside], points[beside]
    return kept


# --- for a reader


def best(table: Table, criteria: Sequence[str] = (), most: int = 10) -> str:
    """The best designs as a table, of the front if there is one, and how many there are."""
    criterion = criteria[0] if criteria else "energy"
    rows = np.flatnonzero(table.get(PARETO, table[FEASIBLE]))
    order = rows[np.argsort(table[CRITERIA[criterion]][rows], kind="stable")][:most]
    told = f"{len(table[FEASIBLE]):,} designs, {np.count_nonzero(table[FEASIBLE]):,} feasible"
    told += f", {rows.size:,} on the front of {', '.join(criteria)}" if criteria else ""
    lines = ["\n".join([told, *_reasons(table)])]
    if order.size:
        names = list(table)
        axes = names[: names.index(SHOWN[0])]
        asked = [CRITERIA[name] for name in criteria if CRITERIA[name] not in SHOWN]
        shown = [(name, table[name][order]) for name in (*axes, *SHOWN, *asked)]
        head, texts = zip(*(head_and_values(name, values) for name, values in shown), strict=True)
        align = ["left" if values.dtype == object else "right" for _, values in shown]
        body = list(zip(*texts, strict=True))
        lines.append(f"Best by {criterion}: {len(order)} of {rows.size:,}")
        lines.append(tabulate(body, head, "simple", disable_numparse=True, colalign=align))
    return "\n\n".join(lines)


def _reasons(table: Table, most: int = 3) -> list[str]:
    """Why designs are infeasible, the commonest reasons first."""
    found = Counter(table[REASON][~table[FEASIBLE]].tolist()).most_common()
    rest = sum(count for _, count in found[most:])
    told = [f"! {count:,}: {reason}" for reason, count in found[:most]]
    return told + ([f"! {rest:,}: for other reasons"] if rest else [])


def head_and_values(name: str, values: NDArray[Any]) -> tuple[str, list[str]]:
    """A heading over lines, and the values in the unit in which the column reads best."""
    words, _, unit = name.partition(" [")
    unit, per, of = unit.rstrip("]").partition("/")
    head = "\n".join(words.split(".")[-2:]) if "." in words else words.replace(" ", "\n", 1)
    if values.dtype == object or not values.size:
        return head, [str(value) for value in values]
    largest = float(np.max(np.abs(values)))
    number, prefixed = (
        units.scale(largest, unit) if per != "/" or of == "image" else (largest, unit)
    )
    factor = number / largest if largest else 1.0
    head += f"\n[{prefixed}{per}{of}]" if unit else ""
    return head, [f"{value * factor:.4g}" for value in values.tolist()]


# --- files


def claim(path: Path) -> None:
    """InputError unless a table can be written there."""
    if path.suffix not in WRITERS:
        raise InputError(f"--out {path}: expected a file that ends in {' or '.join(WRITERS)}")
    if path.suffix == ".parquet":
        _pyarrow(path)
    if path.is_dir():
        raise InputError(f"--out {path}: is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as problem:
        raise _unwritable(path, problem) from None


def write(table: Table, path: Path) -> None:
    """Write a table as CSV or Parquet, by the name of the file; it appears whole or not at all."""
    try:
        scratch, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=path.suffix)
        os.close(scratch)
        try:
            WRITERS[path.suffix](table, Path(name))
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as problem:
        raise _unwritable(path, problem) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_csv(table: Table, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        for low in range(0, len(table[FEASIBLE]), AT_ONCE):
            rows = [values[low : low + AT_ONCE].tolist() for values in table.values()]
            writer.writerows(zip(*rows, strict=True))


def _write_parquet(table: Table, path: Path) -> None:
    arrow, parquet = _pyarrow(path)
    parquet.write_table(arrow.table(table), path)


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f"--out {path}: Parquet needs pyarrow: pip install 'neurorebit[parquet]', or name a "
            ".csv file"
        ) from None
    return pyarrow, pyarrow.parquet


def _unwritable(path: Path, problem: OSError) -> InputError:
    return InputError(
        f"--out {path}: cannot be written: {problem.strerror or problem}; name another file"
    )


WRITERS = {".csv": _write_csv, ".parquet": _write_parquet}
