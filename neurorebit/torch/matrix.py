"""One layer of a model in arrays: its weights on the chip, and what an engine takes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from neurorebit.layers.base import Layer, Shape
from neurorebit.layers.cuts import Cuts
from neurorebit.layers.network import Node
from neurorebit.schema import InputError
from neurorebit.schemes.parts.software import SoftwareWeights
from neurorebit.torch.engine import Engine
from neurorebit.torch.layout import Layout, array, tensor
from neurorebit.torch.session import Session
from neurorebit.training.layers.base import Tools
from neurorebit.training.layers.matrix import MatrixLayer
from neurorebit.training.parts.weights import Site, Weights
from neurorebit.training.parts.workers import Array, Workspace
from neurorebit.training.state import State, capture, restore
from neurorebit.weights.fitting import LayerStart

STATE, REAL = "layer", "layer.weights.real"
KEPT = 64  # sizes of maps whose windows a layer keeps
DTYPES: dict[Any, type[np.floating]] = {torch.float32: np.float32, torch.float64: np.float64}


class Fresh(Workspace):
    """Memory that nobody takes back: outputs go to PyTorch, which knows when they are done with."""

    def take(self, shape: Any, dtype: Any) -> Array:
        """New memory."""
        return np.empty(shape, dtype)

    def hold(self, array: Array) -> None:
        """References hold it."""

    def drop(self, array: Array) -> None:
        """References hold it."""


@dataclass(eq=False)
class Matrix:
    """A layer of a model in arrays.

    ``layer`` is its kind and keys, ``given`` the smallest map that it takes. ``parameter`` are its
    weights as PyTorch has them: real weights in the memory of ``real``, or a copy of what the chip
    holds. ``held``, the layer on the chip, is built when the first input has shown whether values
    lie below zero. ``version`` is that of the parameter which the chip has taken up.
    """

    name: str
    session: Session
    layer: Layer
    layout: Layout
    parameter: torch.nn.Parameter = field(kw_only=True)
    given: Shape = field(kw_only=True)
    index: int = field(default=0, kw_only=True)
    cuts: Cuts = field(default=(), kw_only=True)
    edge: bool = field(default=False, kw_only=True)
    scores: bool = field(default=False, kw_only=True)
    signed: bool | None = field(default=None, kw_only=True)
    pending: list[Any] = field(default_factory=list, kw_only=True)
    version: int = field(default=-1, kw_only=True)
    twin: Matrix | None = field(default=None, kw_only=True)  # whose weights, and arrays, it has
    engine: Engine[Matrix] | None = field(default=None, kw_only=True)
    aside: Any = field(default=None, kw_only=True)  # what an engine keeps of it
    _held: MatrixLayer | None = field(default=None, kw_only=True)
    _state: State | None = field(default=None, kw_only=True)  # of a copy that is not built yet
    _nodes: dict[tuple[int, int], Node] = field(default_factory=dict, kw_only=True)

    @property
    def dtype(self) -> type[np.floating]:
        """The type of its numbers."""
        made = DTYPES.get(self.parameter.dtype)
        if made is None:
            message = f"layer '{self.name}': weights of {self.parameter.dtype}"
            raise InputError(message, cure="take float32 (model.float()), or float64")
        return made

    @property
    def built(self) -> bool:
        """Whether it is on the chip."""
        return self._held is not None or self._state is not None

    @property
    def held(self) -> MatrixLayer:
        """The layer on the chip."""
        if self._held is None and self._state is not None:
            self.restore(self._state, bool(self.signed))
        assert self._held is not None, "an input comes first"
        return self._held

    @property
    def state(self) -> State:
        """All that the layer holds but real weights, which the parameter has; not copied."""
        self.pull()
        state = capture({STATE: self.held})
        if self.follows:
            del state.arrays[REAL]
        return state

    def restore(self, state: State, signed: bool) -> None:
        """Go on with a state, which is copied; ValueError where it is not that of such a layer."""
        self._state = None
        if self._held is None or self.signed != signed:
            self.build(signed)
        found = State(dict(state.arrays), dict(state.plain))
        if self.follows:
            self.bind()
            found.arrays[REAL] = self.real_weights.real
        restore({STATE: self.held}, found)
        self.taken()
        self.pending.clear()
        if self.engine is not None:
            self.engine.push(self)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs; it is built anew where it is first used."""
        state = self.state if self.built else None
        plain: dict[str, Any] = {"engine": None, "aside": None, "pending": [], "_nodes": {}}
        return {**vars(self), **plain, "_held": None, "_state": state}

    @property
    def site(self) -> Site:
        """Where its weights are."""
        return self.held.weights.site

    @property
    def real_weights(self) -> SoftwareWeights:
        """Its weights, where these are real numbers that an optimiser may change."""
        weights = self.held.weights
        assert isinstance(weights, SoftwareWeights)
        return weights

    @property
    def follows(self) -> bool:
        """Whether real weights are kept, which arrays or levels follow."""
        return isinstance(self.held.weights, SoftwareWeights)

    @property
    def real(self) -> torch.Tensor:
        """The parameter as a matrix [groups, rows, cols], on its device."""
        return self.layout.matrix(self.parameter.detach())

    def at(self, height: int, width: int) -> Node:
        """The layer on maps of a size."""
        node = self._nodes.get((height, width))
        if node is None:
            if len(self._nodes) >= KEPT:
                self._nodes.clear()
            node = self._node(Shape(self.given.channels, height, width))
            self._nodes[height, width] = node
        return node

    def _node(self, given: Shape) -> Node:
        """The layer on maps of a shape; ``Misshaped`` where it does not fit them."""
        out = self.layer.output(given)
        matmul = self.layer.matmul(given, out)
        assert matmul is not None
        return Node(
            self.index,
            self.name,
            self.layer,
            (self.index - 1,),
            shape_in=given,
            shape_out=out,
            matmul=type(matmul)(**{**vars(matmul), "signed": bool(self.signed)}),
        )

    @property
    def least(self) -> Node:
        """The layer on the smallest map."""
        return self.at(self.given.height, self.given.width)

    def build(self, signed: bool) -> None:
        """Put the weights on the chip; ``signed``: its inputs may lie below zero."""
        self.signed = signed
        self._nodes.clear()
        weights = self._made() if self.twin is None else self._shared(self.twin)
        site, session = weights.site, self.session
        whole = weights.integers is not None
        self._held = MatrixLayer(
            node=self.least,
            weights=weights,
            tools=Tools(session.workers, Fresh(), session.training, self.dtype),
            input_bits=int(session.spec.input_bits),
            outer=self.least,
            error_bits=site.error_bits if weights.in_arrays or whole else None,
            index=self.index,
            seed=session.seed,
        )
        self.version = self.parameter._version
        self.bind()

    def _shared(self, twin: Matrix) -> Weights:
        """The weights of another layer; InputError where their inputs are not alike."""
        if not twin.built:
            twin.parameter = self.parameter
            twin.build(bool(self.signed))
        if twin.signed != self.signed:
            message = f"layers '{twin.name}' and '{self.name}' share their arrays, and values below"
            cure = f"say signed=('{twin.name}', '{self.name}') where the model is converted"
            raise InputError(f"{message} zero reach one of them alone", cure=cure)
        return twin.held.weights

    def _made(self) -> Weights:
        """New weights on the chip."""
        session, dtype = self.session, self.dtype
        given = self.layout.matrix(self.parameter.detach().cpu()).contiguous()
        site = Site(
            node=self.least,
            index=self.index,
            cuts=self.cuts,
            spec=session.spec,
            device=session.device,
            training=session.training,
            seed=session.seed,
            workers=session.workers,
            workspace=session.workspace,
            dtype=dtype,
            wires=session.wires,
            words=session.scheme.words(session.training),
            edge=self.edge,
            scores=self.scores,
            given=LayerStart(array(given)),
            frozen=not self.parameter.requires_grad,
        )
        return session.load(site)

    def bind(self) -> None:
        """Have the parameter and the real weights in one memory, or their numbers the same.

        PyTorch gives a parameter other memory where a module is copied, moved or loaded.
        """
        if not self.follows or self.parameter.device.type != "cpu":
            return
        real = self.real_weights.real
        view = self.layout.matrix(self.parameter.detach())
        if view.dtype != tensor(real).dtype:
            message = f"layer '{self.name}': its weights became {view.dtype}"
            raise InputError(message, cure="convert a model of that type")
        if self.layout.shares and view.data_ptr() == real.ctypes.data:
            return
        if not np.array_equal(array(view), real):
            real[...] = array(view)
            self.version = -1 if self.layout.shares else self.version
        if self.layout.shares:
            known = self.version == self.parameter._version
            self.parameter.data = self.layout.tensor(tensor(real))
            self.version = self.parameter._version if known else -1

    def unbind(self) -> None:
        """Bring real weights to a parameter that cannot share their memory."""
        if self.follows and not self.layout.shares and self.parameter.device.type == "cpu":
            self.show(self.real_weights.real)

    @property
    def current(self) -> bool:
        """Whether what the chip holds follows the parameter."""
        return bool(self.version == self.parameter._version)

    def taken(self) -> None:
        """The chip has taken up the parameter as it is."""
        self.version = self.parameter._version

    def show(self, matrix: Array) -> None:
        """Give the parameter the numbers of a matrix."""
        with torch.no_grad():
            view = self.layout.tensor(tensor(np.ascontiguousarray(matrix)))
            self.parameter.copy_(view)
        self.taken()

    def read(self) -> None:
        """Give the parameter what the chip holds, where that is no real weight."""
        if self.built and not self.follows:
            self.show(self.held.weights.kept["weight"])

    def on(self, engine: Engine[Matrix]) -> Engine[Matrix]:
        """The engine of an input; the state is brought from another that computed before."""
        if self.engine is not engine:
            self.pull()
            engine.push(self)
            self.engine = engine
        return engine

    def pull(self) -> None:
        """Bring the newest state to ``held``."""
        if self.engine is not None and self.built:
            self.engine.pull(self)
