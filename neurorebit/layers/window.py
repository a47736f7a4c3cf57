"""Windows that slide over a map: kernel, step, dilation and the zeros around the map.

An axis of a map is cut into windows for itself; height and width are two such axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple, Self

from neurorebit.schema.fields import whole_numbers

PAIR = "[height, width]"
SIDES = "[top, bottom, left, right]"
ENDS = "[start, end]"
LARGEST = 1_000_000

Pair = Annotated[int | tuple[int, int], whole_numbers(1, LARGEST, PAIR)]
Sides = Annotated[
    int | tuple[int, int] | tuple[int, int, int, int], whole_numbers(0, 1000, PAIR, SIDES)
]

Rest = Annotated[int | tuple[int, int], whole_numbers(0, 1000, PAIR)]
Ends = Annotated[int | tuple[int, int], whole_numbers(0, 1000, ENDS)]


def ends(given: int | Sequence[int]) -> tuple[int, int]:
    """Start and end, of which one number gives both."""
    return pair(given)


def pair(given: int | Sequence[int]) -> tuple[int, int]:
    """Height and width, of which one number gives both."""
    height, width = (given, given) if isinstance(given, int) else given
    return height, width


def sides(given: int | Sequence[int]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right: of one number, of [height, width], or as they are."""
    if isinstance(given, int) or len(given) == 2:
        height, width = pair(given)
        return height, height, width, width
    top, bottom, left, right = given
    return top, bottom, left, right


class Axis(NamedTuple):
    """Windows along one axis of a map.

    ``taps`` of a window, ``dilation`` pixels apart; windows start ``stride`` pixels apart, and
    zeros lie ``before`` and ``after`` the map.
    """

    taps: int
    stride: int
    before: int
    after: int
    dilation: int

    @property
    def extent(self) -> int:
        """Pixels from the first tap of a window to its last, both counted."""
        return self.dilation * (self.taps - 1) + 1

    def positions(self, size: int, *, ceil: bool = False) -> int:
        """Whole windows along ``size`` pixels and their zeros; below 1 where none fits.

        With ``ceil``, one more where pixels are left, unless it starts behind the map.
        """
        room = size + self.before + self.after - self.extent
        if not ceil:
            return room // self.stride + 1
        windows = -(-room // self.stride) + 1
        return windows - ((windows - 1) * self.stride >= size + self.before)

    def reach(self, tap: int, size: int, windows: int) -> tuple[int, int]:
        """The windows, of so many, of which this tap lies on the map; the last not included."""
        at = tap * self.dilation - self.before
        low = min(windows, max(0, -(at // self.stride)))
        return low, max(low, min(windows, (size - 1 - at) // self.stride + 1))

    def seen(self, size: int, windows: int, *, with_zeros: bool = False) -> list[int]:
        """Taps of each window that lie on the map, or on the map and its zeros."""
        low, high = (-self.before, size + self.after) if with_zeros else (0, size)
        starts = (window * self.stride - self.before for window in range(windows))
        return [
            sum(low <= start + tap * self.dilation < high for tap in range(self.taps))
            for start in starts
        ]

    def covering(self, size: int, windows: int) -> list[int]:
        """How many windows have a tap on each pixel."""
        count = [0] * size
        for tap in range(self.taps):
            at = tap * self.dilation - self.before
            for window in range(*self.reach(tap, size, windows)):
                count[window * self.stride + at] += 1
        return count


class Window(NamedTuple):
    """A window that slides over a map; pairs are height and width.

    ``padding``: zeros around the map at its top, bottom, left and right.
    """

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)

    @classmethod
    def of(
        cls,
        kernel: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
    ) -> Self:
        """The window of what a file says of it, in any of the forms that a file may use."""
        return cls(pair(kernel), pair(stride), sides(padding), pair(dilation))

    @property
    def taps(self) -> int:
        """Values of one channel under the window."""
        return self.kernel[0] * self.kernel[1]

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """Its vertical and its horizontal axis."""
        (high, wide), (down, across), (deep, broad) = self.kernel, self.stride, self.dilation
        top, bottom, left, right = self.padding
        return Axis(high, down, top, bottom, deep), Axis(wide, across, left, right, broad)

    @property
    def is_pixel(self) -> bool:
        """Whether each window is one pixel of its own."""
        return self.taps == 1 and self.stride == (1, 1) and not any(self.padding)

    def positions(self, height: int, width: int, *, ceil: bool = False) -> tuple[int, int]:
        """Positions of the window along the sides of a map; below 1 where it does not fit."""
        vertical, horizontal = self.axes
        return vertical.positions(height, ceil=ceil), horizontal.positions(width, ceil=ceil)

    @property
    def fitted(self) -> str:
        """What has to fit a map, for a message: the kernel, and what stands around the map."""
        high, wide = self.kernel
        spread = "" if self.dilation == (1, 1) else f" (dilation {_both(self.dilation)})"
        return f"{high} x {wide} kernel{spread} with padding {_sides(self.padding)}"

    def __str__(self) -> str:
        """As a table shows it: what differs from a step of 1 and no padding is named."""
        parts = [f"{self.kernel[0]} x {self.kernel[1]}"]
        parts += [f"stride {_both(self.stride)}"] if self.stride != (1, 1) else []
        parts += [f"pad {_sides(self.padding)}"] if any(self.padding) else []
        parts += [f"dilation {_both(self.dilation)}"] if self.dilation != (1, 1) else []
        return ", ".join(parts)


def _sides(padding: tuple[int, int, int, int]) -> str:
    """Paddings as a file may write them."""
    top, bottom, left, right = padding
    square = top == bottom and left == right
    return _both((top, left)) if square else f"[{top}, {bottom}, {left}, {right}]"


def _both(given: tuple[int, int]) -> str:
    """A pair as one number where both are the same."""
    height, width = given
    return f"{height}" if height == width else f"{height} x {width}"
