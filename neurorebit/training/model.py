"""A network as layers that compute: the graph forward, and backward while it learns."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurorebit.chips.architecture import ArchitectureSpec
from neurorebit.kernels import cpu
from neurorebit.layers.cuts import array_cuts
from neurorebit.layers.network import Network, Node
from neurorebit.schema.activity import FastActivity, LayerActivity
from neurorebit.schema.device import Device
from neurorebit.schema.training import Training
from neurorebit.schemes.weights import WEIGHTS, Site, Written
from neurorebit.training.layers import (
    PIXEL,
    Add,
    AvgPool,
    BatchNorm,
    Flatten,
    Layer,
    MaxPool,
    Relu,
    Tools,
)
from neurorebit.training.matrix_layer import MatrixLayer
from neurorebit.training.state import capture
from neurorebit.training.workers import Array, Workers, Workspace

BINS = 60


@dataclass(frozen=True)
class Histogram:
    """How many weights of a layer lie in each of equal bins from -largest to largest, by view."""

    layer: str
    largest: float
    counts: dict[str, list[int]]


@dataclass(frozen=True)
class Step:
    """A layer in the graph: the nodes whose outputs it reads (-1: the images), and its own."""

    layer: Layer
    inputs: tuple[int, ...]
    output: int


class Model:
    """The layers of one network on one chip."""

    def __init__(
        self,
        network: Network,
        training: Training,
        spec: ArchitectureSpec,
        device: Device,
        *,
        seed: int,
        workers: Workers,
        dtype: type[np.floating] = np.float32,
        wires: tuple[float, float] | None = None,
    ) -> None:
        self.network = network
        self.training = training
        self.spec = spec
        self.device = device
        self.dtype = dtype
        self.workspace = Workspace()
        self.tools = Tools(workers, self.workspace, training, dtype)
        self.matrices: list[MatrixLayer] = []
        self.norms: list[BatchNorm] = []
        self.steps: list[Step] = []
        self._cuts = array_cuts(network.matmuls, int(spec.forward.rows), spec.forward.kernel_split)
        self._site = (spec, device, training, seed, workers, self.workspace, dtype, wires)
        self._readers = [0] * len(network.nodes)
        for node in network.nodes:
            for source in node.inputs:
                if source >= 0:
                    self._readers[source] += 1
        self._learns: set[int] = set()  # nodes that learn, or have one that learns before them
        merged: set[int] = set()
        for node in network.nodes:
            if node.kind in ("conv", "linear", "batch_norm") or self._learns & set(node.inputs):
                self._learns.add(node.index)
            if node.index in merged:
                continue
            relu = self._relu_behind(node)
            output = node if relu is None else relu
            merged.add(output.index)
            self.steps.append(Step(self._build(node, relu is not None), node.inputs, output.index))

    def _relu_behind(self, node: Node) -> Node | None:
        """The ReLU that alone reads a batch norm."""
        readers = [n for n in self.network.nodes if node.index in n.inputs]
        if node.kind == "batch_norm" and [n.kind for n in readers] == ["relu"]:
            return readers[0]
        return None

    def _build(self, node: Node, rectified: bool) -> Layer:
        match node.kind:
            case "conv" | "linear":
                layer = self._matrix_layer(node)
                self.matrices.append(layer)
                return layer
            case "batch_norm":
                norm = BatchNorm(node, self.tools, rectified)
                self.norms.append(norm)
                return norm
            case "relu":
                return Relu(self.tools)
            case "max_pool":
                return MaxPool(node, self.tools)
            case "avg_pool":
                return AvgPool(node, self.tools)
            case "flatten":
                return Flatten(node, self.tools)
            case "add":
                return Add(self.tools)
            case kind:
                raise NotImplementedError(f"layers of kind {kind} do not learn")

    def _matrix_layer(self, node: Node) -> MatrixLayer:
        index = len(self.matrices)
        scores = index == len(self._cuts) - 1
        site = Site(node, index, self._cuts[index], *self._site, index == 0 or scores, scores)
        return MatrixLayer(
            node,
            WEIGHTS[self.spec.scheme](site),
            self.tools,
            int(self.spec.input_bits),
            site.error_bits,
            index,
            site.seed,
            sends_back=bool(self._learns & set(node.inputs)),
        )

    def forward(self, images: Array, learning: bool) -> Array:
        """The scores [B, classes] of uint8 images [B, H, W, C], in memory of their own."""
        outputs: dict[int, Array] = {-1: images}
        left = list(self._readers)
        for step in self.steps:
            inputs = tuple(self._numbers(step.layer, outputs[i]) for i in step.inputs)
            out = step.layer.forward(inputs, learning)
            for _ in range(self._readers[step.output] - 1):
                self.workspace.hold(out)
            outputs[step.output] = out
            for source, given in zip(step.inputs, inputs, strict=True):
                self.workspace.drop(given)
                if source >= 0:
                    left[source] -= 1
                    if left[source] == 0:
                        del outputs[source]
        scores = out.reshape(len(images), -1).copy()
        self.workspace.drop(out)
        return scores

    def _numbers(self, layer: Layer, x: Array) -> Array:
        """Bytes as they are for matrix layers, which know their scale; numbers for the others."""
        if x.dtype != np.uint8 or isinstance(layer, MatrixLayer | Flatten):
            return x
        numbers = self.workspace.take(x.shape, self.dtype)
        np.multiply(x, self.dtype(PIXEL), out=numbers)
        return numbers

    def backward(self, d_scores: Array, rate: float) -> None:
        """Send the gradient of the scores back and learn from it; follows a learning forward."""
        last = self.steps[-1].output
        shape = self.network.nodes[last].shape_out
        dy = self.workspace.take(
            (len(d_scores), shape.height, shape.width, shape.channels), self.dtype
        )
        dy[...] = d_scores.reshape(dy.shape)
        gradients = {last: dy}
        for step in reversed(self.steps):
            if step.output not in self._learns:
                continue
            for source, dx in zip(
                step.inputs, step.layer.backward(gradients.pop(step.output), rate), strict=True
            ):
                if dx is None:
                    continue
                if source not in self._learns:
                    self.workspace.drop(dx)
                elif source in gradients:
                    self.tools.each((gradients[source], dx), cpu.add)
                    self.workspace.drop(dx)
                else:
                    gradients[source] = dx

    def begin_epoch(self, epoch: int) -> None:
        """What happens once an epoch: levels follow the weights, input ranges end to follow."""
        for layer in self.matrices:
            layer.weights.begin_epoch()
            layer.encoder.observing = epoch == 0

    @property
    def parts(self) -> dict[str, Layer]:
        """The layers by number and name: what a checkpoint holds of a model."""
        nodes = self.network.nodes
        return {f"{step.output} {nodes[step.output].name}": step.layer for step in self.steps}

    def _learned(self) -> Iterator[Array]:
        weights = {layer.node.name: layer.weights for layer in self.matrices}
        norms = {norm.node.name: norm for norm in self.norms}
        yield from capture(weights | norms).arrays.values()

    def digest(self) -> str:
        """SHA-256 of all that was learned, the cells and the momentum included."""
        sha = hashlib.sha256()
        for array in self._learned():
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()

    @property
    def finite(self) -> bool:
        """Whether all that was learned is still a number that the layers can compute with."""
        return all(
            np.isfinite(array.astype(self.dtype, copy=False)).all() for array in self._learned()
        )

    def histogram(self) -> Histogram | None:
        """The weights of the middle one of the matrix layers; None if one is no finite number."""
        layer = self.matrices[len(self.matrices) // 2]
        views = layer.weights.views
        largest = max(float(np.abs(view).max()) for view in views.values())
        if not math.isfinite(largest):
            return None
        edges = np.linspace(-largest, largest, BINS + 1)
        counts = {name: np.histogram(view, edges)[0].tolist() for name, view in views.items()}
        return Histogram(layer.node.name, largest, counts)

    def activity(self) -> tuple[LayerActivity, ...]:
        """What each matrix layer saw in its steps so far."""
        return tuple(_activity(layer) for layer in self.matrices)


def _activity(layer: MatrixLayer) -> LayerActivity:
    seen, written = layer.seen, layer.weights.written
    matmul = layer.node.matmul
    assert matmul is not None
    cells = matmul.weights * written.updates
    sets, resets = written.sets / cells, written.resets / cells
    again = max(sets, 1.0), max(resets, 1.0)  # writes of a cell in a step are told as one long one
    return LayerActivity(
        input_density=tuple(float(ones) / seen.pairs for ones in seen.ones),
        error_density=float(seen.error_ones) / seen.errors,
        error_nonzero=float(seen.error_some) / seen.errors,
        conductance=_mean(written, written.updates),
        set_fraction=sets / again[0],
        reset_fraction=resets / again[1],
        set_levels=again[0] * written.set_steps / max(written.sets, 1),
        reset_levels=again[1] * written.reset_steps / max(written.resets, 1),
        words_written=written.words / cells,
        fast=_fast(layer),
    )


def _mean(written: Written, updates: int) -> float:
    """The mean conductance as a share of the range; cells' own bounds may lie beyond it."""
    return min(max(written.conductance / updates, 0.0), 1.0)


def _fast(layer: MatrixLayer) -> FastActivity | None:
    """What the array saw that gradients pulse, where a weight has two."""
    weights, site = layer.weights, layer.weights.site
    if weights.beside is None:
        return None
    updates, matmul = weights.written.updates, layer.node.matmul
    assert matmul is not None
    assert site.device.pulses is not None
    cells = matmul.weights * updates
    ups, downs = weights.beside.pulses(site.device.pulses, site.spec.levels)
    return FastActivity(
        ups=ups / cells,
        downs=downs / cells,
        reads=weights.written.words / cells,
        conductance=_mean(weights.beside, updates),
    )
