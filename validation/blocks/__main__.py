"""Write docs/validation/block_programming.md and its picture: ``python -m validation.blocks``.

python -m validation.blocks [--train] [--mnist DIR] [--cifar10]

``--train`` makes the trainings on the digits that ``block_programming.csv`` lacks, ``--mnist`` and
``--cifar10`` those on these data, then the tables of first writings. Without any of these the page
and the picture follow from what the files in ``docs/validation/`` have.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from validation.blocks import deployed, page, points, table

HERE = Path(__file__).parents[2] / "docs" / "validation"
TRAINED, WRITTEN = HERE / "block_programming.csv", HERE / "block_writing.csv"


def main() -> None:
    """Train what is asked for, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--mnist", type=Path)
    parser.add_argument("--cifar10", action="store_true")
    args = parser.parse_args()
    plans = [points.digits()] if args.train else []
    plans += [points.lenet(args.mnist)] if args.mnist else []
    plans += [points.vgg()] if args.cifar10 else []
    found = table.read(TRAINED, points.Point)
    for plan, scheme, design in list(points.missing(plans, found)):
        found.append(points.point(plan, scheme, design))
        table.write(TRAINED, found)
        sys.stdout.write(f"{found[-1]}\n")
        sys.stdout.flush()
    rows = table.read(WRITTEN, deployed.Row)
    if args.train and not rows:
        rows = list(deployed.rows())
        table.write(WRITTEN, rows)
    page.write(HERE, found, rows)
    sys.stdout.write((HERE / page.NAME).read_text())


if __name__ == "__main__":
    main()
