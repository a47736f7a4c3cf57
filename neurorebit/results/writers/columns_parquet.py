"""The table of a sweep as Parquet, which the package ``pyarrow`` writes."""

from __future__ import annotations

from pathlib import Path

from neurorebit.results.sweep import Table
from neurorebit.schema import InputError


def write(table: Table, path: Path) -> None:
    """A column for each column, with its type. InputError where pyarrow is missing."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        cure = "run pip install 'neurorebit[parquet]', or name a .csv file"
        raise InputError("Parquet needs pyarrow", cure=cure) from None
    pyarrow.parquet.write_table(pyarrow.table(table), path)
