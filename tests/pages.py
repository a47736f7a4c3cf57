"""What tests of pages share: reading one as a parser does, and numbers as a page shows them."""

import copy
import json
import math
from html.parser import HTMLParser

from made_report import TRAINING, built

VOID = {"meta", "link", "input", "br", "img"}
HOSTILE = "</script><img src=x onerror=alert(1)><b>\"'&amp;%{y}\x1b[31m\u202e=1+1"


class Page(HTMLParser):
    """The elements of a page: ids, addresses, texts of what has a path, scripts; their nesting."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.ids, self.addresses, self.tags, self.shown, self.scripts = [], [], [], [], {}
        self._open, self._path, self._script = [], None, None
        self.feed(content.decode() if isinstance(content, bytes) else content)
        assert self._open == [], self._open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        assert not any(name.startswith("on") for name in given), given
        if "id" in given:
            self.ids.append(given["id"])
        self.addresses += [given[name] for name in ("src", "href") if name in given]
        if tag not in VOID:
            self._open.append(tag)
        if "data-path" in given:
            self._path = given["data-path"], given.get("data-v")
            self.shown.append([*self._path, ""])
        if tag == "script":
            self._script = given.get("id", f"script {len(self.scripts)}")
            self.scripts[self._script] = ""

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, tag
        self._path = None
        if tag == "script":
            self._script = None

    def handle_data(self, data):
        if self._script is not None:
            self.scripts[self._script] += data
        if self._path is not None:
            self.shown[-1][2] += data

    @property
    def data(self):
        """What the scripts of the page draw from."""
        return json.loads(self.scripts["data"])


def at(document, path):
    """The value at a JSON pointer (RFC 6901)."""
    value = document
    for step in path.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


PREFIXES = {
    "T": 12, "G": 9, "M": 6, "k": 3, "": 0, "m": -3, "µ": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
UNITS = ("TOPS/W", "%", "mm²", "µm²", "nm²", "m²", "J s", "J", "s", "W")


def size(text):
    """The number that a text of a page means, in SI units; None for a dash."""
    text = text.replace(",", "")
    if text == "\N{EN DASH}":
        return None
    number, _, unit = text.partition(" ")
    for known in UNITS:
        if unit.endswith(known) and (prefix := unit.removesuffix(known)) in PREFIXES:
            power = {"%": -2, "mm²": -6, "µm²": -12, "nm²": -18}.get(known, PREFIXES[prefix])
            return float(number) * 10.0**power
    assert unit == "", text
    return float(number)


def same(text, value):
    """Whether a text shows a value: four digits of a number, two decimals of a percentage."""
    if isinstance(value, str):
        return text.split() == value.split()
    shown = size(text)
    if value is None or shown is None:
        return value is None and shown is None
    if text.endswith("%"):
        return abs(shown - value) <= 5.001e-4
    return math.isclose(shown, value, rel_tol=5.001e-4, abs_tol=1e-300)


def trained():
    """The report of a training whose figures can be worked out in the head."""
    histogram = {
        "layer": "conv1",
        "largest": 2.0,
        "counts": {"real": [1, 3, 4], "analog": [2, 4, 2]},
    }
    return built(TRAINING | {"histogram": histogram})


def hostile():
    """A report whose every name and sentence is hostile."""
    report = copy.deepcopy(trained())
    for key in ("network", "architecture", "technology", "device", "version", "command"):
        report[key] = HOSTILE
    for key in ("ablations", "idle", "overrides", "notes", "assumptions"):
        report[key] = [HOSTILE]
    for layer in report["layers"][:-1]:
        layer["name"] += HOSTILE
        layer["area_by_part_m2"] = {f"x{HOSTILE}": 1e-6}
        for phase in layer["phases"].values():
            phase["slowest_stream"] = HOSTILE
            phase["energy_by_part_J"] = {f"chip/{HOSTILE}": 1e-12}
    for phase in report["phases"].values():
        phase["energy_by_part_J"] = {f"chip/{HOSTILE}": 1e-12}
    report["training"]["dataset"] = report["activity"]["source"] = HOSTILE
    report["inputs"] = {
        HOSTILE: {"name": HOSTILE, "file": HOSTILE, "sha256": HOSTILE,
                  "values": {HOSTILE: {"source": HOSTILE}}}
    }  # fmt: skip
    report["inputs"]["network"] = report["inputs"][HOSTILE]
    return report
