"""``python -m validation.faults.writer STORE NAME COUNT`` writes records and says their keys."""

from __future__ import annotations

import sys
from pathlib import Path

from neurorebit.store import file, rows
from neurorebit.store.record import Figure, Input, Run


def made(key: str) -> Run:
    """A record whose parts follow from its key."""
    return Run(
        key=key,
        command="run",
        words=("run", key),
        place="/drill",
        started=1.7e9,
        process="drill 0 0",
        inputs=tuple(Input("network", f"{key}-{i}", None, f"{i:064x}") for i in range(5)),
        figures=tuple(Figure(f"figure{i}", i + 0.5, "J", key) for i in range(15)),
    )


def main() -> int:
    """Write, and print the key of each record once it is there."""
    store, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    for number in range(count):
        key = f"{name}-{number}"
        with file.writing(store) as opened:
            rows.save(opened, made(key))
        sys.stdout.write(f"{key}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
