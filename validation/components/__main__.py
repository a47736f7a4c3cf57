"""Write docs/validation/components.md and print it: ``python -m validation.components``."""

from __future__ import annotations

import sys
from pathlib import Path

from validation.components.table import page

PAGE = Path(__file__).parents[2] / "docs" / "validation" / "components.md"


def main() -> int:
    """Write the page."""
    text = page()
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
