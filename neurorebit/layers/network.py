"""A network: layers in a graph, every shape known, and the stages in which hardware computes it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property

from neurorebit.layers.base import Layer, Matmul, Operation, Shape, Value, VectorWork
from neurorebit.layers.window import Window
from neurorebit.schema.activity import AssumedActivity, RecordedActivity
from neurorebit.schema.training import Training


@dataclass(frozen=True, eq=False)
class Node:
    """One layer in the graph. ``inputs`` are the indices of the nodes it reads, -1 the image.

    ``result``: the network gives its output. ``rank``: that of the update that learns beside its
    matrix, which is frozen; 0 where there is none. ``part_of``: the kind of layer of the file that
    it is a part of, if any.
    """

    index: int
    name: str
    layer: Layer
    inputs: tuple[int, ...]
    shape_in: Shape = field(kw_only=True)
    shape_out: Shape = field(kw_only=True)
    matmul: Matmul | None = field(default=None, kw_only=True)
    further_in: tuple[Shape, ...] = field(default=(), kw_only=True)
    result: bool = field(default=False, kw_only=True)
    rank: int = field(default=0, kw_only=True)
    part_of: str = field(default="", kw_only=True)

    @property
    def shapes_in(self) -> tuple[Shape, ...]:
        """Shapes of all maps that it reads: its input, and further ones."""
        return (self.shape_in, *self.further_in)

    @property
    def kind(self) -> str:
        """The word for its kind of layer."""
        return self.layer.kind

    @cached_property
    def window(self) -> Window:
        """The window that it slides over the map it reads; a pixel where it has none."""
        return self.layer.window(self.shape_in)

    @cached_property
    def product(self) -> Node:
        """The node of its matrix product alone: itself, or with the maps that the product has."""
        given, output = self.layer.product(self.shape_in, self.shape_out)
        if (given, output) == (self.shape_in, self.shape_out):
            return self
        return replace(self, shape_in=given, shape_out=output)

    @property
    def groups(self) -> int:
        """Groups of its matrix product."""
        return self.matmul.groups if self.matmul else 1

    @property
    def forward(self) -> tuple[VectorWork, ...]:
        """Its elementwise work in the forward pass."""
        return self.layer.forward_work(self.shapes_in, self.shape_out)

    @property
    def inference(self) -> tuple[VectorWork, ...]:
        """Its elementwise work where an image is recognised and nothing learned."""
        return self.layer.inference_work(self.shapes_in, self.shape_out)

    @property
    def backward(self) -> tuple[VectorWork, ...]:
        """Its elementwise work in the backward pass."""
        return self.layer.backward_work(self.shapes_in, self.shape_out)

    @property
    def digital(self) -> bool:
        """Whether its weights stand in digital memory alone, and are multiplied there."""
        return getattr(self.layer, "scheme", "") == DIGITAL

    @property
    def learns(self) -> bool:
        """Whether it has parameters that a training changes."""
        return self.rank > 0 or (self.layer.learns and not self.layer.frozen)

    @property
    def parameter_gradients(self) -> tuple[VectorWork, ...]:
        """The elementwise work of parameters that it keeps beside a matrix."""
        if self.layer.frozen:
            return ()
        return self.layer.parameter_gradients(self.shape_in, self.shape_out)


DIGITAL = "real"  # the scheme of a layer in digital memory

# Errors of several readers of a map are added up before they are sent on.
MEET = Operation(cycles=1.0, additions=((1, Value.STORED),))


@dataclass(frozen=True, eq=False)
class Stage:
    """A layer with a matrix product, and the layers without one beside it: a row of a report.

    ``followers`` come behind it, up to the next. ``leaders`` come before it, and before any other
    with a matrix product: they read nothing but what comes with the image. ``sends_error``: whether
    a layer that learns lies between it and the image, so that its input has an error; ``errors``:
    how many of the maps that its product reads have one. ``taught``: the leaders that errors reach.
    ``reached``: whether errors come to it, for something learns here or before; ``behind``: the
    followers that they come to, all unless given.
    ``met``: errors of the maps of its layers that are added to those of another reader of the same
    map.
    """

    node: Node
    followers: tuple[Node, ...]
    sends_error: bool
    _: KW_ONLY
    leaders: tuple[Node, ...] = ()
    taught: tuple[Node, ...] = ()
    met: float = 0.0
    errors: int = 0
    reached: bool = True
    behind: tuple[Node, ...] | None = None

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Its layers: leaders, the one with the matrix product, followers."""
        return (*self.leaders, self.node, *self.followers)

    @property
    def matmul(self) -> Matmul:
        """Its matrix product."""
        assert self.node.matmul is not None
        return self.node.matmul

    @property
    def forward(self) -> tuple[VectorWork, ...]:
        """The vector work of its layers in the forward pass."""
        return tuple(work for node in self.nodes for work in node.forward)

    @property
    def inference(self) -> tuple[VectorWork, ...]:
        """The vector work of its layers where an image is recognised and nothing learned."""
        return tuple(work for node in self.nodes for work in node.inference)

    @property
    def backward(self) -> tuple[VectorWork, ...]:
        """The vector work of its layers in the backward pass."""
        if not self.reached:
            return ()
        own = (self.node,) if self.sends_error else ()
        met = (VectorWork(MEET, self.met, ((1, Value.ERROR),)),) if self.met else ()
        nodes = (*self.taught, *own, *(self.followers if self.behind is None else self.behind))
        sent = (work for node in nodes for work in node.backward)
        return (*sent, *self.node.parameter_gradients, *met)


@dataclass(frozen=True)
class Network:
    """A network with every shape known. ``nodes`` are in the order of computation.

    ``classified``: whether its file says how many classes it has.

    ``outputs`` are layers whose maps it gives beside that of the last. ``recorded`` are activities
    that trainings of this network measured, ``others`` means of the layers of several networks.
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
    classified: bool = True
    outputs: tuple[str, ...] = ()
    recorded: tuple[RecordedActivity, ...] = ()
    others: tuple[RecordedActivity, ...] = ()

    @property
    def loss(self) -> str:
        """What its training makes small: the loss that its file names, or the usual one."""
        given, numbers = self.training.loss, self.classes == 1
        if given == "mse":
            return "squared" if numbers else "squared_one_hot"
        return given or ("squared" if numbers else "cross_entropy")

    @property
    def regression(self) -> bool:
        """Whether it learns numbers, not classes."""
        return self.loss == "squared"

    @property
    def gives(self) -> str:
        """What it gives, for a reader: so many classes, outputs of a regression, or a map."""
        if not self.classified and not self.regression:
            return f"a map of {self.nodes[-1].shape_out}"
        if not self.regression:
            return f"{self.classes} classes"
        return f"{self.classes} output{'' if self.classes == 1 else 's'}"

    @property
    def matrices(self) -> tuple[Node, ...]:
        """The layers with a matrix product, whose weights stand in arrays."""
        return tuple(node for node in self.nodes if node.matmul is not None)

    @property
    def matmuls(self) -> tuple[Matmul, ...]:
        """Their matrix products."""
        return tuple(node.matmul for node in self.nodes if node.matmul is not None)

    @property
    def parameters(self) -> int:
        """Numbers that a training learns: weights, biases, scales, shifts and tables."""
        return sum(node.layer.parameters(node.shape_in, node.shape_out) for node in self.nodes)

    @property
    def macs(self) -> int:
        """Multiplications and additions for one image."""
        return sum(matmul.macs for matmul in self.matmuls)

    def owner(self, node: Node) -> Node | None:
        """The matrix layer of a node's stage: itself, or the latest one that any input follows.

        Where no matrix layer comes before it, that of the first stage that reads it; None where
        none does.
        """
        return self._owners[node.index]

    @cached_property
    def _owners(self) -> tuple[Node | None, ...]:
        """Of each node, in one pass each way: nodes stand behind what they read."""
        owners: list[Node | None] = []
        for node in self.nodes:
            before = [owners[i] for i in node.inputs if i >= 0]
            matrices = [owner for owner in before if owner is not None]
            latest = max(matrices, key=lambda owner: owner.index, default=None)
            owners.append(latest if node.matmul is None else node)
        for node in reversed(self.nodes):
            owner = owners[node.index]
            for source in node.inputs:
                first = owners[source] if source >= 0 else owner
                leads = source >= 0 and not self._follows[source]
                if leads and owner is not None and (first is None or owner.index < first.index):
                    owners[source] = owner
        return tuple(owners)

    @cached_property
    def _follows(self) -> tuple[bool, ...]:
        """Whether each node has a matrix product, or any before it."""
        found: list[bool] = []
        for node in self.nodes:
            found.append(node.matmul is not None or any(found[i] for i in node.inputs if i >= 0))
        return tuple(found)

    @cached_property
    def _learned(self) -> tuple[bool, ...]:
        """Whether each node learns, or any before it, so that errors come back to it."""
        found: list[bool] = []
        for node in self.nodes:
            found.append(node.learns or any(found[i] for i in node.inputs if i >= 0))
        return tuple(found)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The matrix layers with what follows each, in network order.

        Layers before the first of them lead the first stage that reads them.
        """
        readers = [0] * len(self.nodes)
        for node in self.nodes:
            for source in node.inputs:
                if source >= 0:
                    readers[source] += 1
        owned: dict[int, list[Node]] = {node.index: [] for node in self.matrices}
        for node in self.nodes:
            owner = self.owner(node)
            if owner is not None:
                owned[owner.index].append(node)
        stages = []
        for matrix in self.matrices:
            nodes = owned[matrix.index]
            followers = tuple(n for n in nodes if n.matmul is None and self._follows[n.index])
            leaders = tuple(node for node in nodes if not self._follows[node.index])
            stages.append(
                Stage(
                    matrix,
                    followers,
                    self.learns_before(matrix),
                    leaders=leaders,
                    taught=tuple(node for node in leaders if self._learned[node.index]),
                    reached=any(self._learned[n.index] for n in nodes),
                    behind=tuple(n for n in followers if self._learned[n.index]),
                    errors=sum(self._learned[i] for i in matrix.inputs if i >= 0),
                    met=sum(
                        float(node.shape_out.size * (readers[node.index] - 1))
                        for node in nodes
                        if self._learned[node.index] and readers[node.index] > 1
                    ),
                )
            )
        return tuple(stages)

    def learns_before(self, node: Node) -> bool:
        """Whether a layer that learns lies on any way from the image to a node."""
        return any(self._learned[i] for i in node.inputs if i >= 0)
