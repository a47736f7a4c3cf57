"""Write docs/validation/converters.md and its picture, of the shipped survey or of a CSV file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from neurorebit.schema import InputError
from validation.converters.page import page, picture
from validation.converters.survey import PUBLISHED, read

PAGES = Path(__file__).parents[2] / "docs" / "validation"


def main(words: list[str] | None = None) -> int:
    """Write the page; 2 and one line on stderr where the CSV cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m validation.converters", description=__doc__)
    parser.add_argument("survey", nargs="?", type=Path, default=PUBLISHED, help="a CSV file")
    parser.add_argument("--out", type=Path, default=PAGES, help="folder of the page")
    given = parser.parse_args(words)
    try:
        survey = read(given.survey)
        text = page(survey)
    except InputError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "converters.md").write_text(text, encoding="utf-8")
    picture(survey, given.out / "converters.png")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
