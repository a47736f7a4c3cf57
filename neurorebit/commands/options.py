"""How options are read, and those that several commands share."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from neurorebit.commands.progress import say
from neurorebit.schema import Argument, InputError, Setting, paths

if TYPE_CHECKING:
    from neurorebit.studies.request import Request

LARGEST = 1_000_000
SEEDS = 2**32 - 1
KEYS = {  # options that mean a key of a file
    "scheme": "architecture.scheme",
    "epochs": "training.epochs",
    "images": "training.images",
}


RENAMED = {"--weights": "--scheme"}  # options of earlier versions


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The options of a command line; InputError where one is wrong or of an earlier version."""
        for word in args or ():
            old = word.partition("=")[0]
            if old in RENAMED:
                message = f"{old} is called {RENAMED[old]} now"
                raise InputError(message, cure="write that")
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        cure = f"see '{self.prog} --help'"
        raise InputError(message.removeprefix("argument "), cure=cure)


def add_command(commands: Any, name: str, summary: str) -> Parser:
    """The parser of a command below ``commands``."""
    description = f"{summary[:1].upper()}{summary[1:]}."
    made: Parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the lines of examples
    )
    return made


# --- what an option may be: readers of its text


def words(text: str) -> list[str]:
    """The words between commas."""
    return [word.strip() for word in text.split(",")]


def percents(text: str) -> list[float]:
    """The shares between commas, given in percent."""
    found = []
    for word in words(text):
        try:
            share = float(word) / 100.0
        except ValueError:
            share = -1.0
        if not 0.0 < share <= 1.0:
            message = f"expected percentages above 0 and up to 100, got '{word}'"
            raise argparse.ArgumentTypeError(message)
        found.append(share)
    return found


def folder(text: str) -> Path:
    """A folder, which may not exist yet."""
    if not text:
        raise argparse.ArgumentTypeError("expected a folder, got nothing")
    return Path(text)


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {low} to {high}, got '{text}'"
            )
        return number

    return read


def from_zero(what: str) -> Callable[[str], float]:
    """A number that is not negative."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            raise argparse.ArgumentTypeError(f"expected {what} from 0 up, got '{text}'")
        return number

    return read


def share(text: str) -> float:
    """A share from 0 up, as a number or in per cent: 0.05 or 5%."""
    from neurorebit.schema.units import parse

    try:
        number = parse(text, "")
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a share such as 0.05 or 5%, got '{text}'")
    return number


# --- shared by commands


def add_chip(parser: Parser, architecture: bool = True, technology: bool = True) -> None:
    """The network, the chip it is on, and keys that are set."""
    parser.add_argument(
        "network", metavar="NETWORK", help="a network file, or the name of a shipped one"
    )
    if architecture:
        parser.add_argument(
            "--architecture",
            metavar="A",
            default="rebit",
            help=f"the chip: {', '.join(paths.names('architecture'))} (rebit)",
        )
    if technology:
        parser.add_argument(
            "--technology",
            metavar="T",
            help="the CMOS node that the chip is made in (the one that the architecture names)",
        )
    parser.add_argument(
        "--device",
        metavar="D",
        help="the memory device of its cells (the one that the architecture names)",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="set any key of any file: technology.vdd=0.8V, device.r_on=200kohm, "
        "architecture.apim.adc_bits=6, network.layers[0].channels=32, training.adc=ideal",
    )
    parser.add_argument(
        "--settings",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="set the keys of a YAML file, nested or joined by dots, as with --set",
    )


def add_quiet(parser: Parser) -> None:
    """The option to print nothing but errors and where results are."""
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="no progress, and of results that are written to files only where they are",
    )


def add_store(parser: Parser, recorded: bool = True) -> None:
    """The store of runs; a command with these options is recorded in it unless ``recorded``."""
    from neurorebit.store.place import VARIABLE

    parser.add_argument(
        "--store",
        metavar="FILE",
        type=Path,
        help=f"the store that runs are recorded in (${VARIABLE}, or one of your own data)",
    )
    parser.set_defaults(recorded=recorded)
    if recorded:
        parser.add_argument("--no-store", action="store_true", help="do not record this run")


def add_page(parser: Parser, what: str) -> None:
    """The option to write a page."""
    parser.add_argument(
        "--page",
        metavar="FILE",
        type=Path,
        help=f"a .html file that gets {what}, for a browser",
    )


def add_training(parser: Parser, out: str) -> None:
    """How long to train, on what, and where the report goes: to ``out`` where nothing is given."""
    add_place(parser, out)
    parser.add_argument("--recipe", metavar="R", help="a training recipe of the network file")
    parser.add_argument("--epochs", metavar="N", type=whole(1, LARGEST), help="epochs of training")
    parser.add_argument(
        "--images", metavar="N", type=whole(1, LARGEST), help="training images an epoch"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the newest checkpoint of this run"
    )
    parser.add_argument(
        "--checkpoint-every",
        metavar="S",
        type=from_zero("a number of seconds"),
        default=120.0,
        help="seconds between checkpoints (120)",
    )


def add_place(parser: Parser, out: str) -> None:
    """The seed, on what data, on how many threads, and where the report goes."""
    parser.add_argument(
        "--seed", metavar="N", type=whole(0, SEEDS), default=0, help="of all randomness (0)"
    )
    text = "the data set, or the folder it is in"
    parser.add_argument("--data", metavar="PATH", type=folder, help=text)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=folder,
        help=f"where the report goes ({out}; {out}-2 and so on where that holds a training)",
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace the training that is there, if one is"
    )
    parser.add_argument(
        "--threads", metavar="N", type=whole(1, 1024), help="of training (all processors)"
    )


def add_weights(parser: Parser, required: bool = False) -> None:
    """The file of weights that a network has or starts from."""
    parser.add_argument(
        "--weights-from",
        metavar="FILE",
        type=Path,
        required=required,
        help="the network's first weights: an archive that --save-weights wrote, or a state dict "
        "(.pt, .pth, .safetensors, .npz) or ONNX graph of the same layers",
    )


def settings(asked: argparse.Namespace) -> list[Setting]:
    """The settings that the options of ``add_chip`` ask for."""
    from neurorebit.commands.words import Given
    from neurorebit.inputs.files import parse_setting

    given = [parse_setting(text, Given("--set", text)) for text in asked.set]
    if asked.settings:
        from neurorebit.inputs.settings import read_settings

        given += [setting for path in asked.settings for setting in read_settings(path)]
    return given


def axes(given: Iterable[str]) -> dict[str, str]:
    """The axes of ``KEY=VALUES`` texts; InputError where one is none."""
    axes_of: dict[str, str] = {}
    for text in given:
        key, equals, values = text.partition("=")
        if not equals:
            message = "expected KEY=VALUES, as in technology.vdd=0.8V,0.9V"
            cure = "add '=' and the values"
            raise InputError(message, origin=Argument("axes", text), value=text, cure=cure)
        if key in axes_of:
            raise InputError("given twice", origin=Argument("axes", key), cure="keep one")
        axes_of[key] = values
    return axes_of


def request(asked: argparse.Namespace, **more: Any) -> Request:
    """The run that the options of ``add_chip`` and ``add_training`` ask for, and ``more`` of it."""
    from neurorebit.commands.words import Given, command_line
    from neurorebit.studies.request import Request

    chosen = settings(asked)
    for name, key in KEYS.items():
        value = getattr(asked, name, None)
        if value is not None:
            chosen.append(Setting(key, str(value), Given(f"--{name}", str(value))))
    return Request(
        network=asked.network,
        technology=asked.technology,
        device=asked.device,
        settings=tuple(chosen),
        spell=command_line,
        recipe=asked.recipe,
        seed=asked.seed,
        data=asked.data,
        out=asked.out,
        threads=_threads(asked),
        checkpoint_every=asked.checkpoint_every,
        resume=asked.resume,
        replace=asked.replace,
        **more,
    )


def evaluated(asked: argparse.Namespace, **more: Any) -> Request:
    """The network, chip, weights and data that ``evaluate`` is asked to take."""
    from neurorebit.studies.request import Request

    return Request(
        network=asked.network,
        architecture=asked.architecture,
        technology=asked.technology,
        device=asked.device,
        settings=tuple(settings(asked)),
        train=False,
        recipe=asked.recipe,
        seed=asked.seed,
        data=asked.data,
        out=asked.out,
        threads=_threads(asked),
        replace=asked.replace,
        weights_from=asked.weights_from,
        **more,
    )


def to_go_on(asked: argparse.Namespace) -> str:
    """The command line that goes on where this one stopped."""
    again = asked.words if asked.resume else [*asked.words, "--resume"]
    return f"to go on: {shlex.join(['neurorebit', *again])}"


def _threads(asked: argparse.Namespace) -> int:
    """The threads of a training: those asked for, but no more than there are processors."""
    there: int = _processors()
    wanted: int = asked.threads or there
    if wanted > there and not asked.quiet:
        say(f"--threads {wanted}: {there} are used, one for each processor that may be used")
    return min(wanted, there)


def _processors() -> int:
    """The processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
