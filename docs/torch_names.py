"""The page of neurorebit.torch in docs/reference/, from its text: PyTorch need not be installed."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef
ROOM = Path(__file__).resolve().parents[1] / "neurorebit" / "torch"


def names() -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Each public name and where it is defined."""
    entry = ast.parse((ROOM / "__init__.py").read_text(encoding="utf-8"))
    homes = next(
        ast.literal_eval(line.value)
        for line in entry.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "_HOMES"
    )
    for name, home in homes.items():
        tree = ast.parse((ROOM / f"{home}.py").read_text(encoding="utf-8"))
        for thing in tree.body:
            if isinstance(thing, Function | ast.ClassDef) and thing.name == name:
                yield name, thing


def page(prose: Callable[[str], Iterator[str]]) -> Iterator[str]:
    """Every public name, its signature and what its docstring says; of classes their methods."""
    for name, thing in names():
        yield from _entry("##", name, thing, prose)
        if not isinstance(thing, ast.ClassDef):
            continue
        for method in thing.body:
            if isinstance(method, Function) and not method.name.startswith(("_", "array_")):
                yield from _entry("###", f"{name}.{method.name}", method, prose)


def _entry(
    mark: str, name: str, thing: Function | ast.ClassDef, prose: Callable[[str], Iterator[str]]
) -> Iterator[str]:
    yield f"{mark} `{name}`"
    yield ""
    if isinstance(thing, Function) and not _is_property(thing):
        yield from ("```python", signature(name, thing), "```", "")
    yield from prose(inspect.cleandoc(ast.get_docstring(thing) or ""))
    yield ""


def _is_property(function: Function) -> bool:
    return any("property" in ast.unparse(one) for one in function.decorator_list)


def signature(name: str, function: Function) -> str:
    """The signature as it is written, one argument a line where it is long."""
    given = function.args
    given.args = [one for one in given.args if one.arg != "self"]
    returned = ast.unparse(function.returns) if function.returns else "None"
    text = f"{name}({ast.unparse(given)}) -> {returned}"
    if len(text) < 90:
        return text
    parts = [ast.unparse(one) for one in given.args]
    first = len(parts) - len(given.defaults)
    for at, default in enumerate(given.defaults, first):
        parts[at] += f" = {ast.unparse(default)}"
    parts += ["*"] * bool(given.kwonlyargs)
    for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        parts.append(ast.unparse(one) + (f" = {ast.unparse(value)}" if value else ""))
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), f") -> {returned}"])
