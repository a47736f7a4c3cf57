"""Runs taken out of the store; what they wrote stays."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from neurorebit.store import file


def forget(path: Path, numbers: Iterable[int]) -> int:
    """Forget the runs with these numbers, all or none of them; how many there were.

    What they held is overwritten in the file. InputError where it cannot be written.
    """
    with file.writing(path) as store:
        return sum(
            store.execute("DELETE FROM runs WHERE number = ?", (number,)).rowcount
            for number in numbers
        )
