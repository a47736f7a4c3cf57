"""``neurorebit fit``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from neurorebit.commands import options

EXAMPLES = (
    "neurorebit fit pulses.csv --voltage 1.6V --width 50ns",
    "neurorebit fit pulses.csv --voltage 1.6V,1.4V --width 50ns --name mine --out mine.yaml",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    parser.add_argument(
        "data",
        metavar="DATA.csv",
        type=Path,
        help="columns cell, cycle, direction (ltp, ltd), pulse (from 0 or 1), conductance_S or _uS",
    )
    parser.add_argument(
        "--voltage",
        metavar="V[,V]",
        type=_up_and_down("V"),
        help="of the pulses, up and down, as in 1.6V or 1.6V,1.5V (as for --like)",
    )
    parser.add_argument(
        "--width",
        metavar="T[,T]",
        type=_up_and_down("s"),
        help="of the pulses, up and down, as in 50ns or 50ns,100ns (as for --like)",
    )
    parser.add_argument("--name", metavar="N", help="of the device (that of the data)")
    parser.add_argument(
        "--like",
        metavar="D",
        default="taox_hfox",
        help="the device that stands in for what is not said: size of the cell, access and read "
        "voltage (taox_hfox)",
    )
    parser.add_argument(
        "--out", metavar="FILE.yaml", type=Path, help="the device file (DATA.yaml, here)"
    )
    options.add_quiet(parser)


def _up_and_down(unit: str) -> Callable[[str], tuple[float, float]]:
    """Read a quantity for pulses up and one for pulses down, or one for both."""
    example = {"V": "1.6V,1.4V", "s": "50ns,100ns"}[unit]

    def read(text: str) -> tuple[float, float]:
        from neurorebit.schema.units import parse

        try:
            values = [parse(part, unit) for part in text.split(",")]
        except ValueError:
            values = []
        if len(values) not in (1, 2) or min(values) <= 0:
            raise argparse.ArgumentTypeError(
                f"expected one quantity in {unit} above 0, or one up and one down as in {example}, "
                f"got '{text}'"
            )
        return values[0], values[-1]

    return read


def main(asked: argparse.Namespace) -> int:
    """Fit, and write the device file."""
    from neurorebit.fitting import fit

    out = asked.out or Path(f"{asked.data.stem}.yaml")
    summary = fit(
        asked.data,
        out,
        name=asked.name or asked.data.stem,
        voltages=asked.voltage,
        widths=asked.width,
        like=asked.like,
    )
    if not asked.quiet:
        print(summary)
    print(f"written to {out}, with a picture in {out.with_suffix('.png')}")
    return 0
