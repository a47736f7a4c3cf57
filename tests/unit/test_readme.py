"""Tables of the README that name what the package's tables and folders hold."""

import re

import pytest
from readme import PATH, derived

from neurorebit.schema import paths

README = PATH.read_text(encoding="utf-8")


def test_its_derived_tables_are_those_of_the_package():
    assert derived(README) == README, "python tests/readme.py writes them"


@pytest.mark.parametrize("kind", ["network", "architecture"])
def test_it_names_the_shipped_files(kind):
    (row,) = re.findall(rf"^\| {kind}: .*$", README, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row.split("|")[3])) == set(paths.names(kind))
