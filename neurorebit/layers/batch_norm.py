"""Batch normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork

# Forward: a sum and a sum of squares while values are stored; then a scale and a shift.
NORMALISE = Operation(
    cycles=3.0, additions=((2, 32.0), (1, 40.0)), products=((2, Value.STORED),), words=2.0
)
# Inference: a product by the channel's scale and a sum with its shift, written once.
SCALE_AND_SHIFT = Operation(
    cycles=1.0, additions=((1, 32.0),), products=((1, Value.STORED),), words=1.0
)
# Backward: a sum of errors and one of errors times stored values; then both are combined.
NORMALISE_BACK = Operation(
    cycles=4.0,
    additions=((4, 32.0),),
    products=((2, Value.ERROR), (1, Value.STORED)),
    words=2.0,
)
# Backward through constants: a product by the channel's scale.
SCALE_BACK = Operation(cycles=1.0, products=((1, Value.ERROR),))


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation of each channel.

    Values are stored off the chip until the statistics of the batch are known. Work on whole
    channels (means, roots) is neglected: one in ``height * width`` elements of a batch.
    """

    learns: ClassVar[bool] = True

    @property
    def waits(self) -> bool:
        """Forward for the sums of a batch, backward for two sums of its errors; frozen for none."""
        return not self.frozen

    def parameters(self, given: Shape, output: Shape) -> int:
        """A gain and a shift of each channel."""
        return 2 * given.channels

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each value is written, and read again to be normalised; a frozen norm only scales it."""
        if self.frozen:
            return self.inference(given, output)
        return (VectorWork(NORMALISE, given.size, ((2, Value.STORED),)),)

    def inference(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Statistics are constants: what is left of the norm is a scale and a shift per channel.

        y = scale x + shift, with scale = gamma / sqrt(variance + epsilon) and
        shift = beta - mean scale, where converted results are added up. Arrays of signed weights
        whose zero is a reference column could hold the scale, but it would take levels from them,
        so that neither is folded into the cells.
        """
        return (VectorWork(SCALE_AND_SHIFT, given.size),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each stored value is read twice: for the sums, and to be combined; frozen, never."""
        if self.frozen:
            return (VectorWork(SCALE_BACK, given.size),)
        return (VectorWork(NORMALISE_BACK, given.size, ((2, Value.STORED),)),)
