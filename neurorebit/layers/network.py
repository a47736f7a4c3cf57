"""A network: layers in a graph, every shape known, and the stages in which hardware computes it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property

from neurorebit.layers.base import Layer, Matmul, Shape, VectorWork
from neurorebit.layers.window import Window
from neurorebit.schema.activity import AssumedActivity, RecordedActivity
from neurorebit.schema.training import Training


@dataclass(frozen=True, eq=False)
class Node:
    """One layer in the graph. ``inputs`` are the indices of the nodes it reads, -1 the image."""

    index: int
    name: str
    layer: Layer
    inputs: tuple[int, ...]
    shape_in: Shape = field(kw_only=True)
    shape_out: Shape = field(kw_only=True)
    matmul: Matmul | None = field(default=None, kw_only=True)

    @property
    def kind(self) -> str:
        """The word for its kind of layer."""
        return self.layer.kind

    @cached_property
    def window(self) -> Window:
        """The window that it slides over the map it reads; a pixel where it has none."""
        return self.layer.window(self.shape_in)

    @property
    def groups(self) -> int:
        """Groups of its matrix product."""
        return self.matmul.groups if self.matmul else 1

    @property
    def forward(self) -> tuple[VectorWork, ...]:
        """Its elementwise work in the forward pass."""
        return self.layer.forward(self.shape_in, self.shape_out)

    @property
    def inference(self) -> tuple[VectorWork, ...]:
        """Its elementwise work where an image is recognised and nothing learned."""
        return self.layer.inference(self.shape_in, self.shape_out)

    @property
    def backward(self) -> tuple[VectorWork, ...]:
        """Its elementwise work in the backward pass."""
        return self.layer.backward(self.shape_in, self.shape_out)


@dataclass(frozen=True, eq=False)
class Stage:
    """A layer with a matrix product, and the layers behind it up to the next: a row of a report.

    ``sends_error``: whether weights lie between it and the image, so that its input has an error.
    """

    node: Node
    followers: tuple[Node, ...]
    sends_error: bool

    @property
    def matmul(self) -> Matmul:
        """Its matrix product."""
        assert self.node.matmul is not None
        return self.node.matmul

    @property
    def outgoing(self) -> int:
        """Values that the stage passes on to the next: its results, after any pooling."""
        resized = [n for n in self.followers if n.shape_out.size != n.shape_in.size]
        return (resized[-1] if resized else self.node).shape_out.size

    @property
    def forward(self) -> tuple[VectorWork, ...]:
        """The vector work of its layers in the forward pass."""
        return tuple(work for node in (self.node, *self.followers) for work in node.forward)

    @property
    def inference(self) -> tuple[VectorWork, ...]:
        """The vector work of its layers where an image is recognised and nothing learned."""
        return tuple(work for node in (self.node, *self.followers) for work in node.inference)

    @property
    def backward(self) -> tuple[VectorWork, ...]:
        """The vector work of its layers in the backward pass."""
        own = self.node.backward if self.sends_error else ()
        return (*own, *(work for node in self.followers for work in node.backward))


@dataclass(frozen=True)
class Network:
    """A network with every shape known. ``nodes`` are in the order of computation.

    ``recorded`` are activities that trainings of this network measured, ``others`` means of the
    layers of several networks.
    """

    name: str
    source: str
    input: Shape
    classes: int
    _: KW_ONLY
    nodes: tuple[Node, ...]
    activity: AssumedActivity
    training: Training
    width: float = 1.0
    recorded: tuple[RecordedActivity, ...] = ()
    others: tuple[RecordedActivity, ...] = ()

    @property
    def matrices(self) -> tuple[Node, ...]:
        """The layers with a matrix product, whose weights stand in arrays."""
        return tuple(node for node in self.nodes if node.matmul is not None)

    @property
    def matmuls(self) -> tuple[Matmul, ...]:
        """Their matrix products."""
        return tuple(node.matmul for node in self.nodes if node.matmul is not None)

    @property
    def macs(self) -> int:
        """Multiplications and additions for one image."""
        return sum(matmul.macs for matmul in self.matmuls)

    def owner(self, node: Node) -> Node | None:
        """The matrix layer of a node's stage: itself, or the latest one that any input follows.

        None where no matrix layer comes before it.
        """
        return self._owners[node.index]

    @cached_property
    def _owners(self) -> tuple[Node | None, ...]:
        """Of each node, in one pass: nodes stand behind what they read."""
        owners: list[Node | None] = []
        for node in self.nodes:
            before = [owners[i] for i in node.inputs if i >= 0]
            matrices = [owner for owner in before if owner is not None]
            latest = max(matrices, key=lambda owner: owner.index, default=None)
            owners.append(latest if node.matmul is None else node)
        return tuple(owners)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The matrix layers with what follows each, in network order.

        Layers before the first of them belong to no stage, and are not billed.
        """
        followers: dict[int, list[Node]] = {node.index: [] for node in self.matrices}
        for node in self.nodes:
            owner = self.owner(node)
            if node.matmul is None and owner is not None:
                followers[owner.index].append(node)
        return tuple(
            Stage(node, tuple(followers[node.index]), self.has_weights_before(node))
            for node in self.matrices
        )

    def has_weights_before(self, node: Node) -> bool:
        """Whether weights lie on any way from the image to a node."""
        return any(self._owners[i] is not None for i in node.inputs if i >= 0)
