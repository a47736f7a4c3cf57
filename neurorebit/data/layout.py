"""In which order the axes of an array of images or signals may be."""

from __future__ import annotations

import numpy as np

from neurorebit.data.dataset import Images
from neurorebit.layers.base import Shape

# N samples; C channels or features; H rows, W columns of an image; L steps of a signal
LAYOUTS = ("NC", "NL", "NCL", "NLC", "NHW", "NHWC", "NCHW")


def possible(axes: int, given: str | None = None) -> tuple[str, ...]:
    """The layouts of arrays with so many axes: the one that is given, or all."""
    return tuple(one for one in LAYOUTS if len(one) == axes and given in (None, one))


def shape_of(sizes: tuple[int, ...], layout: str) -> Shape:
    """The map of a sample whose axes have these sizes, N not among them."""
    size = dict(zip(layout[1:], sizes, strict=True))
    return Shape(size.get("C", 1), size.get("H", 1), size.get("W", size.get("L", 1)))


def arranged(images: Images, layout: str) -> Images:
    """The images as [N, H, W, C]; C-contiguous."""
    order = [layout.index(axis) for axis in "NHWLC" if axis in layout]
    shape = shape_of(images.shape[1:], layout)
    size = len(images), shape.height, shape.width, shape.channels
    return np.ascontiguousarray(images.transpose(order)).reshape(size)


def fitting(sizes: tuple[int, ...], shape: Shape, given: str | None = None) -> tuple[str, ...]:
    """The layouts in which samples of these sizes are maps of ``shape``, each another map.

    Several where the order of axes of one length is not known.
    """
    found: dict[tuple[int, ...], str] = {}
    for layout in possible(len(sizes) + 1, given):
        if shape_of(sizes, layout) == shape:
            order = [layout.index(axis) for axis in "HWLC" if axis in layout]
            found.setdefault(tuple(i for i in order if sizes[i - 1] > 1), layout)
    return tuple(found.values())
