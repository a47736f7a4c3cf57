"""Learned vectors that say where a position of a sequence stands."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from neurorebit.layers.base import Layer, Misshaped, Operation, Shape, Size, Value, VectorWork
from neurorebit.layers.embedding import MOVE
from neurorebit.layers.functions import SUM


@dataclass(frozen=True)
class Positions(Layer):
    """Adds to each position a learned vector, one of ``entries`` (by default as many as there are).

    With ``class_token`` a learned position is put before the others first. ``types``: a second
    table, of which a vector is added to each position as well (the sentence that a word is of).
    The tables lie in the memory off the chip, as those of an embedding.
    """

    _: KW_ONLY
    entries: Size | None = None
    class_token: bool = False
    types: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    learns: ClassVar[bool] = True

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        positions = one.height * one.width + int(self.class_token)
        if self.entries is not None and self.entries < positions:
            message = f"{self.entries} entries for {positions} positions"
            raise Misshaped(message, "give as many, or none")
        return Shape(one.channels, 1, positions) if self.class_token else one

    @property
    def _added(self) -> int:
        """Vectors that are added to each position."""
        return 1 + int(self.types > 0)

    def parameters(self, given: Shape, output: Shape) -> int:
        rows = output.height * output.width if self.entries is None else self.entries
        return (rows + int(self.class_token) + self.types) * output.channels

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Vectors are read from memory, and added."""
        operation: Operation = SUM
        for _ in range(1, self._added):
            operation = operation + SUM
        return (VectorWork(operation, output.size, ((self._added, Value.INPUT),)),)

    def inference(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        return self.forward(given, output)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Vectors are read from memory, moved, and written back."""
        return (VectorWork(MOVE, self._added * output.size, ((2, 32.0),)),)
