"""``python -m validation.neurosim [FOLDER] [FILE]``: translate the tool's records for the package.

The records of FOLDER (the public ones) are written to FILE (the records that the package carries).
"""

from __future__ import annotations

import json
import lzma
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurorebit.checking.records import SHIPPED
from validation.neurosim.records.module import read
from validation.neurosim.translate import translated


def packed(document: Mapping[str, Any]) -> bytes:
    """A document as the package carries it."""
    return lzma.compress(json.dumps(document, separators=(",", ":")).encode(), preset=9)


def main(words: list[str]) -> None:
    """Translate the records of one tool."""
    source = Path(words[0]) if words else None
    target = Path(words[1]) if len(words) > 1 else SHIPPED
    (document,) = translated(read(source))
    target.write_bytes(packed(document))


if __name__ == "__main__":
    main(sys.argv[1:])
