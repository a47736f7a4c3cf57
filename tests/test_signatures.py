"""Functions and dataclasses take at most four positional arguments; the rest are keyword-only."""

import ast
import dataclasses
import importlib
import inspect
from importlib.util import find_spec
from pathlib import Path

from house import House, nodes, of_each

import neurorebit

MOST = 4
MODULES = House(Path(neurorebit.__file__).parent).modules
KERNELS = [module for module in MODULES if module.split(".")[0] == "kernels"]
ABSENT = set() if find_spec("torch") else {"torch"}  # rooms that cannot be imported
OTHERS = [
    module
    for module in MODULES
    if module not in KERNELS and module != "__main__" and module.split(".")[0] not in ABSENT
]


def positional(node, in_class):
    """The positional arguments of a function, without self or cls."""
    static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
    return len(node.args.posonlyargs + node.args.args) - (in_class and not static)


@of_each(OTHERS)
def test_a_function_takes_at_most_four_positional_arguments(module):
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    methods = [
        child
        for node in nodes(MODULES[module])
        if isinstance(node, ast.ClassDef)
        for child in node.body
        if isinstance(child, functions)
    ]
    for node in nodes(MODULES[module]):
        if isinstance(node, functions):
            taken = positional(node, node in methods)
            assert taken <= MOST, f"{node.name}, line {node.lineno}"


@of_each(OTHERS)
def test_fields_beyond_the_fourth_are_keyword_only(module):
    loaded = importlib.import_module(f"neurorebit.{module}")
    for name, kind in inspect.getmembers(loaded, dataclasses.is_dataclass):
        if inspect.isclass(kind) and kind.__module__ == loaded.__name__:
            fields = [f.name for f in dataclasses.fields(kind) if f.init and not f.kw_only]
            assert len(fields) <= MOST, f"{name}: {fields}"


def test_the_rule_sees_methods_static_methods_and_keyword_only_arguments():
    source = (
        "def f(a, b, /, c, *, d): 0\nclass C:\n  def g(self, a): 0\n  @staticmethod\n  def h(a): 0"
    )
    function, kind = ast.parse(source).body
    assert positional(function, False) == 3
    assert [positional(method, True) for method in kind.body] == [1, 1]
