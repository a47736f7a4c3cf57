"""What runs the tutorials: a page that says what happens passes, and no other."""

import re
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
import run_tutorials  # noqa: E402  # docs/ is no package

PAGE = """\
A file:

```yaml
# given.yaml
energy: 100 nJ
share: 50 %
last: line
```

```sh
cat given.yaml
```

```text
energy: 104 nJ
...
last: line
```

A program in two blocks:

```python
count = 3
```

```python
print("of", count)
```

```text
of 3
```
"""


@pytest.fixture
def outcome(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return run_tutorials.run


def test_a_page_that_says_what_happens(outcome):
    assert outcome(PAGE, write=True) == (PAGE, [])


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("energy: 104 nJ", "energy: 106 nJ"),
        ("energy: 104 nJ", "energy: 104 uJ"),
        ("of 3", "of 3 and more"),
    ],
)
def test_a_page_that_says_something_else_is_found_and_corrected(outcome, said, instead):
    wrong = PAGE.replace(said, instead)
    kept, problems = outcome(wrong, write=False)
    assert kept == wrong
    assert len(problems) == 1
    written, _ = outcome(wrong, write=True)
    assert outcome(written, write=False) == (written, [])


@pytest.mark.parametrize(
    ("block", "reason"), [("sh\nfalse", "exit 1"), ("python\n1 / 0", "ZeroDivisionError")]
)
def test_a_block_that_fails_ends_its_page_and_keeps_it(outcome, block, reason):
    page = f"{PAGE}\n```{block}\n```\n\n```text\nnever\n```\n"
    kept, problems = outcome(page, write=True)
    assert kept == page
    assert [reason in problem for problem in problems] == [True]


def test_shares_may_differ_by_points():
    assert run_tutorials.agrees("23 % of 100", "20.5 % of 102")
    assert not run_tutorials.agrees("23 % of 100", "19 % of 100")


def test_every_fence_of_a_tutorial_is_one_that_is_run():
    pages = [page for page in (DOCS / "tutorials").glob("*.md") if page.stem != "index"]
    assert len(pages) >= 5
    for page in pages:
        text = page.read_text()
        rest = run_tutorials.BLOCK.sub("", text)
        assert not re.search("^ *(```|~~~)", rest, re.MULTILINE), page.name
