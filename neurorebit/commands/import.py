"""``neurorebit import``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurorebit.commands import options
from neurorebit.schema import InputError
from neurorebit.schema.errors import File

EXAMPLES = (
    "neurorebit import model.onnx",
    "neurorebit import model.onnx -o mine.yaml --set network.input.width=128",
    "neurorebit import NetWork.csv",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    parser.add_argument("file", metavar="FILE", help="an ONNX file (.onnx) or a layer table (.csv)")
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=Path, help="the network file (FILE's name and .yaml)"
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="set a key of the network: network.input.height=128, network.input.width=128",
    )
    parser.set_defaults(settings=[])
    parser.add_argument("--replace", action="store_true", help="replace the file that is there")


def main(asked: argparse.Namespace) -> int:
    """Write the network file."""
    from neurorebit.studies.importing import write_imported

    given = Path(asked.file)
    place = asked.out or Path(f"{given.stem}.yaml")
    if place.exists() and not asked.replace:
        cure = "name another with --out, or add --replace"
        raise InputError("is there already", origin=File(str(place)), cure=cure)
    network = write_imported(given, place, options.settings(asked))
    weights = sum(matmul.weights for matmul in network.matmuls if matmul.stationary)
    print(
        f"written to {place}: {len(network.nodes)} layers, {weights:,} weights in arrays, "
        f"{network.macs:,} multiply-accumulates an image"
    )
    return 0
