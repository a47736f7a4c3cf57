"""The gradient of a layer through the gradient unit of a chip, converters included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.spec import GradientConverters
from neurorebit.circuits.converters.converter import Quantisation
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.kernels import gradient
from neurorebit.layers.network import Node
from neurorebit.training.parts import digital, product
from neurorebit.training.parts.average import Average
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array, Workers, spans

COLUMNS = 1 << 16  # words of activations of one job, for a second-level cache
GROUPS = 32  # arrays of rows of one job, at most
VECTORS = 64  # error vectors of one job, at most
EXACT = 53  # bits of a whole number in double precision


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What the unit adds up: a layer's activations and errors, and the groups that share an array.

    ``groups`` [groups, 4]: the rows of an array are the pixels third..fourth of the maps of the
    images first..second. ``bits`` of the activations and of the errors, of which one unit is
    ``unit``; ``words`` of the rows of an array.
    """

    x: Windows
    dy: Array
    groups: Array
    bits: tuple[int, int]
    unit: float
    words: int

    @property
    def conversions(self) -> int:
        """Conversions of all groups: one for each pair of bit planes of each weight."""
        node, (inputs, errors) = self.x.node, self.bits
        matmul = node.matmul
        assert matmul is not None
        return len(self.groups) * matmul.weights * inputs * errors


class Job(NamedTuple):
    """The sums of one job: one place in the window, of some error vectors."""

    group: int  # of channels
    y: int  # in the window
    x: int
    first: int  # of the group's error vectors
    last: int


@dataclass(eq=False)
class GradientUnit:
    """The weight gradient as the unit of the chip computes it (docs/models/training.md#gradients).

    Pixels of a layer's input map lie along the rows of SRAM arrays, bits of its channels along the
    columns. A map is spread evenly over the fewest arrays; small maps of images share one.
    For each output channel and each place in the window, an error vector opens rows plane by plane.
    A converter for each column counts the rows where both bits are one; its codes are shifted and
    added up over planes, arrays and images in digital arithmetic, without loss.

    The converter spans counts from none to ``adc_range`` standard deviations above their mean, over
    all conversions of the layer (not more than all rows), or to all rows (full). One step is at
    least the current of one cell, below which there is nothing to resolve: converters that have a
    code for every row are exact, and then the gradient is the exact product. The range is measured
    in the first steps and then kept, unless it ``follows`` the counts.
    """

    site: Site
    follows: bool = False
    _: KW_ONLY
    counts: Average = field(init=False)

    def __post_init__(self) -> None:
        steps = self.site.training.calibration_steps
        self.counts = Average(steps, self.follows, np.zeros(2))

    @property
    def exact(self) -> bool:
        """Whether the unit gives the exact product of what it is given.

        It does so with ideal converters, and where converters have a code for every row. Chips
        without such a unit compute gradients in digital arithmetic.
        """
        unit, training = self.site.spec.gradient, self.site.training
        if unit is None or training.adc == "ideal" or self.site.error_bits is None:
            return True
        step, top = _quantisation(unit, float(unit.rows))
        return bool(step <= 1.0 and top >= unit.rows)

    def outer(self, x: Windows, dy: Array, out: Array) -> None:
        """``out`` [groups, rows, cols] = the gradient: the sum over all vectors of x times ``dy``.

        ``dy`` [B, H, W, N] are errors that have been rounded to their bits, ``x`` codes, in two's
        complement where they have signs.
        """
        site, unit = self.site, self.site.spec.gradient
        if self.exact or unit is None or site.error_bits is None:
            product.outer(x, dy, out, site.workers)
            return
        largest = float(np.abs(dy).max())
        if not 0.0 < largest < np.inf:
            out[...] = 0.0 if largest == 0.0 else np.nan
            return
        sums = Sums(
            x=x,
            dy=dy,
            groups=images_together(x.node, len(x.map), unit, site.training.batch),
            bits=(int(site.spec.input_bits), site.error_bits),
            unit=digital.step(largest, site.error_bits),
            words=-(-int(unit.rows) // (gradient.WORD * gradient.FOUR)) * gradient.FOUR,
        )
        quantisation = self.quantisation(unit, lambda: moments(sums, site.workers))
        multiply(sums, out, site.workers, quantisation=quantisation)

    def quantisation(self, unit: GradientConverters, found: Callable[[], Array]) -> Quantisation:
        """The codes of the unit's converters; ``found`` measures the moments of the counts."""
        if isinstance(unit.adc_range, str):
            return _quantisation(unit, float(unit.rows))
        known = self.counts.mean if self.counts.measured else None
        if self.counts.measures:
            self.counts.add(now := found())
            known = now if known is None else known
        assert known is not None, "a range is measured before it is kept"
        spread = max(float(known[1] - known[0] ** 2), 0.0) ** 0.5
        reach = min(float(known[0]) + unit.adc_range * spread, float(unit.rows))
        return _quantisation(unit, reach)


def _quantisation(unit: GradientConverters, reach: float) -> Quantisation:
    """Codes of the unit's converters, for counts up to ``reach``; a step is a cell at least."""
    found = CONVERTERS[unit.adc].quantisation(unit.adc_bits, reach, signed=False)
    return Quantisation(max(found.step, 1.0), found.top)


def images_together(node: Node, images: int, unit: GradientConverters, batch: int) -> Array:
    """The images and the pixels that share the rows of an array [groups, 4]."""
    given = node.shape_in
    pixels = given.height * given.width
    together = int(unit.images_together(pixels, batch))
    arrays = -(-pixels // int(unit.rows))
    parts = spans(pixels, -(-pixels // arrays))
    return np.array([(*some, *part) for some in spans(images, together) for part in parts])


def multiply(sums: Sums, out: Array, workers: Workers, *, quantisation: Quantisation) -> None:
    """``out`` [groups, rows, cols] = the sums of all counts' codes, as gradients."""
    (step, top), (bits, planes) = quantisation, sums.bits
    channels = sums.x.node.shape_in.channels // sums.x.node.groups
    scale = step * sums.unit * sums.x.scale
    most = top * 2.0 ** (planes - 1)  # of one group's codes
    whole = most * GROUPS < 2.0**31
    columns, lines = _columns(sums, workers), _lines(sums, workers)

    def job(number: int) -> None:
        group, y, x, first, last = jobs[number]
        shape = last - first, bits * channels
        found = workers.scratch("sums", shape, np.float64)
        found[...] = 0
        scratch = (
            workers.scratch("counts", shape[1:], np.uint32),
            workers.scratch("total", shape[1:], np.int32 if whole else np.float64),
        )
        for some, here in columns[group]:
            errors = _errors(sums, lines, some, jobs[number], workers=workers)
            gradient.multiply(here, errors, found, scratch, 1.0 / step, top)
        row = (y * sums.x.node.window.kernel[1] + x) * channels
        target = out[group, row : row + channels, first:last]
        gradient.join(found, target, bits, scale, sums.x.signs is not None)

    jobs = _jobs(sums)
    workers.run(job, len(jobs))


def moments(sums: Sums, workers: Workers) -> Array:
    """The mean of all counts and of their squares, over all conversions."""
    channels = sums.x.node.shape_in.channels // sums.x.node.groups
    columns, lines = _columns(sums, workers), _lines(sums, workers)

    def job(number: int) -> Array:
        group = jobs[number][0]
        counts = workers.scratch("counts", (sums.bits[0] * channels,), np.uint32)
        total = np.zeros(2)
        for some, here in columns[group]:
            errors = _errors(sums, lines, some, jobs[number], workers=workers)
            total += gradient.measure(here, errors, counts)
        return total

    jobs = _jobs(sums)
    total: Array = sum(workers.run(job, len(jobs)), np.zeros(2)) / sums.conversions
    return total


def _jobs(sums: Sums) -> list[Job]:
    """The sums of each job."""
    node = sums.x.node
    cols = node.shape_out.channels // node.groups
    size = min(VECTORS, max(1, -(-cols * node.groups * node.window.taps // 4)))
    return [
        Job(group, y, x, first, last)
        for group in range(node.groups)
        for y, x in np.ndindex(*node.window.kernel)
        for first, last in spans(cols, size)
    ]


def _columns(sums: Sums, workers: Workers) -> list[list[tuple[Array, Array]]]:
    """The bits of the activations [groups, words, columns], in blocks, by group of channels."""
    node, bits = sums.x.node, sums.bits[0]
    channels = node.shape_in.channels // node.groups
    size = min(GROUPS, max(1, COLUMNS // (sums.words * bits * channels)))
    blocks = [sums.groups[first:last] for first, last in spans(len(sums.groups), size)]
    codes = sums.x.map.reshape(len(sums.x.map), -1, node.shape_in.channels)

    def job(number: int) -> Array:
        group, block = divmod(number, len(blocks))
        out = np.zeros((len(blocks[block]), sums.words, bits * channels), np.uint32)
        some = codes[:, :, group * channels : (group + 1) * channels]
        gradient.pack_inputs(some, out, blocks[block], bits)
        return out

    made = workers.run(job, node.groups * len(blocks))
    return [
        list(zip(blocks, made[g * len(blocks) : (g + 1) * len(blocks)], strict=True))
        for g in range(node.groups)
    ]


def _lines(sums: Sums, workers: Workers) -> Array:
    """The bits of the errors [images, height, words, bits, cols], in lines of the input map."""
    node, (images, height, width, cols) = sums.x.node, sums.dy.shape
    step = node.window.stride[1]
    words = -(-((width - 1) * step + 1) // gradient.WORD)
    out = np.zeros((images, height, words, sums.bits[1], cols), np.uint32)

    def job(image: int) -> None:
        gradient.pack_lines(sums.dy[image], out[image], step, 1.0 / sums.unit)

    workers.run(job, images)
    return out


def _errors(sums: Sums, lines: Array, groups: Array, job: Job, *, workers: Workers) -> Array:
    """The bits of the errors [groups, bits, words, vectors] of one place in the window."""
    node, (group, y, x, first, last) = sums.x.node, job
    low = group * (node.shape_out.channels // node.groups)
    shape = len(groups), sums.bits[1], sums.words, last - first
    planes = workers.scratch("planes", shape, np.uint32)
    planes[...] = 0
    window = gradient.Place(
        *(
            axis.before - axis.dilation * tap
            for axis, tap in zip(node.window.axes, (y, x), strict=True)
        ),
        *node.window.stride,
        node.shape_in.width,
        node.shape_out.width,
    )
    gradient.pack_errors(lines[..., low + first : low + last], planes, groups, window)
    return planes
