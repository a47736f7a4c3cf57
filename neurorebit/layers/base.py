"""The base class of all kinds of layers: keys, shapes, and the work asked of hardware.

A layer asks for two kinds of work and no third: ``Matmul`` and ``VectorWork``. Hardware knows these
and no kind of layer.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, field
from enum import Enum
from typing import Annotated, ClassVar, Self

from pydantic import Field

from neurorebit.layers.tables import Table
from neurorebit.layers.window import Window
from neurorebit.schema import Section

Size = Annotated[int, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True)
class Shape(Section):
    """A map: channels, height, width. A vector has height and width 1."""

    channels: Size
    height: Size
    width: Size

    @property
    def size(self) -> int:
        """Values in the map."""
        return self.channels * self.height * self.width

    def __str__(self) -> str:
        return f"{self.channels} x {self.height} x {self.width}"


@dataclass(frozen=True)
class Matmul:
    """``rows`` x ``cols`` operands, applied to ``vectors`` vectors of one image.

    ``groups`` independent blocks have that size each. ``inputs``: distinct input values of an
    image. ``taps``: height and width of the window where rows are the values under a sliding
    window; rows are ordered by position, ``rows / (height * width)`` input channels each, and the
    blocks of two positions read the same map, shifted. ``stationary``: one operand is weights;
    False, both are activations. ``signed``: inputs may be below zero. ``serial``: a vector follows
    from the results of the one before it, as in a recurrent layer.
    ``merged``: results that are added to others to make one output, or dropped.
    """

    rows: int
    cols: int
    vectors: int
    inputs: int
    groups: int = field(default=1, kw_only=True)
    stationary: bool = field(default=True, kw_only=True)
    signed: bool = field(default=False, kw_only=True)
    serial: bool = field(default=False, kw_only=True)
    taps: tuple[int, int] = field(default=(1, 1), kw_only=True)
    merged: int = field(default=0, kw_only=True)

    @property
    def positions(self) -> int:
        """Positions of the window's taps."""
        return self.taps[0] * self.taps[1]

    @property
    def channels(self) -> int:
        """Input channels of one group."""
        return self.rows // self.positions

    @property
    def operands(self) -> int:
        """Operands of all groups that the vectors meet."""
        return self.rows * self.cols * self.groups

    @property
    def weights(self) -> int:
        """Operands that are weights: all, or none."""
        return self.operands if self.stationary else 0

    @property
    def macs(self) -> int:
        """Multiplications and additions for one image."""
        return self.operands * self.vectors


class Value(Enum):
    """Values whose bits the architecture chooses."""

    INPUT = "input"  # enters the arrays forward
    ERROR = "error"  # enters them backward
    STORED = "stored"  # of the vector unit, which keeps it for the backward pass


Bits = Value | float  # bits of a value: the architecture's choice, or a number


@dataclass(frozen=True)
class Operation:
    """The work of one lane of a vector unit on one element.

    ``cycles`` of the lane; ``additions`` (comparisons count as such) and ``products`` of a stored
    value with another one, as pairs of how many and of how many bits; ``words`` of 32 bits written
    to the registers of the lane; ``lookups`` of coefficients in its table, as pairs of how many and
    of which function. What is done with the coefficients is among the additions and products
    (``layers/functions.py`` has whole evaluations). ``a + b`` is both on the same element.
    """

    cycles: float
    additions: tuple[tuple[float, Bits], ...] = ()
    products: tuple[tuple[float, Bits], ...] = ()
    _: KW_ONLY
    words: float = 0.0
    lookups: tuple[tuple[float, Table], ...] = ()

    def __add__(self, other: Operation) -> Operation:
        return Operation(
            self.cycles + other.cycles,
            self.additions + other.additions,
            self.products + other.products,
            words=self.words + other.words,
            lookups=self.lookups + other.lookups,
        )


@dataclass(frozen=True)
class VectorWork:
    """Elementwise work of one image in one direction.

    An ``operation`` (None: no arithmetic) on each of ``elements`` values. ``transfers``: values per
    element that go to or come from the memory off the chip, as pairs of how many and of how many
    bits. ``mask``: a bit per element is kept, which says what passes the element's error back; it
    is not needed where values kept for a norm tell as much.
    """

    operation: Operation | None
    elements: float
    transfers: tuple[tuple[float, Bits], ...] = ()
    mask: bool = False


def computed(works: tuple[VectorWork, ...]) -> tuple[VectorWork, ...]:
    """The arithmetic of some work alone: nothing is stored for a backward pass."""
    return tuple(
        VectorWork(work.operation, work.elements) for work in works if work.operation is not None
    )


class Misshaped(Exception):
    """A layer does not fit the maps it gets: why, and what to do about it where that is known."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure


@dataclass(frozen=True)
class Layer(Section):
    """A layer of any kind: its kind, its name, and the layer it takes its input from.

    A kind is a subclass; the word for it is its key in the table of kinds. ``frozen``: a training
    leaves its parameters as they are.
    """

    kind: str = field(kw_only=True)
    name: str = field(default="", kw_only=True)
    input: str = field(default="", kw_only=True)
    frozen: bool = field(default=False, kw_only=True)

    # keys that name further layers it reads, each a word or several; empty ones name none
    also_reads: ClassVar[tuple[str, ...]] = ()
    has_weights: ClassVar[bool] = False
    reads_nothing: ClassVar[bool] = False  # it gives a map that is not computed
    rearranges: ClassVar[bool] = False  # it reads a stored map, in another order
    learns: ClassVar[bool] = False  # whether it has parameters: weights, or those of a norm
    widens: ClassVar[bool] = False  # with the width of the network, though it has no weights
    feeds: ClassVar[bool] = True  # its matrix product, if any, takes the map that it reads

    @property
    def waits(self) -> bool:
        """Whether in a training its results wait for all images of a batch, and its errors too."""
        return False

    def gathers(self, given: Shape) -> bool:
        """Whether its results wait for the whole map that it reads, as statistics of it do."""
        return False

    def window(self, given: Shape) -> Window:
        """The window that it slides over its input map."""
        return Window()

    def spread(self, given: Shape) -> Window | None:
        """The window over its output map that each position's results are added into, if any."""
        return None

    def scaled(self, width: float) -> Self:
        """The layer of a network whose layers are ``width`` times as wide."""
        return self

    def parts(self, *given: Shape) -> tuple[Layer, ...]:
        """The layers that it is made of, in their order; none where it is one layer.

        A part reads the part before it, or what its keys name: ``input`` is what the whole reads,
        the whole's further inputs have the name of their key, other parts their own. The last one
        gives the output. ``Misshaped`` if the shapes that the whole reads do not fit.
        """
        return ()

    def output(self, *given: Shape) -> Shape:
        """The shape of its output, given those that it reads; ``Misshaped`` if they do not fit."""
        return given[0]

    def nonnegative(self, *inputs: bool) -> bool:
        """Whether its output is never below zero, given whether what it reads is."""
        return False

    def matmul(self, given: Shape, output: Shape) -> Matmul | None:
        """The matrix product that it asks for, from its shapes."""
        return None

    def product(self, given: Shape, output: Shape) -> tuple[Shape, Shape]:
        """The maps that its matrix product reads and gives, where they are other ones."""
        return given, output

    def parameters(self, given: Shape, output: Shape) -> int:
        """Numbers that a training learns: weights, biases, scales and shifts."""
        matmul = self.matmul(given, output)
        return matmul.weights if matmul is not None else 0

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The elementwise work that it asks for in the forward pass of a training."""
        return ()

    def inference(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The elementwise work that it asks for where an image is recognised and nothing learned.

        Unless a kind says otherwise, that of the forward pass, with nothing stored for a backward
        pass.
        """
        return computed(self.forward(given, output))

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The elementwise work that it asks for in the backward pass."""
        return ()

    def parameter_gradients(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """The elementwise work of the gradients of parameters that it keeps beside a matrix.

        It is asked for in the backward pass, whether or not an error is sent to its input.
        """
        return ()

    # What is asked for: layers that read several maps follow the shapes of all of them.

    def forward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """``forward``, from the shapes of all maps that it reads."""
        return self.forward(given[0], output)

    def inference_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """``inference``, from the shapes of all maps that it reads."""
        return self.inference(given[0], output)

    def backward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """``backward``, from the shapes of all maps that it reads."""
        return self.backward(given[0], output)


# A result is clipped at zero, which rectifies it, and at the largest input, then rounded.
ROUND_RESULT = Operation(cycles=1.0, additions=((2, 16.0),))
# An error is rounded up or down by chance: half a word of random bits is added, then it is clipped.
ROUND_ERROR = Operation(cycles=1.0, additions=((2, 16.0),), words=0.5)


# A word of 32 bits is added to a result, or an error to the sum of a channel's errors.
ADD_WORD = Operation(cycles=1.0, additions=((1, 32.0),), words=1.0)


@dataclass(frozen=True)
class Weighted(Layer):
    """A layer with weights: its results become inputs of the next, the errors it sends are rounded.

    The vector work of ``backward`` is not asked for where no error is sent to its input.

    With a ``bias``, a word of 32 bits for each output channel is added to the channel's results in
    the vector unit, where converted partial sums of all arrays have been added up: a bias in cells
    would be driven for every vector, take a row of each array and levels for its range, and drift
    with them. Its gradient is the sum of the channel's errors. As with the parameters of a norm,
    work on whole channels (the update) is neglected.

    ``scheme``: ``real`` where digital macros alone hold and multiply the weights; unless given,
    they are held as the chip's scheme says.
    """

    bias: bool = field(default=False, kw_only=True)
    scheme: str = field(default="", kw_only=True)

    has_weights: ClassVar[bool] = True
    learns: ClassVar[bool] = True

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each result gets its bias, if any, and is brought to the bits of an input."""
        added = (VectorWork(ADD_WORD, output.size),) if self.bias else ()
        return (*added, VectorWork(ROUND_RESULT, output.size))

    def parameters(self, given: Shape, output: Shape) -> int:
        return super().parameters(given, output) + (output.channels if self.bias else 0)

    def parameter_gradients(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each error is added to the gradient of its channel's bias."""
        return (VectorWork(ADD_WORD, output.size),) if self.bias else ()

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each error of an input, a sum, is brought to the bits of an error."""
        return (VectorWork(ROUND_ERROR, given.size),)


def widened(count: int, width: float) -> int:
    """``width`` times as many channels: the nearest whole number, halves up, at least 1."""
    return max(1, math.floor(count * width + 0.5))
