"""``neurorebit view``: pages of runs in the browser of this machine."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from neurorebit.commands import options
from neurorebit.schema import Argument, InputError

if TYPE_CHECKING:
    from neurorebit.store.view.site import Site

EXAMPLES = (
    "neurorebit view",
    "neurorebit view last",
    "neurorebit view reports/mlp --port 8000 --no-browser",
)


def add_options(parser: options.Parser) -> None:
    """What is to be seen, and where."""
    parser.add_argument(
        "what",
        metavar="RUN|FOLDER",
        nargs="?",
        help="the number of a recorded run, 'last', or a folder (a list of all runs)",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=options.whole(0, 65535),
        default=0,
        help="of the loopback address, from which alone it can be reached (0: any that is free)",
    )
    parser.add_argument("--no-browser", action="store_true", help="open none; print the address")
    options.add_store(parser, recorded=False)


def main(asked: argparse.Namespace) -> int:
    """Serve until an interrupt."""
    from neurorebit.store.view.server import Server

    site, path = _site(asked)
    server = Server(site, asked.port)
    print(f"{server.url}{path}\nonly you can see it, from this machine; Ctrl-C ends it", flush=True)
    if not asked.no_browser and _has_windows():
        webbrowser.open(server.ticket(path))
    try:
        server.serve()
    except KeyboardInterrupt:
        return 0
    return 0


def _site(asked: argparse.Namespace) -> tuple[Site, str]:
    """What is served, and the path of the page that is asked for."""
    from neurorebit.store import place, select
    from neurorebit.store.view.shelf import of_folder, of_run, quoted
    from neurorebit.store.view.site import Site

    if asked.what is not None and os.path.isdir(asked.what):
        folder = Path(asked.what)
        first = of_folder(folder).first
        return Site(None, folder), f"folder/{quoted(first)}" if first else ""
    path = place.store(asked.store)
    if path is None:
        message = "there is no store, as the environment says"
        cure = "name one with --store FILE, or a folder to see"
        raise InputError(message, origin=place.VARIABLE, cure=cure)
    if asked.what is None:
        select.find(path, select.Filter(last=1))  # or refuses
        return Site(path), ""
    if not (asked.what.isdecimal() or asked.what == select.LAST):
        message, cure = "no such folder, and no run", "name a run by its number, or a folder"
        raise InputError(message, origin=Argument("what", asked.what), cure=cure)
    run = select.one(path, asked.what)
    first = of_run(run).first
    return Site(path), f"run/{run.number}/{quoted(first) if first else ''}"


def _has_windows() -> bool:
    """Whether a browser would open a window, and not take the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
