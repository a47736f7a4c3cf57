"""The page of a search, read by a parser: its numbers, its front, what its words cannot do."""

import numpy as np
import pytest
from pages import HOSTILE, Page

import neurorebit as nr
from neurorebit.results.pages import search as pages


@pytest.fixture(scope="module")
def found():
    space = {
        "architecture.apim.adc": ["sar", "flash"],
        "architecture.apim.adc_bits": [4, 5, 6],
        "technology.vdd": ["0.8 V", "0.9 V", "9 V"],
    }
    return nr.search(
        "mlp", "rebit", space, objectives=["energy", "area"], budget=16, progress=False
    )


@pytest.fixture(scope="module")
def page(found):
    return Page(pages.write(found.table, found.about))


def test_designs_are_those_of_the_table(found, page):
    rows = np.flatnonzero(found.table["feasible"])
    designs = page.data["designs"]
    columns = {one["name"]: one for one in designs["columns"]}
    for name in ("training energy [J/image]", "area [m2]", "technology.vdd [V]"):
        column = columns[name.partition(" [")[0]]
        assert column["values"] == found.table[name][rows].tolist()
        assert column["unit"] == name.partition(" [")[2].rstrip("]")
    assert designs["commands"] == found.table["command"][rows].tolist()
    assert rows[designs["front"]].tolist() == found.about["front"]
    assert designs["fronts"]["training energy|area"] == designs["front"]


def test_importances_and_reasons_are_shown(found, page):
    assert {"summary", "front", "designs", "importances", "reasons"} <= set(page.ids)
    drawn = page.data["figures"]["importances"][""]["data"]
    shares = {bars["name"]: bars["x"] for bars in drawn}
    assert max(shares["energy"]) == pytest.approx(
        100 * max(found.about["importances"]["energy"].values())
    )
    assert "below 5 V" in pages.write(found.table, found.about).decode()


def test_words_of_files_stay_text(found):
    """Markup, a line of a script and control characters in the name of a network or a value."""
    table = {**found.table, "reason": found.table["reason"].copy()}
    table["reason"][0] = HOSTILE
    table["command"] = np.array([HOSTILE] * len(found), dtype=object)
    table["architecture.apim.adc"] = np.array([HOSTILE] * len(found), dtype=object)
    about = {**found.about, "names": {**found.about["names"], "network": HOSTILE}}
    about["where"] = [{"text": HOSTILE, "column": "area [m2]"}]
    about["importances"] = {"energy": {HOSTILE: 0.5}}
    content = pages.write(table, about)
    made = Page(content)
    assert not any(tag == "img" for tag, _ in made.tags)
    assert made.data["designs"]["commands"][0] == HOSTILE
    assert b"\x1b" not in content
