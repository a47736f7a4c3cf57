"""The base class of norms whose statistics are those of one image: layer norm and group norm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, ClassVar

from neurorebit.layers.activation import KEPT
from neurorebit.layers.base import Layer, Operation, Shape, Value, VectorWork
from neurorebit.layers.functions import PRODUCT, RECIPROCAL_ROOT, SUM
from neurorebit.schema import quantity

# A sum and a sum of squares; the mean is taken off and the rest scaled; then gain and shift.
NORMALISE = Operation(
    cycles=4.0, additions=((3, 32.0), (1, 40.0)), products=((3, Value.STORED),), words=3.0
)
# The mean, the mean square, the variance and its root, once for each set of statistics.
STATISTICS = PRODUCT + PRODUCT + PRODUCT + SUM + RECIPROCAL_ROOT
# Sums of errors and of errors times normalised values, without the gain and with it; then errors,
# values and means are combined.
NORMALISE_BACK = Operation(
    cycles=6.0,
    additions=((6, 32.0),),
    products=((4, Value.ERROR), (1, Value.STORED)),
    words=3.0,
)
MEANS = PRODUCT + PRODUCT  # of two sums


@dataclass(frozen=True)
class Normalisation(Layer, ABC):
    """Values minus their mean over their standard deviation, times a gain, plus a shift.

    Values wait on the chip for the statistics of their image, and the same work is done where an
    image is recognised. Normalised values are kept for the backward pass. ``epsilon`` is added to
    the variance.
    """

    _: KW_ONLY
    epsilon: Annotated[float, quantity("", above=0, at_most=1)] = 1e-5

    learns: ClassVar[bool] = True

    def parameters(self, given: Shape, output: Shape) -> int:
        """A gain and a shift of each channel."""
        return 2 * given.channels

    def gathers(self, given: Shape) -> bool:
        """Statistics are of all positions unless a kind says otherwise."""
        return True

    @abstractmethod
    def sets(self, given: Shape) -> int:
        """Sets of values of an image that have a mean and a variance each."""

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each value, and the statistics of each set."""
        return (
            VectorWork(NORMALISE, given.size, KEPT),
            VectorWork(STATISTICS, self.sets(given), KEPT),
        )

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each normalised value comes back once, as its set waits on the chip."""
        return (
            VectorWork(NORMALISE_BACK, given.size, KEPT),
            VectorWork(MEANS, self.sets(given), KEPT),
        )
