"""What recurrent layers share: the product of states, step by step, and the layers around it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from neurorebit.layers.base import (
    ADD_WORD,
    ROUND_ERROR,
    ROUND_RESULT,
    Layer,
    Matmul,
    Operation,
    Shape,
    Size,
    Value,
    VectorWork,
    Weighted,
    widened,
)
from neurorebit.layers.concat import Concat
from neurorebit.layers.functions import LOGISTIC, SUM
from neurorebit.layers.linear import Linear
from neurorebit.layers.rows import as_rows

TANGENT = LOGISTIC + SUM  # tanh(x) = 2 / (1 + exp(-2 x)) - 1


def lane_work(sums: float, products: float, functions: Operation) -> Operation:
    """So many sums and products of stored values, one a cycle, and functions that are looked up."""
    arithmetic = Operation(
        cycles=sums + products,
        additions=((sums, Value.STORED),),
        products=((products, Value.STORED),),
        words=sums + products,
    )
    return arithmetic + functions


@dataclass(frozen=True)
class Cell(Weighted):
    """The state of ``features`` values, which each step multiplies by weights.

    It reads what the gates get from the input of a step, ``gates`` times the features, and gives
    the state after each step, or after the last alone.
    """

    features: Size
    _: KW_ONLY
    last: bool = True

    feeds: ClassVar[bool] = False  # its product reads the states
    gates: ClassVar[int]
    kept: ClassVar[int]  # values of a feature and step that the backward pass takes
    sums: ClassVar[tuple[int, int]]  # forward, backward, of a feature and step
    products: ClassVar[tuple[int, int]]
    functions: ClassVar[tuple[Operation, Operation]]

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        return Shape(self.features, 1, 1 if self.last else one.height * one.width)

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """A vector is the state before a step."""
        steps = given.height * given.width
        return Matmul(
            self.features,
            self.gates * self.features,
            steps,
            self.features * steps,
            serial=True,
        )

    def parameters(self, given: Shape, output: Shape) -> int:
        biases = self.gates * self.features if self.bias else 0
        return self.matmul(given, output).weights + biases

    def _states(self, given: Shape) -> int:
        return self.features * given.height * given.width

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """What a backward pass takes is kept in memory."""
        states = self._states(given)
        added = (VectorWork(ADD_WORD, self.gates * states),) if self.bias else ()
        work = lane_work(self.sums[0], self.products[0], self.functions[0])
        moved = ((float(self.kept), Value.STORED),)
        return (*added, VectorWork(work + ROUND_RESULT, states, moved))

    def parameter_gradients(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each error of a gate is added to the gradient of its bias."""
        return (VectorWork(ADD_WORD, self.gates * self._states(given)),) if self.bias else ()

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Errors go back through the functions of each step, and become errors of the gates."""
        work = lane_work(self.sums[1], self.products[1], self.functions[1])
        moved = ((float(self.kept), Value.STORED),)
        states = self._states(given)
        return (
            VectorWork(work, states, moved),
            VectorWork(ROUND_ERROR, self.gates * states),
            VectorWork(ROUND_ERROR, states),
        )


@dataclass(frozen=True)
class Recurrent(Layer):
    """Layers of cells, each behind the product of all steps of its input with weights.

    ``states``, in files ``output``: the state after the last step, or the sequence of all states.
    ``bidirectional``: a second cell takes the steps from the last to the first, and its states
    follow those of the first. ``layers`` of them read each other's sequences. ``bias``: of the
    input's product and of the state's, one each.
    """

    features: Size
    _: KW_ONLY
    states: Annotated[Literal["last", "sequence"], Field(validation_alias="output")] = "last"
    bidirectional: bool = False
    layers: Annotated[int, Field(ge=1, le=100)] = 1
    bias: bool = False

    has_weights: ClassVar[bool] = True
    cell: ClassVar[type[Cell]]
    cell_kind: ClassVar[str]

    def scaled(self, width: float) -> Self:
        return replace(self, features=widened(self.features, width))

    def parts(self, *given: Shape) -> tuple[Layer, ...]:
        made: list[Layer] = list(as_rows(given[0]))
        source = "rows" if made else "input"
        for i in range(1, self.layers + 1):
            last = i == self.layers and self.states == "last"
            ways = [f"{i}", f"{i}_back"] if self.bidirectional else [f"{i}"]
            for way in ways:
                made += self._way(way, source, last)
            if self.bidirectional:
                source = f"states{i}"
                joined: dict[str, Any] = {"kind": "concat", "name": source, "input": f"cell{i}"}
                made.append(Concat(other=f"cell{i}_back", **joined))
            else:
                source = f"cell{i}"
        return tuple(made)

    def _way(self, name: str, source: str, last: bool) -> tuple[Layer, ...]:
        """The product of the input, and the cell behind it."""
        gates = self.cell.gates * self.features
        return (
            Linear(
                kind="linear",
                name=f"gates{name}",
                input=source,
                features=gates,
                per="position",
                bias=self.bias,
            ),
            self.cell(
                self.features, kind=self.cell_kind, name=f"cell{name}", last=last, bias=self.bias
            ),
        )
