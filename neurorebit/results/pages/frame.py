"""The frame of a page: head, contents, sections, style, script, and Plotly itself."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from neurorebit.results.pages.figure import Figure
from neurorebit.results.pages.table import Table
from neurorebit.results.pages.text import escaped, in_script

MARK = b"<!doctype html>\n<!-- a page of NeuroReBIT -->\n"  # how every page begins
POLICY = (  # nothing is fetched from anywhere
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Section:
    """A part of a page with a heading: figures, tables, and HTML made by these modules."""

    name: str
    title: str
    body: Sequence[Figure | Table | str]
    says: str = ""

    def html(self) -> str:
        """The section, nothing where it has no body."""
        if not self.body:
            return ""
        inner = "".join(one if isinstance(one, str) else one.html() for one in self.body)
        says = f'<p class="says">{escaped(self.says)}</p>' if self.says else ""
        name = escaped(self.name)
        return (
            f'<section id="{name}" aria-labelledby="{name}-heading">'
            f'<h2 id="{name}-heading">{escaped(self.title)}</h2>{says}\n{inner}</section>\n'
        )


@dataclass(frozen=True)
class Page:
    """A page: its title, a line below it, the command that made it, and its sections.

    ``data`` is what scripts need beside the figures, by name; ``scripts`` are files beside this
    one that a part of the page needs.
    """

    title: str
    sections: Sequence[Section]
    subtitle: str = ""
    command: str = ""
    _: KW_ONLY
    data: Mapping[str, Any] = field(default_factory=dict)
    scripts: tuple[str, ...] = ()

    def write(self) -> bytes:
        """The file."""
        shown = [section for section in self.sections if section.body]
        figures = {
            one.name: dict(one.views)
            for section in shown
            for one in section.body
            if isinstance(one, Figure)
        }
        data = in_script({"figures": figures, **self.data})
        links = "".join(
            f'<li><a href="#{escaped(one.name)}">{escaped(one.title)}</a></li>' for one in shown
        )
        command = ""
        if self.command:
            command = (
                f'<p class="command"><code>{escaped(self.command)}</code>'
                '<button type="button" class="copy-text">Copy</button>'
                '<span role="status" aria-live="polite"></span></p>'
            )
        body = "".join(section.html() for section in shown)
        text = (
            f'<html lang="en"><head><meta charset="utf-8"><title>{escaped(self.title)}</title>'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f'<link rel="icon" href="data:,"><style>{_asset("page.css")}</style></head>\n<body>'
            '<a class="skip" href="#content">To the content</a>'
            f'<header><div class="bar"><p class="brand">NeuroReBIT</p>'
            '<button type="button" id="theme" aria-label="Light or dark">Dark</button></div>'
            f"<h1>{escaped(self.title)}</h1>"
            f'<p class="subtitle">{escaped(self.subtitle)}</p>{command}'
            f'<nav aria-label="Contents"><ul>{links}</ul></nav></header>\n'
            f'<main id="content">{body}</main>\n'
            "<noscript><p>Figures need JavaScript; all numbers stand in the tables.</p></noscript>"
            f'<script type="application/json" id="data">{data}</script>\n<script>'
        )
        own = "".join(f"<script>{_asset(n)}</script>\n" for n in (*self.scripts, "page.js"))
        script = f"</script>\n{own}</body></html>\n"
        return b"".join((MARK, text.encode(), plotly(), script.encode()))


def cards(pairs: Iterable[tuple[str, str, str, str]]) -> str:
    """Headline numbers: word, value, what is said below it, and the path of the value."""
    inner = "".join(
        f'<div class="card"><dt>{escaped(word)}</dt><dd>'
        f"<b{_path(path)}>{escaped(value)}</b><span>{escaped(below)}</span></dd></div>"
        for word, value, below, path in pairs
    )
    return f'<dl class="cards">{inner}</dl>\n'


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Words and what is said of each."""
    inner = "".join(f"<dt>{escaped(w)}</dt><dd>{escaped(text)}</dd>" for w, text in pairs)
    return f'<dl class="definitions">{inner}</dl>\n'


def listed(lines: Iterable[str], kind: str = "") -> str:
    """A list of sentences, of one of the kinds that the style knows; nothing without any."""
    inner = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f'<ul class="{escaped(kind)}">{inner}</ul>\n' if inner else ""


def headed(title: str, inner: str) -> str:
    """A smaller heading over HTML of these modules; nothing without any."""
    return f"<h3>{escaped(title)}</h3>\n{inner}" if inner else ""


def _path(path: str) -> str:
    return f' data-path="{escaped(path)}"' if path else ""


@cache
def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def plotly() -> bytes:
    """The script of Plotly, read from its package without importing that."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("plotly is not installed", name="plotly")
    place = Path(spec.submodule_search_locations[0])
    return (place / "package_data" / "plotly.min.js").read_bytes()
