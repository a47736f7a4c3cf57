"""The command line. The only file that prints."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from neurorebit import __version__
from neurorebit.schema import InfeasibleError, InputError

LARGEST = 1_000_000
SEEDS = 2**32 - 1
OPTIONS = {  # options that mean a key of a file
    "--weights": "architecture.weights",
    "--epochs": "training.epochs",
    "--images": "training.images",
}
FAILED, WRONG, UNFINISHED, INTERRUPTED = 1, 2, 3, 130  # exit codes


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        asked = _parser().parse_args(words, argparse.Namespace(words=words))
        code: int = asked.command(asked)
        sys.stdout.flush()
    except (InputError, InfeasibleError) as problem:
        _say(str(problem))
        return WRONG
    except KeyboardInterrupt:
        _say("interrupted; no report was written")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _run(asked: argparse.Namespace) -> int:
    from neurorebit.inputs import Setting
    from neurorebit.run import Request, run

    if asked.no_train:
        for option in ("--data", "--resume", "--checkpoint", "--stop-after"):
            if getattr(asked, option[2:].replace("-", "_")) not in (None, False):
                raise InputError(f"{option} and --no-train: nothing is trained; drop one of them")
    settings = [Setting.parse(given) for given in asked.set]
    for option, key in OPTIONS.items():
        text = getattr(asked, option.removeprefix("--"))
        if text is not None:
            settings.append(Setting(key, str(text), option))
    request = Request(
        network=asked.network,
        architecture=asked.architecture,
        technology=asked.technology,
        device=asked.device,
        settings=tuple(settings),
        train=not asked.no_train,
        recipe=asked.recipe,
        seed=asked.seed,
        data=asked.data,
        out=asked.out,
        threads=asked.threads or _processors(),
        checkpoint=asked.checkpoint,
        checkpoint_every=asked.checkpoint_every,
        resume=asked.resume,
        stop_after=float("inf") if asked.stop_after is None else asked.stop_after,
    )
    bar = Bar() if sys.stderr.isatty() else Lines()
    try:
        outcome = run(request, _say, bar)
    finally:
        bar.close()
    print((outcome.folder / "report.txt").read_text(encoding="utf-8"))
    written = f"written to {outcome.folder}: {', '.join(outcome.files)}"
    if outcome.interrupted or outcome.out_of_time:
        again = asked.words if asked.resume else [*asked.words, "--resume"]
        word = "interrupted" if outcome.interrupted else "stopped"
        _say(f"to go on: {shlex.join(['neurorebit', *again])}")
        _say(f"{word}; what was reached is {written}")
        return INTERRUPTED if outcome.interrupted else UNFINISHED
    print(written)
    return FAILED if outcome.diverged else 0


def _schemes(asked: argparse.Namespace) -> int:
    from neurorebit.inputs import Setting
    from neurorebit.run import Request
    from neurorebit.schemes import PLANS, schemes

    settings = [Setting.parse(given) for given in asked.set]
    for option in ("--epochs", "--images"):
        text = getattr(asked, option.removeprefix("--"))
        if text is not None:
            settings.append(Setting(OPTIONS[option], str(text), option))
    request = Request(
        network=asked.network,
        technology=asked.technology,
        device=asked.device,
        settings=tuple(settings),
        recipe=asked.recipe,
        seed=asked.seed,
        data=asked.data,
        out=asked.out,
        threads=asked.threads or _processors(),
        checkpoint_every=asked.checkpoint_every,
        resume=asked.resume,
    )
    bars: list[Bar | Lines] = []

    def progress() -> Bar | Lines:
        for bar in bars:
            bar.close()
        bars[:] = [Bar() if sys.stderr.isatty() else Lines()]
        return bars[0]

    try:
        found = schemes(request, asked.schemes or list(PLANS), asked.seeds, _say, progress)
    finally:
        for bar in bars:
            bar.close()
    print(found.text)
    print(f"\nwritten to {found.folder}: schemes.txt, .csv and .png, and a report of each run")
    if found.interrupted:
        again = asked.words if asked.resume else [*asked.words, "--resume"]
        _say(f"to go on: {shlex.join(['neurorebit', *again])}")
        return INTERRUPTED
    return FAILED if found.diverged else 0


def _sweep(asked: argparse.Namespace) -> int:
    from neurorebit import axes, table
    from neurorebit.sweep import sweep

    if asked.out is not None:
        table.claim(asked.out)
    with Designs() as progress:
        found = sweep(
            asked.network,
            axes.parse(asked.axis),
            designs=axes.read(asked.designs) if asked.designs else None,
            architecture=asked.architecture,
            technology=asked.technology,
            device=asked.device,
            settings=asked.set,
            pareto=asked.pareto,
            progress=progress,
        )
    print(table.best(found, asked.pareto))
    if asked.out is not None:
        table.write(found, asked.out)
        print(f"\nwritten to {asked.out}")
    return 0


def _nodes(asked: argparse.Namespace) -> int:
    from neurorebit import nodes, table

    if asked.out is not None:
        table.claim(asked.out)
    found = nodes.nodes(
        asked.network,
        asked.technology,
        architecture=asked.architecture,
        device=asked.device,
        settings=asked.set,
    )
    print(nodes.text(found))
    if asked.out is not None:
        table.write(found, asked.out)
        print(f"\nwritten to {asked.out}")
    return 0


def _compare(asked: argparse.Namespace) -> int:
    from neurorebit import compare

    first, second = map(compare.read, asked.runs)
    found = compare.compare(first, second, asked.tolerance)
    print(found.text(asked.all))
    return FAILED if found.beyond else 0


def _show(asked: argparse.Namespace) -> int:
    from neurorebit.show import show

    print(show(asked.name))
    return 0


def _validate(asked: argparse.Namespace) -> int:
    from neurorebit.validate import run

    text, holds = run(asked.reference, asked.json, asked.waterfall)
    print(text)
    return 0 if holds else FAILED


def _fit(asked: argparse.Namespace) -> int:
    from neurorebit.fit import fit

    out = asked.out or Path(asked.data.stem).with_suffix(".yaml")
    print(
        fit(
            asked.data,
            out,
            name=asked.name or asked.data.stem,
            voltages=asked.voltage,
            widths=asked.width,
            like=asked.like,
        )
    )
    print(f"written to {out}, with a picture in {out.with_suffix('.png')}")
    return 0


def _fetch(asked: argparse.Namespace) -> int:
    from neurorebit.train.download import fetch

    with Download() as download:
        folder = fetch(asked.dataset, asked.data, download)
    print(f"{asked.dataset} is in {folder}")
    return 0


def _processors() -> int:
    """The processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


class Bar:
    """Training progress on a terminal: images/s, loss, time left."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, epoch: int, done: int, todo: int, loss: float, rate: float) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=todo, initial=done, dynamic_ncols=True, file=sys.stderr,
                bar_format="{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} images, "
                "{remaining} left{postfix}",
            )  # fmt: skip
        self._bar.set_description(f"epoch {epoch}", refresh=False)
        self._bar.set_postfix_str(f"{rate:.0f} images/s, loss {loss:.3f}", refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class Lines:
    """Training progress where nobody watches: a line an epoch."""

    def __init__(self) -> None:
        self._last: tuple[int, str] | None = None

    def __call__(self, epoch: int, done: int, todo: int, loss: float, rate: float) -> None:
        if self._last is not None and self._last[0] != epoch:
            _say(self._last[1])
        line = f"epoch {epoch}: {done} of {todo} images, loss {loss:.4f}, {rate:.0f} images/s"
        self._last = (epoch, line)

    def close(self) -> None:
        if self._last is not None:
            _say(self._last[1])


class Designs:
    """Progress of a sweep: a bar on a terminal, else nothing."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> Callable[[int, int], None]:
        return self._tell

    def __exit__(self, *problem: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _tell(self, done: int, todo: int) -> None:
        if sys.stderr.isatty():
            if self._bar is None:
                from tqdm import tqdm

                self._bar = tqdm(total=todo, unit=" designs", unit_scale=True, file=sys.stderr)
            self._bar.update(done - self._bar.n)


class Download:
    """Progress of a download: a bar on a terminal, else a line every few seconds."""

    def __init__(self, every: float = 10.0) -> None:
        self._bar: Any = None
        self._every, self._next = every, time.monotonic() + every

    def __enter__(self) -> Callable[[int, int | None], None]:
        return self._tell

    def __exit__(self, *problem: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _tell(self, done: int, total: int | None) -> None:
        if sys.stderr.isatty():
            if self._bar is None:
                from tqdm import tqdm

                self._bar = tqdm(
                    total=total, initial=done, unit="B", unit_scale=True, file=sys.stderr
                )
            self._bar.update(done - self._bar.n)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + self._every
            _say(f"{done / 1e6:.0f} MB" + (f" of {total / 1e6:.0f} MB" if total else ""))


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message.removeprefix('argument ')}; see '{self.prog} --help'")


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number within bounds."""

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


def _up_and_down(unit: str) -> Callable[[str], tuple[float, float]]:
    """Read a quantity for pulses up and one for pulses down, or one for both."""

    def read(text: str) -> tuple[float, float]:
        from neurorebit.units import parse

        parts = text.split(",")
        try:
            values = [parse(part, unit) for part in parts]
        except ValueError:
            values = []
        if len(values) not in (1, 2) or min(values) <= 0:
            raise argparse.ArgumentTypeError(
                f"expected one quantity in {unit}, or one up and one down as in 2{unit},1{unit}, "
                f"got '{text}'"
            )
        return values[0], values[-1]

    return read


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("expected a folder, got nothing")
    return Path(text)


def _from_zero(what: str) -> Callable[[str], float]:
    """Read a number that is not negative."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < float("inf"):
            raise argparse.ArgumentTypeError(f"expected {what} from 0 up, got '{text}'")
        return number

    return read


_tolerance, _seconds = _from_zero("a number"), _from_zero("a number of seconds")


def _parser() -> Parser:
    parser = Parser(
        prog="neurorebit",
        description="What does it cost to train a network inside ReRAM and SRAM arrays, and does "
        "it still learn?",
        epilog="Exit codes: 0 done, 1 results differ, a bound is broken or training diverged, 2 a "
        "file or an option is wrong, 3 stopped by --stop-after, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"neurorebit {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(of: Any, name: str, action: Callable[..., int], told: str) -> Parser:
        made: Parser = of.add_parser(
            name, help=told, description=told[:1].upper() + told[1:] + ".", allow_abbrev=False
        )
        made.set_defaults(command=action)
        return made

    def chip(of: Parser, technologies: bool = False, architecture: bool = True) -> None:
        of.add_argument(
            "network", metavar="NETWORK", help="a network file, or the name of a shipped one"
        )
        if architecture:
            of.add_argument(
                "--architecture",
                metavar="A",
                default="rebit",
                help="the chip: rebit, reram, sram (rebit)",
            )
        if technologies:
            of.add_argument(
                "--technology",
                metavar="T,T",
                type=lambda text: text.split(","),
                default=[],
                help="the CMOS nodes (all that are shipped)",
            )
        else:
            of.add_argument(
                "--technology",
                metavar="T",
                default="",
                help="the CMOS node, instead of the architecture's",
            )
        of.add_argument(
            "--device",
            metavar="D",
            default="",
            help="the memory device, instead of the architecture's",
        )
        of.add_argument(
            "--set",
            metavar="KEY=VALUE",
            action="append",
            default=[],
            help="set any key of any file: technology.vdd=0.8V, device.r_on=200kohm, "
            "architecture.apim.adc_bits=6, network.layers[0].channels=32, training.adc=ideal",
        )

    def training(of: Parser, out: str) -> None:
        of.add_argument(
            "--recipe", metavar="R", default="", help="a training recipe of the network file"
        )
        of.add_argument("--epochs", metavar="N", type=_whole(1, LARGEST), help="epochs of training")
        of.add_argument(
            "--images", metavar="N", type=_whole(1, LARGEST), help="training images an epoch"
        )
        of.add_argument(
            "--seed", metavar="N", type=_whole(0, SEEDS), default=0, help="of all randomness (0)"
        )
        of.add_argument("--data", metavar="DIR", type=_folder, help="where the data set is")
        of.add_argument("--out", metavar="DIR", type=_folder, help=f"where the report goes ({out})")
        of.add_argument(
            "--threads", metavar="N", type=_whole(1, 1024), help="of training (all processors)"
        )
        of.add_argument(
            "--resume", action="store_true", help="go on from the newest checkpoint of this run"
        )
        of.add_argument(
            "--checkpoint-every",
            metavar="S",
            type=_seconds,
            default=120.0,
            help="seconds between checkpoints (120)",
        )

    run = command(commands, "run", _run, "train a network and report what its chip costs")
    chip(run)
    run.add_argument(
        "--weights", metavar="W", help="how weights are held and learn: hybrid, real, reram, …"
    )
    run.add_argument("--no-train", action="store_true", help="estimate only, with assumed activity")
    training(run, "reports/NETWORK")
    run.add_argument(
        "--checkpoint", metavar="DIR", type=_folder, help="where the checkpoints go (as --out)"
    )
    run.add_argument(
        "--stop-after",
        metavar="S",
        type=_seconds,
        help="end the training after so many seconds, at a checkpoint; exit 3",
    )

    schemes = command(
        commands, "schemes", _schemes, "train a network by many schemes, and lay them side by side"
    )
    chip(schemes, architecture=False)
    schemes.add_argument(
        "--schemes",
        metavar="S,S",
        type=lambda text: text.split(","),
        default=[],
        help="which (all): real, quantized, hybrid, reram_mapped, reram, reram_3bit, "
        "mixed_precision, tiki_taka, manhattan",
    )
    schemes.add_argument(
        "--seeds", metavar="N", type=_whole(1, 1000), default=1, help="runs of each scheme (1)"
    )
    training(schemes, "reports/schemes_NETWORK")

    sweep = command(commands, "sweep", _sweep, "estimate the chips of a grid of designs")
    chip(sweep)
    sweep.add_argument(
        "--axis",
        metavar="KEY=VALUES",
        action="append",
        default=[],
        help="a key as in --set with the values it takes, V1,V2 or LOW:HIGH:COUNT: "
        "architecture.apim.adc_bits=4,5,6, technology.vdd=0.8V:1.0V:5, technology=22nm,32nm",
    )
    sweep.add_argument(
        "--designs",
        metavar="FILE",
        type=Path,
        help="a CSV file with a key at the head of each column and a design in each row",
    )
    sweep.add_argument(
        "--pareto",
        metavar="WHAT,WHAT",
        type=lambda text: text.split(","),
        default=[],
        help="mark the designs that none beats in all of these, as in energy,area,latency",
    )
    sweep.add_argument(
        "--out", metavar="FILE", type=Path, help="write all designs to a .csv or .parquet file"
    )

    nodes = command(commands, "nodes", _nodes, "estimate the chip in every CMOS node")
    chip(nodes, technologies=True)
    nodes.add_argument(
        "--out", metavar="FILE", type=Path, help="write the table to a .csv or .parquet file"
    )

    compare = command(commands, "compare", _compare, "say what two runs differ in, and by how much")
    compare.add_argument(
        "runs", metavar="RUN", nargs=2, help="the folder of a run, or its report.json"
    )
    compare.add_argument(
        "--tolerance",
        metavar="T",
        type=_tolerance,
        default=0.0,
        help="relative change of a result that still counts as none (0); exit 1 beyond it",
    )
    compare.add_argument("--all", action="store_true", help="list every change")

    show = command(commands, "show", _show, "print a technology, device, network or architecture")
    show.add_argument("name", metavar="NAME", help="a file, or the name of a shipped one")

    validate = command(
        commands, "validate", _validate, "hold circuits and chips against reference records"
    )
    validate.add_argument(
        "--reference", metavar="DIR", type=Path, help="the records (public ones, as shipped)"
    )
    validate.add_argument("--json", metavar="FILE", type=Path, help="where to write the outcome")
    validate.add_argument(
        "--waterfall", metavar="CHIP", help="one chip's way from their figures to ours, and no more"
    )

    fit = command(commands, "fit", _fit, "make a device file of measured pulse trains")
    fit.add_argument(
        "data",
        metavar="DATA.csv",
        type=Path,
        help="columns cell, cycle, direction (ltp, ltd), pulse (from 0), conductance_S",
    )
    fit.add_argument(
        "--voltage",
        metavar="V[,V]",
        type=_up_and_down("V"),
        required=True,
        help="of the pulses, up and down, as in 1.6V or 1.6V,1.5V",
    )
    fit.add_argument(
        "--width",
        metavar="T[,T]",
        type=_up_and_down("s"),
        required=True,
        help="of the pulses, up and down, as in 50ns or 50ns,100ns",
    )
    fit.add_argument("--name", metavar="N", help="of the device (that of the data)")
    fit.add_argument(
        "--like",
        metavar="D",
        default="taox_hfox",
        help="the device whose cell is assumed: its size, access and read voltage (taox_hfox)",
    )
    fit.add_argument(
        "--out", metavar="FILE.yaml", type=Path, help="the device file (DATA.yaml, here)"
    )

    data = command(commands, "data", _fetch, "data sets").add_subparsers(
        metavar="ACTION", required=True
    )
    fetch = command(data, "fetch", _fetch, "download a data set, once")
    fetch.add_argument("dataset", metavar="DATASET", help="cifar10")
    fetch.add_argument("--data", metavar="DIR", type=_folder, help="where to (the user's cache)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
