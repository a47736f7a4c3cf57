"""Citations in the code lead to a heading of docs/, and links between pages to one of theirs."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [
    path
    for folder in ("neurorebit", "validation", "tests", "docs", "examples")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__)
]
CITED = re.compile(r"(?<![\w/])(docs/[\w/]+\.md)(?:#([\w-]+))?")
NUMBERED = re.compile(r"\b[A-Za-z]\w*\.md(?: section)? \d")  # a section of a page by its number
PAGES = sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)#([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor that a code host and MyST give to a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        name = slug(heading)
        found[name] = found.get(name, -1) + 1
    repeated = {f"{name}-{i}" for name, more in found.items() for i in range(1, more + 1)}
    return frozenset(found) | repeated


def lost(text: str) -> list[str]:
    """The citations of a text that lead nowhere."""
    return [
        found[0]
        for found in CITED.finditer(text)
        if not (ROOT / found[1]).is_file()
        or (found[2] and found[2] not in anchors(ROOT / found[1]))
    ]


def test_every_citation_in_the_code_leads_to_a_heading():
    wrong = {
        str(path.relative_to(ROOT)): wanted
        for path in CODE
        if (wanted := lost(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def test_none_names_a_section_by_its_number():
    wrong = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in CODE
        for found in NUMBERED.finditer(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docs/models/gates.md#delay-of-a-stage", []),
        ("docs/models/gates.md", []),
        ("docs/models/gates.md#delay", ["docs/models/gates.md#delay"]),
        ("docs/models/gate.md", ["docs/models/gate.md"]),
    ],
)
def test_a_citation_that_leads_nowhere_is_seen(text, expected):
    assert lost(f"(see {text}).") == expected


def test_every_page_of_models_is_cited_by_the_code():
    text = "".join(
        p.read_text(encoding="utf-8") for p in CODE if p.is_relative_to(ROOT / "neurorebit")
    )
    cited = {found[1] for found in CITED.finditer(text)}
    models = {f"docs/models/{page.name}" for page in (ROOT / "docs" / "models").glob("*.md")}
    assert models - cited == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_to_headings(page):
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    wrong = []
    for file, anchor in LINK.findall(text):
        target = (page.parent / file) if file else page
        if target.suffix == ".md" and target.is_file() and anchor not in anchors(target.resolve()):
            wrong.append(f"{file}#{anchor}")
    assert wrong == []
