"""The house rules that a reader would otherwise have to check: arrows, walls, prints, units."""

import ast
from pathlib import Path

from house import House, circles, nodes, of_each

import neurorebit

HOUSE = House(Path(neurorebit.__file__).parent)
MODULES = HOUSE.modules
COMPUTES = ("kernels", "training", "fitting", "torch")  # rooms that import Numba; schemes' weights
HEAVY = {"numba", "scipy", "sklearn", "matplotlib", "torch", "pandas", "plotly", "xarray"}


def computes(module):
    return module.split(".")[0] in COMPUTES or is_of_training(module)


def is_of_training(module):
    """Whether it belongs to the weights of a scheme, which are imported when training asks."""
    shared = module.startswith("schemes.parts.") and module != "schemes.parts.scheme"
    return shared or (module.startswith("schemes.") and module.endswith(".weights"))


def test_there_are_no_circles():
    assert circles(HOUSE.imports) == []
    assert circles(HOUSE.folders) == []
    assert circles(HOUSE.rooms) == []


@of_each(MODULES)
def test_kernels_and_circuits_know_nothing_of_each_other(module):
    others = {other.split(".")[0] for other in HOUSE.imports[module]}
    if module.startswith("kernels"):
        assert others <= {"kernels"}
    if module.split(".")[0] in ("schema", "circuits", "layers", "chips", "inputs", "estimation"):
        assert not others & {*COMPUTES}
        assert not any(is_of_training(other) for other in HOUSE.imports[module])


@of_each(m for m in MODULES if not computes(m))
def test_an_estimate_imports_nothing_heavy(module):
    for name, at_load in HOUSE.imported(module):
        assert not (at_load and name.split(".")[0] in HEAVY), f"{module} imports {name}"


@of_each(m for m in MODULES if m.startswith("kernels."))
def test_kernels_import_only_numba_numpy_and_plain_types(module):
    allowed = {"numba", "numpy", "math", "enum", "typing", "neurorebit", "__future__"}
    for name, _ in HOUSE.imported(module):
        assert name.split(".")[0] in allowed
        if name.startswith("neurorebit."):
            assert name.startswith("neurorebit.kernels")


@of_each(MODULES)
def test_only_commands_print_and_only_the_program_exits(module):
    for node in nodes(MODULES[module]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("exit", "quit")
            assert node.func.id != "print" or module.startswith("commands")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) != ("sys", "exit") or module == "__main__"


SI = ("schema", "circuits", "layers", "schemes", "chips", "kernels", "estimation")
UNITS = {
    "nm", "um", "mm", "ns", "ps", "us", "ms", "pj", "fj", "nj", "uj", "mj", "mw", "uw", "nw", "ghz",
    "mhz", "kohm", "ohm", "mv", "ff", "pf",
}  # fmt: skip


@of_each(m for m in MODULES if m.split(".")[0] in SI)
def test_no_name_carries_a_unit(module):
    for node in nodes(MODULES[module]):
        if isinstance(node, ast.Name):
            assert not set(node.id.lower().split("_")[1:]) & UNITS, node.id


def test_chips_leave_little_to_those_who_inherit():
    """What a PE is, what reads columns, how rows are opened and one is sensed; no empty hook."""
    abstract = []
    for module in (m for m in MODULES if m.split(".")[0] == "chips"):
        text = MODULES[module].read_text()
        assert "NotImplemented" not in text, module
        for node in nodes(MODULES[module]):
            if isinstance(node, ast.FunctionDef):
                marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
                if "abstractmethod" in marks:
                    abstract.append(node.name)
    assert sorted(abstract) == ["open_rows", "pe", "readout", "sense_row"]
