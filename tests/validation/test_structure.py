"""The structure of what stands beside the package."""

from __future__ import annotations

from pathlib import Path

from house import House, circles, of_each

import neurorebit
import validation

HOUSE = House(Path(validation.__file__).parent)
PACKAGE = House(Path(neurorebit.__file__).parent)


def test_there_are_no_circles() -> None:
    assert sum(map(len, HOUSE.imports.values())) > 100
    assert circles(HOUSE.imports) == []
    assert circles(HOUSE.folders) == []


@of_each(HOUSE.modules)
def test_modules_are_short(module: str) -> None:
    assert len(HOUSE.modules[module].read_text().splitlines()) <= 500


@of_each(PACKAGE.modules)
def test_the_package_does_not_import_it(module: str) -> None:
    assert not any(name.startswith("validation") for name, _ in PACKAGE.imported(module))
