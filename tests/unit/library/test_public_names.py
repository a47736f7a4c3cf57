"""The package's own names: lazy, documented, no module's name, and what each one loads."""

import ast
import doctest
import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import neurorebit as nr

ROOT = Path(nr.__file__).parent
NAMES = [name for name in nr.__all__ if name != "__version__"]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(nr, name))]
HOUSE = {  # of the architecture's public API
    "network", "chip", "device", "technology", "estimate", "sweep", "compare", "nodes", "fit",
    "train", "compare_schemes", "run", "validate",
}  # fmt: skip
HEAVY = ("numba", "pandas", "xarray", "matplotlib", "scipy", "sklearn", "tqdm")


def in_a_process_of_its_own(code, folder):
    """What the code prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT.parent), "PATH": "", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_public_functions_are_those_of_the_house():
    assert set(FUNCTIONS) >= HOUSE
    assert set(dir(nr)) >= set(NAMES)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nr.nothing  # noqa: B018


def test_what_type_checkers_see_is_what_there_is():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    seen = {
        alias.asname: f"{node.module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert seen == {name: f"neurorebit.{home}" for name, home in nr._HOMES.items()}
    assert (ROOT / "py.typed").is_file()


def test_no_public_function_bears_the_name_of_a_room():
    rooms = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not rooms & set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_module_may_be_imported_and_the_function_stays(name):
    """A name that is also a module's would be overwritten when the module is imported."""
    before = getattr(nr, name)
    for path in sorted(ROOT.iterdir()):
        if path.is_dir() and (path / "__init__.py").is_file():
            importlib.import_module(f"neurorebit.{path.name}")
    importlib.import_module(before.__module__)
    assert getattr(nr, name) is before
    assert callable(getattr(nr, name))


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_documented(name):
    text = inspect.getdoc(getattr(nr, name))
    assert text
    if name in FUNCTIONS:
        assert ">>>" in text
        assert "InputError" in text


@pytest.mark.parametrize("home", sorted({home for home in nr._HOMES.values() if "lib" in home}))
def test_the_examples_of_the_documentation_run_and_leave_the_functions(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(f"neurorebit.{home}")
    before = {name: getattr(nr, name) for name in FUNCTIONS}
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert found.failed == 0
    assert found.attempted > 0
    assert {name: getattr(nr, name) for name in FUNCTIONS} == before
    assert list(tmp_path.iterdir()) == []  # nothing is written


def test_the_import_costs_nothing(tmp_path):
    code = "import json, sys, neurorebit; print(json.dumps(sorted(sys.modules)))"
    loaded = in_a_process_of_its_own(code, tmp_path)
    assert not {"numpy", "yaml", "pydantic", *HEAVY} & set(loaded)
    assert [name for name in loaded if name.startswith("neurorebit.")] == []


def test_help_costs_nothing(tmp_path):
    code = (
        "import json, sys\n"
        "from neurorebit.__main__ import main\n"
        "sys.stdout = sys.stderr\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "sys.stdout = sys.__stdout__\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = in_a_process_of_its_own(code, tmp_path)
    assert not {"numpy", "yaml", "pydantic", *HEAVY} & set(loaded)


def test_an_estimate_loads_nothing_heavy_and_writes_nothing(tmp_path):
    code = (
        "import json, sys, neurorebit as nr\n"
        "chip = nr.chip('rebit').set('architecture.apim.adc_bits', 6)\n"
        "first = nr.estimate('mlp', chip)\n"
        "repr(first), first.area, first._repr_html_()\n"
        "grid = nr.sweep('mlp', chip, {'technology.vdd': [0.9, 1.0]}, progress=False)\n"
        "repr(grid), repr(nr.nodes('mlp', chip, ['32nm'])), repr(nr.compare(first, first))\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    loaded = in_a_process_of_its_own(code, tmp_path)
    assert not set(HEAVY) & set(loaded)
    assert list(tmp_path.iterdir()) == []
