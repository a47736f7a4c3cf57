"""Every refusal says what to do: read off the source, wherever one is raised."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

import neurorebit

PACKAGE = Path(neurorebit.__file__).parent
# the calls that make a refusal, and the place of the cure among their positional arguments
CURES = {
    "InputError": None,
    "ImpossibleError": None,
    "InfeasibleError": None,
    "Misfit": None,
    "Misshaped": 1,
    "error": 2,
    "impossible": 2,
}
BY_MESSAGE = ("sheet", "b")  # receivers whose ``error`` takes the message first


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            func = node.func
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if name in CURES:
                yield name, node


def texts(node):
    """All that is written in a call, and in what was assigned to its names."""
    return "".join(
        n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )


def places(trees):
    """Where functions called ``error`` have their cure among positional arguments, by receiver."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "error":
                names = [arg.arg for arg in node.args.args if arg.arg != "self"]
                if "cure" in names:
                    yield names.index("cure")


def cured(name, call, assigned, own):
    place = CURES[name]
    func = call.func
    if name == "error":
        if own:
            place = min(own)  # of the function that this module defines
        elif isinstance(func.value, ast.Name) and func.value.id in BY_MESSAGE:
            place = 1
        last = call.args[-1] if call.args else call
        if isinstance(last, ast.Constant) and last.value == "":
            return True  # asked for the place of a key, not raised
    if any(word.arg in ("cure", None) for word in call.keywords):
        return True
    if place is not None and len(call.args) > place:
        return True
    names = {n.id for n in ast.walk(call) if isinstance(n, ast.Name)}
    said = texts(call) + "".join(assigned.get(one, "") for one in names)
    return "; " in said


def uncured(path):
    tree = ast.parse(path.read_text())
    own = list(places([tree]))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.Module):
            continue
        assigned = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        assigned[target.id] = assigned.get(target.id, "") + texts(node.value)
        for name, call in calls(function):
            if isinstance(function, ast.FunctionDef) and not cured(name, call, assigned, own):
                yield f"{path.relative_to(PACKAGE)}:{call.lineno}: {ast.unparse(call)[:120]}"


@pytest.mark.parametrize(
    "room", sorted(p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__")
)
def test_every_refusal_has_a_cure(room):
    found = {line for path in (PACKAGE / room).rglob("*.py") for line in uncured(path)}
    graphs = "inputs/importers/"  # Graph.error has a cure of its own where none is given
    found = {line for line in found if not line.startswith(graphs)}
    assert not found, "\n".join(sorted(found))


def test_a_graph_s_error_has_a_cure_of_its_own():
    from neurorebit.inputs.importers.graphs import graph

    made = graph.Graph.error.__get__(SimpleNamespace(shown="x.onnx"))
    assert str(made(None, "is wrong")) == f"x.onnx: is wrong; {graph.ANEW}"


def test_a_refusal_without_one_is_seen(tmp_path, monkeypatch):
    import test_cures

    path = tmp_path / "x.py"
    path.write_text("def f():\n    message = 'no'\n    raise InputError(message, origin=1)\n")
    monkeypatch.setattr(test_cures, "PACKAGE", tmp_path)
    assert list(uncured(path)) == ["x.py:3: InputError(message, origin=1)"]
    path.write_text("def f():\n    message = 'no; take 1'\n    raise InputError(message)\n")
    assert not list(uncured(path))
