"""Layers that are a matrix: activations to codes, errors to few bits, and their statistics."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from typing import Any

import numpy as np

from neurorebit.chips.parts.signs import SIGNED_INPUTS, Plane
from neurorebit.kernels import elementwise, noise, quantise, wage, words
from neurorebit.layers.network import Node
from neurorebit.schema.formats import Format
from neurorebit.training.layers.adapter import Adapter
from neurorebit.training.layers.base import CHUNK, PIXEL, Build, Layer, Tools
from neurorebit.training.layers.encoder import Encoder, IntegerEncoder
from neurorebit.training.parts import digital, integers, overlap
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows, as_it_is, table
from neurorebit.training.parts.rules import Rule, learn, rule_of
from neurorebit.training.parts.weights import Weights
from neurorebit.training.parts.words import grid
from neurorebit.training.parts.workers import Array, spans

KEEPS = {"bias": "bias"}  # arrays of a file of weights, and the attributes that they are here


def build(node: Node, given: Build) -> Layer:
    """The layer of a node, with weights of its own."""
    product = node.product
    site = given.site(product)
    weights = given.weights(site)
    return MatrixLayer(
        node=product,
        outer=node,
        weights=weights,
        tools=given.tools,
        input_bits=int(site.spec.input_bits),
        error_bits=site.error_bits if weights.in_arrays or weights.integers else None,
        index=site.index,
        seed=site.seed,
        sends_back=given.sends_back,
        adapter=Adapter(site, node.rank) if node.rank else None,
    )


@dataclass(eq=False)
class Seen:
    """Statistics of what passed through a layer's arrays while it learned, over all steps.

    Inputs have so many ``planes``.
    """

    planes: int
    steps: int = 0
    ones: Array = field(init=False)
    pairs: int = 0  # of vector and matrix row
    error_ones: float = 0.0
    _: KW_ONLY
    error_some: float = 0.0
    errors: int = 0
    stored_ones: float = 0.0  # of signed codes, in two's complement
    stored_bits: int = 0

    def __post_init__(self) -> None:
        self.ones = np.zeros(self.planes)


@dataclass(eq=False)
class MatrixLayer:
    """A layer that is a matrix. Its weights decide how it multiplies and how it learns.

    ``node`` has the maps that the product reads and gives, ``outer`` those of the layer. A bias is
    added to results; it learns without weight decay, as the parameters of a norm do, from the
    errors as they are rounded. Of a frozen layer the ``adapter`` alone learns, if it has one.
    """

    node: Node
    weights: Weights
    tools: Tools
    input_bits: int
    _: KW_ONLY
    outer: Node
    error_bits: int | None  # None: errors are not rounded
    index: int  # among the matrix layers
    seed: int
    sends_back: bool = True
    adapter: Adapter | None = None
    seen: Seen = field(init=False)
    encoder: Encoder = field(init=False)
    bias: Array | None = field(init=False, default=None)
    bias_velocity: Array | None = field(init=False, default=None)
    bias_rule: Rule | None = field(init=False, default=None)
    heard: bool = field(init=False, default=False)  # a number other than zero, while not learning
    _x: Windows | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if getattr(self.outer.layer, "bias", False):
            self.bias, self.bias_velocity = np.zeros((2, self.outer.shape_out.channels))
            self.bias_rule = rule_of(self.tools.training, self.bias)
        signed, whole = self.signs is not None, self.weights.integers is not None
        calibrated = self.encodes and not whole
        percentile = self.tools.training.clip_percentile if calibrated else 100.0
        kind = IntegerEncoder if whole else Encoder
        self.encoder = kind(self.input_bits, percentile, signed=signed)
        self.seen = Seen(self.input_bits if self.signs is None else len(self.signs))

    @property
    def encodes(self) -> bool:
        """Whether inputs become codes, and errors have few bits."""
        return self.weights.in_arrays or self.weights.integers is not None

    @property
    def signs(self) -> tuple[Plane, ...] | None:
        """The planes of inputs that may be below zero; None where they cannot be."""
        way = self.weights.site.signed_inputs
        return None if way is None else way.planes(self.input_bits)

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """The product of the matrix and each window of the input."""
        given = self.node.shape_in
        x = inputs[0].reshape(len(inputs[0]), given.height, given.width, given.channels)
        windows = self.encoded(x, self.node, learning)
        out = self.multiplied(windows, learning)
        if self.adapter is not None:
            self.adapter.forward(windows, out, learning)
        if self.spread:
            out = self._added_up(out)
        if self.bias is not None:
            self.shift(out, self.bias)
        if learning:
            self._x = windows
        else:
            self.tools.workspace.drop(windows.map)
        return out

    def encoded(self, x: Array, node: Node, learning: bool) -> Windows:
        """A map [B, H, W, C] as the windows of ``node``, which enter the arrays.

        They are taken from the workspace; while ``learning``, they are counted.
        """
        if not learning and not self.heard:
            self.heard = bool(x.any())
        if not self.encodes:
            self.tools.workspace.hold(x)
            return Windows(x, PIXEL if x.dtype == np.uint8 else 1.0, node)
        kind = self.tools.dtype if as_it_is(node) else None  # products take them in place
        codes, unit = self.encoder.encode(x, self.tools, learning, kind)
        windows = Windows(codes, unit, node, self.signs)
        if learning:
            self._count_inputs(windows)
        return windows

    def multiplied(self, windows: Windows, learning: bool) -> Array:
        """The product of the matrix and windows [B, H, W, N], taken from the workspace."""
        shape, images = windows.node.shape_out, len(windows.map)
        size = images, shape.height, shape.width, shape.channels
        out = self.tools.workspace.take(size, self.tools.dtype)
        self.weights.mvm(windows, out, learning)
        return out

    def shift(self, out: Array, bias: Array) -> None:
        """Add a number for each channel to the results."""
        self._by_channel(elementwise.add_rows, out, bias.astype(out.dtype, copy=False))

    def sums(self, dy: Array) -> Array:
        """The sum of the errors of each channel."""
        parts = self._by_channel(elementwise.sum_rows, dy)
        total: Array = sum(parts, np.zeros(dy.shape[-1]))
        return total

    def calibrate(self, inputs: tuple[Array, ...]) -> Array:
        """The product, from which the range of the inputs is learned, and those of converters."""
        out = self.forward(inputs, learning=True)
        assert self._x is not None
        self.tools.workspace.drop(self._x.map)
        self._x = None
        if self.adapter is not None:
            self.adapter.forget()
        return out

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """Send the error back through the weights, then let them learn from it."""
        assert self._x is not None, "backward comes after a forward pass that learns"
        x, self._x = self._x, None
        workspace = self.tools.workspace
        if self.encodes:
            self.round_errors(dy, self.seen.steps)
        frozen = self.outer.layer.frozen
        if self.bias is not None and not frozen:
            self._learn_bias(dy, rate)
        if self.spread:
            dy = self._fetched(dy)
        dx = None
        if self.sends_back:
            dx = workspace.take(x.map.shape, self.tools.dtype)
            self.weights.mtvm(dy, x, dx)
        if self.adapter is not None:
            self.adapter.backward(x, dy, dx, rate)
        if dx is not None:
            given = self.outer.shape_in
            dx = dx.reshape(len(dx), given.height, given.width, given.channels)
        if not frozen:
            self.weights.update(x, dy, rate)
        workspace.drop(dy)
        workspace.drop(x.map)
        return (dx,)

    @property
    def spread(self) -> bool:
        """Whether results of several positions are added up to one output."""
        return self.outer.layer.spread(self.outer.shape_in) is not None

    def _added_up(self, results: Array) -> Array:
        """The layer's output, of the product's results, which are given up."""
        shape = self.outer.shape_out
        size = len(results), shape.height, shape.width, shape.channels
        out = self.tools.workspace.take(size, results.dtype)
        overlap.add_up(results, out, self.outer, self.tools.workers)
        self.tools.workspace.drop(results)
        return out

    def _fetched(self, dy: Array) -> Array:
        """The errors of the product's results, of those of the output, which are given up."""
        shape = self.node.shape_out
        size = len(dy), shape.height, shape.width, shape.channels
        errors = self.tools.workspace.take(size, dy.dtype)
        overlap.fetch(dy, errors, self.outer, self.tools.workers)
        self.tools.workspace.drop(dy)
        return errors

    def _by_channel(self, kernel: Any, values: Array, *others: Array) -> list[Any]:
        """Run a kernel on the channels [positions, channels] of all positions, some a job."""
        rows = values.reshape(-1, values.shape[-1])
        parts = spans(len(rows), max(1, CHUNK // rows.shape[1]))
        jobs = self.tools.workers.run(lambda i: kernel(rows[slice(*parts[i])], *others), len(parts))
        return list(jobs)

    def _learn_bias(self, dy: Array, rate: float) -> None:
        """A step with the sums of the errors of each channel."""
        assert self.bias is not None
        assert self.bias_velocity is not None
        assert self.bias_rule is not None
        held = self.bias, self.bias_velocity, self.sums(dy)
        learn(self.bias_rule, self.tools.training, rate, *held)

    def _count_inputs(self, x: Windows) -> None:
        """Count the ones in each bit plane that drive the arrays' rows."""
        rows, cols = covering(x.node)
        parts = spans(len(x.map), max(1, CHUNK // x.map[0].size))

        def job(i: int) -> Array:
            start, stop = parts[i]
            codes, ones = x.map[start:stop], np.zeros(self.seen.planes)
            if self.signs is not None:
                codes = self._words(codes, self.signs)
            quantise.count_ones(codes, rows, cols, ones)
            return ones

        for ones in self.tools.workers.run(job, len(parts)):
            self.seen.ones += ones
        if self.signs is not None:
            memory = SIGNED_INPUTS["twos_complement"].planes(self.input_bits)
            found = (self._words(x.map[slice(*part)], memory) for part in parts)
            self.seen.stored_ones += sum(float(np.sum(np.bitwise_count(one))) for one in found)
            self.seen.stored_bits += x.map.size * self.input_bits
        self.seen.pairs += x.vectors * x.node.window.taps * x.node.shape_in.channels
        self.seen.steps += 1

    def _words(self, codes: Array, planes: tuple[Plane, ...]) -> Array:
        """Words of the planes of signed codes."""
        out = np.empty(codes.shape, np.uint32)
        quantise.words(codes.reshape(-1), out.reshape(-1), table(planes))
        return out

    def round_errors(self, dy: Array, step: int) -> None:
        """Round the errors to the bits of the digital arrays; the scale is a power of two.

        ``step``: number of the forward pass that they come back from, of which draws follow.

        Rounding is stochastic (Gupta et al., ICML 2015, arXiv:1502.02551): most errors are below a
        step, and to drop them would shift the sums that batch norm has made zero, in every step.
        """
        flat = dy.reshape(-1)
        self.seen.errors += flat.size
        if self.weights.integers:
            self._to_integers(dy, self.weights.integers)
            return
        kind = self.weights.site.error_format
        if self.error_bits is None and kind is not None:
            self._to_floats(flat, kind, step)
        if self.error_bits is None:
            self.seen.error_some += np.count_nonzero(flat)
            self.seen.error_ones += 0.5 * flat.size
            return
        parts, largest = spans(flat.size, CHUNK), self._largest(flat)
        if not 0.0 < largest < math.inf:
            return  # nothing to round, or not finite, which the loss shows
        bits = self.error_bits
        unit = digital.step(largest, bits)

        def job(i: int) -> quantise.Rounded:
            start, stop = parts[i]
            draw = noise.Draw(start, step, self.index, 0, self.seed)
            return quantise.round_errors(flat[start:stop], unit, bits, draw)

        for rounded in self.tools.workers.run(job, len(parts)):
            self.seen.error_ones += rounded.ones / bits
            self.seen.error_some += rounded.nonzero

    def _to_floats(self, flat: Array, kind: Format, step: int) -> None:
        """Round errors by chance to a floating-point format, as far as its largest number."""
        largest = self._largest(flat)
        if not 0.0 < largest < math.inf:
            return
        here = grid(kind, largest, reached=True)
        parts = spans(flat.size, CHUNK)

        def job(i: int) -> None:
            draw = noise.Draw(parts[i][0], step, self.index, 0, self.seed)
            words.hold_by_chance(flat[slice(*parts[i])], here, noise.ERRORS, draw)

        self.tools.workers.run(job, len(parts))

    def _largest(self, flat: Array) -> float:
        """The largest magnitude; nan where there is one."""
        integer = np.dtype(f"i{flat.itemsize}")
        magnitude = integer.type(np.iinfo(integer).max)
        patterns = flat.view(integer)
        parts = spans(flat.size, CHUNK)

        def measure(i: int) -> Any:
            return quantise.largest(patterns[slice(*parts[i])], magnitude)

        pattern = max(self.tools.workers.run(measure, len(parts)))
        return float(np.array(pattern, integer).view(flat.dtype))

    def _to_integers(self, dy: Array, given: Integers) -> None:
        """Round the errors to the nearest whole numbers; the largest alone sets their unit.

        Errors of outputs are whole steps of these, times the images of a batch that losses divide
        by: they are made whole again before anything is compared.
        """
        if self.weights.site.scores and self.outer.shape_out.size == dy.shape[-1]:
            np.multiply(dy, dy.dtype.type(len(dy) * 2.0 ** (given.inputs - 1)), out=dy)
            np.rint(dy, out=dy)
        flat = dy.reshape(-1)
        parts, largest = spans(flat.size, CHUNK), self._largest(flat)
        if not 0.0 < largest < math.inf:
            return
        per_step = 2.0 ** (given.errors - 1) / integers.power(largest)

        def job(i: int) -> quantise.Rounded:
            return wage.round_errors(flat[slice(*parts[i])], per_step, given.errors)

        for rounded in self.tools.workers.run(job, len(parts)):
            self.seen.error_ones += rounded.ones / given.errors
            self.seen.error_some += rounded.nonzero


@cache
def covering(node: Node) -> tuple[Array, Array]:
    """How many windows, along each axis, have a tap on each line of the map and on each column."""
    (vertical, horizontal), given, out = node.window.axes, node.shape_in, node.shape_out
    rows = vertical.covering(given.height, out.height)
    cols = horizontal.covering(given.width, out.width)
    return np.array(rows, np.int64), np.array(cols, np.int64)
