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
    texts = [name for name, values in table.items() if values.dtype == object]
    made = pyarrow.table(table)
    pyarrow.parquet.write_table(made, path, compression="zstd", use_dictionary=texts)
