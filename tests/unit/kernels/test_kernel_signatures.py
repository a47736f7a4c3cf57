"""What Numba allows and a reader can follow: eight positional arguments, no bare choices."""

import ast
import importlib
import inspect
from enum import IntEnum
from pathlib import Path

import pytest

from neurorebit import kernels

MOST = 8
MODULES = sorted(p.stem for p in Path(kernels.__file__).parent.glob("[!_]*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_a_kernel_has_at_most_eight_arguments(name):
    """More are grouped in a NamedTuple, which gives each a name, a unit and a place."""
    tree = ast.parse((Path(kernels.__file__).parent / f"{name}.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            positional = len(node.args.posonlyargs) + len(node.args.args)
            assert positional <= MOST, f"{name}.{node.name} has {positional} arguments"
            assert ast.get_docstring(node), f"{name}.{node.name} has no docstring"


@pytest.mark.parametrize("name", MODULES)
def test_groups_and_choices_say_what_they_are(name):
    module = importlib.import_module(f"neurorebit.kernels.{name}")
    for thing in vars(module).values():
        if inspect.isclass(thing) and thing.__module__ == module.__name__:
            assert issubclass(thing, IntEnum | tuple), thing
            assert thing.__doc__, thing
            assert not thing.__doc__.startswith(f"{thing.__name__}("), f"{thing}: a docstring"
