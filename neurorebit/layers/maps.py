"""The maps that a network's stages hand on: which stage makes each, and which stages read it.

A node's output is such a map where a matrix product reads it, or the vector work of another stage
(a residual branch), or the network ends with it. What the layers of one stage hand on to each other
passes through the vector unit without being stored, but for what a layer reads in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from neurorebit.layers.base import Shape
from neurorebit.layers.network import Node, Stage


@dataclass(frozen=True)
class Read:
    """How a stage reads a map: line by line, or (``whole``) once it is complete.

    A matrix product has its first results once ``first`` lines are there, and each further line of
    them ``step`` lines later; ``before`` lines stand before the middle of its window. Vector work
    (``joined``) takes as large a part of the map as of its stage's results.
    """

    stage: int
    _: KW_ONLY
    whole: bool = False
    joined: bool = False
    first: int = 1
    step: int = 1
    before: int = 0


@dataclass(frozen=True)
class Map:
    """A map of ``values`` values.

    ``made``: the stage that makes it, None for what comes with the image. ``fed``: the stages whose
    matrix product reads it, ``joined``: those whose vector work does. ``result``: the network ends
    with it. ``taught``: in a training its errors come back to the stage that makes it.
    ``lines``: along its height, or its width where it has none; ``gathers``: all of them are there
    at once, when its stage has done. ``reads``: how each stage reads it.
    """

    values: float
    made: int | None
    _: KW_ONLY
    fed: tuple[int, ...] = ()
    joined: tuple[int, ...] = ()
    result: bool = False
    taught: bool = True
    lines: int = 1
    gathers: bool = False
    reads: tuple[Read, ...] = ()

    @property
    def read(self) -> tuple[int, ...]:
        """The stages that read it, each once, in their order."""
        return tuple(sorted({*self.fed, *self.joined}))

    @property
    def life(self) -> range:
        """The stages at which it is there, from the one that makes it to the last that reads it.

        What comes with the image is fetched by the first stage that reads it; the result leaves
        with the stage that makes it.
        """
        first = self.read[0] if self.made is None else self.made
        return range(first, max((first, *self.read)) + 1)


def maps_of(stages: Sequence[Stage]) -> tuple[Map, ...]:
    """The maps of a network's stages: what comes with the image first, then as they are made."""
    nodes: dict[int, Node] = {}
    owner: dict[int, int] = {}
    untaught: set[int] = set()
    for i, stage in enumerate(stages):
        for node in stage.nodes:
            nodes[node.index] = node
            if not node.layer.reads_nothing:  # a constant comes from memory, as the image does
                owner[node.index] = i
        untaught.update(node.index for node in stage.leaders if node not in stage.taught)

    def origins(index: int) -> tuple[int, ...]:
        """The nodes whose outputs these are, past nodes that change nothing (flatten, concat)."""
        node = nodes.get(index)
        if node is None or node.matmul is not None or node.forward or not node.inputs:
            return (index,)
        return tuple(source for given in node.inputs for source in origins(given))

    sizes: dict[int, float] = {index: node.shape_out.size for index, node in nodes.items()}
    lines: dict[int, int] = {index: lines_of(node.shape_out) for index, node in nodes.items()}
    fed: dict[int, set[int]] = {}
    joined: dict[int, set[int]] = {}
    reads: dict[int, list[Read]] = {}
    for index, node in nodes.items():
        stage_of = owner.get(index)
        if stage_of is None:
            continue
        for place, (given, shape) in enumerate(zip(node.inputs, node.shapes_in, strict=True)):
            sizes.setdefault(given, shape.size)
            lines.setdefault(given, lines_of(shape))
            for source in origins(given):
                if node.matmul is not None and node.layer.feeds:
                    fed.setdefault(source, set()).add(stage_of)
                    read = _fed(node, stage_of, lines[source], place)
                elif node.forward and (owner.get(source) != stage_of or node.layer.rearranges):
                    joined.setdefault(source, set()).add(stage_of)
                    read = Read(stage_of, joined=True, whole=node.layer.rearranges)
                else:
                    continue
                reads.setdefault(source, []).append(read)
    results = [index for index, node in nodes.items() if node.result] or [max(nodes)]
    last = {source for index in results for source in origins(index)}
    found = sorted({*fed, *joined, *last}, key=lambda index: (owner.get(index, -1), index))
    return tuple(
        Map(
            float(sizes[index]),
            owner.get(index),
            fed=tuple(sorted(fed.get(index, ()))),
            joined=tuple(sorted(joined.get(index, ()))),
            result=index in last,
            taught=index in nodes and index not in untaught,
            lines=lines[index],
            gathers=index in owner and _gathers(stages[owner[index]], index),
            reads=tuple(reads.get(index, ())),
        )
        for index in found
    )


def lines_of(shape: Shape) -> int:
    """Lines of a map in the order in which it is made: its height, or the length of a sequence."""
    return shape.height if shape.height > 1 else shape.width


def _fed(node: Node, stage: int, lines: int, place: int) -> Read:
    """How a matrix product reads a map of so many lines; a second operand it reads as a whole."""
    seen = node.product.shape_in
    if place > 0 or lines_of(seen) != lines:
        return Read(stage, whole=True)
    axis = node.window.axes[0 if seen.height > 1 else 1]
    first = min(max(axis.extent - axis.before, 1), lines)
    return Read(stage, first=first, step=axis.stride, before=axis.before)


def _gathers(stage: Stage, index: int) -> bool:
    """Whether a map waits for a whole map on its way from the stage's matrix product."""
    passed = (node for node in stage.followers if node.index <= index)
    return any(node.layer.gathers(node.shape_in) for node in passed)
