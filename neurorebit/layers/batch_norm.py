"""Batch normalisation."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork

# Forward: a sum and a sum of squares while values are stored; then a scale and a shift.
NORMALISE = Operation(
    cycles=3.0, additions=((2, 32.0), (1, 40.0)), products=((2, Value.STORED),), words=2.0
)
# Backward: a sum of errors and one of errors times stored values; then both are combined.
NORMALISE_BACK = Operation(
    cycles=4.0,
    additions=((4, 32.0),),
    products=((2, Value.ERROR), (1, Value.STORED)),
    words=2.0,
)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation of each channel.

    Values are stored off the chip until the statistics of the batch are known. Work on whole
    channels (means, roots) is neglected: one in ``height * width`` elements of a batch.
    """

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each value is written, and read again to be normalised."""
        return (VectorWork(NORMALISE, given.size, ((2, Value.STORED),)),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each stored value is read twice: for the sums, and to be combined."""
        return (VectorWork(NORMALISE_BACK, given.size, ((2, Value.STORED),)),)
