"""Convolution."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Annotated, Self

from pydantic import Field

from neurorebit.layers.base import Matmul, Misshaped, Shape, Size, Weighted, Window, widened


@dataclass(frozen=True)
class Conv(Weighted):
    """Convolution without bias."""

    channels: Size
    kernel: Size
    stride: Size = 1
    padding: Annotated[int, Field(ge=0, le=1000)] = 0
    _: KW_ONLY
    groups: Size = 1

    @property
    def window(self) -> Window:
        return Window(self.kernel, self.stride, self.padding)

    def scaled(self, width: float) -> Self:
        return replace(self, channels=widened(self.channels, width))

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        shape = self.window.output(self.channels, one)
        if shape is None:
            raise Misshaped(
                f"a {self.kernel} x {self.kernel} kernel does not fit the {one} map it gets "
                f"(padding {self.padding})"
            )
        if one.channels % self.groups or self.channels % self.groups:
            raise Misshaped(
                f"{self.groups} groups do not divide {one.channels} inputs and {self.channels} "
                "outputs"
            )
        return shape

    def matmul(self, given: Shape, output: Shape) -> Matmul:
        """A vector has the values under the kernel at one position of the map."""
        return Matmul(
            self.kernel**2 * given.channels // self.groups,
            self.channels // self.groups,
            output.height * output.width,
            given.size,
            groups=self.groups,
            taps=(self.kernel, self.kernel),
        )
