"""Pages for readers: their tables follow from the package, their links lead somewhere."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
import figures  # noqa: E402  # docs/ is no package

PAGES = [*figures.PAGES, ROOT / "CONTRIBUTING.md", ROOT / "reports" / "reference" / "README.md"]
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", figures.PAGES, ids=lambda page: page.name)
def test_its_tables_are_those_of_the_package(page):
    text = page.read_text(encoding="utf-8")
    assert figures.derived(text) == text, "python docs/figures.py writes them"


def test_every_table_stands_on_a_page():
    found = {
        mark["name"]
        for page in figures.PAGES
        for mark in figures.MARKED.finditer(page.read_text(encoding="utf-8"))
    }
    assert found == set(figures.BLOCKS)


def test_a_table_that_is_out_of_date_is_seen():
    text = "<!-- figures: files -->\n| old |\n<!-- end -->\nrest"
    new = figures.derived(text)
    assert "| old |" not in new
    assert "`taox_hfox`" in new
    assert new.endswith("<!-- end -->\nrest")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_links_lead_somewhere(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_is_short():
    assert (ROOT / "README.md").stat().st_size <= 8192
