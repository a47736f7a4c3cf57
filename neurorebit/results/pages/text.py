"""Text of a page: escaped for HTML, for scripts and for figures; numbers with their units."""

from __future__ import annotations

import html
import json
import math
from functools import cache
from typing import Any

from neurorebit.schema import units
from neurorebit.schema.errors import printable

NONE = "\N{EN DASH}"  # in place of a number that there is none of
SYMBOLS = {"ohm": "\N{GREEK CAPITAL LETTER OMEGA}"}
MICRO, SQUARED = "\N{MICRO SIGN}", "\N{SUPERSCRIPT TWO}"


def escaped(text: object) -> str:
    """A text as HTML shows it, in elements and in attributes; what does not print as its escape."""
    return html.escape(printable(str(text)))


def in_script(value: Any) -> str:
    """A value as JSON that may stand in a script element; numbers that are none become null."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def in_figure(text: object) -> str:
    """A text as Plotly shows it, which reads markup in labels."""
    return html.escape(printable(str(text)), quote=False)


def _finite(value: Any) -> Any:
    """The value with null for each number that is not finite."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def quantity(value: float | None, unit: str = "", digits: int = 4) -> str:
    """A number with its unit as a reader has it: ``19.8 µJ``; a dash where there is none.

    What a unit is per (``J/image``) is left to the heading.
    """
    if value is None or not math.isfinite(value):
        return NONE
    if isinstance(value, int) and not unit:
        return f"{value:,}"
    of, _, per = unit.partition("/")
    if per and per not in ("image", "iteration", "network", "epoch"):
        of = unit
    scaled, prefixed = units.scale(value, of)
    text = f"{scaled:.{digits}g}"
    if 1000 <= abs(scaled) < 1e6:
        text = f"{float(text):,.0f}"
    return f"{text} {symbol(prefixed)}".rstrip()


@cache
def symbol(unit: str) -> str:
    """A unit in the signs of print: ``µJ``, ``mm²``."""
    for word, sign in SYMBOLS.items():
        unit = unit.replace(word, sign)
    if unit.startswith("u"):
        unit = MICRO + unit[1:]
    return unit.replace("m2", f"m{SQUARED}")


def percent(share: float | None, digits: int = 1) -> str:
    """A share in percent; a dash where there is none."""
    return NONE if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f} %"


def pointer(*steps: str | int) -> str:
    """The path of a value in a document, as RFC 6901 writes it: ``/phases/forward/energy_J``."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
