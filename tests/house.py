"""The structure of the package, read from its imports: rooms, floors, arrows and circles.

    python tests/house.py [PACKAGE]      prints the counts, and what each room imports

A room is what stands in the package's own folder: a folder with all that is below it, or a module.
An arrow leads from a room to another that it imports, when it is loaded, later or for its types
alone. The floor of a room is the length of the longest chain of arrows below it. A circle is a set
of modules, of folders or of rooms, each of which imports the next.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

NAME = "neurorebit"
Graph = Mapping[str, frozenset[str]]


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax of a file, read once in a process."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that its syntax is made of."""
    return tuple(ast.walk(parsed(path)))


def of_each(modules: Iterable[str]) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    """A test of one module as one of all; its error says of each module that fails why it does."""
    named = tuple(modules)
    assert named

    def over(test: Callable[[str], None]) -> Callable[[], None]:
        def of_all() -> None:
            problems = []
            for module in named:
                try:
                    test(module)
                except AssertionError as problem:
                    problem.add_note(module)
                    problems.append(problem)
            if problems:
                raise ExceptionGroup(test.__name__, problems)

        of_all.__name__, of_all.__doc__ = test.__name__, test.__doc__
        return of_all

    return over


@dataclass(frozen=True)
class House:
    """A package by its folder; modules are named by their dotted path below it."""

    root: Path

    @cached_property
    def modules(self) -> dict[str, Path]:
        """The file of each module; a package's own is named as its folder."""
        found = {}
        for path in sorted(self.root.rglob("*.py")):
            parts = path.relative_to(self.root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" and parts[:-1] else parts)] = path
        return found

    def imported(self, module: str) -> Iterator[tuple[str, bool]]:
        """What a module imports, by full name, and whether it does so when it is loaded."""
        for node, at_load in _imports(parsed(self.modules[module]).body, True):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    below = f"{node.module}.{alias.name}"
                    yield (below if self._ours(below) else str(node.module)), at_load
            else:
                yield from ((alias.name, at_load) for alias in node.names)

    def _ours(self, name: str) -> str | None:
        """The module of the package that a full name means."""
        root, _, below = name.partition(".")
        return below if root == self.root.name and below in self.modules else None

    @cached_property
    def imports(self) -> Graph:
        """The modules of the package that each module imports, at load or later."""
        return {
            module: frozenset(
                found
                for name, _ in self.imported(module)
                if (found := self._ours(name)) and found != module
            )
            for module in self.modules
        }

    def folder(self, module: str) -> str:
        """The folder of a module, or the module itself where it stands in none."""
        if self.modules[module].name == "__init__.py":
            return module
        return module.rpartition(".")[0] or module

    def _between(self, group: Callable[[str], str]) -> Graph:
        """What each group of modules imports of other groups."""
        found: dict[str, set[str]] = {group(module): set() for module in self.modules}
        for module, others in self.imports.items():
            here = group(module)
            found[here] |= {group(other) for other in others} - {here}
        return {name: frozenset(others) for name, others in found.items()}

    @cached_property
    def folders(self) -> Graph:
        """The folders that each folder imports."""
        return self._between(self.folder)

    @cached_property
    def rooms(self) -> Graph:
        """The rooms that each room imports."""
        return self._between(lambda module: module.partition(".")[0])

    @property
    def arrows(self) -> int:
        """Pairs of rooms of which the one imports the other."""
        return sum(map(len, self.rooms.values()))

    @property
    def floors(self) -> dict[str, int]:
        """The floor of each room, from 0."""
        found: dict[str, int] = {}

        def floor(room: str, above: tuple[str, ...] = ()) -> int:
            if room not in found:
                below = self.rooms[room] - {*above, room}
                found[room] = max((floor(r, (*above, room)) + 1 for r in below), default=0)
            return found[room]

        for room in self.rooms:
            floor(room)
        return found


def _imports(
    body: Iterable[ast.stmt], at_load: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import below these statements."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, at_load
            continue
        types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        later = types or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        for handler in getattr(node, "handlers", ()):
            inner += handler.body
        yield from _imports(inner, at_load and not later)


def circles(graph: Graph) -> list[list[str]]:
    """The strongly connected components of more than one node (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while not part or part[-1] != node:
                part.append(stack.pop())
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def main() -> int:
    """Print what the house is like."""
    given = sys.argv[1:]
    house = House(Path(given[0]) if given else Path(__file__).parents[1] / NAME)
    floors = house.floors
    print(
        f"{len(house.modules)} modules in {len(house.rooms)} rooms on {len(set(floors.values()))} "
        f"floors, {house.arrows} arrows"
    )
    graphs = {"modules": house.imports, "folders": house.folders, "rooms": house.rooms}
    for what, graph in graphs.items():
        print(f"circles of {what}: {circles(graph) or 'none'}")
    for room in sorted(floors, key=lambda room: (floors[room], room)):
        print(f"{floors[room]:2} {room}: {', '.join(sorted(house.rooms[room])) or 'nothing'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
