"""The house rules that a reader would otherwise have to check: floors, the wall, prints, units."""

import ast
from pathlib import Path

import pytest

import neurorebit

ROOT = Path(neurorebit.__file__).parent
MODULES = {
    path.relative_to(ROOT).with_suffix("").as_posix(): path for path in sorted(ROOT.rglob("*.py"))
}
FLOORS = {
    "units": 0, "schema": 0, "cost": 0, "paths": 0,
    "technology": 1, "device": 1, "network": 1, "activity": 1, "architecture": 1, "mapping": 1,
    "training": 0.5, "ablations": 1.5,
    "circuits": 2, "chip": 2.1, "estimate": 2.2, "kernels": 2,
    "inputs": 3, "axes": 3, "sweep": 3, "table": 3, "nodes": 3,
    "report": 3, "picture": 3, "compare": 3, "show": 3, "train": 3, "fit": 3,
    "validate": 3,
    "run": 4, "schemes": 4.5, "commands": 4.8, "__main__": 5, "__init__": 0,
}  # fmt: skip
LEFT = (
    "circuits",
    "chip",
    "estimate",
    "report",
    "sweep",
    "nodes",
)  # of the wall: they know no training
RIGHT = ("kernels", "train", "fit")  # they know no circuit
HEAVY = {"numba", "scipy", "sklearn", "matplotlib", "torch", "pandas"}


def floor(module):
    return FLOORS[module.split("/")[0]]


def imports(path):
    """Modules of ours that a file imports, with whether it does so when it is loaded."""
    tree = ast.parse(path.read_text())
    top = {id(n) for n in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] + [f"{node.module}.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        for name in names:
            yield name, id(node) in top


def ours(path):
    for name, at_load in imports(path):
        parts = name.split(".")
        if parts[0] == "neurorebit" and "/".join(parts[1:]) in MODULES:
            yield "/".join(parts[1:]), at_load


def test_every_file_has_a_floor():
    assert not {m.split("/")[0] for m in MODULES} - set(FLOORS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    for other, _ in ours(MODULES[module]):
        if other.split("/")[0] != module.split("/")[0] and other != "__init__":
            assert floor(other) <= floor(module), f"{module} imports {other}"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_crosses_the_wall(module):
    side = module.split("/")[0]
    others = {other.split("/")[0] for other, _ in ours(MODULES[module])}
    if side in LEFT:
        assert not others & set(RIGHT)
    if side in RIGHT:
        assert not others & {"circuits", "chip", "estimate", "report"}


@pytest.mark.parametrize("module", [m for m in MODULES if m.split("/")[0] not in RIGHT])
def test_an_estimate_imports_nothing_heavy(module):
    for name, at_load in imports(MODULES[module]):
        assert not (at_load and name.split(".")[0] in HEAVY), f"{module} imports {name}"


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("kernels/")])
def test_kernels_import_only_numba_numpy_and_math(module):
    if module == "kernels/__init__":  # sets Numba's cache up
        return
    allowed = {"numba", "numpy", "math", "neurorebit", "__future__"}
    for name, _ in imports(MODULES[module]):
        assert name.split(".")[0] in allowed
        if name.startswith("neurorebit."):
            assert name.startswith("neurorebit.kernels")


@pytest.mark.parametrize("module", MODULES)
def test_only_commands_print_and_only_the_program_exits(module):
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("exit", "quit")
            assert node.func.id != "print" or module.startswith("commands/")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) != ("sys", "exit") or module == "__main__"


UNITS = {
    "nm", "um", "mm", "ns", "ps", "us", "ms", "pj", "fj", "nj", "uj", "mj", "mw", "uw", "nw", "ghz",
    "mhz", "kohm", "ohm", "mv", "ff", "pf",
}  # fmt: skip


@pytest.mark.parametrize("module", [m for m in MODULES if floor(m) < 3])
def test_no_name_carries_a_unit(module):
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Name):
            assert not set(node.id.lower().split("_")[1:]) & UNITS, node.id
