"""``neurorebit runs``: what was run, found again."""

from __future__ import annotations

import argparse
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from neurorebit.commands import options, progress
from neurorebit.schema import File, InputError

if TYPE_CHECKING:
    from neurorebit.store.record import Run
    from neurorebit.store.select import Filter

USUAL = 20  # runs that are listed unless more are asked for

EXAMPLES = (
    "neurorebit runs",
    "neurorebit runs --network 'vgg*' --where 'energy<100uJ' --since 7d",
    "neurorebit runs compare 3 last",
    "neurorebit runs repeat 3 --seed 2 --out again",
    "neurorebit runs forget --state refused --dry-run",
)


def add_options(parser: options.Parser) -> None:
    """What runs are meant, and what is to be done with them."""
    _add_filter(parser)
    parser.add_argument(
        "--last", metavar="N", type=options.whole(1, options.LARGEST), help=f"the newest ({USUAL})"
    )
    parser.add_argument("--all", action="store_true", help="all of them")
    options.add_store(parser, recorded=False)
    parser.set_defaults(action=_list)
    actions = parser.add_subparsers(metavar="ACTION")

    one = options.add_command(actions, "show", "print all that is recorded of a run")
    one.add_argument("runs", metavar="RUN", nargs=1, help="its number, or 'last'")
    one.set_defaults(action=_show)

    several = options.add_command(actions, "compare", "lay runs side by side, where they differ")
    several.add_argument("runs", metavar="RUN", nargs="+", help="numbers, or 'last'")
    several.set_defaults(action=_compare)

    again = options.add_command(
        actions, "repeat", "run a command line again, where it was given; say what has changed"
    )
    again.add_argument(
        "--dry-run", action="store_true", help="say what would run and what has changed"
    )
    again.add_argument("runs", metavar="RUN", nargs=1, help="its number, or 'last'")
    again.add_argument(
        "more",
        metavar="OPTION ...",
        nargs=argparse.REMAINDER,
        help="further options of the command, which go over those that it had",
    )
    again.set_defaults(action=_repeat)

    gone = options.add_command(actions, "forget", "take runs out of the store; their files stay")
    gone.add_argument("runs", metavar="RUN", nargs="*", help="numbers, or 'last'")
    _add_filter(gone)
    gone.add_argument("--all", action="store_true", help="all of them")
    parser.set_defaults(dry_run=False)
    gone.add_argument("--dry-run", action="store_true", help="say which they are, and keep them")
    gone.set_defaults(action=_forget)

    for action in (one, several, again, gone):
        options.add_store(action, recorded=False)
        for option in action._actions:  # what is given before the action holds, too
            if option.option_strings and option.dest != "help":
                option.default = argparse.SUPPRESS


def _add_filter(parser: options.Parser) -> None:
    from neurorebit.store.record import ALL_STATES

    names = {
        "--network": "the network",
        "--architecture": "the chip",
        "--technology": "the CMOS node",
        "--device": "the memory device",
        "--data": "the data set",
    }
    parser.add_argument("--command", metavar="C", help="of this command: run, sweep, ...")
    for name, what in names.items():
        parser.add_argument(name, metavar="N", help=f"{what}: its name, or a pattern as in 'vgg*'")
    parser.add_argument("--scheme", metavar="S", help="how weights are held")
    parser.add_argument("--state", metavar="S", help=f"how it ended: {', '.join(ALL_STATES)}")
    when = "a date, or a time ago: 2026-12-01, 7d, 12h"
    parser.add_argument("--since", metavar="T", help=f"begun since then: {when}")
    parser.add_argument("--before", metavar="T", help="begun before")
    parser.add_argument(
        "--where",
        metavar="BOUND",
        action="append",
        default=[],
        help="a bound of a figure: 'energy<1uJ', 'accuracy>=95%%', 'area<20mm2'",
    )


def main(asked: argparse.Namespace) -> int:
    """List runs, or do with them what is asked."""
    filtered = asked.last or asked.all or not _filter(asked).is_all
    if filtered and asked.action in (_show, _compare, _repeat):
        message, cure = "these runs are named by their numbers", "drop the filter"
        raise InputError(message, origin=" ".join(asked.runs), cure=cure)
    code: int = asked.action(asked)
    return code


def _place(asked: argparse.Namespace) -> Path:
    from neurorebit.store import place

    found = place.store(asked.store)
    if found is None:
        message = "nothing is recorded: the environment says that there is no store"
        raise InputError(message, origin=place.VARIABLE, cure="name one with --store FILE")
    return found


def _filter(asked: argparse.Namespace, last: int | None = None) -> Filter:
    from neurorebit.store import select

    given = {kind: getattr(asked, kind) for kind in select.KINDS}
    since, before = (
        None if text is None else select.moment(text, name)
        for name, text in (("since", asked.since), ("before", asked.before))
    )
    return select.Filter(
        command=asked.command,
        inputs={kind: name for kind, name in given.items() if name is not None},
        scheme=asked.scheme,
        state=asked.state,
        bounds=tuple(map(select.bound, asked.where)),
        since=since,
        before=before,
        last=last,
    )


def _list(asked: argparse.Namespace) -> int:
    from neurorebit.store import listing, select

    path = _place(asked)
    most = None if asked.all else asked.last or USUAL
    found = select.find(path, replace(_filter(asked, most), refused=asked.all))
    if not found:
        print(f"no such run in {path}" if path.exists() else f"no run is recorded in {path}")
        return 0
    print(listing.table(found))
    print(f"\n{listing.NOTE}")
    if not asked.all and asked.state is None:
        newest = f"The newest {most}, without" if most == len(found) else "Without"
        print(f"{newest} those that were refused; --all lists all.")
    return 0


def _show(asked: argparse.Namespace) -> int:
    from neurorebit.store import listing, select

    print(listing.detail(select.one(_place(asked), asked.runs[0])))
    return 0


def _compare(asked: argparse.Namespace) -> int:
    from neurorebit.store import listing, select

    if len(asked.runs) < 2:
        message = "expected two runs or more"
        raise InputError(message, origin=asked.runs[0], cure="name another one")
    print(listing.beside(select.some(_place(asked), asked.runs)))
    return 0


def _repeat(asked: argparse.Namespace) -> int:
    from neurorebit.store import changes, select

    _take_own(asked)
    path = _place(asked)
    run = select.one(path, asked.runs[0])
    words = _again(run, asked, path)
    for change in changes.changes(run):
        progress.say(f"since run {run.number}, {change.text}")
    progress.say(f"in {run.place}: {shlex.join(['neurorebit', *words])}")
    if asked.dry_run:
        return 0
    try:
        os.chdir(run.place)
    except OSError as problem:
        message = f"where the run was given cannot be entered: {problem.strerror}"
        cure = "make the folder, or give the command line elsewhere"
        raise InputError(message, origin=File(run.place), cure=cure) from None
    code: int = asked.again(words)
    _say_what_differs(run, path)
    return code


def _take_own(asked: argparse.Namespace) -> None:
    """Take the options of the action that stand behind the run from those of the command."""
    own = options.Parser(add_help=False, allow_abbrev=False)
    own.add_argument("--dry-run", action="store_true", default=argparse.SUPPRESS)
    own.add_argument("--store", type=Path, default=argparse.SUPPRESS)
    _, asked.more = own.parse_known_args(asked.more, asked)


def _again(run: Run, asked: argparse.Namespace, path: Path) -> list[str]:
    """The words of a run with further ones; InputError where they are of no recorded command."""
    from neurorebit.store import place

    if not run.words or run.words[0] != run.command or run.command == asked.called:
        message = "its command line is none that can be repeated"
        raise InputError(message, origin=f"run {run.number}", cure="give it yourself")
    end = run.words.index("--") if "--" in run.words else len(run.words)  # no options behind it
    words = [*run.words[:end], *asked.more]
    own = any(word.partition("=")[0] in ("--store", "--no-store") for word in words)
    if not own and (asked.store is not None or os.environ.get(place.VARIABLE)):
        words += ["--store", str(path)]  # a relative one would mean another file where it was given
    return [*words, *run.words[end:]]


def _say_what_differs(run: Run, path: Path) -> None:
    """Say what the new run read of other content, and whether its figures are the same."""
    from neurorebit.store import changes, process, select

    try:
        newest = select.find(path, select.Filter(since=run.started, command=run.command, last=1))
    except InputError:  # the run has said so
        return
    if not newest or newest[0].process != process.own() or newest[0].number == run.number:
        return
    now = newest[0]
    for line in changes.between(run, now):
        progress.say(f"since run {run.number}, {line}")
    same = {(f.name, f.of): f.value for f in run.figures} == {
        (f.name, f.of): f.value for f in now.figures
    }
    which = "the same figures as" if same else "other figures than"
    more = "" if same else f"; 'neurorebit runs compare {run.number} {now.number}' shows them"
    if run.figures or now.figures:
        progress.say(f"run {now.number} has {which} run {run.number}{more}")


def _forget(asked: argparse.Namespace) -> int:
    from neurorebit.store import forget, select

    path, wanted = _place(asked), _filter(asked)
    if not asked.runs and not asked.all and wanted.is_all:
        message = "nothing says which runs are to be forgotten"
        cure = "give numbers, a filter such as --before 30d, or --all"
        raise InputError(message, cure=cure)
    if asked.runs:
        named = {run.number for run in select.some(path, asked.runs)}
        found = [run for run in select.find(path, wanted) if run.number in named]
    else:
        found = select.find(path, wanted)
    numbers = [run.number for run in found]
    if numbers and not asked.dry_run:
        forget.forget(path, numbers)
    what = "would be forgotten" if asked.dry_run else "forgotten"
    listed = f": {_ranges(numbers)}" if numbers else ""
    kept = "; what they wrote stays" if any(run.folder for run in found) else ""
    print(f"{len(numbers)} {'run' if len(numbers) == 1 else 'runs'} {what}{listed}{kept}")
    return 0


def _ranges(numbers: list[int]) -> str:
    """Numbers in order, those that follow each other as a range: ``3-5, 8``."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in ranges)
