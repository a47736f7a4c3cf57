"""The pages that list: all runs, one run, the files of a folder. Without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from neurorebit.schema.errors import printable
from neurorebit.store import changes, listing
from neurorebit.store.record import Run
from neurorebit.store.view.shelf import Shelf, of_run, quoted

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .3rem .7rem; text-align: left; border-bottom: 1px solid #8886; }
th { font-weight: 600; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
td { white-space: nowrap; } td.text { white-space: normal; }
code { font-size: .95em; overflow-wrap: anywhere; white-space: normal; }
.changed { color: #b3261e; } @media (prefers-color-scheme: dark) { .changed { color: #f2b8b5; } }
"""


def runs(listed: Sequence[Run], of: str, most: int) -> str:
    """The page of the newest runs, ``most`` at most; each leads to its own."""
    names = [name for name in listing.SHOWN if any(run.figure(name) for run in listed)]
    head = ["run", "begin", "command", "network", "chip", "scheme", "state"]
    head += [listing.SHOWN[name].replace("\n", " ") for name in names]
    body = []
    for run in reversed(listed):
        figures = [run.figure(name) for name in names]
        values = ["" if one is None else listing.bare(one) for one in figures]
        first = of_run(run).first
        page = f"run/{run.number}/{quoted(first)}" if first else f"run/{run.number}/"
        texts = [
            listing.when(run.started),
            run.command,
            ", ".join(run.named("network")),
            ", ".join(run.named("architecture")),
            run.scheme,
            run.shown_state,
        ]
        cells = [f'<td class="number"><a href="run/{run.number}/">{run.number}</a></td>']
        cells += [_td(text) for text in texts]
        cells += [f'<td class="number">{_text(value)}</td>' for value in values]
        cells.append(f'<td><a href="{page}">{_text(first)}</a></td>' if first else "<td></td>")
        body.append("".join(cells))
    table = _table([*head, "page"], body) if body else "<p>No run is recorded yet.</p>"
    note = f"<p>{_text(listing.NOTE)}</p>" if body else ""
    newest = f"<p>The newest {most}.</p>" if len(listed) >= most else ""
    return _page("Runs", f"<h1>Runs</h1><p><code>{_text(of)}</code></p>{newest}{table}{note}")


def run(one: Run) -> str:
    """The page of a run: all that is recorded of it, with its files."""
    parts = [
        f"<h1>Run {one.number}: {_text(one.command)}</h1>",
        '<p><a href="../../">all runs</a></p>',
    ]
    rows = [(word, text) for word, text in listing.described(one) if text]
    parts.append(_table([], [f"<th>{_text(word)}</th>{_td(text, True)}" for word, text in rows]))
    parts += [f'<p class="changed">{_text(each.text)}</p>' for each in changes.changes(one)]
    if one.files:
        parts.append(f"<h2>Files</h2>{_links(one.files)}")
    if one.figures:
        body = [
            f'{_td(listing.name(f))}<td class="number">{_text(listing.shown(f))}</td>'
            f"{_td(f.origin)}"
            for f in one.figures
        ]
        parts.append(f"<h2>Figures</h2>{_table(['figure', 'value', 'origin'], body)}")
    if one.inputs:
        body = [
            f"{_td(i.kind)}{_td(i.name)}<td><code>{_text(i.sha256[: changes.SHORT])}</code></td>"
            f"{_td(i.place or '', True)}"
            for i in one.inputs
        ]
        parts.append(f"<h2>Inputs</h2>{_table(['input', 'name', 'sha256', 'place'], body)}")
    return _page(f"Run {one.number}", "".join(parts))


def folder(shelf: Shelf) -> str:
    """The page of a folder: its files."""
    files = _links(shelf.files, "folder/") if shelf.files else "<p>It has no file to show.</p>"
    title = _text(shelf.title)
    return _page(shelf.title, f"<h1>{title}</h1><p><code>{_text(shelf.folder)}</code></p>{files}")


def _links(files: Iterable[str], before: str = "") -> str:
    items = (f'<li><a href="{before}{quoted(name)}">{_text(name)}</a></li>' for name in files)
    return f"<ul>{''.join(items)}</ul>"


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    top = "".join(f'<th scope="col">{_text(word)}</th>' for word in head)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    thead = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f'<div class="scroll"><table>{thead}<tbody>{body}</tbody></table></div>'


def _td(text: str, long: bool = False) -> str:
    return f"<td{' class=text' if long else ''}>{_text(text)}</td>"


def _text(text: str) -> str:
    return escape(printable(text))


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)} - NeuroReBIT</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )
