"""``neurorebit validate``."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from neurorebit.commands import FAILED, options, silicon

TOOL = "validation.neurosim"  # in a clone, beside the package
OURS = b'{"modules":', b'{"silicon":'  # how outcomes begin, without blanks
CLONE = "Whole chips and their waterfalls: in a clone of the project, which has validation/."

EXAMPLES = (
    "neurorebit validate",
    "neurorebit validate my_records.json",
    "neurorebit validate --silicon",
    "neurorebit validate --silicon my_macro.yaml --tolerance 0.05",
)


def add_options(parser: options.Parser) -> None:
    """Which records, and where the outcome goes."""
    parser.add_argument(
        "records",
        metavar="RECORDS",
        type=Path,
        nargs="*",
        help="a file of records, or a folder of files (the shipped ones)",
    )
    silicon.add_options(parser)
    parser.add_argument(
        "--reference",
        metavar="DIR",
        type=Path,
        help="records of the reference tool in its own words, of circuits and chips (in a clone)",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="where to write the outcome")
    parser.add_argument(
        "--waterfall",
        metavar="CHIP",
        help="one chip's way from the tool's figures to ours, and no more (in a clone)",
    )


def main(asked: argparse.Namespace) -> int:
    """Compare with the records."""
    from neurorebit.schema import Argument, InputError

    if asked.json is not None:
        silicon.refuse_another(asked.json, OURS, Argument("json", asked.json))
    if asked.silicon:
        outcome, code = silicon.compared(asked)
        if asked.json is not None:
            _write(asked.json, outcome)
        return code
    silicon.refuse_options(asked)
    if len(asked.records) > 1:
        raise InputError("more than one file of records", cure="give one, or a folder")
    if asked.records and asked.reference is not None:
        raise InputError("RECORDS and --reference are two sources", cure="give one")
    tool = _tool()
    if asked.waterfall is not None:
        text, holds = _needed(tool, "--waterfall").waterfall(asked.reference, asked.waterfall)
        print(text)
        return 0 if holds else FAILED
    parts, outcome, holds = _circuits(asked, tool)
    if not asked.records:
        if tool is None:
            parts.append(CLONE)
        else:
            text, outcome["chips"], chips_hold = tool.chips(asked.reference)
            parts += [text] if text else []
            holds = holds and chips_hold
    if asked.json is not None:
        _write(asked.json, outcome)
    print("\n\n".join(parts))
    return 0 if holds else FAILED


def _circuits(asked: argparse.Namespace, tool: Any) -> tuple[list[str], dict[str, Any], bool]:
    """The comparison of circuits: texts, plain values, and whether all bounds hold."""
    from neurorebit.checking import records, report
    from neurorebit.checking.compare import compare
    from neurorebit.checking.entry import Entry

    if asked.reference is not None:
        sources = [
            records.parse(Entry(str(asked.reference), "", document))
            for document in _needed(tool, "--reference").documents(asked.reference)
        ]
    else:
        sources = list(records.read(asked.records[0] if asked.records else records.SHIPPED))
    compared = [compare(each) for each in sources]
    outcome: dict[str, Any] = {"modules": {}, "chips": []}
    for each in compared:
        for name, group in report.outcome(each).items():
            twice = name in outcome["modules"]
            outcome["modules"][f"{name} ({each.source})" if twice else name] = group
    return [report.text(each) for each in compared], outcome, not any(e.broken for e in compared)


def _tool() -> Any:
    """The reference tool's own records and chips, which a clone has beside the package."""
    from neurorebit.schema import paths

    clone = paths.PACKAGE.parent
    if not (clone / "validation" / "neurosim").is_dir():
        return None
    if str(clone) not in sys.path:
        sys.path.append(str(clone))
    return import_module(TOOL)


def _needed(tool: Any, option: str) -> Any:
    from neurorebit.schema import InputError

    if tool is None:
        raise InputError(
            f"{option}: needs validation/ of a clone of the project, beside the package; records "
            "in the package's own format need nothing"
        )
    return tool


def _write(path: Path, outcome: dict[str, Any]) -> None:
    from neurorebit.results import folder

    text = json.dumps(outcome, indent=1, allow_nan=False) + "\n"
    folder.write(path.parent, {path.name: text}, argument="json")
