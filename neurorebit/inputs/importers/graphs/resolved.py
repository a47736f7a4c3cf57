"""What is known of a graph for inputs of given shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from neurorebit.inputs.importers.graphs.constants import Constant
from neurorebit.inputs.importers.graphs.graph import Graph, Op


@dataclass(frozen=True)
class Typed:
    """A tensor that follows from what the network is given: its data type and shape."""

    elem: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)


@dataclass(eq=False)
class Resolved:
    """The operators that remain, and what is known of every tensor by name."""

    graph: Graph
    ops: list[Op] = field(default_factory=list)
    known: dict[str, Constant | Typed] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)

    def constant(self, name: str) -> Constant | None:
        """The constant of this name, None where the tensor is none."""
        found = self.known.get(name)
        return found if isinstance(found, Constant) else None

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self.known[name].shape
