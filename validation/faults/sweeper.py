"""``python -m validation.faults.sweeper SIZE WORDS...``: a sweep in parts of SIZE."""

from __future__ import annotations

import sys

from neurorebit.__main__ import main
from neurorebit.studies import grid

if __name__ == "__main__":
    grid.A_TASK = int(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
