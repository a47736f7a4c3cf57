"""A network as layers that compute: the graph forward, and backward while it learns."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.kernels import elementwise
from neurorebit.layers.cuts import any_splits, array_cuts
from neurorebit.layers.network import Network, Node
from neurorebit.schema import InputError
from neurorebit.schema.activity import FastActivity, LayerActivity
from neurorebit.schema.device import Device
from neurorebit.training.layers.base import PIXEL, Build, Layer, Tools, Trained
from neurorebit.training.layers.matrix import MatrixLayer
from neurorebit.training.layers.table import TRAINED
from neurorebit.training.parts.blocks import of_blocks
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.weights import Site, Weights, WeightScheme, Written
from neurorebit.training.parts.workers import Array, Workers, Workspace
from neurorebit.training.state import capture
from neurorebit.weights.fitting import Start

BINS = 60
ADAPTER = {"adapter_down", "adapter_up"}  # arrays of a file of weights


@dataclass(frozen=True)
class Conversions:
    """How the converters of a layer used their codes; None for a pass that has none."""

    name: str
    forward: Use | None
    backward: Use | None


@dataclass(frozen=True)
class Histogram:
    """How many weights of a layer lie in each of equal bins from -largest to largest, by view."""

    layer: str
    largest: float
    counts: dict[str, list[int]]


@dataclass(frozen=True)
class Step:
    """A layer in the graph: the nodes whose outputs it reads (-1: the images), and its own.

    ``output`` is that of the rectifier which the layer of ``node`` applies, where it applies one.
    """

    layer: Layer
    kind: Trained
    inputs: tuple[int, ...]
    output: int
    node: Node = field(kw_only=True)


class Model:
    """The layers of one network on one chip, with weights that learn by one scheme.

    ``wires``: resistance [ohm] of an array's wires from cell to cell, along a row and a column.
    InputError where the network has a layer that cannot be trained.
    """

    def __init__(
        self,
        network: Network,
        spec: ArchitectureSpec,
        device: Device,
        *,
        scheme: WeightScheme,
        seed: int,
        workers: Workers,
        dtype: type[np.floating] = np.float32,
        wires: tuple[float, float] | None = None,
        start: Start | None = None,
    ) -> None:
        refuse_untrainable(network)
        self.network = network
        self.training = network.training
        self.spec = spec
        self.device = device
        self.seed = seed
        self.wires = wires
        self.start = start
        self.dtype = dtype
        self.words = scheme.words(network.training)
        self.rank = scheme.rank(network.training)
        self.word_bits = scheme.word_bits(network.training)
        self.workspace = Workspace()
        self.tools = Tools(workers, self.workspace, network.training, dtype)
        self.matrices: list[MatrixLayer] = []
        self.steps: list[Step] = []
        self._weights = scheme.load()
        self._digital = scheme.digital() if any(n.digital for n in network.nodes) else None
        rows = int(spec.forward.rows)
        split = any_splits(network.matmuls, rows) and spec.forward.kernel_split
        mapped = spec.mapping.layers if spec.mapping is not None else ()
        asked = {one.layer: one.kernel_split for one in mapped}
        wishes = [asked.get(node.name) for node in network.matrices]
        self._cuts = array_cuts(network.matmuls, rows, split, wishes)
        self._readers = [0] * len(network.nodes)
        for node in network.nodes:
            for source in node.inputs:
                if source >= 0:
                    self._readers[source] += 1
        self._partly = any(node.layer.frozen for node in network.nodes)
        self._learns: set[int] = set()  # nodes that learn, or have one that learns before them
        absorbed: set[int] = set()
        for node in network.nodes:
            kind = TRAINED[node.kind]
            before = bool(self._learns & set(node.inputs))
            if node.learns or before:
                self._learns.add(node.index)
            if node.index in absorbed:
                continue
            rectifier = self._absorbed(node)
            output = node if rectifier is None else rectifier
            absorbed.add(output.index)
            layer = kind.build(node, self._build(rectifier is not None, before))
            self._give(node, kind, layer)
            if isinstance(layer, MatrixLayer):
                self.matrices.append(layer)
            self.steps.append(Step(layer, kind, node.inputs, output.index, node=node))

    def _give(self, node: Node, kind: Trained, layer: Layer) -> None:
        """Set the arrays of a layer beside its matrix to those that it starts from."""
        given = self.start.others.get(node.name, {}) if self.start else {}
        for name, attribute in kind.keeps.items():
            if name in given:
                held = getattr(layer, attribute)
                held[...] = given[name].reshape(held.shape)
        adapter = layer.adapter if isinstance(layer, MatrixLayer) else None
        if adapter is not None and given.keys() >= ADAPTER:
            adapter.down[...] = given["adapter_down"].reshape(adapter.down.shape)
            adapter.up[...] = given["adapter_up"].reshape(adapter.up.shape)

    def _absorbed(self, node: Node) -> Node | None:
        """The rectifier that a node applies itself, since it alone reads the node's output."""
        readers = [n for n in self.network.nodes if node.index in n.inputs]
        alone = len(readers) == 1 and TRAINED[readers[0].kind].rectifier
        return readers[0] if alone and TRAINED[node.kind].absorbs_rectifier else None

    def _build(self, rectified: bool, sends_back: bool) -> Build:
        return Build(
            tools=self.tools,
            site=self._site,
            weights=self._held,
            rectified=rectified,
            sends_back=sends_back,
            seed=self.seed,
            stored_bits=self._stored_bits,
        )

    @property
    def _stored_bits(self) -> int | None:
        """Bits that values wait in for a batch, behind weights in arrays of the chip."""
        on_chip = bool(self.matrices) and self.matrices[-1].weights.in_arrays
        return int(self.spec.vector_unit.stored_bits) if on_chip else None

    def _held(self, site: Site) -> Weights:
        """The weights of a layer."""
        if self._digital is not None and site.node.digital:
            return self._digital(site)
        return self._weights(site)

    def _site(self, node: Node) -> Site:
        """The site of the next matrix layer's weights."""
        index = len(self.matrices)
        scores = index == len(self._cuts) - 1
        return Site(
            node=node,
            index=index,
            cuts=self._cuts[index],
            spec=self.spec,
            device=self.device,
            training=self.training,
            seed=self.seed,
            workers=self.tools.workers,
            workspace=self.workspace,
            dtype=self.dtype,
            wires=self.wires,
            words=self.words,
            rank=self.rank,
            edge=index == 0 or scores,
            scores=scores,
            given=self.start.matrices.get(node.name) if self.start else None,
            frozen=node.layer.frozen,
        )

    def forward(self, images: Array, learning: bool, calibrating: bool = False) -> Array:
        """The scores [B, classes] of uint8 images [B, H, W, C], in memory of their own.

        ``calibrating``: ranges of inputs and of converters follow what passes, nothing else learns.
        """
        outputs: dict[int, Array] = {-1: images}
        left = list(self._readers)
        for step in self.steps:
            inputs = tuple(self._numbers(step.kind, outputs[i]) for i in step.inputs)
            still = self._partly and step.output not in self._learns  # no error comes back
            if (calibrating or (learning and still)) and isinstance(step.layer, MatrixLayer):
                out = step.layer.calibrate(inputs)
            elif still:
                out = step.layer.forward(inputs, learning=False)
            else:
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

    def _numbers(self, kind: Trained, x: Array) -> Array:
        """An image's bytes for layers that take them, numbers from 0 to 1 for the others."""
        if x.dtype != np.uint8 or kind.takes_bytes:
            return x
        numbers = self.workspace.take(x.shape, self.dtype)
        np.multiply(x, self.dtype(PIXEL), out=numbers)
        return numbers

    def backward(self, d_scores: Array, rate: float) -> None:
        """Send the gradient of the scores back and learn from it, after a forward that learns."""
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
                step.inputs,
                step.layer.backward(gradients.pop(step.output), self._rate(step, rate)),
                strict=True,
            ):
                if dx is None:
                    continue
                if source not in self._learns:
                    self.workspace.drop(dx)
                elif source in gradients:
                    self.tools.each((gradients[source], dx), elementwise.add)
                    self.workspace.drop(dx)
                else:
                    gradients[source] = dx

    def _rate(self, step: Step, rate: float) -> float:
        """The rate of a layer: none where only its errors go on; a matrix decides for itself."""
        matrix = isinstance(step.layer, MatrixLayer)
        return 0.0 if step.node.layer.frozen and not matrix else rate

    def begin_epoch(self, epoch: int) -> None:
        """Called once before each epoch: levels are fitted; after the first, input ranges stay."""
        for layer in self.matrices:
            layer.weights.begin_epoch()
            layer.encoder.observing = epoch == 0

    @property
    def parts(self) -> dict[str, Layer]:
        """The layers by number and name: what a checkpoint holds of a model."""
        nodes = self.network.nodes
        return {f"{step.output} {nodes[step.output].name}": step.layer for step in self.steps}

    def _learned(self) -> Iterator[Array]:
        weights: dict[str, Weights | Layer] = {
            layer.node.name: layer.weights for layer in self.matrices
        }
        others = {
            self.network.nodes[step.output].name: step.layer
            for step in self.steps
            if step.kind.learns and not isinstance(step.layer, MatrixLayer)
        }
        yield from capture(weights | others).arrays.values()
        for layer in self.matrices:
            if layer.bias is not None and layer.bias_velocity is not None:
                yield from (layer.bias, layer.bias_velocity)
                yield from capture({"rule": layer.bias_rule}).arrays.values()

    def kept(self) -> dict[str, Array]:
        """Copies of what a file of weights keeps of each layer, by ``LAYER.ARRAY``."""
        found: dict[str, Array] = {}
        for step in self.steps:
            name, layer = step.node.name, step.layer
            held = {key: getattr(layer, at) for key, at in step.kind.keeps.items()}
            own = {key: np.asarray(value) for key, value in held.items() if value is not None}
            if isinstance(layer, MatrixLayer):
                own = layer.weights.kept | own
                if layer.adapter is not None:
                    own |= {"adapter_down": layer.adapter.down, "adapter_up": layer.adapter.up}
                if layer.encoder.observed:
                    own["input_clip"] = np.array(layer.encoder.clip)
            found |= {f"{name}.{key}": np.array(value) for key, value in own.items()}
        return found

    def digest(self) -> str:
        """SHA-256 of all that was learned, cells and momentum included."""
        sha = hashlib.sha256()
        for array in self._learned():
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()

    @property
    def finite(self) -> bool:
        """Whether all that was learned is finite in the type that the layers compute with."""
        return all(
            np.isfinite(array.astype(self.dtype, copy=False)).all() for array in self._learned()
        )

    def histogram(self) -> Histogram | None:
        """The weights of the middle matrix layer; None if one of them is not finite."""
        return histogram(self.matrices[len(self.matrices) // 2])

    def listen(self) -> None:
        """Forget what reached the matrix layers: ``silent`` says it of the images from here on."""
        for layer in self.matrices:
            layer.heard = False

    @property
    def silent(self) -> tuple[str, ...]:
        """The matrix layers whose input has been zero since ``listen``: what is before is dead."""
        return tuple(layer.node.name for layer in self.matrices if not layer.heard)

    def conversions(self) -> tuple[Conversions, ...]:
        """How the converters of each matrix layer used their codes, of layers that have some."""
        found = (
            Conversions(layer.node.name, one.get("forward"), one.get("backward"))
            for layer in self.matrices
            if (one := layer.weights.converted)
        )
        return tuple(found)

    def activity(self) -> tuple[LayerActivity, ...]:
        """The activity of each matrix layer, a mean over the steps so far."""
        return tuple(activity_of(layer) for layer in self.matrices)


def histogram(layer: MatrixLayer) -> Histogram | None:
    """The weights of a layer; None if one of them is not finite."""
    views = layer.weights.views
    largest = max(float(np.abs(view).max()) for view in views.values())
    if not math.isfinite(largest):
        return None
    edges = np.linspace(-largest, largest, BINS + 1)
    counts = {name: np.histogram(view, edges)[0].tolist() for name, view in views.items()}
    return Histogram(layer.node.name, largest, counts)


def activity_of(layer: MatrixLayer) -> LayerActivity:
    """The activity of a layer, a mean over the steps so far."""
    seen, written = layer.seen, layer.weights.written
    matmul = layer.node.matmul
    assert matmul is not None
    site = layer.weights.site
    if written.updates == 0:
        return _still(layer)
    words = matmul.weights * written.updates
    spec, devices = site.spec, site.spec.holds_devices
    held = spec.slices_per_weight * float(np.max(spec.cells_per_weight))
    cells = words * (held if devices else site.weight_bits)
    sets, resets = written.sets / cells, written.resets / cells
    # several writes of a cell in one step count as one write of more levels
    again = max(sets, 1.0), max(resets, 1.0)
    return LayerActivity(
        input_density=tuple(float(ones) / seen.pairs for ones in seen.ones),
        error_density=float(seen.error_ones) / seen.errors,
        error_nonzero=float(seen.error_some) / seen.errors,
        conductance=_mean(written, written.updates),
        set_fraction=sets / again[0],
        reset_fraction=resets / again[1],
        set_levels=again[0] * written.set_steps / max(written.sets, 1),
        reset_levels=again[1] * written.reset_steps / max(written.resets, 1),
        words_written=written.words / words,
        verify_reads=None if written.reads is None else written.reads / cells,
        fast=_fast(layer),
        stored_density=seen.stored_ones / seen.stored_bits if seen.stored_bits else None,
        blocks=of_blocks(layer.weights.site, written),
    )


def _still(layer: MatrixLayer) -> LayerActivity:
    """The activity of a layer whose weights are frozen: nothing is written to its cells."""
    seen, errors, fast = layer.seen, layer.seen.errors or 1, layer.weights.written_fast
    held = layer.weights.kept.get("conductance")
    share = 0.5
    if held is not None:
        device = layer.weights.site.device
        low, high = float(device.g_min), float(device.g_max)
        share = (float(np.mean(held, dtype=np.float64)) - low) / (high - low)
    return LayerActivity(
        input_density=tuple(float(ones) / max(seen.pairs, 1) for ones in seen.ones),
        error_density=float(seen.error_ones) / errors,
        error_nonzero=float(seen.error_some) / errors,
        conductance=min(max(share, 0.0), 1.0),
        set_fraction=0.0,
        reset_fraction=0.0,
        set_levels=0.0,
        reset_levels=0.0,
        words_written=0.0,
        fast=None if fast is None else FastActivity(0.0, 0.0, 0.0, 0.5),
        stored_density=seen.stored_ones / seen.stored_bits if seen.stored_bits else None,
    )


def _mean(written: Written, updates: int) -> float:
    """The mean conductance as a share of the range; cells' own bounds may lie beyond it."""
    return min(max(written.conductance / updates, 0.0), 1.0)


def _fast(layer: MatrixLayer) -> FastActivity | None:
    """The activity of the fast array, where a weight has one."""
    weights, site = layer.weights, layer.weights.site
    if weights.written_fast is None:
        return None
    updates, matmul = weights.written.updates, layer.node.matmul
    assert matmul is not None
    assert site.device.pulses is not None
    cells = matmul.weights * updates * site.spec.slices_per_weight
    ups, downs = weights.written_fast.pulses(site.device.pulses, site.spec.levels)
    return FastActivity(
        ups=ups / cells,
        downs=downs / cells,
        reads=weights.written.words / cells,
        conductance=_mean(weights.written_fast, updates),
    )


def refuse_untrainable(network: Network) -> None:
    """InputError that names the first layer of a kind that cannot be trained."""
    for node in network.nodes:
        if node.kind not in TRAINED:
            name = node.name.rpartition(".")[0] if node.part_of else node.name
            raise InputError(
                f"layer '{name}': a layer of kind {node.part_of or node.kind} can be estimated but "
                f"not trained; estimate without training, or build the network of "
                f"{', '.join(TRAINED)}"
            )


def refuse_lone_images(network: Network, images: int) -> None:
    """InputError where a batch of an epoch of ``images`` has one image, and a layer needs several:
    the variance of one value is zero, and what it normalises is lost.
    """
    batch = min(network.training.batch, images)
    alone = next(
        (
            node
            for node in network.nodes
            if TRAINED[node.kind].over_batch and node.shape_in.height * node.shape_in.width == 1
        ),
        None,
    )
    if alone is None or (batch > 1 and images % batch != 1):
        return
    each = "each batch" if batch == 1 else f"the last batch of an epoch of {images:,} images"
    message = f"layer '{alone.name}' normalises over a batch, and {each} has one image"
    cure = "take another training.batch" if images > 1 else "take more images"
    raise InputError(message, cure=cure)
