"""Transposed convolution."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import prod

from neurorebit.layers.base import ADD_WORD, Matmul, Misshaped, Shape, Size, VectorWork
from neurorebit.layers.conv import Convolution, Groups
from neurorebit.layers.window import Pair, Rest, Sides, Window, pair


@dataclass(frozen=True)
class ConvTranspose(Convolution):
    """Transposed convolution: each pixel of the input adds its kernel to a window of the output.

    The weights of all taps of the kernel stand side by side in the arrays' columns. A pixel drives
    the rows once and gives a result for each tap and output channel; the vector unit adds results
    of neighbours that meet in a pixel of the output, as words of 32 bits. Results in the
    ``padding``, which the output is cropped by, are formed and dropped. Backward a pixel drives the
    columns with the errors of its window, which are fetched once for each.

    ``output_padding``: lines and columns more at the bottom and at the right of the output, where a
    step leaves its size open.
    """

    channels: Size
    kernel: Pair
    stride: Pair = 1
    padding: Sides = 0
    _: KW_ONLY
    output_padding: Rest = 0
    dilation: Pair = 1
    groups: Groups = 1

    def spread(self, given: Shape) -> Window:
        return Window.of(self.kernel, self.stride, self.padding, self.dilation)

    def window(self, given: Shape) -> Window:
        """That of its matrix product: a pixel."""
        return Window()

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        window, more = self.spread(one), pair(self.output_padding)
        if any(
            rest and rest >= max(axis.stride, axis.dilation)
            for rest, axis in zip(more, window.axes, strict=True)
        ):
            message = "an output_padding beyond the steps of the kernel adds pixels of nothing"
            raise Misshaped(message, "take one below the stride or the dilation")
        height, width = (
            axis.stride * (size - 1) + axis.extent - axis.before - axis.after + rest
            for axis, size, rest in zip(window.axes, (one.height, one.width), more, strict=True)
        )
        if min(height, width) < 1:
            message = f"a {window.fitted} leaves nothing of the {one} map it gets"
            raise Misshaped(message, "take less padding")
        self.check_groups(one)
        return Shape(self.channels, height, width)

    def product(self, given: Shape, output: Shape) -> tuple[Shape, Shape]:
        """A result for each tap and output channel at each pixel of the input."""
        results = self.spread(given).taps * self.channels
        return given, Shape(results, given.height, given.width)

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """A vector is a pixel of the input; columns are ordered by tap."""
        groups, taps = self.blocks(given), self.spread(given).taps
        vectors = given.height * given.width
        return Matmul(
            given.channels // groups,
            taps * self.channels // groups,
            vectors,
            given.size,
            groups=groups,
            merged=max(0, taps * self.channels * vectors - output.size),
        )

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Results that meet are added; then what every layer with weights asks for."""
        landed, reached = zip(
            *(
                (sum(counts), sum(count > 0 for count in counts))
                for axis, size, inputs in zip(
                    self.spread(given).axes,
                    (output.height, output.width),
                    (given.height, given.width),
                    strict=True,
                )
                for counts in (axis.covering(size, inputs),)
            ),
            strict=True,
        )
        met = self.channels * (prod(landed) - prod(reached))
        own = super().forward(given, output)
        return (VectorWork(ADD_WORD, met), *own) if met else own
